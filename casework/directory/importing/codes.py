"""SAMHSA's service codes (the 2022 reference) in this directory's words. Pure.

The spreadsheet gives codes; FindTreatment gives the same services by their names, grouped by category.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# Names as FindTreatment writes them, lower case, for the codes that matter here.
NAMES = {
    "community mental health center": "CMHC",
    "certified community behavioral health clinic": "CBHC",
    "outpatient mental health facility": "OMH",
    "psychiatric hospital": "PSY",
    "separate inpatient psychiatric unit of a general hospital": "IPSY",
    "state hospital": "SHP",
    "veterans affairs medical center or other va healthcare facility": "VAHC",
    "residential treatment center (rtc) for children": "RTCC",
    "residential treatment center (rtc) for adults": "RTCA",
    "case management service": "CM",
    "case management": "CM",
    "intensive case management": "ICM",
    "assertive community treatment": "ACT",
    "assisted outpatient treatment": "AOT",
    "psychosocial rehabilitation services": "PRS",
    "supported housing": "SH",
    "housing services": "SH",
    "supported employment": "SEMP",
    "mentoring/peer support": "PEER",
    "peer support": "PEER",
    "medicaid": "MD",
    "medicare": "MC",
    "state-financed health insurance plan other than medicaid": "SI",
    "private health insurance": "PI",
    "federal military insurance (e.g., tricare)": "MI",
    "u.s. department of va funds": "VAF",
    "state mental health agency (or equivalent) funds": "SMHA",
    "community mental health block grants": "CMHG",
    "county or local government funds": "CLF",
    "other state funds": "OSF",
    "sliding fee scale (fee is based on income and other factors)": "SS",
    "payment assistance (check with facility for details)": "PA",
    "crisis intervention team": "CIT",
    "psychiatric emergency onsite services": "PEON",
    "psychiatric emergency mobile/off-site services": "PEOFF",
    "psychiatric emergency walk-in services": "WI",
    "children/adolescents": "CHLD",
    "young adults": "YAD",
    "adults": "ADLT",
    "seniors": "SNR",
    "seniors or older adults": "SNR",
    "telemedicine/telehealth therapy": "TELE",
    "telemedicine/telehealth": "TELE",
    "outpatient": "OP",
    "hospital inpatient/24-hour hospital inpatient": "HI",
    "hospital inpatient": "HI",
    "residential/24-hour residential": "RES",
    "residential": "RES",
    "partial hospitalization/day treatment": "PHDT",
    "spanish": "SP",
    "sign language services for the deaf and hard of hearing": "AH",
}
_LANGUAGES = {
    "SP": "es", "AH": "ase", "F4": "ar", "F17": "zh", "F19": "ht", "F25": "fa", "F28": "fr", "F30": "de", "F31": "el",
    "F35": "he", "F36": "hi", "F37": "hmn", "F42": "it", "F43": "ja", "F47": "ko", "F66": "pl", "F67": "pt",
    "F70": "ru", "F81": "tl", "F92": "vi", "N24": "oj", "N40": "esu",
}  # fmt: skip
_LANGUAGE_NAMES = {
    "arabic": "ar", "any chinese language": "zh", "creole": "ht", "farsi": "fa", "french": "fr", "german": "de",
    "greek": "el", "hebrew": "he", "hindi": "hi", "hmong": "hmn", "italian": "it", "japanese": "ja", "korean": "ko",
    "polish": "pl", "portuguese": "pt", "russian": "ru", "tagalog": "tl", "vietnamese": "vi", "ojibwa": "oj",
    "yupik": "esu",
}  # fmt: skip
_PAYERS = {
    "medicaid": {"MD"},
    "medicare": {"MC"},
    "private": {"PI"},
    "va": {"VAF"},
    "uninsured": {"SS", "PA", "SMHA", "CMHG"},  # a sliding scale, or the state pays
    "other": {"SI", "MI", "OSF", "CLF"},
}
_SERVICES = {
    "case_management": {"CM"},
    "intensive_case_management": {"ICM"},
    "act": {"ACT"},
    "assisted_outpatient": {"AOT"},
    "psychosocial_rehabilitation": {"PRS"},
    "supported_housing": {"SH", "HS"},
    "supported_employment": {"SEMP"},
    "peer_support": {"PEER"},
    "crisis": {"CIT", "PEON", "PEOFF", "WI"},
    "outpatient": {"OP"},
    "day_treatment": {"PHDT"},
    "inpatient": {"HI"},
    "residential": {"RES"},
    "substance_use": {"SA", "SUMH", "CO"},
    "psychiatry": {"ANTPYCH"},
}
_AGES = {"CHLD": (0, 17), "YAD": (18, 25), "ADLT": (18, 64), "SNR": (65, None)}


def from_names(names: Collection[str]) -> tuple[set[str], list[str]]:
    """The codes of services given by name, and the languages among them (FindTreatment has no codes for those)."""
    lower = {name.strip().lower() for name in names}
    return {NAMES[name] for name in lower if name in NAMES}, [
        _LANGUAGE_NAMES[name] for name in sorted(lower) if name in _LANGUAGE_NAMES
    ]


def described(codes: Collection[str]) -> dict[str, Any]:
    """The fields of a record that follow from a facility's codes."""
    has = set(codes)
    ages = [span for code, span in _AGES.items() if code in has]
    return {
        "kind": _kind(has),
        "payers": [payer for payer, any_of in _PAYERS.items() if has & any_of],
        "services": [service for service, any_of in _SERVICES.items() if has & any_of],
        "languages": ["en", *(name for code, name in _LANGUAGES.items() if code in has)],
        "telehealth": "TELE" in has,
        "veterans_only": "VAHC" in has,
        "age_min": min((low for low, _ in ages), default=0),
        "age_max": None if not ages or "SNR" in has else max(high for _, high in ages if high is not None),
    }


def _kind(has: set[str]) -> str:
    if "VAHC" in has:
        return "va"
    if "CBHC" in has:
        return "ccbhc"
    if "CMHC" in has:
        return "cmhc"
    ages = has & set(_AGES)
    if "RTCC" in has or ages == {"CHLD"}:
        return "child"
    return "older_adult" if ages == {"SNR"} else "other"

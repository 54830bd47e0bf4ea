"""Facts told without being asked ("im 34 live in 55401 and have medicaid"), only those told plainly. Pure."""

from __future__ import annotations

import re
from typing import Any

from casework import screening
from casework.geography import UnknownPlace
from casework.understanding.answers import DIAGNOSES, PAYER_ORDER, PAYERS
from casework.understanding.choices import fold
from casework.understanding.heard import Heard
from casework.understanding.interrupts import asks
from casework.understanding.places import read_place, read_state

_AGE = re.compile(
    r"\b(?:i m|im|i am|age|aged|tengo|turned|turning|just turned|edad|soy de)\s+(\d{1,3})\b"
    r"(?!\s*(?:veces|times|hijos|kids|ninos|meses|months|days|dias|weeks|semanas|citas|children|miles|minutes|hours"
    r"|years?(?! old)|yrs?(?! old)|anos (?:en|de (?!edad)|sin|con|que|limpi)))"
    r"|\b(\d{1,3})\s*(?:yo|y o|yrs? old|years? old|anos de edad)\b"
    r"|(?:^|\b\d{5} )(\d{2,3}) anos\b(?! (?:en|de (?!edad)|sin|con|que))"
)
_NO_VETERAN = re.compile(
    r"\b(not (a|an) vet(eran)?|never (served|(been|was) in the (military|army|service))"
    r"|no soy veteran[oa]|nunca servi)\b"
)
_VETERAN = re.compile(
    r"\b((i m|im|i am) an? (\w+ )?vet(eran)?|i served|soy veteran[oa]|(combat|army|navy|marine|air force) vet(eran)?"
    r"|i (was|am) (once |also )?in the (u s |us |united states )?"
    r"(army|navy|marines?|marine corps|air force|coast guard|national guard|military|reserves?|service)"
    r"|(estuve|servi) en (el |la |las )?(ejercito|marina|armada|guardia nacional|fuerza aerea|fuerzas armadas))\b"
)
# "va" among the payers: as a doctor or a building it pays for nothing.
_VA_PAYS = re.compile(
    r"\b(va|tricare|champva) (insurance|benefits|coverage|health ?care|card|pays?|covers?|plan)\b|"
    r"\b(have|got|use|through|thru|by|with|on|from|tengo|uso|por|con|del?) (the |my |el |la )?(va|tricare|champva)\b"
    r"(?! (doctor|dr|doc|hospital|clinic|psychiatrist|told|said|therapist|nurse|medico|doctora|psiquiatra|clinica))"
)
_IN_HOSPITAL = re.compile(
    r"\b(i m|im|i am|estoy) (still |currently |right now |ahora )?(in|at|on|en|internad[oa] en) (the |a |el |un |la )?"
    r"(psych\w*|mental|locked|behavioral)( \w+)? ?(hospital|ward|unit|unidad)?\b|"
    r"\b(i m|im|i am) (still |currently )?inpatient\b|\bestoy internad[oa]\b"
)
_DIAGNOSIS_TOLD = {
    *("inform", "find_case_manager", "check_eligibility", "greet", "affirm", "deny", "faq_diagnosis", "go_back"),
}
_NOT_YET = re.compile(r"\b(apply|applying|applied|waiting on|solicit\w*)\b")


def volunteered(heard: Heard, *, besides: str | None = None) -> dict[str, Any]:
    """What was told besides the answer to the open question `besides`, whose own reading is left to `read`."""
    if heard.chosen:
        return {}
    said = fold(heard.text)
    told: dict[str, Any] = {}
    if found := _AGE.search(said):
        age = int(next(group for group in found.groups() if group))
        if age <= 120:
            told["age"] = age
    if re.search(r"(?<!\d)\d{5}(?!\d)", heard.text) or re.search(r"\b(live|stay|vivo|living|staying)\b", said):
        told |= _place_told(heard.text)
    told |= _payer_told(heard, said)
    diagnoses = [value for value in heard.entity("diagnosis") if value in DIAGNOSES]
    if diagnoses and heard.intent in _DIAGNOSIS_TOLD and not asks(heard.text):
        told["diagnoses"] = sorted(set(diagnoses), key=DIAGNOSES.index)
    if _NO_VETERAN.search(said):
        told["veteran"] = False
    elif _VETERAN.search(said):
        told["veteran"] = True
    if _IN_HOSPITAL.search(said):
        told["in_hospital_now"] = True
    if state := read_state(heard.text):
        told.setdefault("state", state)
    told.pop(besides or "", None)
    return {name: value for name, value in told.items() if name in screening.FACT_NAMES}


def _payer_told(heard: Heard, said: str) -> dict[str, Any]:
    named = {value for value in heard.entity("payer") if value in PAYERS}
    if "va" in named and not _VA_PAYS.search(said):
        named.discard("va")
    if not named or asks(heard.text):
        return {}
    return {} if _NOT_YET.search(said) else {"payer": min(named, key=PAYER_ORDER.index)}


def _place_told(text: str) -> dict[str, Any]:
    pieces = re.split(r"[,;.\n]| and | y | i have | with |tengo", text)
    for piece in [text, *pieces]:
        try:
            place = read_place(piece)
        except UnknownPlace:
            continue
        if place:
            return {"zip": place.zip}
    return {}

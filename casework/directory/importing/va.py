"""The VA's places: the VAST spreadsheet with its clinics beside it, and the Facilities API (v1, and v0's GeoJSON).

Both name a place by its station number, so that either brings the other up to date.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from casework.directory.importing import json_rows, tidy
from casework.directory.importing.records import BadFile, Record, Refused, Row

_NEEDED = ("StationNo", "StationName", "CITY", "ST", "ZIP", "LAT", "LON", "STA_PHONE", "S_ABBR", "Mobile", "POD")
_CLINICS_NEEDED = ("Sta6a", "PrimaryStopCode", "AvgWaitTimeNew")
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES = {
    "VAMC": "VA medical center", "HCC": "VA health care center", "MSCBOC": "VA clinic", "PCCBOC": "VA clinic",
    "OOS": "VA clinic", "VTCR": "Vet Center", "DRRTP": "VA residential program", "CLC": "VA community living center",
    "MCS": "VA clinic",
}  # fmt: skip
# Primary stop codes of mental health, as VA's managerial cost accounting defines them.
_STOPS = {
    "502": "outpatient", "550": "outpatient", "534": "outpatient", "539": "outpatient", "527": "telephone",
    "562": "ptsd", "516": "ptsd", "542": "ptsd", "552": "intensive_case_management", "564": "case_management",
    "582": "psychosocial_rehabilitation", "583": "psychosocial_rehabilitation", "513": "substance_use",
    "560": "substance_use", "523": "substance_use", "545": "substance_use", "568": "supported_employment",
    "574": "supported_employment", "535": "supported_employment", "575": "supported_employment",
    "522": "supported_housing", "507": "supported_housing", "530": "supported_housing", "529": "outreach",
    "576": "older_adult_care", "586": "residential", "593": "residential",
}  # fmt: skip
_MENTAL_HEALTH = ("mentalhealth", "mentalhealthcare")


def vast_rows(path: Path, verified_on: date | None, clinics: Path | None = None) -> Iterator[Row]:
    """VAST's rows. `path`: its csv, or the folder that holds vast.csv; `clinics`: clinical-services.csv, else the one
    beside it where there is one."""
    sites = path / "vast.csv" if path.is_dir() else path
    beside = clinics or sites.with_name("clinical-services.csv")
    offered = _offered(beside) if clinics or beside.is_file() else {}
    for number, row in _table(sites, _NEEDED):
        yield number, _site(row, offered.get((row["StationNo"] or "").strip(), {}), verified_on)


def _table(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            missing = [name for name in needed if name not in (table.fieldnames or ())]
            if missing:
                raise BadFile(f"{path.name} lacks the columns {', '.join(missing)}")
            for row in table:
                yield table.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{path.name} cannot be read as a csv file") from error


def _offered(path: Path) -> dict[str, dict[str, float | None]]:
    """Station -> stop code -> what a new patient waits on average, days."""
    stations: dict[str, dict[str, float | None]] = defaultdict(dict)
    for _, row in _table(path, _CLINICS_NEEDED):
        stations[(row["Sta6a"] or "").strip()][(row["PrimaryStopCode"] or "").strip()] = tidy.number(
            row["AvgWaitTimeNew"]
        )
    return stations


def _site(row: dict[str, Any], clinics: dict[str, float | None], verified_on: date | None) -> Record | Refused:
    station, name = tidy.text(row["StationNo"]), tidy.text(row["StationName"])
    if not station or not name:
        return Refused("there is no station number" if not station else "there is no name")
    if row["Mobile"] == "1" or row["S_ABBR"] == "MVCTR":
        return Refused("a mobile site: it has no fixed place to go to")
    if row["POD"] != "A":
        return Refused("the site is not active")
    offers = {_STOPS[stop] for stop in clinics if stop in _STOPS}
    kind = row["S_ABBR"]
    if kind == "VTCR":
        offers |= {"outpatient", "readjustment_counseling"}
    streets = [street for key in ("Address1", "Address2", "Address3") if (street := tidy.text(row.get(key)))]
    return Record(
        organization=name,
        name=_NAMES.get(kind, "VA clinic"),
        street=", ".join(streets) or None,
        zip=row["ZIP"],
        city=row["CITY"],
        state=row["ST"],
        latitude=row["LAT"],
        longitude=row["LON"],
        phone=row["STA_PHONE"],
        hours={day: row.get(day) for day in _WEEK if tidy.text(row.get(day)) or row.get(day) == "-"},
        verified_on=verified_on or tidy.day(row.get("ExtractDate")),
        wait_days=clinics.get("502"),
        **_va(station, offers),
    )


def _va(station: str, offers: set[str]) -> dict[str, Any]:
    if "intensive_case_management" in offers:
        offers = offers | {"case_management"}
    return {
        "key": station,
        "kind": "va",
        "veterans_only": True,
        "payers": ["va"],
        "age_min": 18,
        "services": sorted(offers - {"telephone"}),
        "telehealth": "telephone" in offers,
    }


def api_rows(path: Path, verified_on: date | None) -> Iterator[Row]:
    """Places of a reply of the Facilities API; a folder is read as its *.json, one page after another."""
    pages = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not pages:
        raise BadFile(f"there is no .json file in {path.name}")
    number = 0
    for page in pages:
        for element in json_rows.elements(json_rows.read_text(page), ("data", "features"), page.name):
            number += 1
            yield number, _facility(element, verified_on)


def _facility(element: Any, verified_on: date | None) -> Record | Refused:
    about = element.get("attributes") or element.get("properties") if isinstance(element, dict) else None
    if not isinstance(about, dict):
        return Refused("not a facility: attributes or properties are expected")
    name, key = tidy.text(about.get("name")), tidy.text(element.get("id") or about.get("id"))
    if not name or not key:
        return Refused("there is no id" if not key else "there is no name")
    kind = str(_of(about, "facilityType") or "")
    if "health" not in kind and kind != "vet_center":
        return Refused(f"not a place of care ({kind or 'no facility type'})")
    if about.get("mobile") is True:
        return Refused("a mobile site: it has no fixed place to go to")
    address = _dict(_dict(about.get("address")).get("physical"))
    phones, services, waits = _dict(about.get("phone")), _dict(about.get("services")), _dict(_of(about, "waitTimes"))
    point = _dict(element.get("geometry")).get("coordinates") or (about.get("long"), about.get("lat"))
    named = {_service(each) for each in services.get("health") or ()}
    offers = {"outpatient"} if named & set(_MENTAL_HEALTH) else set()
    if kind == "vet_center":
        offers |= {"outpatient", "readjustment_counseling"}
    code = _dict(_of(about, "operatingStatus")).get("code")
    streets = [street for line in (1, 2, 3) if (street := tidy.text(_of(address, f"address{line}", f"address_{line}")))]
    known_on = tidy.day(_of(services, "lastUpdated")) or tidy.day(_of(waits, "effectiveDate"))
    return Record(
        organization=name,
        name="Vet Center" if kind == "vet_center" else tidy.text(about.get("classification")) or "VA clinic",
        street=", ".join(streets) or None,
        zip=address.get("zip"),
        city=address.get("city"),
        state=address.get("state"),
        latitude=point[1] if len(point) > 1 else None,
        longitude=point[0] if point else None,
        phone=phones.get("main"),
        intake_phone=_of(phones, "mentalHealthClinic"),
        website=about.get("website"),
        hours=_dict(about.get("hours")) or None,
        wait_days=_wait(waits.get("health")),
        active=code != "CLOSED" and _of(about, "activeStatus") != "T",
        verified_on=verified_on or known_on,
        **_va(key.split("_", 1)[-1], offers),
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _of(values: dict[str, Any], camel: str, snake: str | None = None) -> Any:
    """The value under v1's name, or under v0's."""
    if camel in values:
        return values[camel]
    return values.get(snake or "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in camel))


def _service(given: Any) -> str:
    """A service's name without case: a string, or an object in newer replies."""
    if isinstance(given, dict):
        given = given.get("serviceId") or given.get("name")
    return str(given or "").replace(" ", "").lower()


def _wait(waits: Any) -> float | None:
    for each in waits if isinstance(waits, list) else ():
        if isinstance(each, dict) and _service(each.get("service")) in _MENTAL_HEALTH:
            return tidy.number(each.get("new"))
    return None

"""HSDS 3.x: services as JSON (one, a list, an organization's, a page of the API), or tables (csv files in a folder or a
zip, or the tabular JSON). A service at each of its places becomes a program."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from casework.directory.exporting.hsds import TAXONOMIES, TELEHEALTH
from casework.directory.importing import json_rows, tidy
from casework.directory.importing.records import BadFile, Record, Refused, Row
from casework.geography import county_name

Object = dict[str, Any]
_DAYS = {"MO": "mon", "TU": "tue", "WE": "wed", "TH": "thu", "FR": "fri", "SA": "sat", "SU": "sun"}


def rows(path: Path, verified_on: date | None) -> Iterator[Row]:
    """Each service at each of its places, numbered as they come; or the reason it is left out."""
    number = 0
    for service in _services(path):
        for record in _read(service, verified_on):
            number += 1
            yield number, record


def _services(path: Path) -> Iterator[Any]:
    if path.is_dir() or zipfile.is_zipfile(path):
        yield from _joined(_csv_tables(path))
        return
    text = json_rows.read_text(path)
    try:
        start = json.loads(text) if len(text) < 50_000_000 else None
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise BadFile(f"{path.name} is not whole JSON" + (f": it breaks at line {line}" if line else "")) from error
    if not isinstance(start, dict) or "contents" in start:
        for element in json_rows.elements(text, ("contents",), path.name):
            yield from _unwrapped(element)
    elif any(name.removesuffix(".csv") == "services" and isinstance(start[name], list) for name in start) and not (
        start.get("id")
    ):
        yield from _joined({name.removesuffix(".csv"): rows for name, rows in start.items() if isinstance(rows, list)})
    else:
        yield from _unwrapped(start)


def _unwrapped(element: Any) -> Iterator[Any]:
    """Services out of an organization with its services, or a service at a location."""
    if isinstance(element, dict) and isinstance(element.get("services"), list):
        organization = {key: value for key, value in element.items() if key != "services"}
        for service in element["services"]:
            yield {"organization": organization, **service} if isinstance(service, dict) else service
    elif isinstance(element, dict) and isinstance(element.get("service"), dict):
        here = {key: value for key, value in element.items() if key != "service"}
        yield {**element["service"], "service_at_locations": [here]}
    else:
        yield element


def _csv_tables(path: Path) -> dict[str, list[Object]]:
    tables: dict[str, list[Object]] = {}
    try:
        if path.is_dir():
            texts = {each.stem: each.read_text(encoding="utf-8-sig") for each in sorted(path.glob("*.csv"))}
        else:
            with zipfile.ZipFile(path) as packed:
                names = [name for name in packed.namelist() if name.endswith(".csv")]
                texts = {Path(name).stem: packed.read(name).decode("utf-8-sig") for name in names}
        for name, text in texts.items():
            tables[name] = list(csv.DictReader(io.StringIO(text)))
    except (OSError, UnicodeDecodeError, csv.Error, zipfile.BadZipFile) as error:
        raise BadFile(f"{path.name} cannot be read as csv tables") from error
    if "services" not in tables:
        raise BadFile(f"{path.name} has no services.csv")
    return tables


def _joined(tables: dict[str, list[Object]]) -> Iterator[Object]:
    """Services as they would be nested, from their tables."""

    def by(table: str, key: str) -> dict[str, list[Object]]:
        found: dict[str, list[Object]] = defaultdict(list)
        for row in tables.get(table, ()):
            if row.get(key):
                found[str(row[key])].append(row)
        return found

    organizations = {row.get("id"): row for row in tables.get("organizations", ())}
    terms = {row.get("id"): row for row in tables.get("taxonomy_terms", ())}
    places = {str(row.get("id")): dict(row) for row in tables.get("locations", ())}
    for name in ("addresses", "phones", "languages", "schedules"):
        for key, given in by(name, "location_id").items():
            if key in places:
                places[key][name] = given
    for row in tables.get("attributes", ()):
        row["taxonomy_term"] = terms.get(row.get("taxonomy_term_id"), {})
    at = by("service_at_location", "service_id") or by("service_at_locations", "service_id")
    nested = {name: by(name, "service_id") for name in ("phones", "languages", "schedules", "service_areas")}
    attributes = by("attributes", "link_id")
    for service in tables.get("services", ()):
        key = str(service.get("id"))
        yield {
            **service,
            "organization": organizations.get(service.get("organization_id"), {}),
            **{name: found.get(key, []) for name, found in nested.items()},
            "attributes": attributes.get(key, []),
            "service_at_locations": [
                {**here, "location": places.get(str(here.get("location_id")), {})} for here in at.get(key, ())
            ],
        }


def _read(service: Any, verified_on: date | None) -> Iterator[Record | Refused]:
    if not isinstance(service, dict) or not tidy.text(service.get("id")):
        yield Refused("not a service: an object with an id is expected")
    elif not tidy.text(service.get("name")):
        yield Refused("there is no name")
    elif not _list(service, "service_at_locations"):
        yield Refused("the service comes without a location (a list without nesting? ask its API for full=true)")
    else:
        for here in _list(service, "service_at_locations"):
            yield _program(service, here, verified_on)


def _program(service: Object, here: Object, verified_on: date | None) -> Record | Refused:
    location = here.get("location") if isinstance(here.get("location"), dict) else None
    if not location:
        return Refused("the service's location is not in the file")
    addresses = _list(location, "addresses")
    address = next((each for each in addresses if each.get("address_type") == "physical"), (addresses or [{}])[0])
    organization = service["organization"] if isinstance(service.get("organization"), dict) else {}
    phones = (
        _list(here, "phones") + _list(service, "phones") + _list(location, "phones") + _list(organization, "phones")
    )
    usable = [each for each in phones if str(each.get("type") or "voice").lower() in ("voice", "cell", "tollfree", "")]
    intake = next((each for each in usable if "intake" in str(each.get("description") or "").lower()), None)
    main = next((each for each in usable if each is not intake), intake)
    streets = [street for key in ("address_1", "address_2") if (street := tidy.text(address.get(key)))]
    words = _own_words(service)
    name = str(tidy.text(service["name"]))
    kind = next(iter(words["kind"]), None) or _guessed(name, service, organization)
    description = tidy.text(service.get("description"))
    languages = [code for each in _list(service, "languages") if (code := tidy.text(each.get("code")))]
    return Record(
        key=tidy.text(here.get("id")) or f"{tidy.text(service['id'])}.{tidy.text(location.get('id'))}",
        organization=tidy.text(organization.get("name")) or name,
        name=name,
        kind=kind,
        description={"en": description} if description else {},
        street=", ".join(streets) or None,
        zip=address.get("postal_code"),
        city=address.get("city"),
        state=address.get("state_province"),
        latitude=location.get("latitude"),
        longitude=location.get("longitude"),
        phone=_dialled(main),
        intake_phone=_dialled(intake),
        email=service.get("email") or organization.get("email"),
        website=service.get("url") or organization.get("website"),
        age_min=int(tidy.number(service.get("minimum_age")) or 0),
        age_max=_age(service.get("maximum_age")),
        service_counties=_counties(service),
        veterans_only=kind == "va",
        payers=words["payer"],
        services=[code for code in words["service"] if code != TELEHEALTH],
        languages=list(dict.fromkeys(["en", *(code.lower() for code in languages)])),
        telehealth=TELEHEALTH in words["service"]
        or any("video" in str(each.get("attending_type") or "").lower() for each in _list(service, "schedules")),
        hours=_hours([*_list(here, "schedules"), *_list(service, "schedules"), *_list(location, "schedules")]),
        active=str(service.get("status") or "active") == "active",
        verified_on=verified_on or tidy.day(service.get("assured_date")) or tidy.day(service.get("last_modified")),
    )


def _list(of: Object, key: str) -> list[Object]:
    found = of.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _dialled(phone: Object | None) -> str | None:
    if phone is None or not tidy.text(phone.get("number")):
        return None
    extension = tidy.text(phone.get("extension"))
    return f"{phone['number']}" + (f" x{extension}" if extension else "")


def _age(value: Any) -> int | None:
    age = tidy.number(value)
    return int(age) if age is not None and 0 < age < 100 else None  # 100 and more: no end


def _own_words(service: Object) -> dict[str, list[str]]:
    """What this directory's own exports say of themselves in attributes."""
    found: dict[str, list[str]] = {name: [] for name in TAXONOMIES}
    for attribute in _list(service, "attributes"):
        raw = attribute.get("taxonomy_term")
        term = raw if isinstance(raw, dict) else {}
        for name, taxonomy in TAXONOMIES.items():
            if term.get("taxonomy") == taxonomy and (code := tidy.text(term.get("code"))):
                found[name].append(code)
    return found


def _guessed(name: str, service: Object, organization: Object) -> str:
    said = f"{name} {organization.get('name') or ''} {service.get('alternate_name') or ''}".lower()
    for words, kind in (
        (("ccbhc", "certified community behavioral"), "ccbhc"),
        (("community mental health center", "cmhc", "community mental health"), "cmhc"),
        (("veterans affairs", "vet center"), "va"),
    ):
        if any(word in said for word in words):
            return kind
    oldest = tidy.number(service.get("maximum_age"))
    if oldest is not None and 0 < oldest < 22:
        return "child"
    return "older_adult" if (tidy.number(service.get("minimum_age")) or 0) >= 55 else "other"


def _counties(service: Object) -> list[str]:
    """Counties served, where an area gives a FIPS code and that county's name."""
    found = []
    for area in _list(service, "service_areas"):
        code = str(area.get("extent") or "")
        if county_name(code) is not None and county_name(code) == area.get("name"):  # five digits may be a ZIP too
            found.append(code)
    return found


def _hours(schedules: list[Object]) -> Object | None:
    days: dict[str, list[list[str]]] = {}
    for each in schedules:
        opens, closes = str(each.get("opens_at") or "")[:5], str(each.get("closes_at") or "")[:5]
        if str(each.get("freq") or "WEEKLY").upper() != "WEEKLY" or not opens or not opens < closes:
            continue
        for code in str(each.get("byday") or "").upper().split(","):
            day = _DAYS.get(code.strip()[-2:])
            if day and [opens, closes] not in days.setdefault(day, []):
                days[day].append([opens, closes])
    return {day: sorted(spans) for day, spans in days.items()} or None

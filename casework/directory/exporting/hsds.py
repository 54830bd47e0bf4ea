"""Programs as HSDS 3.1 objects. Pure. A program is a service at one location of its organization."""

from __future__ import annotations

from typing import Any

from casework.directory.exporting.ids import uuid_of
from casework.directory.tables import KINDS, Program
from casework.geography import county_name

VERSION = "3.1"
PROFILE = "https://docs.openreferral.org/en/latest/hsds/"
# In these taxonomies this directory's own words travel with what it exports, and are read again.
TAXONOMIES = {"kind": "guidepost-kind", "service": "guidepost-service", "payer": "guidepost-payer"}
TELEHEALTH = "telehealth"
PAYERS = ("medicaid", "medicare", "private", "va", "uninsured", "other")
_DAYS = {"mon": "MO", "tue": "TU", "wed": "WE", "thu": "TH", "fri": "FR", "sat": "SA", "sun": "SU"}
Object = dict[str, Any]


def _given(**values: Any) -> Object:
    """Only what is known: the standard has no place for null."""
    return {key: value for key, value in values.items() if value is not None and value != []}


def organization(program: Program, *, full: bool = False) -> Object:
    name = program.organization
    nested = {"phones": _phones(program, "organization"), "locations": [location(program)]} if full else {}
    return _given(
        id=uuid_of("organization", name), name=name, description=name, email=program.email, website=program.website
    ) | _given(**nested)


def location(program: Program, *, full: bool = True) -> Object:
    one = _given(
        id=uuid_of("location", program.id),
        location_type="physical",
        name=program.name,
        latitude=program.latitude,
        longitude=program.longitude,
        external_identifier=program.source_id,
        external_identifier_type=program.source if program.source_id else None,
    )
    if not full:
        return one
    address = {
        "id": uuid_of("address", program.id),
        "address_1": program.street or "",
        "city": program.city,
        "state_province": program.state,
        "postal_code": program.zip,
        "country": "US",
        "address_type": "physical",
    }
    return one | _given(
        addresses=[address], phones=_phones(program, "location"), schedules=_schedules(program, "location")
    )


def service(program: Program, *, full: bool = False) -> Object:
    changed = program.changed_at or program.created_at
    one = _given(
        id=uuid_of("service", program.id),
        name=program.name,
        description=program.description.get("en"),
        url=program.website,
        email=program.email,
        status="active" if program.active else "inactive",
        wait_time=f"{program.wait_days:.0f} days" if program.wait_days is not None else None,
        minimum_age=program.age_min or None,
        maximum_age=program.age_max,
        assured_date=program.verified_on.isoformat() if program.verified_on else None,
        last_modified=changed.isoformat() if changed else None,
        organization=organization(program),
    )
    if not full:
        return one
    return one | _given(
        phones=_phones(program, "service"),
        schedules=_schedules(program, "service"),
        service_areas=[_area(program, code) for code in program.service_counties],
        languages=[{"id": uuid_of("language", f"{program.id}:{code}"), "code": code} for code in program.languages],
        attributes=[_attribute(program, *pair) for pair in terms_of(program)],
        service_at_locations=[{"id": uuid_of("service_at_location", program.id), "location": location(program)}],
    )


def service_at_location(program: Program, *, full: bool = False) -> Object:
    return {
        "id": uuid_of("service_at_location", program.id),
        "service": service(program),
        "location": location(program, full=full),
    }


def terms_of(program: Program) -> list[tuple[str, str]]:
    """(taxonomy, code) of what the program is, offers and takes."""
    return [
        ("kind", program.kind),
        *(("service", code) for code in program.services),
        *([("service", TELEHEALTH)] if program.telehealth else []),
        *(("payer", code) for code in program.payers),
    ]


def term(taxonomy: str, code: str) -> Object:
    name = code.replace("_", " ")
    return {
        "id": uuid_of("taxonomy_term", f"{taxonomy}:{code}"),
        "code": code,
        "name": name,
        "description": f"{taxonomy}: {name}",
        "taxonomy": TAXONOMIES[taxonomy],
        "language": "en",
    }


def known_terms(services: list[str]) -> list[tuple[str, str]]:
    """Every term that can be asked for; `services` are those in the directory."""
    kinds = [("kind", code) for code in KINDS]
    return [*kinds, *(("payer", code) for code in PAYERS), *(("service", code) for code in services)]


def _attribute(program: Program, taxonomy: str, code: str) -> Object:
    return {
        "id": uuid_of("attribute", f"{program.id}:{taxonomy}:{code}"),
        "link_entity": "service",
        "value": code,
        "taxonomy_term": term(taxonomy, code),
    }


def _area(program: Program, code: str) -> Object:
    return {
        "id": uuid_of("service_area", f"{program.id}:{code}"),
        "name": county_name(code) or code,
        "extent": code,
        "extent_type": "text",
    }


def _phones(program: Program, of: str) -> list[Object]:
    numbers = (
        (program.phone, program.phone_extension, None),
        (program.intake_phone, program.intake_extension, "Intake"),
    )
    return [
        _given(
            id=uuid_of("phone", f"{of}:{program.id}:{description}"),
            number=number,
            extension=int(extension) if extension and extension.isdigit() else None,
            type="voice",
            description=description,
        )
        for number, extension, description in numbers
        if number
    ]


def _schedules(program: Program, of: str) -> list[Object]:
    """One for each stretch of the day, with the days that have it."""
    stretches: dict[tuple[str, str], list[str]] = {}
    for day, spans in (program.hours or {}).items():
        for opens, closes in spans:
            stretches.setdefault((opens, closes), []).append(_DAYS[day])
    return [
        {
            "id": uuid_of("schedule", f"{of}:{program.id}:{opens}:{closes}"),
            "freq": "WEEKLY",
            "wkst": "MO",
            "byday": ",".join(days),
            "opens_at": opens,
            "closes_at": closes,
            "notes": program.zone,
        }
        for (opens, closes), days in sorted(stretches.items())
    ]

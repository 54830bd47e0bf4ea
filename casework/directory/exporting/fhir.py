"""Programs as FHIR R4B resources: Organization, Location, HealthcareService. Pure."""

from __future__ import annotations

from typing import Any

from casework.directory.exporting.ids import uuid_of
from casework.directory.tables import Program

TYPES = ("Organization", "Location", "HealthcareService")
ID_OF = {"Organization": "organization", "Location": "location", "HealthcareService": "service"}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Resource = dict[str, Any]


def _given(**values: Any) -> Resource:
    return {key: value for key, value in values.items() if value is not None and value != []}


def resource(kind: str, program: Program) -> Resource:
    """The program's resource of one of TYPES."""
    make = {"Organization": organization, "Location": location, "HealthcareService": healthcare_service}
    return make[kind](program)


def organization(program: Program) -> Resource:
    return {
        "resourceType": "Organization",
        "id": uuid_of("organization", program.organization),
        "active": True,
        "name": program.organization,
    }


def location(program: Program) -> Resource:
    address = _given(
        use="work",
        type="physical",
        line=[program.street] if program.street else None,
        city=program.city,
        state=program.state,
        postalCode=program.zip,
        country="US",
    )
    return _given(
        resourceType="Location",
        id=uuid_of("location", program.id),
        identifier=[{"value": program.source_id}] if program.source_id else None,
        status="active" if program.active else "inactive",
        name=program.organization,
        mode="instance",
        telecom=_telecom(program),
        address=address,
        position={"longitude": program.longitude, "latitude": program.latitude},
        managingOrganization={"reference": f"Organization/{uuid_of('organization', program.organization)}"},
        hoursOfOperation=[
            _given(daysOfWeek=[day], allDay=whole or None, openingTime=opens, closingTime=closes)
            for day, whole, opens, closes in _hours(program)
        ],
    )


def healthcare_service(program: Program) -> Resource:
    return _given(
        resourceType="HealthcareService",
        id=uuid_of("service", program.id),
        active=program.active,
        providedBy={
            "reference": f"Organization/{uuid_of('organization', program.organization)}",
            "display": program.organization,
        },
        category=[{"text": program.kind}],
        type=[{"text": code.replace("_", " ")} for code in program.services],
        location=[{"reference": f"Location/{uuid_of('location', program.id)}"}],
        name=program.name,
        comment=program.description.get("en"),
        telecom=_telecom(program),
        communication=[{"coding": [{"system": "urn:ietf:bcp:47", "code": code}]} for code in program.languages],
        program=[{"text": payer} for payer in program.payers],
        availableTime=[
            _given(daysOfWeek=[day], allDay=whole or None, availableStartTime=opens, availableEndTime=closes)
            for day, whole, opens, closes in _hours(program)
        ],
    )


def _telecom(program: Program) -> list[Resource]:
    phones = [
        {"system": "phone", "value": f"{number};ext={extension}" if extension else number, "use": "work"}
        for number, extension in (
            (program.intake_phone, program.intake_extension),
            (program.phone, program.phone_extension),
        )
        if number
    ]
    others = (("email", program.email), ("url", program.website))
    return phones + [{"system": system, "value": value} for system, value in others if value]


def _hours(program: Program) -> list[tuple[str, bool, str | None, str | None]]:
    found: list[tuple[str, bool, str | None, str | None]] = []
    for day in _DAYS:
        for opens, closes in (program.hours or {}).get(day, ()):
            if (opens, closes) == ("00:00", "24:00"):
                found.append((day, True, None, None))
            else:  # FHIR's day ends a second before midnight
                found.append((day, False, f"{opens}:00", "23:59:59" if closes == "24:00" else f"{closes}:00"))
    return found

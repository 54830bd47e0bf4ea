"""From a source's record to the columns of a program, or the reason there is none. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from casework.directory.importing import tidy
from casework.directory.importing.places import where
from casework.directory.importing.records import Record, Refused

_LONGEST = 200  # a name; beyond that a file's columns have slipped


@dataclass(frozen=True)
class Read:
    """Columns of `programs` without id and source; `notes` say what was mended or is missing."""

    columns: dict[str, Any]
    notes: tuple[str, ...]


def read(record: Record) -> Read:
    """Raises Refused."""
    if len(record.organization) > _LONGEST or len(record.name) > _LONGEST:
        raise Refused(f"a name of more than {_LONGEST} characters")
    if record.age_max is not None and record.age_max < record.age_min:
        raise Refused(f"ages from {record.age_min} to {record.age_max}")
    place = where(record.zip, record.city, record.state, record.latitude, record.longitude)
    notes = [*record.notes, *place.notes]
    phone, extension = tidy.phone(record.phone)
    intake, intake_extension = tidy.phone(record.intake_phone)
    for given, kept, which in ((record.phone, phone, "phone"), (record.intake_phone, intake, "intake phone")):
        if tidy.text(given) and not kept:
            notes.append(f"{which} left out: not a US number")
    hours, unread = tidy.hours(record.hours) if record.hours else (None, [])
    if unread:
        notes.append(f"hours not read for {', '.join(unread)}")
    columns = {
        "organization": record.organization,
        "name": record.name,
        "kind": record.kind,
        "description": record.description,
        "phone": phone or intake,
        "phone_extension": extension if phone else intake_extension,
        "intake_phone": intake,
        "intake_extension": intake_extension,
        "email": tidy.email(record.email),
        "website": tidy.link(record.website),
        "street": record.street,
        "city": place.city,
        "state": place.state,
        "zip": place.zip,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "place_from": place.place_from,
        "zone": place.zone,
        "service_counties": record.service_counties,
        "age_min": record.age_min,
        "age_max": record.age_max,
        "veterans_only": record.veterans_only,
        "payers": record.payers,
        "languages": record.languages,
        "telehealth": record.telehealth,
        "services": record.services,
        "hours": hours,
        "wait_days": record.wait_days if record.wait_days is None or record.wait_days >= 0 else None,
        "active": record.active,
        "verified_on": record.verified_on,
    }
    return Read(columns, tuple(notes))

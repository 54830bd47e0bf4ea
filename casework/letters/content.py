"""What stands in the letter: whom it is for, when, what was told, what to bring. Its words are in `data/letters`."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import screening
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.intake import answers as told
from casework.intake import policies, walk
from casework.moments import moment, shown
from casework.paths import DATA
from casework.phones import as_called
from casework.scheduling.tables import Appointment
from casework.screening import Language, Screening
from casework.settings import get_settings
from casework.wording import say

_LONGEST = 120  # characters of a name or a street: a directory's slip must not push the rest off the page


@dataclass(frozen=True)
class Letter:
    """Everything the page shows, in the client's language, ready to be set: texts only."""

    language: Language
    fields: dict[str, Any]


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, str]]:
    return tomllib.loads((DATA / "letters" / "words.toml").read_text(encoding="utf-8"))


async def letter_for(session: AsyncSession, client_id: uuid.UUID, at: datetime) -> Letter | None:
    """The letter as things stand; None for somebody unknown, or who did not agree to anything being kept."""
    client = await session.get(Client, client_id)
    if client is None:
        return None
    answers = await told.current(session, client_id)
    if not answers or answers.get(walk.SAVING) is False:
        return None
    language: Language = "es" if client.language == "es" else "en"
    appointment = await _appointment(session, client_id, at)
    chosen = appointment.program_id if appointment else answers.get(walk.PROGRAM)
    program = await session.get(Program, str(chosen)) if chosen not in (None, walk.NO_PROGRAM) else None
    return make_letter(
        policies.screen(walk.facts(answers), language=language).best,
        language,
        agency=get_settings().agency_name,
        at=at,
        zone=client.zone or "UTC",
        name=client.name or "",
        program=_program(program),
        visit=_visit(appointment, program, client.zone, words()[language], language),
    )


def make_letter(
    result: Screening,
    language: Language,
    *,
    agency: str,
    at: datetime,
    zone: str,
    name: str,
    program: Sequence[str],
    visit: Sequence[str],
) -> Letter:
    """`program`: the lines of its name and address, empty where none is chosen; `visit`: when and how. Pure."""
    say_it = words()[language]
    day = moment(at, zone, language).rpartition(", ")[0]
    return Letter(
        language,
        {
            "title": say_it["title"],
            "agency": agency,
            "date": f"{day}, {at.astimezone(ZoneInfo(zone)).year}",
            "to": say_it["to"] if program else "",
            "program": [line[:_LONGEST] for line in program],
            "intro": say_it["intro"].format(agency=agency),
            "name_label": say_it["name"],
            "name": name[:_LONGEST],
            "visit_title": say_it["visit"],
            "visit": list(visit),
            "told_title": say_it["told"],
            "outcome": say(f"utter_outcome_{result.outcome}", language).text,
            "criteria": [[say_it[each.status], each.because] for each in result.criteria],
            "columns": [say_it["status"], say_it["because"]],
            "rules": say_it["rules"].format(
                program=policies.load(result.policy).title[language],
                sources="; ".join(dict.fromkeys(each.source for each in result.criteria)),
                version=result.version,
            ),
            "bring_title": say_it["bring"],
            "bring": [screening.document_text(each, language) for each in result.documents],
            "bring_note": say_it["bring_note"],
            "ways_title": say_it["ways"],
            "ways": [screening.route_text(each, language) for each in result.routes],
            "crisis": say_it["crisis"],
            "yours": say_it["yours"],
        },
    )


async def _appointment(session: AsyncSession, client_id: uuid.UUID, at: datetime) -> Appointment | None:
    ahead = select(Appointment).where(
        Appointment.client_id == client_id, Appointment.status == "booked", Appointment.ends_at > at
    )
    found: Appointment | None = await session.scalar(ahead.order_by(Appointment.starts_at).limit(1))
    return found


def _program(program: Program | None) -> list[str]:
    if program is None:
        return []
    lines = [program.organization, program.name if program.name != program.organization else "", program.street]
    lines.append(f"{program.city}, {program.state} {program.zip}")
    return [line for line in lines if line]


def _visit(
    appointment: Appointment | None,
    program: Program | None,
    client_zone: str | None,
    say_it: dict[str, str],
    language: Language,
) -> list[str]:
    """When and how; without an appointment, how to ask for one."""
    if program is None:
        return [say_it["no_program"]]
    number = as_called(program.intake_phone or program.phone)
    lines = []
    if appointment:
        lines.append(
            say_it[f"visit_{appointment.kind}"].format(
                **shown(appointment.starts_at, appointment.kind, program.zone, client_zone, language)
            )
        )
    else:
        lines.append(say_it["no_visit"])
    if number:
        lines.append(say_it["phone"].format(phone=number))
    return lines

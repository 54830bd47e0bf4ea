"""The sample directory of demo mode: invented programs, each with the word "sample" in its name."""

from __future__ import annotations

import json
from datetime import date, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.tables import Program
from casework.paths import DATA
from casework.scheduling.tables import Calendar, WeeklyHours
from casework.storage import new_id

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


async def load_sample(session: AsyncSession) -> int:
    """Loads the sample programs into an empty directory. Returns how many; 0 where there are programs already."""
    if (await session.execute(select(func.count()).select_from(Program))).scalar_one():
        return 0
    entries = json.loads((DATA / "sample" / "programs.json").read_text(encoding="utf-8"))
    session.add_all([_program(entry) for entry in entries])
    await session.flush()
    for entry in entries:
        for each in entry["calendars"]:
            calendar = _calendar(entry["id"], each)
            session.add(calendar)
            await session.flush()
            session.add_all(
                WeeklyHours(
                    calendar_id=calendar.id,
                    weekday=_DAYS.index(stretch["day"]),
                    opens=time.fromisoformat(stretch["from"]),
                    closes=time.fromisoformat(stretch["to"]),
                )
                for stretch in each["weekly"]
            )
    return len(entries)


def _program(entry: dict[str, Any]) -> Program:
    same = ("id", "organization", "name", "kind", "description", "phone", "intake_phone", "email", "website")
    also = ("latitude", "longitude", "zone", "service_counties", "veterans_only", "payers", "languages", "telehealth")
    return Program(
        **{key: entry[key] for key in (*same, *also, "services")},
        **entry["address"],
        age_min=entry["ages"]["min"],
        age_max=entry["ages"]["max"],
        verified_on=date.fromisoformat(entry["verified_on"]),
        source="sample",
        source_id=entry["id"],
        sample=True,
    )


def _calendar(program_id: str, each: dict[str, Any]) -> Calendar:
    return Calendar(
        id=new_id(),
        program_id=program_id,
        name=each["name"],
        **each["appointment"],
        capacity=each["capacity"],
        lead_hours=each["lead_hours"],
        horizon_days=each["horizon_days"],
        languages=each["languages"],
    )

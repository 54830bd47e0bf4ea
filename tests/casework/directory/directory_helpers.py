"""Small directories for the tests of this room, and where the public test data lies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.tables import Program
from casework.paths import ROOT
from casework.scheduling.tables import Calendar, WeeklyHours
from casework.storage import Database, new_id

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # a Monday, 10:00 in Chicago
DATA = ROOT.parent / "shared" / "data"


def public(*path: str) -> Path:
    """A file of the public test data; the test is skipped where it is absent."""
    found = DATA.joinpath(*path)
    if not found.exists():
        pytest.skip(f"the public test data is not beside the project: {'/'.join(path)}")
    return found


def work(database: Database, *steps: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    """Runs each step in a transaction of its own; returns what the last one gave."""

    async def all_steps() -> Any:
        result = None
        try:
            for step in steps:
                async with database.session() as session:
                    result = await step(session)
        finally:
            await database.close()
        return result

    return asyncio.run(all_steps())


def program(name: str, north: float = 0.0, east: float = 0.0, **more: Any) -> Program:
    """A program so many degrees north and east of downtown Minneapolis (55401)."""
    values: dict[str, Any] = {
        "organization": name.title(),
        "name": "Case Management",
        "kind": "cmhc",
        "city": "Minneapolis",
        "state": "MN",
        "zip": "55401",
        "latitude": 44.9835 + north,
        "longitude": -93.2683 + east,
        "zone": "America/Chicago",
        "age_min": 18,
        "age_max": None,
        "veterans_only": False,
        "service_counties": [],
        "payers": ["medicaid"],
        "languages": ["en"],
        "services": ["case_management"],
        "telehealth": False,
        "description": {},
        "source": "test",
    }
    return Program(id=name, **(values | more))


async def add(session: AsyncSession, *programs: Program) -> None:
    session.add_all(programs)
    await session.flush()


async def add_calendar(session: AsyncSession, program_id: str, *, full: bool = False, lead_hours: int = 24) -> None:
    """An intake desk, open Tuesdays; full: without any hours."""
    calendar = Calendar(
        id=new_id(),
        program_id=program_id,
        name="Desk",
        kind="phone",
        minutes=45,
        lead_hours=lead_hours,
        horizon_days=28,
    )
    session.add(calendar)
    await session.flush()
    if not full:
        session.add(WeeklyHours(calendar_id=calendar.id, weekday=1, opens=time(9), closes=time(17)))
        await session.flush()

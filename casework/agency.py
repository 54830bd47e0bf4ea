"""The agency's name, phone and hours as administrators wrote them: they hold in place of the environment's.

They are kept in the database, so that every process of the line says the same. Each process reads them at its start
and every few seconds (`keep_current`), and sets them on its settings: whoever asks the settings has them.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from casework import office
from casework.directory.importing import tidy
from casework.errors import GuidepostError
from casework.settings import Settings
from casework.storage import Database
from casework.storage.base import Base, Moment

log = structlog.get_logger(__name__)
EVERY_SECONDS = 15.0
_FIELDS = ("agency_name", "agency_phone", "agency_hours", "agency_holidays")
_LONGEST_NAME = 40  # it stands in texts of 160 characters


class BadWording(GuidepostError):
    """What was written for the agency cannot be used. `code` is a key of the console's labels, `part` what of it."""

    def __init__(self, code: str, part: str = "") -> None:
        super().__init__(code)
        self.code, self.part = code, part


class AgencyRow(Base):
    """The one row. What is null is as the environment has it."""

    __tablename__ = "agency"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    phone: Mapped[str | None]
    hours: Mapped[str | None]
    holidays: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[Moment]


@dataclass(frozen=True)
class Wording:
    """What administrators may write. None: as the environment has it."""

    name: str | None = None
    phone: str | None = None
    hours: str | None = None
    holidays: tuple[str, ...] | None = None


async def written(session: AsyncSession) -> Wording:
    row = await session.get(AgencyRow, 1, populate_existing=True)
    if row is None:
        return Wording()
    return Wording(row.name, row.phone, row.hours, tuple(row.holidays) if row.holidays is not None else None)


async def write(session: AsyncSession, *, name: str, phone: str, hours: str, holidays: str, at: datetime) -> Wording:
    """Keeps it; an empty field is as the environment has it. Raises BadWording."""
    name, hours = " ".join(name.split()), " ".join(hours.split())
    if len(name) > _LONGEST_NAME or "{" in name:
        raise BadWording("agency_name")
    number, _ = tidy.phone(phone) if phone.strip() else (None, None)
    if phone.strip() and number is None:
        raise BadWording("agency_phone")
    days = tuple(part for part in re.split(r"[\s,]+", holidays) if part)
    try:
        office.read(hours or office.ANY, days)
    except office.BadHours as error:
        raise BadWording(f"agency_hours_{error.code}", error.part) from error
    row = await session.get(AgencyRow, 1)
    if row is None:
        row = AgencyRow(id=1)
        session.add(row)
    row.name, row.phone, row.hours, row.holidays = name or None, number, hours or None, list(days) or None
    row.changed_at = at
    await session.flush()
    return await written(session)


_environment: dict[int, dict[str, object]] = {}  # what each settings object had before it was first changed


def apply(settings: Settings, wording: Wording) -> None:
    """Sets the wording on the settings of this process; what is None goes back to what the environment says."""
    before = _environment.setdefault(id(settings), {field: getattr(settings, field) for field in _FIELDS})
    given = (wording.name, wording.phone, wording.hours, list(wording.holidays) if wording.holidays else None)
    for field, value in zip(_FIELDS, given, strict=True):
        setattr(settings, field, before[field] if value is None else value)


async def keep_current(database: Database, settings: Settings) -> None:
    """Goes on until it is cancelled. A database that is away leaves things as they are."""
    while True:
        try:
            async with database.session() as session:
                apply(settings, await written(session))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("agency_not_read", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)

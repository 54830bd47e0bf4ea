"""Keeping the directory true by hand: facts of a program, when each was last checked and by whom, whom to call.

What staff change is theirs: no import overwrites it (`Program.edited`). A fact counts as checked on the later of the
day staff checked it and, unless staff changed it, the day its source verified the program.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Integer, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from casework import geography
from casework.directory.importing import tidy
from casework.directory.tables import KINDS, Program
from casework.errors import GuidepostError, NotFound
from casework.handoff.tables import Handoff
from casework.scheduling.tables import Appointment
from casework.staff.tables import Staff
from casework.storage.base import Base

CHECKED_FOR = timedelta(days=180)  # after that a fact is on the list to call about
IN_USE = timedelta(days=90)  # programs that clients were sent to so lately are called first
ROWS = 40
PAYERS = ("medicaid", "medicare", "private", "va", "uninsured")
# What a call can settle, and what it is: the form's field and how it is read.
FACTS: Mapping[str, str] = {
    "organization": "line",
    "name": "line",
    "kind": "kind",
    "phone": "phone",
    "intake_phone": "phone",
    "email": "email",
    "website": "link",
    "street": "optional",
    "city": "line",
    "zip": "zip",
    "age_min": "age",
    "age_max": "optional_age",
    "veterans_only": "flag",
    "payers": "payers",
    "languages": "codes",
    "services": "codes",
    "telehealth": "flag",
    "wait_days": "days",
    "hours": "hours",
    "active": "flag",
}
# Those that decide whether a client is sent to the right place: they put a program on the list.
CALLED_ABOUT = ("intake_phone", "phone", "hours", "payers", "zip", "wait_days")


class BadFact(GuidepostError):
    """A fact that cannot be read as what it is. `fact` says which."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


class FactCheck(Base):
    """When a member of staff last made sure of a program's fact."""

    __tablename__ = "program_fact_checks"

    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)
    fact: Mapped[str] = mapped_column(primary_key=True)
    checked_on: Mapped[date]
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))


@dataclass(frozen=True)
class Row:
    """A program in the list. `oldest`: when the facts that matter were last all known to be right; None: never."""

    program: Program
    oldest: date | None
    in_use: int


@dataclass(frozen=True)
class Fact:
    """One fact of a program: its value as a form shows it, when it was checked last, and by whom (or the source)."""

    name: str
    kind: str
    value: str
    checked_on: date | None
    by: str | None
    stale: bool
    edited: bool


async def programs(
    session: AsyncSession, at: datetime, *, words: str = "", to_call: bool = True, start: int = 0
) -> tuple[list[Row], bool]:
    """One page of programs, and whether there is a next one. `to_call`: those with facts not checked lately, first
    those that clients were sent to in the last three months, then the longest unchecked."""
    checks = (
        select(
            FactCheck.program_id,
            func.count().label("n"),
            func.min(FactCheck.checked_on).label("oldest"),
        )
        .where(FactCheck.fact.in_(CALLED_ABOUT))
        .group_by(FactCheck.program_id)
        .subquery()
    )
    # All facts checked by hand: the oldest of them; else the source's day stands for those that were not.
    oldest = case(
        (checks.c.n >= len(CALLED_ABOUT), func.greatest(checks.c.oldest, Program.verified_on)),
        else_=Program.verified_on,
    )
    recent = at - IN_USE
    used = (
        select(Handoff.program_id, func.count().label("n"))
        .where(Handoff.created_at > recent, Handoff.program_id.is_not(None))
        .group_by(Handoff.program_id)
        .union_all(
            select(Appointment.program_id, func.count().label("n"))
            .where(Appointment.created_at > recent)
            .group_by(Appointment.program_id)
        )
        .subquery()
    )
    uses = select(used.c.program_id, func.sum(used.c.n).cast(Integer).label("n")).group_by(used.c.program_id).subquery()
    in_use = func.coalesce(uses.c.n, literal(0))
    wanted = (
        select(Program, oldest, in_use)
        .outerjoin(checks, checks.c.program_id == Program.id)
        .outerjoin(uses, uses.c.program_id == Program.id)
    )
    found = []
    for word in words.split()[:6]:
        like = f"%{word.replace('%', '').replace('_', '')}%"
        columns = (Program.organization, Program.name, Program.city, Program.zip)
        found.append(or_(*(column.ilike(like) for column in columns), Program.state == word.upper()))
    if to_call:
        stale = (at - CHECKED_FOR).date()
        wanted = wanted.where(*found, Program.active, or_(oldest.is_(None), oldest < stale))
        wanted = wanted.order_by(in_use.desc(), oldest.asc().nulls_first(), Program.id)
        wanted = wanted.offset(start).limit(ROWS + 1)
    else:
        order = (Program.organization, Program.name, Program.id)
        # The page is picked first: everything else is then looked up for its rows only.
        page = select(Program.id).where(*found).order_by(*order).offset(start).limit(ROWS + 1).subquery()
        wanted = wanted.join(page, page.c.id == Program.id).order_by(*order)
    rows = [Row(*row) for row in await session.execute(wanted)]
    return rows[:ROWS], len(rows) > ROWS


async def facts(session: AsyncSession, program_id: str, at: datetime) -> tuple[Program, list[Fact]]:
    """Raises NotFound."""
    program = await session.get(Program, program_id)
    if program is None:
        raise NotFound("no such program")
    rows = await session.execute(
        select(FactCheck, Staff.name)
        .join(Staff, Staff.id == FactCheck.staff_id)
        .where(FactCheck.program_id == program_id)
    )
    checks = {check.fact: (check.checked_on, name) for check, name in rows}
    return program, [_fact(program, name, kind, checks.get(name), at) for name, kind in FACTS.items()]


def _fact(program: Program, name: str, kind: str, check: tuple[date, str] | None, at: datetime) -> Fact:
    edited = name in program.edited
    day, by = check or (None, None)
    source = program.verified_on if not edited else None
    if source is not None and (day is None or source > day):
        day, by = source, program.source
    stale = day is None or day < (at - CHECKED_FOR).date()
    return Fact(name, kind, shown(getattr(program, name), kind), day, by, stale, edited)


def shown(value: Any, kind: str) -> str:
    """A fact as a form shows it."""
    if value is None:
        return ""
    if kind == "hours":
        return "; ".join(
            f"{day} {', '.join('-'.join(stretch) for stretch in stretches) or 'closed'}"
            for day, stretches in value.items()
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def read(name: str, given: str) -> Any:
    """A fact as it is kept, from a form. Pure. Raises BadFact."""
    kind, line = FACTS[name], tidy.text(given)
    if line is None:
        if kind in ("line", "zip", "kind"):
            raise BadFact(name)
        return {"flag": False, "codes": [], "payers": [], "age": 0}.get(kind)
    found: Any = line[:200]
    match kind:
        case "phone":
            found = tidy.phone(line)[0]
        case "email":
            found = tidy.email(line)
        case "link":
            found = tidy.link(line)
        case "zip":
            found = tidy.zip5(line)
        case "kind":
            found = line if line in KINDS else None
        case "age" | "optional_age":
            found = int(line) if line.isdecimal() and int(line) < 130 else None
        case "days":
            number = tidy.number(line)
            found = number if number is not None and 0 <= number < 1_000 else None
        case "flag":
            found = line == "yes"
        case "codes" | "payers":
            found = [part for part in (each.strip().lower().replace(" ", "_") for each in line.split(",")) if part]
            if kind == "payers" and not set(found) <= set(PAYERS):
                found = None
        case "hours":
            found = _hours(line)
    if found is None:
        raise BadFact(name)
    return found


def _hours(line: str) -> dict[str, list[list[str]]] | None:
    """`mon 08:00-12:00, 13:00-16:30; tue closed`; a day that is not named is not known."""
    found: dict[str, list[list[str]]] = {}
    for part in line.split(";"):
        day, _, rest = part.strip().partition(" ")
        key = day.lower()[:3]
        if key not in tidy.DAYS or key in found or not rest.strip():
            return None
        stretches = []
        for stretch in () if rest.strip().lower() == "closed" else rest.split(","):
            opens, _, closes = (each.strip().zfill(5) for each in stretch.partition("-"))
            if not (_is_clock(opens) and _is_clock(closes) and opens < closes):
                return None
            stretches.append([opens, closes])
        found[key] = stretches
    return found or None


def _is_clock(text: str) -> bool:
    hour, _, minute = text.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and len(text) == 5):
        return False
    return (int(hour) < 24 and int(minute) < 60) or text == "24:00"


async def save(
    session: AsyncSession,
    program_id: str,
    given: Mapping[str, str],
    checked: Sequence[str],
    staff: Staff,
    at: datetime,
    today: date,
) -> list[str]:
    """Writes the facts that differ and who checked which. Returns the names of those changed. Raises BadFact."""
    program, known = await facts(session, program_id, at)
    before = {fact.name: fact.value for fact in known}
    changed = []
    for name, text in given.items():
        if name not in FACTS or " ".join(text.split()) == before[name]:
            continue
        value = read(name, text)
        if value == getattr(program, name):
            continue
        setattr(program, name, value)
        changed.append(name)
    if program.age_max is not None and program.age_max < program.age_min:
        raise BadFact("age_max")
    if "zip" in changed:
        _move(program)
    if changed:
        program.edited = sorted({*program.edited, *changed, *(_PLACE if "zip" in changed else ())})
        program.changed_at = at
    for name in {*changed, *(name for name in checked if name in FACTS)}:
        row = {"program_id": program_id, "fact": name, "checked_on": today, "staff_id": staff.id}
        await session.execute(
            insert(FactCheck).values(row).on_conflict_do_update(index_elements=["program_id", "fact"], set_=row)
        )
    return changed


_PLACE = ("latitude", "longitude", "state", "zone", "place_from")


def _move(program: Program) -> None:
    """To its new ZIP's centroid."""
    try:
        place = geography.find(program.zip)
    except geography.UnknownPlace as unknown:
        raise BadFact("zip") from unknown
    program.latitude, program.longitude = place.latitude, place.longitude
    program.state, program.zone, program.place_from = place.state, place.zone, "zip"

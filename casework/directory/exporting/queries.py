"""The directory as partners ask for it: active programs, a page at a time."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.exporting import hsds
from casework.directory.exporting.ids import in_database, uuid_of
from casework.directory.tables import Program
from casework.geography import Place

_BATCH = 500


@dataclass(frozen=True)
class Wanted:
    """What is asked for; None asks for all. `ids`: (what, UUID); `near`: a place and metres around it."""

    search: str | None = None
    modified_after: datetime | None = None
    organization_id: str | None = None
    term_id: str | None = None
    near: tuple[Place, float] | None = None
    state: str | None = None
    zip: str | None = None
    name: str | None = None


async def page(
    session: AsyncSession, wanted: Wanted, number: int, size: int, *, by_organization: bool = False
) -> tuple[Sequence[Program], int]:
    """One page (from 1) and how many there are in all. `by_organization`: one program for each organization."""
    conditions = await _conditions(session, wanted)
    query = select(Program).where(*conditions)
    if by_organization:
        query = query.distinct(Program.organization).order_by(Program.organization, Program.id)
        counted = select(func.count(func.distinct(Program.organization))).where(*conditions)
    else:
        query = query.order_by(Program.id)
        counted = select(func.count()).select_from(Program).where(*conditions)
    total = (await session.execute(counted)).scalar_one()
    rows = await session.execute(query.offset((number - 1) * size).limit(size))
    return rows.scalars().all(), total


async def one(session: AsyncSession, what: str, name: str) -> Program | None:
    """The program behind a UUID of `what`: service, location, service_at_location, organization (any of its)."""
    found = _uuid(name)
    if found is None:
        return None
    query = select(Program).where(Program.active, in_database(what) == found).order_by(Program.id).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def of_organization(session: AsyncSession, name: str) -> Sequence[Program]:
    query = select(Program).where(Program.active, Program.organization == name).order_by(Program.id)
    return (await session.execute(query)).scalars().all()


async def everything(session: AsyncSession) -> AsyncIterator[Program]:
    """Every active program, read in batches."""
    last = ""
    while True:
        query = select(Program).where(Program.active, Program.id > last).order_by(Program.id).limit(_BATCH)
        batch = (await session.execute(query)).scalars().all()
        for program in batch:
            yield program
        if len(batch) < _BATCH:
            return
        last = batch[-1].id
        session.expunge_all()


def _uuid(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name)
    except ValueError:
        return None


async def _conditions(session: AsyncSession, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Program.active.is_(True)]
    if wanted.search:
        words = func.to_tsvector("simple", func.concat_ws(" ", Program.organization, Program.name, Program.city))
        conditions.append(words.op("@@")(func.plainto_tsquery("simple", wanted.search)))
    if wanted.modified_after:
        conditions.append(func.coalesce(Program.changed_at, Program.created_at) >= wanted.modified_after)
    if wanted.organization_id:
        found = _uuid(wanted.organization_id)
        conditions.append(in_database("organization") == found if found else Program.id.is_(None))
    if wanted.term_id:
        conditions.append(await _has_term(session, wanted.term_id))
    if wanted.near:
        conditions.append(_metres(wanted.near[0]) <= wanted.near[1])
    for column, value in ((Program.state, wanted.state), (Program.zip, wanted.zip)):
        if value:
            conditions.append(column == value)
    if wanted.name:
        conditions.append(func.lower(Program.organization).startswith(wanted.name.lower(), autoescape=True))
    return conditions


async def _has_term(session: AsyncSession, name: str) -> ColumnElement[bool]:
    services = await session.execute(select(func.jsonb_array_elements_text(Program.services)).distinct())
    columns: dict[str, Any] = {"service": Program.services, "payer": Program.payers}
    for taxonomy, code in hsds.known_terms([hsds.TELEHEALTH, *services.scalars()]):
        if uuid_of("taxonomy_term", f"{taxonomy}:{code}") == name.lower():
            if code == hsds.TELEHEALTH:
                return Program.telehealth.is_(True)
            return Program.kind == code if taxonomy == "kind" else columns[taxonomy].contains([code])
    return Program.id.is_(None)


def _metres(place: Place) -> ColumnElement[float]:
    """The distance on the ground from a place to each program."""
    north = func.sin(func.radians(Program.latitude - place.latitude) / 2)
    east = func.sin(func.radians(Program.longitude - place.longitude) / 2)
    across = func.cos(func.radians(place.latitude)) * func.cos(func.radians(Program.latitude))
    half = func.sqrt(func.least(1.0, north * north + across * east * east))
    return 2 * 6_371_008.8 * func.asin(half)

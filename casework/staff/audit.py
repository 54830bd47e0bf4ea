"""The audit trail: who read or changed which client's record. Ids and names of parts, never content."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from casework.staff.tables import AuditEvent, Staff

# A page that refreshes itself goes on with the reading that was written down; after this long it is a new one.
ONE_READING = timedelta(minutes=15)
Place = tuple[datetime, uuid.UUID]  # of an entry in the trail


@dataclass(frozen=True)
class Entry:
    """One line of the trail as it is shown. Without `who` it was the service itself."""

    id: uuid.UUID
    at: datetime
    who: str | None
    action: str
    client_id: uuid.UUID | None
    detail: dict[str, object]


def write(
    session: AsyncSession,
    staff: Staff,
    action: str,
    at: datetime,
    *,
    client_id: uuid.UUID | None = None,
    **detail: object,
) -> None:
    session.add(AuditEvent(at=at, staff_id=staff.id, client_id=client_id, action=action, detail=detail))


async def reading(session: AsyncSession, staff: Staff, client_id: uuid.UUID, at: datetime, *, goes_on: bool) -> None:
    """Writes that this client's record is read; not again where an open page only refreshes itself (`goes_on`)."""
    if goes_on:
        known = await session.scalar(
            select(AuditEvent.id)
            .where(
                AuditEvent.client_id == client_id,
                AuditEvent.at > at - ONE_READING,
                AuditEvent.staff_id == staff.id,
                AuditEvent.action == "person.read",
            )
            .limit(1)
        )
        if known:
            return
    write(session, staff, "person.read", at, client_id=client_id)


async def listing(
    session: AsyncSession, staff: Staff, client_ids: Iterable[uuid.UUID], at: datetime, *, goes_on: bool
) -> None:
    """Writes whose names were shown in the queue; a refresh only where somebody new came into it."""
    shown = sorted(str(each) for each in client_ids)
    if goes_on:
        last = await session.scalar(
            select(AuditEvent.detail)
            .where(
                AuditEvent.client_id.is_(None),
                AuditEvent.at > at - ONE_READING,
                AuditEvent.staff_id == staff.id,
                AuditEvent.action == "queue.read",
            )
            .order_by(AuditEvent.at.desc())
            .limit(1)
        )
        if last is not None and set(shown) <= set(last["clients"]):
            return
    write(session, staff, "queue.read", at, clients=shown)


async def trail(session: AsyncSession, *, before: Place | None = None, limit: int = 100) -> list[Entry]:
    """The newest entries, newest first; `before`: the place of the last one that was seen. One request may write
    several at the same moment, so a moment alone is no place.
    """
    place = tuple_(AuditEvent.at, AuditEvent.id)
    rows = select(AuditEvent, Staff.name).outerjoin(Staff, Staff.id == AuditEvent.staff_id)
    if before:
        rows = rows.where(place < before)
    found = await session.execute(rows.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(limit))
    return [Entry(event.id, event.at, name, event.action, event.client_id, event.detail) for event, name in found]

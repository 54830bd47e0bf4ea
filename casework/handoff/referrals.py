"""Referrals: a request to a program's intake, by phone or e-mail, with the client's consent, until it is answered.

The client is told of every answer (job `tell_referral`), by day.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.handoff.tables import Referral
from casework.scheduling.quiet import next_waking
from casework.storage import new_id

# What staff may record next. What is settled may still be corrected, but no referral becomes unsent again.
ANSWERS = ("sent", "accepted", "called_back", "no_answer", "declined")
UNSETTLED = ("made", "sent", "no_answer")


@dataclass(frozen=True)
class Line:
    """A referral as staff see it."""

    referral: Referral
    program: Program
    status_by: str | None


async def make(session: AsyncSession, client_id: uuid.UUID, program_id: str, *, at: datetime) -> None:
    """The client agrees, at `at`, that this program is asked to take them. Once for each unsettled request."""
    await session.execute(
        insert(Referral)
        .values(id=new_id(), client_id=client_id, program_id=program_id, status="made", agreed_at=at)
        .on_conflict_do_nothing()
    )


async def of_client(session: AsyncSession, client_id: uuid.UUID) -> list[Line]:
    """The client's referrals, the newest first."""
    from casework.staff.tables import Staff

    rows = await session.execute(
        select(Referral, Program, Staff.name)
        .join(Program, Program.id == Referral.program_id)
        .outerjoin(Staff, Staff.id == Referral.status_by)
        .where(Referral.client_id == client_id)
        .order_by(Referral.created_at.desc())
        .limit(5)
    )
    return [Line(*row) for row in rows]


async def record(
    session: AsyncSession, referral_id: uuid.UUID, status: str, *, staff_id: uuid.UUID, at: datetime
) -> Referral:
    """What became of it. The client is told; the same again changes nothing. Raises NotFound."""
    found = await session.get(Referral, referral_id, with_for_update=True, populate_existing=True)
    if found is None or status not in ANSWERS:
        raise NotFound("no such referral")
    if found.status == status:
        return found
    found.status, found.status_by, found.changed_at = status, staff_id, at
    await session.flush()
    zone = await session.scalar(
        select(func.coalesce(Client.zone, Program.zone))
        .select_from(Program)
        .join(Client, Client.id == found.client_id)
        .where(Program.id == found.program_id)
    )
    await jobs.defer(session, "tell_referral", at=next_waking(at, zone or "UTC"), referral_id=found.id, status=status)
    return found

"""Referrals: a request to a program's intake, by e-mail or phone, with the client's consent, until it is answered.

It goes by e-mail where the line has a mail server and the program an address; else, or where that fails, it is a call
for staff to make (`calls_to_make`). No e-mail says more than the client agreed to: that they ask, their name, their
number, their language.

The client is told of every answer (job `tell_referral`), by day.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.errors import GuidepostError, NotFound
from casework.handoff.tables import Referral
from casework.intake import answers, walk
from casework.scheduling.quiet import next_waking
from casework.settings import get_settings
from casework.storage import new_id, notify

# What staff may record next. What is settled may still be corrected, but no referral becomes unsent again.
ANSWERS = ("sent", "accepted", "called_back", "no_answer", "declined")
UNSETTLED = ("made", "sent", "no_answer")
_TO_ASK = ("made", "no_answer")  # the program is still to be written to or called
# The client's name is asked after they agreed, and a mind may be changed: the e-mail goes out a little later.
MAILED_AFTER = timedelta(minutes=10)
_SHOWN = 50  # of the referrals without an answer at once: what is settled makes room for the next


class ReferralWithdrawn(GuidepostError):
    """The client took their yes to this referral back."""


class AnotherOpen(GuidepostError):
    """The client has asked this program anew since; that request is the one to record answers of."""


@dataclass(frozen=True)
class Line:
    """A referral as staff see it."""

    referral: Referral
    program: Program
    status_by: str | None


@dataclass(frozen=True)
class Letter:
    """What an e-mail to a program's intake may hold. `phone` as people write it; None for who only chats."""

    referral: Referral
    program: Program
    address: str
    name: str | None
    phone: str | None
    language: str


async def make(session: AsyncSession, client_id: uuid.UUID, program_id: str, *, at: datetime) -> None:
    """The client agrees, at `at`, that this program is asked to take them. Once for each unsettled request."""
    program = await session.get_one(Program, program_id)
    by_mail = get_settings().smtp_host is not None and bool(program.email)
    made = await session.scalar(
        insert(Referral)
        .values(
            id=new_id(),
            client_id=client_id,
            program_id=program_id,
            status="made",
            agreed_at=at,
            mail="waiting" if by_mail else None,
        )
        .on_conflict_do_nothing()
        .returning(Referral.id)
    )
    if made is not None and by_mail:
        await jobs.defer(session, "mail_referral", at=at + MAILED_AFTER, referral_id=made)


def reference(referral: Referral) -> str:
    """What program and staff call it by, in an e-mail or on the phone: `R-1A2B3C4D`."""
    return f"R-{referral.id.hex[:8].upper()}"


async def to_mail(session: AsyncSession, referral_id: uuid.UUID, *, at: datetime) -> Letter | None:
    """The referral as it may be mailed, its row locked; None where it is not, or no longer, to be."""
    referral = await session.get(Referral, referral_id, with_for_update=True, populate_existing=True)
    if referral is None or referral.status != "made" or referral.mail != "waiting":
        return None
    told = await answers.current(session, referral.client_id)
    if told.get(walk.SHARING) is False:  # not while it is asked again for another program
        await withdraw(session, referral.client_id, at=at)
        return None
    program = await session.get_one(Program, referral.program_id)
    if not program.email:
        referral.mail = None
        return None
    client = await session.get_one(Client, referral.client_id)
    return Letter(referral, program, program.email, client.name, _readable(client.phone), client.language)


async def standing(session: AsyncSession, client_id: uuid.UUID, program_id: str) -> bool:
    """Whether the client's request to this program is made and not settled."""
    found = select(Referral.id).where(
        Referral.client_id == client_id, Referral.program_id == program_id, Referral.status.in_(UNSETTLED)
    )
    return await session.scalar(found) is not None


async def withdraw(session: AsyncSession, client_id: uuid.UUID, *, at: datetime) -> None:
    """The client took their yes back: no program is written to or called. A yes after it is a request of its own."""
    await session.execute(
        update(Referral)
        .where(Referral.client_id == client_id, Referral.status.in_(_TO_ASK))
        .values(status="withdrawn", mail=None, changed_at=at)
    )
    await notify(session, kind="queue", client=client_id)


async def mailed(session: AsyncSession, referral: Referral, *, at: datetime) -> None:
    """It is with the program's intake; the client is told, by day."""
    referral.status, referral.mail = "sent", "sent"
    referral.mailed_at = referral.changed_at = at
    await _tell(session, referral, at)


async def not_mailed(session: AsyncSession, referral: Referral) -> None:
    """The mail server will not take it: staff call instead, and see that they have to."""
    referral.mail = "refused"
    await session.flush()
    await notify(session, kind="queue", referral=referral.id)


async def unsettled(session: AsyncSession) -> list[tuple[Line, Client]]:
    """The first referrals without an answer: the calls to make first, then what waits, the oldest first."""
    from casework.staff.tables import Staff

    calls = _to_call().desc()
    # The page is picked first: everything else is then looked up for its rows only.
    page = (
        select(Referral.id)
        .where(Referral.status.in_(UNSETTLED))
        .order_by(calls, Referral.agreed_at, Referral.id)
        .limit(_SHOWN)
        .subquery()
    )
    rows = await session.execute(
        select(Referral, Program, Staff.name, Client)
        .join(page, page.c.id == Referral.id)
        .join(Program, Program.id == Referral.program_id)
        .join(Client, Client.id == Referral.client_id)
        .outerjoin(Staff, Staff.id == Referral.status_by)
        .order_by(calls, Referral.agreed_at, Referral.id)
    )
    return [(Line(referral, program, by), client) for referral, program, by, client in rows]


async def unsettled_count(session: AsyncSession) -> int:
    """How many referrals have no answer."""
    return await session.scalar(select(func.count()).select_from(Referral).where(Referral.status.in_(UNSETTLED))) or 0


async def calls_to_make(session: AsyncSession) -> int:
    """How many referrals wait for somebody of staff to call."""
    return int(await session.scalar(select(func.count()).select_from(Referral).where(_to_call())) or 0)


def to_call(referral: Referral) -> bool:
    """Whether staff are to call the program: nothing was mailed, or what was mailed or asked brought no answer."""
    return referral.status == "no_answer" or (referral.status == "made" and referral.mail != "waiting")


def _to_call() -> ColumnElement[bool]:
    return or_(
        Referral.status == "no_answer",
        and_(Referral.status == "made", func.coalesce(Referral.mail, "") != "waiting"),
    )


def _readable(phone: str | None) -> str | None:
    if phone and phone.startswith("+1") and len(phone) == 12:
        return f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    return phone


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
    """What became of it. The client is told; the same again changes nothing.

    Raises NotFound, AnotherOpen, ReferralWithdrawn: the client took it back, so nothing is asked or told of it.
    """
    found = await session.get(Referral, referral_id, with_for_update=True, populate_existing=True)
    if found is None or status not in ANSWERS:
        raise NotFound("no such referral")
    if found.status == "withdrawn":
        raise ReferralWithdrawn("the client took this referral back")
    if found.status == status:
        return found
    if status in UNSETTLED and found.status not in UNSETTLED:
        newer = select(Referral.id).where(
            Referral.client_id == found.client_id,
            Referral.program_id == found.program_id,
            Referral.status.in_(UNSETTLED),
        )
        if await session.scalar(newer) is not None:
            raise AnotherOpen("one open request to a program at a time")
    found.status, found.status_by, found.changed_at = status, staff_id, at
    await _tell(session, found, at)
    return found


async def _tell(session: AsyncSession, found: Referral, at: datetime) -> None:
    await session.flush()
    zone = await session.scalar(
        select(func.coalesce(Client.zone, Program.zone))
        .select_from(Program)
        .join(Client, Client.id == found.client_id)
        .where(Program.id == found.program_id)
    )
    due = next_waking(at, zone or "UTC")
    await jobs.defer(session, "tell_referral", at=due, referral_id=found.id, status=found.status)
    await notify(session, kind="queue", referral=found.id)

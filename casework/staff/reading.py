"""The queries behind the console: the queue's rows, the open alarms, everything on one person's page.

Nothing here writes; `records.py` is what staff go through, and it writes down who read what.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, case, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from casework import handoff as handing
from casework.conversations.tables import CLIENT, IN, PERSON, Client, Conversation, Message
from casework.directory.tables import Program
from casework.handoff import referrals
from casework.handoff.tables import Handoff, Need
from casework.intake import walk
from casework.safety.tables import Alarm, SafetyAssessment
from casework.scheduling.tables import Appointment
from casework.staff import screened
from casework.staff.tables import Staff

View = Literal["open", "fits", "mine", "all"]
ROWS = 30  # of the queue on one page: a page stays below 60 kB over the wire
MESSAGES = 150  # of the transcript at once
_A_SENTENCE = 12  # characters: shorter first texts ("hi", "hola?") say nothing of what is wanted
_PENDING = ("open", "claimed")


@dataclass(frozen=True)
class QueueRow:
    """One client in the queue. `needs` are those they named.

    `alarm` is open, acknowledged or None; `awaiting`: a person has the conversation and
    the client wrote last."""

    handoff: Handoff
    client: Client
    conversation: Conversation
    program: Program | None
    appointment: Appointment | None
    claimed_by: str | None
    alarm: str | None
    awaiting: bool
    needs: Sequence[str] = field(default_factory=tuple)
    fits: Sequence[str] = field(default_factory=tuple)  # what makes this client one for whoever looks: codes of needs


@dataclass(frozen=True)
class Queue:
    """One page of the queue: rows from the `start`-th on (0 is the first); `more`: there is a next page."""

    view: View
    rows: Sequence[QueueRow]
    start: int
    more: bool


@dataclass(frozen=True)
class AlarmLine:
    alarm: Alarm
    channel: str
    acknowledged_by: str | None


@dataclass(frozen=True)
class Line:
    """One message of the transcript: its safety assessment, and the member of staff who wrote it."""

    message: Message
    channel: str
    assessment: SafetyAssessment | None
    staff: str | None


@dataclass(frozen=True)
class Transcript:
    """Messages in order. `earlier` is where to go on backwards (a message's seq), None at the beginning."""

    client: Client
    lines: Sequence[Line]
    earlier: int | None


@dataclass(frozen=True)
class Booking:
    appointment: Appointment
    program: Program


@dataclass(frozen=True)
class Person:
    """Everything on a client's page but the transcript.

    `far`: ids of messages that a line of the summary came from and that are not among the newest of the transcript.
    """

    client: Client
    conversation: Conversation
    handoff: Handoff | None
    claimed_by: Staff | None
    answering: str | None
    alarms: Sequence[AlarmLine]
    summary: dict[str, Any]
    screening: dict[str, Any] | None
    screened_at: datetime | None
    screened: screened.Screened | None
    own_words: Sequence[Message]
    needs: Sequence[Need]
    program: Program | None
    bookings: Sequence[Booking] = field(default_factory=tuple)
    referrals: Sequence[referrals.Line] = field(default_factory=tuple)
    far: frozenset[str] = frozenset()

    @property
    def open_alarms(self) -> list[AlarmLine]:
        return [line for line in self.alarms if line.alarm.status == "open"]

    @property
    def shared(self) -> bool:
        """Whether the client agrees, also now, that this summary is passed on."""
        agreed = self.summary["agreed"].get(walk.SHARING) is True
        return agreed and self.handoff is not None and self.handoff.shared_at is not None


async def queue(session: AsyncSession, view: View, staff: Staff, *, start: int = 0) -> Queue:
    """The most urgent first; of the same urgency who was promised an answer soonest; what is closed last."""
    alarm = (
        select(func.max(Alarm.status))  # of "acknowledged" and "open" the greater word is the graver one
        .where(Alarm.client_id == Handoff.client_id, Alarm.status.in_(("open", "acknowledged")))
        .scalar_subquery()
    )
    answered_at = (
        select(func.max(Message.created_at))
        .where(Message.conversation_id == Handoff.conversation_id, Message.author == PERSON)
        .scalar_subquery()
    )
    wanted = {
        "open": Handoff.status.in_(_PENDING),
        "mine": and_(Handoff.status.in_(_PENDING), Handoff.claimed_by == staff.id),
        "fits": and_(
            Handoff.status == "open",
            Client.language.in_(staff.languages),
            true()
            if not staff.skills
            else exists().where(Need.client_id == Handoff.client_id, Need.need.in_(staff.skills)),
        ),
        "all": Handoff.status.in_((*_PENDING, "closed")),
    }[view]
    due = case((Handoff.status != "closed", Handoff.promised_at)).asc().nulls_last()
    order = ((Handoff.status == "closed"), Handoff.urgency.desc(), due, Handoff.created_at.desc(), Handoff.id)
    # The page is picked first: everything else is then looked up for its rows only.
    page_of = select(Handoff.id).join(Client, Client.id == Handoff.client_id) if view == "fits" else select(Handoff.id)
    page = page_of.where(wanted).order_by(*order).offset(start).limit(ROWS + 1).subquery()
    rows = await session.execute(
        select(
            Handoff,
            Client,
            Conversation,
            Program,
            Appointment,
            Staff.name,
            alarm,
            and_(
                Conversation.owner == PERSON,
                Conversation.last_inbound_at.is_not(None),
                or_(answered_at.is_(None), answered_at < Conversation.last_inbound_at),
            ),
        )
        .join(page, page.c.id == Handoff.id)
        .join(Client, Client.id == Handoff.client_id)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .outerjoin(Appointment, Appointment.id == Handoff.appointment_id)
        .outerjoin(Program, Program.id == func.coalesce(Appointment.program_id, Handoff.program_id))
        .outerjoin(Staff, Staff.id == Handoff.claimed_by)
        .order_by(*order)
    )
    found = [QueueRow(*row) for row in rows]
    named: dict[uuid.UUID, list[str]] = {}
    for client_id, need in await session.execute(
        select(Need.client_id, Need.need)
        .where(Need.client_id.in_([row.client.id for row in found]))
        .order_by(Need.created_at)
    ):
        named.setdefault(client_id, []).append(need)
    found = [
        replace(
            row, needs=(needs := named.get(row.client.id, [])), fits=[each for each in needs if each in staff.skills]
        )
        for row in found
    ]
    return Queue(view, found[:ROWS], start, more=len(found) > ROWS)


async def open_alarms(session: AsyncSession) -> list[AlarmLine]:
    """Alarms that nobody has acknowledged, the longest waiting first. Also those of clients who are in no queue."""
    rows = await session.execute(
        select(Alarm, Conversation.channel)
        .join(Conversation, Conversation.id == Alarm.conversation_id)
        .where(Alarm.status == "open")
        .order_by(Alarm.created_at)
        .limit(20)
    )
    return [AlarmLine(alarm, channel, None) for alarm, channel in rows]


async def person(session: AsyncSession, client_id: uuid.UUID) -> Person | None:
    """The person's page; None for a client who is unknown, or was never handed over nor had an alarm."""
    client = await session.get(Client, client_id)
    handoff = await latest_handoff(session, client_id)
    alarms = await _alarms(session, client_id)
    if client is None or (handoff is None and not alarms):
        return None
    conversation = await session.get_one(
        Conversation, handoff.conversation_id if handoff else alarms[0].alarm.conversation_id
    )
    needs = (
        (await session.execute(select(Need).where(Need.client_id == client_id).order_by(Need.created_at)))
        .scalars()
        .all()
    )
    shown = await screened.of_client(session, client_id)
    summary = await handing.summarise(session, client_id)
    own_words = await _own_words(session, client_id, needs)
    sources = [*summary["messages"].values(), *(each.id for each in own_words)]
    sources += [each for each in (*(n.message_id for n in needs), *(a.alarm.message_id for a in alarms)) if each]
    return Person(
        client=client,
        conversation=conversation,
        handoff=handoff,
        claimed_by=await session.get(Staff, handoff.claimed_by) if handoff and handoff.claimed_by else None,
        answering=(await session.get_one(Staff, conversation.staff_id)).name if conversation.staff_id else None,
        alarms=alarms,
        summary=summary,
        screening=shown.result if shown else None,
        screened_at=shown.at if shown else None,
        screened=shown,
        own_words=own_words,
        needs=needs,
        program=await session.get(Program, handoff.program_id) if handoff and handoff.program_id else None,
        bookings=await _bookings(session, client_id),
        referrals=await referrals.of_client(session, client_id),
        far=await _far(session, client_id, sources),
    )


async def latest_handoff(session: AsyncSession, client_id: uuid.UUID) -> Handoff | None:
    """The client's open handoff, else the one that was closed last."""
    return (
        await session.execute(
            select(Handoff)
            .where(Handoff.client_id == client_id)
            .order_by((Handoff.status == "closed"), Handoff.created_at.desc())
            .limit(1)
        )
    ).scalar_one_or_none()


async def _alarms(session: AsyncSession, client_id: uuid.UUID) -> list[AlarmLine]:
    rows = await session.execute(
        select(Alarm, Conversation.channel, Staff.name)
        .join(Conversation, Conversation.id == Alarm.conversation_id)
        .outerjoin(Staff, Staff.id == Alarm.acknowledged_by)
        .where(Alarm.client_id == client_id)
        .order_by(Alarm.created_at.desc())
        .limit(20)
    )
    return [AlarmLine(alarm, channel, name) for alarm, channel, name in rows]


async def _bookings(session: AsyncSession, client_id: uuid.UUID) -> list[Booking]:
    """What is booked, and what became of the last ones; holds that ran out are of no use to anybody."""
    rows = await session.execute(
        select(Appointment, Program)
        .join(Program, Program.id == Appointment.program_id)
        .where(Appointment.client_id == client_id, Appointment.status != "expired")
        .order_by((Appointment.status != "booked"), Appointment.starts_at.desc())
        .limit(5)
    )
    return [Booking(appointment, program) for appointment, program in rows]


async def _own_words(session: AsyncSession, client_id: uuid.UUID, needs: Sequence[Need]) -> list[Message]:
    """The client's own words for what they want: the first text that is one, and those in which they named a need."""
    first = (
        await session.execute(
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Conversation.client_id == client_id, Message.direction == IN, Message.author == CLIENT)
            .order_by(Message.seq)
            .limit(5)
        )
    ).scalars()
    opening = next((message for message in first if len(message.text.strip()) >= _A_SENTENCE), None)
    named = [need.message_id for need in needs if need.message_id]
    told = (await session.execute(select(Message).where(Message.id.in_(named)).order_by(Message.seq))).scalars().all()
    words = {message.id: message for message in (opening, *told) if message is not None}
    return sorted(words.values(), key=lambda message: message.seq)[:4]


async def _far(session: AsyncSession, client_id: uuid.UUID, sources: Sequence[Any]) -> frozenset[str]:
    """Those of the messages that the newest part of the transcript does not reach back to."""
    oldest_shown = (
        select(Message.seq)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Conversation.client_id == client_id)
        .order_by(Message.seq.desc())
        .offset(MESSAGES - 1)
        .limit(1)
        .scalar_subquery()
    )
    ids = {uuid.UUID(str(each)) for each in sources}
    rows = await session.scalars(select(Message.id).where(Message.id.in_(ids), Message.seq < oldest_shown))
    return frozenset(str(each) for each in rows)


async def place_of(session: AsyncSession, client_id: uuid.UUID, message_id: uuid.UUID) -> int | None:
    """Before which message's `seq` the transcript is to end so that this one is among those shown, with what followed
    it; None where it is among the newest, or none of this client's."""
    after = (
        select(Message.seq)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.client_id == client_id,
            Message.seq
            > select(Message.seq)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.id == message_id, Conversation.client_id == client_id)
            .scalar_subquery(),
        )
        .order_by(Message.seq)
    )
    newer = (await session.scalars(after.limit(MESSAGES))).all()
    return newer[MESSAGES // 2] if len(newer) == MESSAGES else None


async def transcript(session: AsyncSession, client_id: uuid.UUID, *, before: int | None = None) -> Transcript:
    """The newest messages of all the client's conversations, or those before the message with that `seq`."""
    writer = aliased(Staff)
    wanted = (
        select(Message, Conversation.channel, SafetyAssessment, writer.name)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(SafetyAssessment, SafetyAssessment.message_id == Message.id)
        .outerjoin(writer, writer.id == Message.staff_id)
        .where(Conversation.client_id == client_id)
        .order_by(Message.seq.desc())
        .limit(MESSAGES + 1)
    )
    if before is not None:
        wanted = wanted.where(Message.seq < before)
    rows = [Line(*row) for row in await session.execute(wanted)]
    lines = rows[:MESSAGES][::-1]
    client = await session.get_one(Client, client_id)
    return Transcript(client, lines, lines[0].message.seq if len(rows) > MESSAGES else None)


async def conversations_of(session: AsyncSession, client_id: uuid.UUID) -> frozenset[str]:
    """The ids of the client's conversations, as notifications name them."""
    ids = await session.execute(select(Conversation.id).where(Conversation.client_id == client_id))
    return frozenset(str(each) for each in ids.scalars())

"""The waiting list of a program: who came first is asked first, has two hours to answer, then the next one is.

    waiting -> offered -> taken
                       -> passed    nothing was said in time
                       -> waiting   a no: they wait on, for another time
            -> left

Who has what they waited for, by whatever way, is on the list no more: who books with the program (`booking.book`), and
of every list who came to an appointment (`booking.mark`).

An offer is a hold on the opening, so nobody else gets it meanwhile. Offers go out as the job `waitlist_offer`
(program_id), which calls `offer` and tells each client; `waitlist_expire` (waiting_id) calls `pass_on`.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations import people
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.scheduling import booking, openings
from casework.scheduling.errors import AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken
from casework.scheduling.freed import call_waiting
from casework.scheduling.locks import lock_client, try_lock_client
from casework.scheduling.openings import Opening
from casework.scheduling.quiet import is_quiet
from casework.scheduling.tables import Appointment, Waiting
from casework.scheduling.wishes import Wishes
from casework.storage import new_id

ANSWER_WITHIN = timedelta(hours=2)
LATE_WITHIN = timedelta(days=2)  # a yes that comes this long after the two hours is still about that opening
_TRIES = 5  # openings that may be snatched away before the next person's turn


async def join(
    session: AsyncSession, client_id: uuid.UUID, program_id: str, *, wishes: Wishes | None = None
) -> Waiting:
    """Puts the client at the end of the list; who is on it keeps their place, with the new wishes if any are given."""
    await lock_client(session, client_id)
    entry = await standing(session, client_id, program_id)
    if entry is None:
        entry = Waiting(id=new_id(), client_id=client_id, program_id=program_id, status="waiting")
        entry.wishes = wishes.to_json() if wishes else None
        session.add(entry)
    elif wishes is not None:
        entry.wishes = wishes.to_json()
    await session.flush()
    return entry


async def leave(session: AsyncSession, client_id: uuid.UUID, program_id: str | None = None, *, at: datetime) -> int:
    """Takes the client off the list of this program, or of all; an opening that was offered goes to the next."""
    await lock_client(session, client_id)
    query = select(Waiting).where(Waiting.client_id == client_id, Waiting.status.in_(("waiting", "offered")))
    if program_id is not None:
        query = query.where(Waiting.program_id == program_id)
    entries = list(await session.scalars(query.with_for_update()))
    for entry in entries:
        entry.status = "left"
        await _release(session, entry, at)
    return len(entries)


async def by_id(session: AsyncSession, waiting_id: uuid.UUID) -> Waiting | None:
    return await session.get(Waiting, waiting_id)


async def standing(session: AsyncSession, client_id: uuid.UUID, program_id: str) -> Waiting | None:
    """The client's entry on this list, waiting or offered."""
    return await session.scalar(
        select(Waiting).where(
            Waiting.client_id == client_id,
            Waiting.program_id == program_id,
            Waiting.status.in_(("waiting", "offered")),
        )
    )


async def offered_to(
    session: AsyncSession, client_id: uuid.UUID, at: datetime, *, late: bool = False
) -> Waiting | None:
    """The offer that this client has still to answer, if any; `late`: or the last one that ran out of late."""
    return await session.scalar(
        select(Waiting)
        .where(
            Waiting.client_id == client_id,
            Waiting.status.in_(("offered", "passed") if late else ("offered",)),
            Waiting.offered_until > (at - LATE_WITHIN if late else at),
        )
        .order_by(Waiting.offered_until.desc())
        .limit(1)
    )


async def place(session: AsyncSession, entry: Waiting) -> int:
    """How many are to be asked before this one, and one."""
    ahead = await session.scalar(
        select(func.count()).where(
            Waiting.program_id == entry.program_id,
            Waiting.status == "waiting",
            (Waiting.created_at < entry.created_at)
            | ((Waiting.created_at == entry.created_at) & (Waiting.id < entry.id)),
        )
    )
    return int(ahead or 0) + 1


async def programs_waited_for(session: AsyncSession) -> list[str]:
    """Programs with somebody on their list: new hours or a new day may have brought openings (housekeeping)."""
    return list(await session.scalars(select(Waiting.program_id).where(Waiting.status == "waiting").distinct()))


async def next_in_line(session: AsyncSession, opening: Opening, *, at: datetime) -> Waiting | None:
    """Who is to be asked first about this opening: the first in order whose wishes it meets."""
    for entry in await _line(session, opening.program_id):
        if _wishes(entry).accept(opening.local_start, opening.kind):
            mine = await booking.current(session, entry.client_id, at)
            if mine is None or mine.program_id != opening.program_id or opening.starts_at < mine.starts_at:
                return entry
    return None


async def offer(session: AsyncSession, program_id: str, *, at: datetime) -> list[Waiting]:
    """Holds an opening for each who waits and can have one, in order, and returns those entries (`offered`).

    Who has an appointment with the program already is offered an earlier one only. In quiet hours nothing is
    offered: the job is deferred to their end. Who cannot be told, because they stopped all texts or sleep by their
    own clock, keeps their place. Each offer's `waitlist_expire` is deferred.
    """
    zone = await session.scalar(select(Program.zone).where(Program.id == program_id))
    if zone is None:
        raise NotFound("there is no such program")
    if is_quiet(at, zone):
        await call_waiting(session, program_id, at)
        return []
    offered: list[Waiting] = []
    for entry in await _line(session, program_id):
        # Who is busy with an appointment at this very moment is passed over, not waited for.
        if not await try_lock_client(session, entry.client_id):
            continue
        await session.refresh(entry, with_for_update=True)
        client = await _awake(session, entry, zone, at) if entry.status == "waiting" else None
        held = await _hold_for(session, entry, client, at) if client is not None else None
        if held is None:
            continue
        entry.status, entry.appointment_id, entry.offered_until = "offered", held.id, at + ANSWER_WITHIN
        await session.flush()
        await jobs.defer(session, "waitlist_expire", at=entry.offered_until, waiting_id=entry.id)
        offered.append(entry)
    return offered


async def answer(session: AsyncSession, waiting_id: uuid.UUID, *, accepts: bool, at: datetime) -> Appointment | None:
    """The client's answer to an offer: their appointment, booked or moved here, or None for a no: they wait on.

    A yes that comes late still gets the opening while nobody else has it. Raises OpeningTaken, OpeningGone,
    AppointmentClosed (there is no offer any more), NotFound.
    """
    entry = await _locked(session, waiting_id)
    if entry.status == "taken" and entry.appointment_id is not None:
        return await session.get(Appointment, entry.appointment_id)
    if entry.appointment_id is None or entry.status not in ("offered", "passed"):
        raise AppointmentClosed("nothing is on offer")
    if not accepts:
        if entry.status == "offered":
            entry.status = "waiting"
            await _release(session, entry, at)
        return None
    offered = await session.get_one(Appointment, entry.appointment_id)
    key = f"waitlist:{entry.id}"
    try:
        booked = await booking.book(session, entry.client_id, key=key, at=at, hold_id=offered.id)
    except AlreadyBooked as present:
        ref = openings.make_ref(offered.calendar_id, offered.starts_at)
        booked = await booking.move(session, present.appointment_id, ref, key, at)
    entry.status, entry.appointment_id, entry.offered_until = "taken", booked.id, None
    await session.flush()
    return booked


async def pass_on(session: AsyncSession, waiting_id: uuid.UUID, *, at: datetime) -> bool:
    """Ends an offer that was not answered in time and calls the next; False if there was nothing to end."""
    entry = await _locked(session, waiting_id)
    if entry.status != "offered" or entry.offered_until is None or entry.offered_until > at:
        return False
    entry.status = "passed"
    await _release(session, entry, at)
    return True


async def _awake(session: AsyncSession, entry: Waiting, program_zone: str, at: datetime) -> Client | None:
    """Who waits, if they can be told of an offer now."""
    who = await people.to_write_to(session, entry.client_id)
    if who is None or not people.reachable(*who) or is_quiet(at, who[0].zone or program_zone):
        return None
    return who[0]


async def _release(session: AsyncSession, entry: Waiting, at: datetime) -> None:
    await session.flush()
    if entry.appointment_id is None:
        return
    await booking.let_go(session, entry.appointment_id, at=at)
    await call_waiting(session, entry.program_id, at)


async def _hold_for(session: AsyncSession, entry: Waiting, client: Client, at: datetime) -> Appointment | None:
    if await booking.held(session, entry.client_id, at):
        return None  # they are choosing a time just now; an offer would let go of it
    mine = await booking.current(session, entry.client_id, at)
    before = mine.starts_at if mine is not None and mine.program_id == entry.program_id else None
    refused = await _turned_down(session, entry, at)
    for _ in range(_TRIES):
        found = await openings.find(
            session,
            [entry.program_id],
            wishes=_wishes(entry),
            at=at,
            limit=1,
            before=before,
            exclude=refused,
            language=client.language,
            zone=client.zone,
        )
        if not found:
            return None
        try:
            return await booking.hold(
                session, entry.client_id, None, found[0].ref, f"waitlist:{entry.id}", at, lasting=ANSWER_WITHIN
            )
        except (OpeningTaken, OpeningGone):
            refused.add(found[0].ref)
    return None


async def _turned_down(session: AsyncSession, entry: Waiting, at: datetime) -> set[str]:
    """Refs of the openings that this client was offered from the list and did not take."""
    lapsed = await session.execute(
        select(Appointment.calendar_id, Appointment.starts_at).where(
            Appointment.client_id == entry.client_id,
            Appointment.program_id == entry.program_id,
            Appointment.conversation_id.is_(None),  # what they held in a conversation, they may take yet
            Appointment.status == "expired",
            Appointment.starts_at > at,
        )
    )
    return {openings.make_ref(*each) for each in lapsed.tuples()}


async def _line(session: AsyncSession, program_id: str) -> list[Waiting]:
    found = await session.scalars(
        select(Waiting)
        .where(Waiting.program_id == program_id, Waiting.status == "waiting")
        .order_by(Waiting.created_at, Waiting.id)
    )
    return list(found)


async def _locked(session: AsyncSession, waiting_id: uuid.UUID) -> Waiting:
    client_id = await session.scalar(select(Waiting.client_id).where(Waiting.id == waiting_id))
    if client_id is None:
        raise NotFound("there is no such place in line")
    await lock_client(session, client_id)
    return await session.get_one(Waiting, waiting_id, populate_existing=True, with_for_update=True)


def _wishes(entry: Waiting) -> Wishes:
    return Wishes.from_json(entry.wishes) if entry.wishes else Wishes()

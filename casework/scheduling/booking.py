"""Holding, booking, moving and ending appointments.

The database decides who gets a seat: the exclusion constraint on `appointments`. An insert that meets it is turned
away (`on conflict do nothing`) rather than failed: two plain inserts of one seat wait for each other until Postgres
calls it a deadlock a second later, an insert that may be turned away never does. What one client does is one thing
after the other (an advisory lock until the end of the transaction), so that two taps do not make two appointments.

Each change replaces the appointment's reminders and tells the waiting list of a seat that came free; all of it in
the caller's transaction. A refusal raises and leaves everything as it was, whether or not the caller commits.
"""

from __future__ import annotations

import uuid
from dataclasses import replace as changed
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.handoff.tables import Handoff
from casework.scheduling import calendars, reminders, slots
from casework.scheduling.calendars import OpenCalendar
from casework.scheduling.errors import AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken
from casework.scheduling.freed import call_waiting
from casework.scheduling.locks import lock_client, locked, own
from casework.scheduling.openings import make_ref, read_ref
from casework.scheduling.tables import TAKING, Appointment, Calendar
from casework.storage import new_id, notify

HOLD = timedelta(minutes=10)
NOTICE_GRACE_HOURS = 1  # an opening that was offered in time is not refused because the answer took a while

By = Literal["client", "staff", "service"]


async def hold(
    session: AsyncSession,
    client_id: uuid.UUID,
    conversation_id: uuid.UUID | None,
    opening_ref: str,
    key: str,
    at: datetime,
    *,
    lasting: timedelta = HOLD,
) -> Appointment:
    """Keeps an opening for the client for ten minutes; what they held before is let go.

    The same `key` again gives the same appointment, while it lasts. Raises OpeningTaken, OpeningGone, or NotFound
    where the key is another client's.
    """
    await lock_client(session, client_id)
    if known := await _by_key(session, key, client_id, at):
        return known
    async with session.begin_nested():
        return await _place(
            session, client_id, conversation_id, opening_ref, key, at, {"status": "held", "held_until": at + lasting}
        )


async def book(
    session: AsyncSession,
    client_id: uuid.UUID,
    *,
    key: str,
    at: datetime,
    conversation_id: uuid.UUID | None = None,
    hold_id: uuid.UUID | None = None,
    opening_ref: str | None = None,
    any_notice: bool = False,
) -> Appointment:
    """Books what is held (`hold_id`), or an opening directly (`opening_ref`).

    A hold that ran out is tried anew: its opening may still be free. The same `key`, or the same hold, again gives
    the same appointment, as it now is. `any_notice`: staff may book closer than a calendar's notice.

    Raises OpeningTaken, OpeningGone, AlreadyBooked (an upcoming appointment with this program), NotFound.
    """
    await lock_client(session, client_id)
    known = await _by_key(session, key, client_id, at)
    if known is not None and known.status != "held":
        return known
    held = known or (await own(session, hold_id, client_id) if hold_id else None)
    if held is not None and held.status not in ("held", "expired"):
        return held  # booked from this hold before, whatever has become of it since
    if held is not None:
        opening_ref = make_ref(held.calendar_id, held.starts_at)
        conversation_id = conversation_id or held.conversation_id
    if opening_ref is None:
        raise OpeningGone("nothing is named that could be booked")
    await _refuse_second(session, client_id, opening_ref, at)
    if held is not None and _holds(held, at):
        held.status, held.held_until, held.changed_at = "booked", None, at
        await session.flush()
        booked = held
    else:
        async with session.begin_nested():
            booked = await _place(
                session, client_id, conversation_id, opening_ref, key, at, {"status": "booked"}, any_notice=any_notice
            )
    await _settle(session, booked, at)
    await _waited(session, client_id, booked.program_id, at)
    return booked


async def move(
    session: AsyncSession,
    appointment_id: uuid.UUID,
    opening_ref: str,
    key: str,
    at: datetime,
    *,
    by: By = "client",
) -> Appointment:
    """Gives up an appointment for another opening, in one step: where the new one is refused, the old one stands.

    The opening may be one that the client holds. Returns the new appointment (`moved_from` is the old one); the same
    `key` again returns it again. Raises OpeningTaken, OpeningGone, AppointmentClosed, NotFound.
    """
    old = await locked(session, appointment_id)
    known = await _by_key(session, key, old.client_id, at)
    if known is not None and known.moved_from == old.id:
        return known
    if old.status != "booked":
        raise AppointmentClosed(f"an appointment that is {old.status} cannot be moved")
    if make_ref(old.calendar_id, old.starts_at) == opening_ref:
        return old
    async with session.begin_nested():
        # The old seat is given up first: the new time may overlap it. A refusal undoes this with the savepoint.
        await _set(session, old.id, status="moved", changed_at=at)
        new = await _place(
            session,
            old.client_id,
            old.conversation_id,
            opening_ref,
            key,
            at,
            {"status": "booked", "moved_from": old.id},
            any_notice=by == "staff",
        )
    await session.refresh(old)
    await session.execute(  # what people have on their desks is about the new one
        update(Handoff).where(Handoff.appointment_id == old.id).values(appointment_id=new.id)
    )
    await _settle(session, old, at)
    await _settle(session, new, at)
    await call_waiting(session, old.program_id, at)
    return new


async def cancel(session: AsyncSession, appointment_id: uuid.UUID, *, by: By, at: datetime) -> Appointment:
    """Cancels what is booked or held; cancelled again, it stays as it was. Raises AppointmentClosed, NotFound."""
    appointment = await locked(session, appointment_id)
    if appointment.status == "cancelled":
        return appointment
    if appointment.status not in TAKING or appointment.ends_at <= at:
        raise AppointmentClosed(f"an appointment that is {appointment.status} or over cannot be cancelled")
    appointment.status, appointment.cancelled_by, appointment.changed_at = "cancelled", by, at
    appointment.held_until = None
    await _settle(session, appointment, at)
    await call_waiting(session, appointment.program_id, at)
    return appointment


async def confirm(session: AsyncSession, appointment_id: uuid.UUID, *, at: datetime) -> Appointment:
    """The client says that they will come; the first time counts. Raises AppointmentClosed, NotFound."""
    appointment = await locked(session, appointment_id)
    if appointment.status != "booked" or appointment.ends_at <= at:
        raise AppointmentClosed(f"an appointment that is {appointment.status} or over cannot be confirmed")
    if appointment.confirmed_at is None:
        appointment.confirmed_at = appointment.changed_at = at
        await session.flush()
    return appointment


async def running_late(
    session: AsyncSession, appointment_id: uuid.UUID, minutes: int | None, *, at: datetime
) -> Appointment:
    """The client comes late, by about `minutes` if they know; what was said last counts. Staff see it at once.

    Raises AppointmentClosed, NotFound.
    """
    appointment = await locked(session, appointment_id)
    if appointment.status != "booked" or appointment.ends_at <= at:
        raise AppointmentClosed(f"an appointment that is {appointment.status} or over cannot be late")
    appointment.late_at, appointment.late_minutes = at, minutes
    await session.flush()
    await notify(session, kind="queue", appointment=appointment.id)
    return appointment


async def mark(
    session: AsyncSession, appointment_id: uuid.UUID, outcome: Literal["attended", "no_show"], *, at: datetime
) -> Appointment:
    """Records whether the client came, once it has begun; may be corrected. Raises AppointmentClosed, NotFound."""
    appointment = await locked(session, appointment_id)
    if appointment.status == outcome:
        return appointment
    if appointment.status not in ("booked", "attended", "no_show") or appointment.starts_at > at:
        raise AppointmentClosed(f"an appointment that is {appointment.status} or still ahead cannot be marked")
    appointment.status, appointment.changed_at = outcome, at
    await _settle(session, appointment, at)
    if outcome == "attended":
        await _waited(session, appointment.client_id, None, at)
    return appointment


async def upcoming(session: AsyncSession, client_id: uuid.UUID, at: datetime) -> list[Appointment]:
    """The client's appointments that are not over, the next one first: at most one with each program."""
    ahead = (Appointment.client_id == client_id, Appointment.status == "booked", Appointment.ends_at > at)
    return list(await session.scalars(select(Appointment).where(*ahead).order_by(Appointment.starts_at)))


async def current(session: AsyncSession, client_id: uuid.UUID, at: datetime) -> Appointment | None:
    """The client's next appointment that is not over."""
    return next(iter(await upcoming(session, client_id, at)), None)


async def held(session: AsyncSession, client_id: uuid.UUID, at: datetime) -> Appointment | None:
    """What is being kept for the client just now."""
    kept = (Appointment.client_id == client_id, Appointment.status == "held", Appointment.held_until > at)
    return await session.scalar(select(Appointment).where(*kept))


async def expire_holds(session: AsyncSession, at: datetime) -> int:
    """Ends every hold that ran out, and tells the waiting lists; for the worker's housekeeping."""
    programs = (await session.scalars(_expiry(at).returning(Appointment.program_id))).all()
    for program_id in sorted(set(programs)):
        await call_waiting(session, program_id, at)
    return len(programs)


async def let_go(session: AsyncSession, appointment_id: uuid.UUID, *, at: datetime) -> None:
    """Ends a hold before its time; anything but a hold is left as it is."""
    await session.execute(
        update(Appointment)
        .where(Appointment.id == appointment_id, Appointment.status == "held")
        .values(status="expired", key=None, changed_at=at)
        .execution_options(synchronize_session=False)
    )


async def _by_key(session: AsyncSession, key: str, client_id: uuid.UUID, at: datetime) -> Appointment | None:
    """What this key made and what still lasts. The key of a hold that ran out is given back with it."""
    found = await session.scalar(
        select(Appointment).where(Appointment.key == key).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        return None
    if found.client_id != client_id:
        raise NotFound("there is no such appointment")
    if found.status == "expired" or (found.status == "held" and not _holds(found, at)):
        found.status, found.key, found.changed_at = "expired", None, at
        await session.flush()
        return None
    return found


def _holds(appointment: Appointment, at: datetime) -> bool:
    return appointment.status == "held" and appointment.held_until is not None and appointment.held_until > at


async def _refuse_second(session: AsyncSession, client_id: uuid.UUID, opening_ref: str, at: datetime) -> None:
    calendar_id, _ = read_ref(opening_ref)
    program = select(Calendar.program_id).where(Calendar.id == calendar_id).scalar_subquery()
    other = await session.scalar(
        select(Appointment.id).where(
            Appointment.client_id == client_id,
            Appointment.program_id == program,
            Appointment.status == "booked",
            Appointment.ends_at > at,
        )
    )
    if other is not None:
        raise AlreadyBooked(other)


async def _place(
    session: AsyncSession,
    client_id: uuid.UUID,
    conversation_id: uuid.UUID | None,
    opening_ref: str,
    key: str,
    at: datetime,
    values: dict[str, Any],
    *,
    any_notice: bool = False,
) -> Appointment:
    """Puts the client into the first seat of the opening that is free. The client's lock is held."""
    calendar_id, starts_at = read_ref(opening_ref)
    calendar = await calendars.by_id(session, calendar_id, around=starts_at)
    if calendar is None or starts_at <= at:
        raise OpeningGone("this opening is past, or its calendar is no longer open")
    lead = 0 if any_notice else max(0, calendar.hours.lead_hours - NOTICE_GRACE_HOURS)
    slot = slots.slot_at(changed(calendar.hours, lead_hours=lead), starts_at, now=at)
    if slot is None:
        raise OpeningGone("the calendar is not open then")
    await _clear(session, client_id, calendar, slot, at)
    for seat in range(calendar.hours.capacity):
        placed: Appointment | None = await session.scalar(
            insert(Appointment)
            .values(
                id=new_id(),
                client_id=client_id,
                conversation_id=conversation_id,
                program_id=calendar.program_id,
                calendar_id=calendar_id,
                clinician=calendar.clinician,
                seat=seat,
                kind=calendar.kind,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                busy_until=slot.busy_until,
                key=key,
                changed_at=at,
                **values,
            )
            .on_conflict_do_nothing()
            .returning(Appointment)
        )
        if placed is not None:
            return placed
    raise OpeningTaken("somebody else was quicker")


async def _clear(
    session: AsyncSession, client_id: uuid.UUID, calendar: OpenCalendar, slot: slots.Slot, at: datetime
) -> None:
    """Ends what the client holds (they chose anew), and holds on this opening, or its clinician, that ran out."""
    await session.execute(
        update(Appointment)
        .where(Appointment.client_id == client_id, Appointment.status == "held")
        .values(status="expired", key=None, changed_at=at)
        .execution_options(synchronize_session=False)  # a refusal undoes it with the savepoint
    )
    theirs = Appointment.calendar_id == calendar.id
    if calendar.clinician:
        theirs |= (Appointment.program_id == calendar.program_id) & (Appointment.clinician == calendar.clinician)
    await session.execute(
        _expiry(
            at,
            theirs,
            Appointment.starts_at < slot.busy_until,
            Appointment.busy_until > slot.starts_at,
        )
    )


def _expiry(at: datetime, *where: Any) -> Any:
    # A hold that another transaction is ending is passed over here: the insert waits for it where it matters.
    ended = (
        select(Appointment.id)
        .where(Appointment.status == "held", Appointment.held_until <= at, *where)
        .with_for_update(skip_locked=True)
    )
    return (
        update(Appointment)
        .where(Appointment.id.in_(ended))
        .values(status="expired", key=None, changed_at=at)
        .execution_options(synchronize_session=False)
    )


async def _set(session: AsyncSession, appointment_id: uuid.UUID, **values: Any) -> None:
    await session.execute(
        update(Appointment)
        .where(Appointment.id == appointment_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def _waited(session: AsyncSession, client_id: uuid.UUID, program_id: str | None, at: datetime) -> None:
    """They have what they waited for with this program, or with any."""
    from casework.scheduling import waitlist  # it stands on bookings itself

    await waitlist.leave(session, client_id, program_id, at=at)


async def _settle(session: AsyncSession, appointment: Appointment, at: datetime) -> None:
    """After any change: the reminders that the appointment is now to have, by the clock of where the client is; and
    the client's place on the road, where appointments decide it.
    """
    from casework import road  # it stands on appointments itself

    await session.flush()
    zone = await session.scalar(
        select(func.coalesce(Client.zone, Program.zone))
        .select_from(Program)
        .join(Client, Client.id == appointment.client_id, isouter=True)
        .where(Program.id == appointment.program_id)
    )
    await reminders.replace(session, appointment, zone or "UTC", at)
    await road.follow(session, appointment.client_id, at)

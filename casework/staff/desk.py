"""What staff do with calendars, appointments and referrals. Part of the records: every reading and change is written
down, and a client whom a colleague has claimed is a supervisor's to change only.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeVar

from sqlalchemy import select

from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.handoff import referrals
from casework.handoff.tables import Handoff, Referral
from casework.intake import answers as told
from casework.intake import walk
from casework.scheduling import availability, booking, openings, telling, week
from casework.scheduling.availability import Availability
from casework.scheduling.availability import Settings as CalendarSettings
from casework.scheduling.errors import AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken
from casework.scheduling.openings import Opening
from casework.scheduling.tables import Appointment, Calendar
from casework.scheduling.wishes import Wishes
from casework.staff import audit
from casework.staff.errors import CannotDo, NotYours
from casework.staff.records import Records
from casework.staff.roles import leads
from casework.staff.tables import AuditEvent

T = TypeVar("T")
OFFERED = 24  # openings to choose from on a page


@dataclass(frozen=True)
class OneAppointment:
    """An appointment's page. `client` is None where this client is not staff's to read."""

    appointment: Appointment
    program: Program
    calendar: Calendar
    client: Client | None
    begun: bool


@dataclass(frozen=True)
class Desk(Records):
    """The records with what the intake desk does."""

    # Calendars

    async def programs(self) -> list[Program]:
        return await week.programs(self.session)

    async def soonest_booked(self) -> str | None:
        """The program that has the next appointment, of all programs; None where nothing is booked ahead."""
        return await week.soonest_booked(self.session, self.at)

    async def week(self, program_id: str, monday: date) -> week.Week:
        """A program's week. Whose names it showed is written down."""
        found = await week.read(self.session, program_id, monday, self.at)
        names = {entry.client.id for day in found.cells.values() for entry in day.entries if entry.client is not None}
        audit.write(
            self.session,
            self.staff,
            "calendar.read",
            self.at,
            clients=sorted(str(each) for each in names),
        )
        return found

    async def availability(self, program_id: str) -> list[Availability]:
        return await availability.of_program(self.session, program_id, self.at)

    async def add_calendar(self, program_id: str, settings: CalendarSettings) -> Calendar:
        calendar = await availability.add(self.session, program_id, settings)
        self._changed_calendar("calendar.added", calendar)
        return calendar

    async def change_calendar(
        self, calendar_id: uuid.UUID, settings: CalendarSettings, weekly: Mapping[int, str]
    ) -> Calendar:
        calendar = await availability.change(self.session, calendar_id, settings, weekly, self.at)
        self._changed_calendar("calendar.changed", calendar)
        return calendar

    async def set_date(self, calendar_id: uuid.UUID, day: date, hours: str, note: str) -> Calendar:
        calendar = await availability.set_date(self.session, calendar_id, day, hours, note, self.at)
        self._changed_calendar("calendar.date_set", calendar, day=day.isoformat())
        return calendar

    async def clear_date(self, calendar_id: uuid.UUID, day: date) -> Calendar:
        calendar = await availability.clear_date(self.session, calendar_id, day, self.at)
        self._changed_calendar("calendar.date_cleared", calendar, day=day.isoformat())
        return calendar

    async def block(self, calendar_id: uuid.UUID, begins: datetime, ends: datetime, note: str) -> Calendar:
        calendar = await availability.block(self.session, calendar_id, begins, ends, note, self.at)
        self._changed_calendar("calendar.blocked", calendar)
        return calendar

    async def unblock(self, calendar_id: uuid.UUID, block_id: uuid.UUID) -> Calendar:
        calendar = await availability.unblock(self.session, calendar_id, block_id, self.at)
        self._changed_calendar("calendar.unblocked", calendar)
        return calendar

    # Appointments

    async def appointment(self, appointment_id: uuid.UUID) -> OneAppointment:
        """Raises NotFound."""
        row = (
            await self.session.execute(
                select(Appointment, Program, Calendar)
                .join(Program, Program.id == Appointment.program_id)
                .join(Calendar, Calendar.id == Appointment.calendar_id)
                .where(Appointment.id == appointment_id, Appointment.status.not_in(("held", "expired")))
            )
        ).one_or_none()
        if row is None:
            raise NotFound("no such appointment")
        appointment, program, calendar = row
        client = await self._client(appointment.client_id)
        audit.write(
            self.session,
            self.staff,
            "appointment.read",
            self.at,
            client_id=appointment.client_id,
            appointment=str(appointment.id),
        )
        return OneAppointment(appointment, program, calendar, client, appointment.starts_at <= self.at)

    async def openings(self, program_id: str, *, after: datetime | None = None) -> list[Opening]:
        """What can be booked with the program and with whom, the soonest first."""
        return await openings.find(
            self.session,
            [program_id],
            wishes=Wishes(soonest=True),
            at=self.at,
            limit=OFFERED,
            after=after,
            each_calendar=True,
        )

    async def mark(self, appointment_id: uuid.UUID, outcome: Literal["attended", "no_show"]) -> uuid.UUID:
        """Whether the client came. Who did not gets a kind message and can book again with one reply."""
        before = await self._changeable(appointment_id)
        was = before.status
        marked = await self._try(booking.mark(self.session, appointment_id, outcome, at=self.at))
        if was == outcome:
            return marked.client_id
        if outcome == "no_show":
            await self._open_again(marked)
            await telling.later(self.session, marked, "no_show", self.at)
        await self._changed(f"appointment.{outcome}", marked.client_id, appointment=marked.id)
        return marked.client_id

    async def cancel(self, appointment_id: uuid.UUID) -> uuid.UUID:
        """Calls it off for the client, who is told so."""
        before = await self._changeable(appointment_id)
        was = before.status
        cancelled = await self._try(booking.cancel(self.session, appointment_id, by="staff", at=self.at))
        if was != "cancelled":
            await self._open_again(cancelled)
            await telling.later(self.session, cancelled, "cancelled", self.at)
            await self._changed("appointment.cancelled", cancelled.client_id, appointment=cancelled.id)
        return cancelled.client_id

    async def move(self, appointment_id: uuid.UUID, opening_ref: str, *, key: str) -> Appointment:
        """To another opening; the client is told. Where that is taken meanwhile, the appointment stands as it was."""
        await self._changeable(appointment_id)
        if known := await self._by_key(key):
            return known
        new = await self._try(
            booking.move(self.session, appointment_id, opening_ref, f"staff:{key}", self.at, by="staff")
        )
        if new.id != appointment_id:
            await self._about(new)
            await telling.later(self.session, new, "moved", self.at)
            await self._changed("appointment.moved", new.client_id, appointment=new.id)
        return new

    async def book(self, client_id: uuid.UUID, opening_ref: str, *, key: str) -> Appointment:
        """Books for the client, who is told. Raises CannotDo: opening_taken, already_booked."""
        await self._readable(client_id)
        await self._not_a_colleagues(client_id)
        if known := await self._by_key(key):
            return known
        conversation_id = await self.session.scalar(
            select(Handoff.conversation_id).where(Handoff.client_id == client_id, Handoff.status != "closed")
        )
        booked = await self._try(
            booking.book(
                self.session,
                client_id,
                key=f"staff:{key}",
                at=self.at,
                conversation_id=conversation_id,
                opening_ref=opening_ref,
                any_notice=True,
            )
        )
        await self._about(booked)
        await telling.later(self.session, booked, "booked", self.at)
        await self._changed("appointment.booked", client_id, appointment=booked.id)
        return booked

    # Referrals

    async def refer(self, referral_id: uuid.UUID, status: str) -> uuid.UUID:
        """What became of a referral; the client is told. Raises CannotDo, NotYours, NotFound."""
        client_id = await self.session.scalar(select(Referral.client_id).where(Referral.id == referral_id))
        if client_id is None:
            raise NotFound("no such referral")
        await self._readable(client_id)
        await self._not_a_colleagues(client_id)
        recorded = referrals.record(self.session, referral_id, status, staff_id=self.staff.id, at=self.at)
        await self._try(recorded)
        await self._changed(f"referral.{status}", client_id, referral=referral_id)
        return client_id

    async def referrals(self) -> list[tuple[referrals.Line, Client]]:
        """Referrals that wait for a call or an answer. Whose names it showed is written down."""
        found = await referrals.unsettled(self.session)
        clients = sorted({str(client.id) for _, client in found})
        audit.write(self.session, self.staff, "referrals.read", self.at, clients=clients)
        return found

    async def referrals_waiting(self) -> int:
        """How many there are in all."""
        return await referrals.unsettled_count(self.session)

    async def running_late(self, appointment_id: uuid.UUID, minutes: int | None) -> uuid.UUID:
        """The client called, or told somebody, that they come later."""
        before = await self._changeable(appointment_id)
        await self._try(booking.running_late(self.session, appointment_id, minutes, at=self.at))
        await self._changed("appointment.late", before.client_id, appointment=appointment_id)
        return before.client_id

    # What these share

    async def _client(self, client_id: uuid.UUID) -> Client | None:
        try:
            await self._readable(client_id)
        except NotFound:
            return None
        return await self.session.get(Client, client_id)

    async def _changeable(self, appointment_id: uuid.UUID) -> Appointment:
        appointment = await self.session.get(Appointment, appointment_id)
        if appointment is None:
            raise NotFound("no such appointment")
        await self._not_a_colleagues(appointment.client_id)
        return appointment

    async def _not_a_colleagues(self, client_id: uuid.UUID) -> None:
        holder = await self.session.scalar(
            select(Handoff.claimed_by).where(Handoff.client_id == client_id, Handoff.status == "claimed")
        )
        if holder not in (None, self.staff.id) and not leads(self.staff.role):
            raise NotYours("a colleague has this client")

    async def _by_key(self, key: str) -> Appointment | None:
        """What the same form, sent before, has made."""
        return await self.session.scalar(select(Appointment).where(Appointment.key == f"staff:{key}"))

    async def _open_again(self, ended: Appointment) -> None:
        """The walk's question for a time is open again, with the same program: one reply brings openings."""
        await told.forget(self.session, ended.client_id, walk.OPENING, walk.BOOKING, at=self.at)
        answers = await told.current(self.session, ended.client_id)
        if answers.get(walk.SAVING) is True and answers.get(walk.PROGRAM) != ended.program_id:
            await told.record(self.session, ended.client_id, walk.PROGRAM, ended.program_id, origin="staff", at=self.at)

    async def _about(self, appointment: Appointment) -> None:
        """The client's handoff is about this appointment from now on."""
        handoff = await self.session.scalar(
            select(Handoff).where(Handoff.client_id == appointment.client_id, Handoff.status != "closed")
        )
        if handoff is not None:
            handoff.appointment_id, handoff.program_id = appointment.id, appointment.program_id

    async def _try(self, change: Awaitable[T]) -> T:
        try:
            return await change
        except (OpeningTaken, OpeningGone) as error:
            raise CannotDo("opening_taken") from error
        except AlreadyBooked as error:
            raise CannotDo("already_booked") from error
        except AppointmentClosed as error:
            raise CannotDo("appointment_closed") from error
        except referrals.AnotherOpen as error:
            raise CannotDo("referral_open") from error
        except referrals.ReferralWithdrawn as error:
            raise CannotDo("withdrawn") from error

    def _changed_calendar(self, action: str, calendar: Calendar, **detail: str) -> None:
        detail["calendar"] = str(calendar.id)
        self.session.add(AuditEvent(at=self.at, staff_id=self.staff.id, action=action, detail=detail))

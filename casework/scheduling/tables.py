"""Calendars, the hours they are open, and appointments.

A calendar is a clinician's or an intake desk's. Its openings are worked out from weekly hours, exceptions and what is
already taken (`slots.py`); nothing is stored per opening. That no seat is given twice, and no clinician is to be in two
places, is kept by the database: the exclusion constraints on `appointments`.

    held -> booked -> attended | no_show | cancelled | moved
         -> expired
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Id, Moment

TAKING = ("held", "booked")


class Calendar(Base):
    """Who sees new clients, and how. Minutes; `lead_hours` is the least notice, `horizon_days` how far ahead.

    `clinician`: whose time it is. Calendars of a program that name the same one (by phone, in person) share that time.
    """

    __tablename__ = "calendars"
    __table_args__ = (Index("ix_calendars_program", "program_id"),)

    id: Mapped[Id]
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    name: Mapped[str]
    kind: Mapped[str]  # phone, video, in_person
    minutes: Mapped[int]
    buffer: Mapped[int] = mapped_column(default=0)
    capacity: Mapped[int] = mapped_column(default=1)
    lead_hours: Mapped[int] = mapped_column(default=24)
    horizon_days: Mapped[int] = mapped_column(default=28)
    languages: Mapped[list[str]] = mapped_column(JSONB, default=lambda: ["en"])
    active: Mapped[bool] = mapped_column(default=True)
    clinician: Mapped[str | None]


class WeeklyHours(Base):
    """One open stretch of a week, in the program's zone. `weekday` 0 is Monday. Split shifts are several rows."""

    __tablename__ = "weekly_hours"
    __table_args__ = (Index("ix_weekly_hours_calendar", "calendar_id"), CheckConstraint("opens < closes", name="order"))

    id: Mapped[Id]
    calendar_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calendars.id", ondelete="CASCADE"))
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class DateHours(Base):
    """What one date has instead of its weekly hours. Without `opens` the day, or calendar, is closed (a holiday)."""

    __tablename__ = "date_hours"
    __table_args__ = (Index("ix_date_hours_calendar", "calendar_id", "day"),)

    id: Mapped[Id]
    calendar_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calendars.id", ondelete="CASCADE"))
    day: Mapped[date]
    opens: Mapped[time | None]
    closes: Mapped[time | None]
    note: Mapped[str | None]


class Block(Base):
    """A stretch of time that a calendar is not available in (a meeting, leave)."""

    __tablename__ = "blocks"
    __table_args__ = (Index("ix_blocks_calendar", "calendar_id"),)

    id: Mapped[Id]
    calendar_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calendars.id", ondelete="CASCADE"))
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    note: Mapped[str | None]


class Appointment(Base):
    """An intake appointment. `busy_until` is the end with the buffer after it; `key` makes a booking idempotent.

    `late_at` is when it was last heard that the client is running late, by `late_minutes` or nobody knows how much.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        ExcludeConstraint(
            ("calendar_id", "="),
            ("seat", "="),
            ("during", "&&"),
            name="one_client_a_seat",
            using="gist",
            where=text("status in ('held', 'booked')"),
        ),
        ExcludeConstraint(
            ("program_id", "="),
            ("clinician", "="),
            ("calendar_id", "<>"),
            ("during", "&&"),
            name="one_calendar_a_clinician",
            using="gist",
            where=text("clinician is not null and status in ('held', 'booked')"),
        ),
        Index("ix_appointments_clinician", "program_id", "starts_at", postgresql_where=text("clinician is not null")),
        Index("ix_appointments_client", "client_id"),
        Index("ix_appointments_program_start", "program_id", "starts_at"),
        CheckConstraint("starts_at < ends_at and ends_at <= busy_until", name="order"),
    )

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    conversation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"))
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"))
    calendar_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calendars.id"))
    seat: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str]
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    busy_until: Mapped[Moment]
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, Computed("tstzrange(starts_at, busy_until)", persisted=True)
    )
    status: Mapped[str]
    held_until: Mapped[Moment | None]
    confirmed_at: Mapped[Moment | None]
    key: Mapped[str | None] = mapped_column(unique=True)
    moved_from: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("appointments.id"))
    cancelled_by: Mapped[str | None]  # client, staff, service
    created_at: Mapped[Created]
    changed_at: Mapped[Moment | None]
    late_at: Mapped[Moment | None]
    late_minutes: Mapped[int | None]
    clinician: Mapped[str | None]  # the calendar's


class Reminder(Base):
    """A reminder that is due before an appointment; each change of the appointment replaces its reminders."""

    __tablename__ = "reminders"
    __table_args__ = (Index("ix_reminders_appointment", "appointment_id"),)

    id: Mapped[Id]
    appointment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    hours_before: Mapped[int]
    due_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(default="waiting")  # waiting, sent, dropped
    message_id: Mapped[uuid.UUID | None]


class Waiting(Base):
    """A client waiting for an earlier or any opening of a program, in the order of `created_at`."""

    __tablename__ = "waitlist"
    __table_args__ = (Index("ix_waitlist_program", "program_id", "created_at"),)

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"))
    wishes: Mapped[Any] = mapped_column(JSONB, nullable=True)
    status: Mapped[str] = mapped_column(default="waiting")  # waiting, offered, taken, passed, left
    appointment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("appointments.id"))
    offered_until: Mapped[Moment | None]
    created_at: Mapped[Created]

"""Reminders: when they come, and that they are always those of the appointment as it is now."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from agency import NOW, add_calendar, add_client, add_program, at, work
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from casework.errors import SettingsMissing
from casework.scheduling import (
    AlreadyBooked,
    AppointmentClosed,
    OpeningGone,
    OpeningTaken,
    booking,
    openings,
    reminders,
)
from casework.scheduling.quiet import is_quiet
from casework.scheduling.reminders import due, fit_to_send
from casework.scheduling.tables import Appointment, Reminder
from casework.settings import get_settings

CHICAGO = "America/Chicago"


def local(found, zone=CHICAGO):
    return [(hours, moment.astimezone(ZoneInfo(zone)).strftime("%a %H:%M")) for hours, moment in found]


def test_three_reminders_come_three_days_a_day_and_two_hours_before():
    assert local(due(at("2026-12-04 20:00"), NOW, CHICAGO)) == [(72, "Tue 14:00"), (24, "Thu 14:00"), (2, "Fri 12:00")]


@pytest.mark.parametrize(
    ("given", "comes"),
    [("48, 1", [(48, "Wed 14:00"), (1, "Fri 13:00")]), ("72,a day", "REMINDER_HOURS"), ("0", "REMINDER_HOURS")],
)
def test_an_agency_says_when_reminders_come(monkeypatch, given, comes):
    monkeypatch.setenv("REMINDER_HOURS", given)
    get_settings.cache_clear()
    try:
        if isinstance(comes, str):
            with pytest.raises(SettingsMissing, match=comes):
                get_settings()
        else:
            assert local(due(at("2026-12-04 20:00"), NOW, CHICAGO, get_settings().reminder_hours)) == comes
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_an_early_appointment_is_reminded_of_the_evening_before_and_not_at_dawn():
    seven_thirty = at("2026-12-04 13:30")
    assert local(due(seven_thirty, NOW, CHICAGO)) == [(72, "Mon 20:30"), (24, "Wed 20:30")]


def test_who_books_late_at_night_is_reminded_as_the_quiet_hours_end():
    assert local(due(at("2026-12-04 13:30"), at("2026-12-03 04:00"), CHICAGO)) == [(24, "Thu 08:00")]


def test_who_books_for_tomorrow_is_not_reminded_of_what_is_past():
    assert local(due(at("2026-11-24 20:00"), NOW, CHICAGO)) == [(24, "Mon 14:00"), (2, "Tue 12:00")]
    assert due(NOW + timedelta(hours=1), NOW, CHICAGO) == []


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001
    st.integers(0, 28 * 24 * 60),
    st.sampled_from([CHICAGO, "Pacific/Honolulu", "America/Puerto_Rico", "America/Phoenix", "America/Anchorage"]),
)
def test_no_reminder_comes_at_night_before_the_booking_or_too_late(booked_at, minutes, zone):
    booked_at = booked_at.replace(tzinfo=UTC)
    start = booked_at + timedelta(minutes=minutes)
    found = due(start, booked_at, zone)
    assert len({moment for _, moment in found}) == len(found) <= 3
    for hours, moment in found:
        assert not is_quiet(moment, zone)
        assert booked_at < moment <= start - timedelta(hours=2)
        assert abs(start - timedelta(hours=hours) - moment) <= timedelta(hours=13)


def test_after_fifty_changes_the_reminders_are_those_of_the_appointment(database):
    chance = random.Random(7)

    async def make(session):
        await add_program(session)
        await add_calendar(session)
        return await add_client(session, zone="America/Denver")

    client = work(database, make)
    moment = NOW
    since: dict = {}  # when each appointment was last changed: what its reminders are reckoned from

    async def change(session):
        present = await booking.current(session, client, moment)
        found = await openings.find(session, ["bend"], at=moment, limit=9)
        ref, key = chance.choice(found).ref, f"change-{chance.random()}"
        what = chance.choice(["book", "move", "move", "cancel", "confirm", "hold"])
        try:
            if what == "hold":
                await booking.hold(session, client, None, ref, key, moment)
            elif what == "book" or present is None:
                made = await booking.book(session, client, key=key, at=moment, opening_ref=ref)
                since[made.id] = moment
            elif what == "move":
                made = await booking.move(session, present.id, ref, key, moment)
                since.setdefault(made.id, moment)
            elif what == "cancel":
                await booking.cancel(session, present.id, by="client", at=moment)
            else:
                await booking.confirm(session, present.id, at=moment)
        except (AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken):
            pass

    async def check(session):
        for appointment in await session.scalars(select(Appointment)):
            expected = []
            if appointment.status == "booked":
                expected = due(appointment.starts_at, since[appointment.id], "America/Denver")
            rows = await reminders.waiting(session, appointment.id)
            assert [(row.hours_before, row.due_at) for row in rows] == expected
        jobs = await session.execute(
            text("select args->>'reminder_id', scheduled_at from procrastinate_jobs where task_name = 'remind'")
        )
        scheduled = dict(jobs.tuples().all())
        for row in await session.scalars(select(Reminder)):
            assert scheduled[str(row.id)] == row.due_at

    for _ in range(50):
        work(database, change, check)
        moment += timedelta(minutes=chance.randrange(1, 400))


def test_a_job_that_outlived_its_appointment_sends_nothing(database):
    async def make(session):
        await add_program(session)
        await add_calendar(session)
        client = await add_client(session)
        opening = (await openings.find(session, ["bend"], at=NOW))[2]
        return await booking.book(session, client, key="a", at=NOW, opening_ref=opening.ref)

    booked = work(database, make)
    (reminder, *_) = work(database, lambda s: reminders.waiting(s, booked.id))
    found, appointment = work(database, lambda s: reminders.for_sending(s, reminder.id))
    assert fit_to_send(found, appointment, reminder.due_at)
    assert not fit_to_send(found, appointment, appointment.starts_at)
    work(database, lambda s: booking.cancel(s, booked.id, by="client", at=NOW))
    assert not fit_to_send(*work(database, lambda s: reminders.for_sending(s, reminder.id)))
    assert work(database, lambda s: reminders.for_sending(s, booked.id)) is None


@pytest.mark.parametrize("said", ["2026-11-24 03:00", "2026-11-24 13:59"])
def test_quiet_hours_are_nine_to_eight_where_the_client_is(said):
    assert is_quiet(at(said), CHICAGO)
    assert not is_quiet(at("2026-11-24 14:00"), CHICAGO)
    assert not is_quiet(at("2026-11-24 02:59"), CHICAGO)

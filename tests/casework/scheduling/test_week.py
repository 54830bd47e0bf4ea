"""The week as a table: by the program's clock, with nothing falling out when clocks change."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from agency import at

from casework.directory.tables import Program
from casework.scheduling import availability, week
from casework.scheduling.availability import BadHours
from casework.scheduling.calendars import OpenCalendar
from casework.scheduling.slots import Hours, Span
from casework.scheduling.tables import Appointment
from casework.scheduling.week import Entry

DESK = uuid.uuid4()
BEFORE = at("2026-10-20 12:00")
MONDAY = date(2026, 10, 26)  # of the week in which clocks go back, on Sunday


def laid_out(*starts, weekly, now=BEFORE, blocks=(), monday=MONDAY, zone="America/Chicago"):
    hours = Hours(zone=zone, minutes=45, weekly=weekly, buffer=15, blocks=blocks, horizon_days=60)
    entries = [
        Entry(
            Appointment(
                id=uuid.uuid4(),
                calendar_id=DESK,
                seat=0,
                status="booked",
                kind="phone",
                starts_at=start,
                ends_at=start + timedelta(minutes=45),
                busy_until=start + timedelta(hours=1),
            ),
            "Desk",
            None,
        )
        for start in starts
    ]
    return week.lay_out(
        Program(id="bend", zone=zone),
        monday,
        [OpenCalendar(DESK, "bend", "Desk", "phone", ("en",), hours)],
        entries,
        now,
    )


def test_an_hour_that_is_shown_twice_holds_both_appointments():
    first, again = at("2026-11-01 06:00"), at("2026-11-01 07:00")  # 1 am, and 1 am once more
    found = laid_out(first, again, weekly={6: (Span(time(0), time(4)),)})
    cell = found.cell(date(2026, 11, 1), 1)
    assert [entry.appointment.starts_at for entry in cell.entries] == [first, again]
    assert found.booked == 2


@pytest.mark.parametrize("monday", [date(2026, 3, 2), date(2026, 10, 26), date(2026, 6, 1)])
def test_every_free_start_stands_once_in_the_row_that_the_clock_shows(monday):
    weekly = {day: (Span(time(0), time(12)),) for day in range(7)}
    found = laid_out(weekly=weekly, monday=monday, now=at(f"{monday - timedelta(days=5)} 12:00"))
    starts = [start for cell in found.cells.values() for start, _ in cell.free]
    assert len(starts) == len(set(starts)) == found.free >= 7 * 12 - 1
    zone = ZoneInfo("America/Chicago")
    for (day, hour), cell in found.cells.items():
        for start, _ in cell.free:
            local = start.astimezone(zone)
            assert (local.date(), local.hour) == (day, hour)


def test_what_is_taken_away_or_past_is_not_open():
    weekly = {day: (Span(time(9), time(12)),) for day in range(5)}
    away = (at("2026-10-28 14:00"), at("2026-10-28 15:00"))  # Wednesday, 9 to 10
    found = laid_out(at("2026-10-27 14:00"), weekly=weekly, blocks=(away,), now=at("2026-10-27 13:00"))
    assert not found.cell(date(2026, 10, 26), 9).free, "Monday is past"
    assert not found.cell(date(2026, 10, 27), 9).free, "taken"
    assert found.cell(date(2026, 10, 27), 10).free
    assert found.cell(date(2026, 10, 28), 9).blocked == ("Desk",)
    assert not found.cell(date(2026, 10, 28), 9).free
    assert not found.cell(date(2026, 10, 28), 10).blocked
    assert list(found.hours) == [9, 10, 11]
    assert [day.weekday() for day in found.days] == [0, 1, 2, 3, 4], "an empty weekend takes no room"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("9-12, 13:00-17:30", "09:00-12:00, 13:00-17:30"),
        ("1 pm - 5pm and 9am-12pm", "09:00-12:00, 13:00-17:00"),
        ("  ", ""),
        ("12am-1am", "00:00-01:00"),
    ],
)
def test_hours_are_read_as_people_write_them(text, written):
    assert availability.write_spans(availability.read_spans(text)) == written
    assert availability.read_spans(written) == availability.read_spans(text)


@pytest.mark.parametrize("text", ["noon", "9", "12-9", "9-9", "25-26", "9-12, 11-13", "13pm-14pm", "9:75-10"])
def test_what_is_no_hours_is_refused(text):
    with pytest.raises(BadHours):
        availability.read_spans(text)


def test_the_week_of_a_day_begins_on_its_monday():
    assert {week.monday_of(MONDAY + timedelta(days=number)) for number in range(7)} == {MONDAY}
    assert week.monday_of(datetime(2026, 11, 2, tzinfo=ZoneInfo("UTC")).date()) == MONDAY + timedelta(days=7)

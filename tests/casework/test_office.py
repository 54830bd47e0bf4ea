"""When people are there: split shifts, holidays, clock changes; until when an answer is promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from casework import office

SPLIT = office.read("Mon-Fri 08:00-12:00; Mon-Thu 13:00-17:00 America/Chicago", ["2026-11-26"])


def at(text: str) -> datetime:
    """A moment in Chicago in November after the clocks changed (UTC-6)."""
    return datetime.fromisoformat(text + "-06:00")


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T08:00", True),
        ("2026-11-23T12:00", False),
        ("2026-11-23T13:00", True),
        ("2026-11-27T14:00", False),
        ("2026-11-26T09:00", False),
    ],
)
def test_a_split_shift_and_a_holiday_are_kept(moment: str, is_open: bool) -> None:
    assert SPLIT.is_open(at(moment)) is is_open


@pytest.mark.parametrize(
    ("asked", "minutes", "promised"),
    [
        ("2026-11-23T11:50", 30, "2026-11-23T13:20"),  # ten minutes before lunch, twenty after it
        ("2026-11-25T16:50", 30, "2026-11-27T08:20"),  # over the holiday
        ("2026-11-27T11:45", 30, "2026-11-30T08:15"),  # over the weekend
        ("2026-11-24T02:00", 30, "2026-11-24T08:30"),
    ],
)
def test_what_is_promised_counts_the_time_in_which_somebody_is_there(asked: str, minutes: int, promised: str) -> None:
    assert SPLIT.after(at(asked), timedelta(minutes=minutes)) == at(promised)


def test_the_office_opens_by_its_own_clock_when_clocks_change() -> None:
    sunday = office.read("Sun 08:00-12:00 America/Chicago")
    assert sunday.next_open(datetime(2026, 10, 31, 12, tzinfo=UTC)) == datetime(2026, 11, 1, 14, tzinfo=UTC)


def test_an_office_without_a_shift_in_sight_promises_nothing() -> None:
    closed = office.read("Mon 09:00-09:00 America/Chicago")
    assert closed.next_open(at("2026-11-23T08:00")) is None
    assert closed.after(at("2026-11-23T08:00"), timedelta(minutes=1)) is None


@pytest.mark.parametrize(("hours", "holidays"), [("whenever", []), ("Mon-Fri 08:00-17:00 America/Chicago", ["26.11."])])
def test_hours_that_cannot_be_read_say_how_to_write_them(hours: str, holidays: list[str]) -> None:
    with pytest.raises((ValueError, KeyError), match="AGENCY_HO"):
        office.read(hours, holidays)

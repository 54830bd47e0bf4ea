"""When people are there: split shifts, holidays, clock changes; until when an answer is promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from casework import office
from casework.errors import SettingsMissing
from casework.settings import check, get_settings

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
    closed = office.Office("America/Chicago", ())
    assert closed.next_open(at("2026-11-23T08:00")) is None
    assert closed.after(at("2026-11-23T08:00"), timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("hours", "holidays", "code", "part"),
    [
        ("whenever", [], "spans", "whenever"),
        ("", [], "spans", ""),
        ("Mon-Fri 08:00-17:00", [], "zone", "08:00-17:00"),
        ("Mon-Fri 08:00-17:00 America/Chicagoo", [], "zone", "America/Chicagoo"),
        ("Mon-Fri 08:00-17:00; Sat mornings America/Chicago", [], "spans", "Sat mornings"),
        ("Mon-Fry 08:00-17:00 America/Chicago", [], "spans", "Mon-Fry 08:00-17:00"),
        ("Mon 08:00-25:00 America/Chicago", [], "spans", "Mon 08:00-25:00"),
        ("Mon 17:00-08:00 America/Chicago", [], "order", "Mon 17:00-08:00"),
        ("Mon-Fri 08:00-12:00; Wed 11:00-17:00 America/Chicago", [], "overlap", "Wed 11:00"),
        ("Mon-Fri 08:00-17:00 America/Chicago", ["26.11."], "day", "26.11."),
    ],
)
def test_hours_that_cannot_be_read_say_which_part_and_how_to_write_it(
    hours: str, holidays: list[str], code: str, part: str
) -> None:
    with pytest.raises(office.BadHours, match=r"AGENCY_HO.*cannot be read") as refused:
        office.read(hours, holidays)
    assert (refused.value.code, refused.value.part) == (code, part)


def test_a_line_whose_hours_cannot_be_read_does_not_start() -> None:
    with pytest.raises(SettingsMissing, match="AGENCY_HOURS cannot be read: 'whenever'"):
        check(get_settings().model_copy(update={"agency_hours": "whenever"}))

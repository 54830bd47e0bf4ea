"""Slot arithmetic: what is offered is open, free, and complete, in every zone and across both clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.scheduling.slots import Hours, Span, Taken, openings, slot_at

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/St_Johns",
)
MINUTE = timedelta(minutes=1)

zones = st.sampled_from(ZONES)
# The days around the changes of 2026 (8 March, 1 November) and one without.
days = st.sampled_from([date(2026, 3, 7), date(2026, 3, 8), date(2026, 10, 31), date(2026, 11, 1), date(2026, 6, 15)])
clock = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@st.composite
def hours(draw):
    spans = []
    for _ in range(draw(st.integers(1, 2))):
        opens, closes = sorted((draw(clock), draw(clock)))
        if opens < closes:
            spans.append(Span(opens, closes))
    every_day = {weekday: tuple(spans) for weekday in range(7)}
    return Hours(
        zone=draw(zones),
        minutes=draw(st.sampled_from([20, 30, 45, 60])),
        buffer=draw(st.sampled_from([0, 10, 15])),
        capacity=draw(st.integers(1, 3)),
        weekly=every_day,
        dates={date(2026, 6, 15): ()} if draw(st.booleans()) else {},
        lead_hours=0,
        horizon_days=30,
    )


def open_minutes(given_hours: Hours, day: date) -> list[set[datetime]]:
    """Each stretch's real minutes, by watching the clock on the wall: from the first showing of its beginning on."""
    zone = ZoneInfo(given_hours.zone)
    midnight = datetime.combine(day, time(0), zone).astimezone(UTC)
    minutes = [midnight + MINUTE * n for n in range(26 * 60)]
    walls = [m.astimezone(zone).replace(tzinfo=None) for m in minutes]
    stretches = []
    for span in given_hours.on(day):
        begin = next(i for i, wall in enumerate(walls) if wall >= datetime.combine(day, span.opens))
        end = next(i for i, wall in enumerate(walls) if wall >= datetime.combine(day, span.closes))
        stretches.append(set(minutes[begin:end]))
    return stretches


def whole_day(given_hours: Hours, day: date, taken=()):
    zone = ZoneInfo(given_hours.zone)
    since = datetime.combine(day, time(0), zone)
    until = datetime.combine(day + timedelta(days=1), time(0), zone)
    return list(openings(given_hours, taken, since=since, until=until, now=since - timedelta(days=1)))


@settings(max_examples=150, deadline=None)
@given(hours(), days)
def test_every_opening_lies_in_the_hours_and_no_opening_is_lost(given_hours, day):
    zone = ZoneInfo(given_hours.zone)
    found = whole_day(given_hours, day)
    stretches = open_minutes(given_hours, day)
    length = timedelta(minutes=given_hours.minutes)
    for slot in found:
        span = {slot.starts_at + MINUTE * n for n in range(given_hours.minutes)}
        assert any(span <= stretch for stretch in stretches)
        assert slot.ends_at - slot.starts_at == length
    expected = set()
    for span, stretch in zip(given_hours.on(day), stretches, strict=True):
        wall = datetime.combine(day, span.opens)
        while wall + length <= datetime.combine(day, span.closes):
            showing = [m for m in sorted(stretch) if m.astimezone(zone).replace(tzinfo=None) == wall]
            if showing and {showing[0] + MINUTE * n for n in range(given_hours.minutes)} <= stretch:
                expected.add(showing[0])
            wall += length + timedelta(minutes=given_hours.buffer)
    assert {slot.starts_at for slot in found} == expected
    walls = [slot.starts_at.astimezone(zone).replace(tzinfo=None) for slot in found]
    assert len(set(walls)) == len(walls), "an hour that the clocks show twice is offered once"
    assert found == sorted(found, key=lambda slot: slot.starts_at)


@settings(max_examples=150, deadline=None)
@given(
    hours(), days, st.lists(st.tuples(st.integers(-60, 26 * 60), st.integers(10, 180), st.integers(0, 3)), max_size=12)
)
def test_an_opening_is_shown_exactly_while_a_seat_is_free_for_all_of_it(given_hours, day, busy):
    midnight = datetime.combine(day, time(0), ZoneInfo(given_hours.zone)).astimezone(UTC)
    taken = [Taken(midnight + MINUTE * at, midnight + MINUTE * (at + length), seat) for at, length, seat in busy]

    def free(slot):
        return any(
            all(t.seat != seat or t.busy_until <= slot.starts_at or t.starts_at >= slot.busy_until for t in taken)
            for seat in range(given_hours.capacity)
        )

    assert whole_day(given_hours, day, taken) == [slot for slot in whole_day(given_hours, day) if free(slot)]


def office(**more) -> Hours:
    values = {
        "zone": "America/Chicago",
        "minutes": 45,
        "buffer": 15,
        "weekly": {0: (Span(time(9), time(12)), Span(time(13), time(15)))},
    }
    return Hours(**(values | {"lead_hours": 0} | more))


MONDAY = date(2026, 11, 23)


def starts(given_hours: Hours, **more) -> list[str]:
    zone = ZoneInfo(given_hours.zone)
    return [slot.starts_at.astimezone(zone).strftime("%H:%M") for slot in whole_day(given_hours, MONDAY, **more)]


def test_a_split_shift_keeps_its_lunch_hour():
    assert starts(office()) == ["09:00", "10:00", "11:00", "13:00", "14:00"]


def test_a_holiday_is_closed_and_a_date_can_have_hours_of_its_own():
    assert starts(office(dates={MONDAY: ()})) == []
    assert starts(office(dates={MONDAY: (Span(time(16), time(17)),)})) == ["16:00"]


def test_a_meeting_takes_every_opening_that_it_touches():
    meeting = (datetime(2026, 11, 23, 16, 30, tzinfo=UTC), datetime(2026, 11, 23, 17, 5, tzinfo=UTC))  # 10:30 to 11:05
    assert starts(office(blocks=(meeting,))) == ["09:00", "13:00", "14:00"]


@pytest.mark.parametrize(("lead", "horizon", "count"), [(8, 28, 5), (24, 28, 3), (56, 28, 0), (8, 1, 2)])
def test_the_notice_and_the_horizon_of_a_calendar_are_kept(lead, horizon, count):
    now = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # 11:00 the day before
    calendar = office(lead_hours=lead, horizon_days=horizon)
    assert len(list(openings(calendar, (), since=now, until=now + timedelta(days=2), now=now))) == count


def test_a_slot_of_the_grid_is_found_by_its_start_and_nothing_else_is():
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    ten = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert slot_at(office(), ten, now=now).ends_at == ten + timedelta(minutes=45)
    assert slot_at(office(), ten + timedelta(minutes=5), now=now) is None


def test_what_is_taken_is_not_shown_and_a_second_seat_is():
    ten = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    taken = [Taken(ten, ten + timedelta(minutes=60), 0)]
    assert starts(office(), taken=taken) == ["09:00", "11:00", "13:00", "14:00"]
    assert starts(office(capacity=2), taken=taken) == ["09:00", "10:00", "11:00", "13:00", "14:00"]
    assert "10:00" not in starts(office(capacity=2), taken=[*taken, Taken(ten, ten + timedelta(minutes=60), 1)])


def test_an_hour_that_no_clock_shows_is_not_offered_and_one_shown_twice_is_offered_once():
    night = office(minutes=40, buffer=0, weekly={6: (Span(time(0), time(4)),)})
    zone = ZoneInfo("America/Chicago")

    def shown(day: date) -> list[str]:
        return [f"{slot.starts_at.astimezone(zone):%H:%M}" for slot in whole_day(night, day)]

    assert shown(date(2026, 3, 8)) == ["00:00", "00:40", "01:20", "03:20"]
    assert shown(date(2026, 11, 1)) == ["00:00", "00:40", "01:20", "02:00", "02:40", "03:20"]

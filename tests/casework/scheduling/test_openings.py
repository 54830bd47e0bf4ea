"""What is offered: a few openings, the soonest first, different from each other, as the client wished."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from agency import NOW, WORKDAYS, add_calendar, add_client, add_program, at, work

from casework.scheduling import OpeningTaken, availability, booking, openings
from casework.scheduling.openings import read_ref
from casework.scheduling.tables import Block, Calendar, DateHours
from casework.scheduling.wish_reader import read


def make(database, *calendars, program="bend", zone="America/Chicago"):
    async def step(session):
        await add_program(session, program, zone)
        return [await add_calendar(session, program, **calendar) for calendar in calendars or ({},)]

    return work(database, step)


def find(database, *programs, moment=NOW, said=None, **more):
    wishes = read(said, at=moment, zone="America/Chicago") if said else None
    return work(database, lambda s: openings.find(s, programs or ("bend",), wishes=wishes, at=moment, **more))


def local(found):
    return [opening.local_start.strftime("%a %H:%M") for opening in found]


def test_three_openings_differ_in_day_or_part_of_day_and_the_soonest_is_first(database):
    make(database)
    assert local(find(database)) == ["Tue 10:00", "Tue 12:00", "Wed 09:00"]


def test_a_calendar_with_one_morning_a_fortnight_still_offers_three(database):
    make(database, {"weekly": ((1, "09:00", "12:00"),), "horizon_days": 7})
    assert local(find(database)) == ["Tue 10:00", "Tue 11:00"]
    assert local(find(database, moment=NOW - timedelta(hours=2))) == ["Tue 09:00", "Tue 10:00", "Tue 11:00"]


def test_the_soonest_means_the_soonest(database):
    make(database)
    assert local(find(database, said="the soonest")) == ["Tue 10:00", "Tue 11:00", "Tue 12:00"]


def test_wishes_are_kept_in_the_programs_own_zone(database):
    make(database, zone="Pacific/Honolulu")
    assert local(find(database, said="after 3, not tuesdays")) == ["Wed 15:00", "Thu 15:00", "Fri 15:00"]
    assert local(find(database, said="dec 3")) == ["Thu 09:00", "Thu 10:00", "Thu 12:00"]


def test_calls_are_wished_for_and_shown_by_the_clients_own_clock_visits_by_the_programs(database):
    make(
        database, {"kind": "phone"}, {"kind": "in_person", "weekly": ((4, "09:00", "17:00"),)}, zone="America/New_York"
    )
    pacific = "America/Los_Angeles"
    assert local(find(database, said="mornings", zone=pacific)) == ["Tue 08:00", "Wed 06:00", "Thu 06:00"]
    visit = find(database, said="after 3", zone=pacific, limit=1)
    assert (local(visit), visit[0].zone) == (["Fri 15:00"], "America/New_York"), "calls end at 1 pm there"
    assert local(find(database, said="wednesday", zone="Asia/Tokyo"))[0] == "Wed 01:00", "it is Tuesday where they are"


def test_a_day_that_is_over_has_no_openings(database):
    make(database)
    assert find(database, said="yesterday") == []
    assert find(database, after=datetime.max.replace(tzinfo=UTC)) == [], "nor has one that no calendar reaches"


def test_more_means_later_ones_and_none_twice(database):
    make(database)
    first = find(database)
    more = find(database, after=first[-1].starts_at)
    assert min(o.starts_at for o in more) > first[-1].starts_at
    assert not {o.ref for o in find(database, exclude={o.ref for o in first})} & {o.ref for o in first}


def test_only_earlier_ones_can_be_asked_for(database):
    make(database)
    assert local(find(database, before=at("2026-11-24 18:00"))) == ["Tue 10:00", "Tue 11:00"]


def test_what_is_booked_held_or_blocked_is_not_offered_and_a_hold_that_ran_out_is(database):
    (calendar,) = make(database)
    first = find(database, limit=1)[0]

    async def hold(session):
        client = await add_client(session)
        await booking.hold(session, client, None, first.ref, "a", NOW)
        session.add(Block(calendar_id=calendar, starts_at=at("2026-11-24 17:00"), ends_at=at("2026-11-24 18:00")))

    work(database, hold)
    assert local(find(database, limit=1)) == ["Tue 12:00"]
    assert local(find(database, limit=1, moment=NOW + timedelta(minutes=11))) == ["Tue 12:00"]  # its notice is past
    earlier = find(database, limit=1, moment=NOW - timedelta(hours=1))
    assert earlier[0].starts_at != first.starts_at


def test_a_hold_that_ran_out_is_offered_again(database):
    make(database, {"lead_hours": 0})
    noon = at("2026-11-23 18:00")

    async def hold(session):
        await booking.hold(
            session, await add_client(session), None, f"{first.calendar_id.hex}-{noon.timestamp():.0f}", "a", NOW
        )

    first = find(database, limit=1)[0]
    work(database, hold)
    during = find(database, moment=NOW + timedelta(minutes=5), said="the soonest", limit=9)
    afterwards = find(database, moment=NOW + timedelta(minutes=11), said="the soonest", limit=9)
    assert noon not in {o.starts_at for o in during}
    assert noon in {o.starts_at for o in afterwards}


def test_a_holiday_is_skipped_and_a_closed_calendar_offers_nothing(database):
    (calendar,) = make(database)

    async def holiday(session):
        session.add(DateHours(calendar_id=calendar, day=date(2026, 11, 24), note="inventory"))
        session.add(DateHours(calendar_id=calendar, day=date(2026, 11, 28), opens=time(10), closes=time(11)))

    work(database, holiday)
    assert local(find(database, limit=1)) == ["Wed 09:00"]
    assert local(find(database, said="weekends", limit=1)) == ["Sat 10:00"]

    async def close(session):
        (await session.get_one(Calendar, calendar)).active = False

    work(database, close)
    assert find(database) == []


def test_calendars_that_speak_the_clients_language_come_first_where_there_are_any(database):
    make(database, {"name": "Desk"}, {"name": "Rosa", "languages": ["es"], "weekly": ((4, "09:00", "12:00"),)})
    assert {o.calendar_name for o in find(database, language="es")} == {"Rosa"}
    assert {o.calendar_name for o in find(database, language="so")} == {"Desk"}


def test_two_clinicians_at_one_time_are_one_offer_but_phone_or_in_person_is_a_choice(database):
    only_once = {"weekly": ((1, "11:00", "12:00"),), "horizon_days": 6}
    make(database, only_once, only_once | {"name": "Amina"}, only_once | {"name": "Cora", "kind": "in_person"})
    assert [o.kind for o in find(database)] == ["phone", "in_person"]


def test_a_full_week_makes_it_look_further_ahead(database):
    (calendar,) = make(database)

    async def away(session):
        session.add(Block(calendar_id=calendar, starts_at=NOW, ends_at=NOW + timedelta(days=18)))

    work(database, away)
    assert find(database, limit=1)[0].starts_at >= NOW + timedelta(days=18)
    later = work(database, lambda s: openings.next_opening(s, ["bend"], NOW))
    assert later["bend"] == find(database, limit=1)[0].starts_at


def test_the_next_opening_of_each_program_is_that_which_would_be_offered_first(database):
    make(database, {}, {"name": "Early", "weekly": ((2, "08:00", "09:00"),)})
    make(database, {"weekly": WORKDAYS[3:4]}, program="cedar", zone="America/New_York")
    make(database, {"weekly": ()}, program="closed")
    found = work(database, lambda s: openings.next_opening(s, ["bend", "cedar", "closed", "unknown"], NOW))
    assert found == {
        program: find(database, program, limit=1, said="soonest")[0].starts_at for program in ("bend", "cedar")
    }


def test_a_ref_names_its_opening(database):
    (calendar,) = make(database)
    opening = find(database)[0]
    assert read_ref(opening.ref) == (calendar, opening.starts_at)
    assert opening.starts_at.tzinfo is UTC
    assert opening.local_start == datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("America/Chicago"))


DANA = {"weekly": ((1, "09:00", "12:00"),), "horizon_days": 5, "clinician": "Dana Fox"}


def test_a_clinician_with_two_calendars_is_offered_and_booked_in_one_of_them_at_a_time(database):
    phone, room, eli = make(
        database,
        DANA | {"name": "Dana, phone"},
        DANA | {"name": "Dana, group", "kind": "in_person", "minutes": 60, "buffer": 0, "capacity": 2},
        DANA | {"name": "Eli", "clinician": "Eli Noor"},
    )
    ten = at("2026-11-24 16:00")
    refs = [openings.make_ref(calendar, ten) for calendar in (phone, room, eli)]

    def free():
        found = find(database, limit=9, each_calendar=True)
        return sorted(refs.index(each.ref) for each in found if each.ref in refs)

    def book(ref, key):
        async def step(session):
            return await booking.book(session, await add_client(session), key=key, at=NOW, opening_ref=ref)

        return work(database, step)

    assert free() == [0, 1, 2], "staff choose with whom, also at the same hour"
    mine = book(refs[0], "phone")
    assert free() == [2]
    with pytest.raises(OpeningTaken):
        book(refs[1], "room")
    work(database, lambda s: booking.cancel(s, mine.id, by="client", at=NOW))
    book(refs[1], "room")
    assert free() == [1, 2], "a group has its second seat"
    book(refs[1], "room 2")
    assert free() == [2]
    book(refs[2], "eli")
    settings = availability.Settings("Eli", "phone", 45, 15, 1, 24, 5, ("en",), clinician=" dana  fox")
    with pytest.raises(availability.BadHours, match="clinician_twice Dana Fox"):
        work(database, lambda s: availability.change(s, eli, settings, {}, NOW))


def test_a_hold_of_a_clinicians_other_calendar_that_ran_out_is_in_nobodys_way(database):
    phone, room = make(database, DANA, DANA | {"kind": "in_person"})
    ten = at("2026-11-24 16:00")

    async def keep(session):
        client = await add_client(session)
        return await booking.hold(session, client, None, openings.make_ref(phone, ten), "kept", NOW)

    async def book(session):
        client, later = await add_client(session), NOW + timedelta(minutes=11)
        return await booking.book(
            session, client, key="other", at=later, opening_ref=openings.make_ref(room, ten), any_notice=True
        )

    assert work(database, keep, book).status == "booked"

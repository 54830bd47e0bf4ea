"""Holding, booking, moving and cancelling, against a real Postgres."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from agency import NOW, add_calendar, add_client, add_program, at, work
from sqlalchemy import func, select

from casework.errors import NotFound
from casework.scheduling import AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken, booking, openings, waitlist
from casework.scheduling.openings import make_ref
from casework.scheduling.tables import Appointment, Block
from casework.storage import Database

NINE, TEN = at("2026-11-25 15:00"), at("2026-11-25 16:00")  # Wednesday, 9 and 10 in Chicago


class Case:
    """A program with one calendar and two clients."""

    def __init__(self, database: Database, **calendar: object) -> None:
        self.database = database

        async def make(session):
            await add_program(session)
            self.calendar = await add_calendar(session, **calendar)
            self.ann, self.ben = await add_client(session), await add_client(session)

        work(database, make)
        self.nine, self.ten = make_ref(self.calendar, NINE), make_ref(self.calendar, TEN)

    def do(self, *steps):
        return work(self.database, *steps)

    def hold(self, client, ref, key, moment=NOW, **more):
        return self.do(lambda s: booking.hold(s, client, None, ref, key, moment, **more))

    def book(self, client, key, moment=NOW, **more):
        return self.do(lambda s: booking.book(s, client, key=key, at=moment, **more))

    def statuses(self):
        return self.do(lambda s: _statuses(s))


async def _statuses(session):
    rows = await session.execute(select(Appointment.status, func.count()).group_by(Appointment.status))
    return dict(rows.tuples().all())


def test_a_held_opening_is_nobody_elses_for_ten_minutes_and_then_anybodys(database):
    case = Case(database)
    case.hold(case.ann, case.nine, "a")
    with pytest.raises(OpeningTaken):
        case.hold(case.ben, case.nine, "b", NOW + timedelta(minutes=9))
    held = case.hold(case.ben, case.nine, "b", NOW + timedelta(minutes=11))
    assert (held.client_id, held.status) == (case.ben, "held")
    assert case.statuses() == {"held": 1, "expired": 1}


def test_the_same_key_again_gives_the_same_appointment(database):
    case = Case(database)
    held = case.hold(case.ann, case.nine, "a")
    assert case.hold(case.ann, case.nine, "a").id == held.id
    booked = case.book(case.ann, "b", hold_id=held.id)
    assert booked.id == held.id
    assert case.book(case.ann, "b", hold_id=held.id).id == held.id
    assert case.hold(case.ann, case.nine, "a").id == held.id
    assert case.statuses() == {"booked": 1}


def test_booking_directly_twice_with_one_key_books_once(database):
    case = Case(database)
    first = case.book(case.ann, "b", opening_ref=case.nine)
    assert case.book(case.ann, "b", opening_ref=case.nine).id == first.id
    assert case.statuses() == {"booked": 1}


def test_a_key_of_somebody_else_shows_nothing(database):
    case = Case(database)
    case.book(case.ann, "b", opening_ref=case.nine)
    with pytest.raises(NotFound):
        case.book(case.ben, "b", opening_ref=case.ten)


def test_a_hold_that_ran_out_is_still_booked_while_nobody_wants_the_opening(database):
    case = Case(database)
    held = case.hold(case.ann, case.nine, "a")
    later = NOW + timedelta(minutes=30)
    booked = case.book(case.ann, "b", later, hold_id=held.id)
    assert (booked.status, booked.starts_at) == ("booked", NINE)
    assert case.book(case.ann, "b", later, hold_id=held.id).id == booked.id


def test_a_hold_that_ran_out_and_went_to_somebody_else_is_taken(database):
    case = Case(database)
    held = case.hold(case.ann, case.nine, "a")
    later = NOW + timedelta(minutes=30)
    case.book(case.ben, "b", later, opening_ref=case.nine)
    with pytest.raises(OpeningTaken):
        case.book(case.ann, "c", later, hold_id=held.id)


def test_a_turn_that_is_repeated_after_the_client_cancelled_does_not_book_again(database):
    case = Case(database)
    held = case.hold(case.ann, case.nine, "a")
    booked = case.book(case.ann, "b", hold_id=held.id)
    case.do(lambda s: booking.cancel(s, booked.id, by="client", at=NOW))
    assert case.book(case.ann, "b", hold_id=held.id).status == "cancelled"


def test_choosing_another_time_lets_go_of_the_first(database):
    case = Case(database)
    case.hold(case.ann, case.nine, "a")
    case.hold(case.ann, case.ten, "b")
    assert case.hold(case.ben, case.nine, "c").status == "held"


def test_a_choice_that_was_taken_meanwhile_does_not_cost_the_client_what_they_hold(database):
    case = Case(database)
    mine = case.hold(case.ann, case.nine, "a")
    case.book(case.ben, "b", opening_ref=case.ten)

    async def ask(session):
        with pytest.raises(OpeningTaken):
            await booking.hold(session, case.ann, None, case.ten, "c", NOW)

    case.do(ask)
    assert case.do(lambda s: booking.held(s, case.ann, NOW)).id == mine.id


def test_two_seats_take_two_clients_and_not_a_third(database):
    case = Case(database, capacity=2)
    cleo = case.do(add_client)
    seats = {case.book(client, str(client), opening_ref=case.nine).seat for client in (case.ann, case.ben)}
    assert seats == {0, 1}
    with pytest.raises(OpeningTaken):
        case.book(cleo, "c", opening_ref=case.nine)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("2026-11-20 15:00", "past"),
        ("2026-11-23 17:00", "within the day's notice the calendar needs"),
        ("2026-11-25 15:10", "not on the calendar's grid"),
        ("2026-11-28 15:00", "a Saturday"),
        ("2027-02-24 15:00", "beyond the horizon"),
    ],
)
def test_an_opening_that_is_no_longer_one_is_refused(database, start, why):
    case = Case(database)
    with pytest.raises(OpeningGone):
        case.hold(case.ann, make_ref(case.calendar, at(start)), "a")


@pytest.mark.parametrize("ref", ["", "x", "0-0", "zz-12", "00000000000000000000000000000000-99999999999999999999"])
def test_a_ref_that_names_nothing_is_an_opening_that_is_gone(database, ref):
    case = Case(database)
    with pytest.raises(OpeningGone):
        case.hold(case.ann, ref, "a")


def test_an_opening_the_clinician_blocked_meanwhile_is_gone(database):
    case = Case(database)

    async def block(session):
        session.add(Block(calendar_id=case.calendar, starts_at=NINE, ends_at=TEN))

    case.do(block)
    with pytest.raises(OpeningGone):
        case.hold(case.ann, case.nine, "a")


def test_an_answer_within_the_hour_is_not_too_late_and_staff_may_book_at_short_notice(database):
    case = Case(database)
    ref = make_ref(case.calendar, at("2026-11-24 16:00"))  # 24 hours ahead: the notice the calendar needs
    assert case.hold(case.ann, ref, "a", NOW + timedelta(minutes=30)).status == "held"
    with pytest.raises(OpeningGone):
        case.hold(case.ben, make_ref(case.calendar, at("2026-11-23 20:00")), "b")
    soon = make_ref(case.calendar, at("2026-11-23 20:00"))
    assert case.book(case.ben, "c", opening_ref=soon, any_notice=True).status == "booked"


def test_a_second_appointment_with_the_same_program_is_a_move_instead(database):
    case = Case(database)
    first = case.book(case.ann, "a", opening_ref=case.nine)
    with pytest.raises(AlreadyBooked) as refused:
        case.book(case.ann, "b", opening_ref=case.ten)
    assert refused.value.appointment_id == first.id


def test_moving_gives_the_old_seat_back_in_the_same_step(database):
    case = Case(database)
    first = case.book(case.ann, "a", opening_ref=case.nine)
    moved = case.do(lambda s: booking.move(s, first.id, case.ten, "m", NOW))
    assert (moved.moved_from, moved.starts_at, moved.status) == (first.id, TEN, "booked")
    assert case.do(lambda s: booking.move(s, first.id, case.ten, "m", NOW)).id == moved.id
    assert case.book(case.ben, "b", opening_ref=case.nine).status == "booked"
    assert case.do(lambda s: booking.current(s, case.ann, NOW)).id == moved.id


def test_a_move_that_is_refused_leaves_the_old_appointment_with_its_reminders(database):
    case = Case(database)
    first = case.book(case.ann, "a", opening_ref=case.nine)
    case.book(case.ben, "b", opening_ref=case.ten)

    async def ask(session):
        with pytest.raises(OpeningTaken):
            await booking.move(session, first.id, case.ten, "m", NOW)

    case.do(ask)
    assert case.do(lambda s: booking.current(s, case.ann, NOW)).id == first.id


def test_cancelling_twice_is_cancelling_once_and_says_who_did(database):
    case = Case(database)
    first = case.book(case.ann, "a", opening_ref=case.nine)
    case.do(lambda s: booking.cancel(s, first.id, by="client", at=NOW))
    again = case.do(lambda s: booking.cancel(s, first.id, by="staff", at=NOW))
    assert (again.status, again.cancelled_by) == ("cancelled", "client")
    assert case.do(lambda s: booking.current(s, case.ann, NOW)) is None


def test_an_appointment_is_confirmed_ahead_and_marked_once_it_has_begun(database):
    case = Case(database)
    booked = case.book(case.ann, "a", opening_ref=case.nine)
    assert case.do(lambda s: booking.confirm(s, booked.id, at=NOW)).confirmed_at == NOW
    assert case.do(lambda s: booking.confirm(s, booked.id, at=NOW + timedelta(hours=1))).confirmed_at == NOW
    with pytest.raises(AppointmentClosed):
        case.do(lambda s: booking.mark(s, booked.id, "no_show", at=NOW))
    after = NINE + timedelta(hours=1)
    assert case.do(lambda s: booking.mark(s, booked.id, "no_show", at=after)).status == "no_show"
    assert case.do(lambda s: booking.mark(s, booked.id, "attended", at=after)).status == "attended"
    for refused in (
        lambda s: booking.cancel(s, booked.id, by="client", at=after),
        lambda s: booking.confirm(s, booked.id, at=after),
        lambda s: booking.move(s, booked.id, case.ten, "m", NOW),
    ):
        with pytest.raises(AppointmentClosed):
            case.do(refused)


def test_what_does_not_exist_is_not_found(database):
    case = Case(database)
    for missing in (
        lambda s: booking.cancel(s, case.ann, by="client", at=NOW),
        lambda s: booking.book(s, case.ann, key="a", at=NOW, hold_id=case.ben),
    ):
        with pytest.raises(NotFound):
            case.do(missing)


def test_a_client_who_taps_two_times_at_once_holds_one_and_books_one(database):
    case = Case(database)

    async def tap(number):
        ref = (case.nine, case.ten)[number % 2]
        async with database.session() as session:
            await booking.hold(session, case.ann, None, ref, f"hold-{number}", NOW)

    async def confirm(number):
        ref = (case.nine, case.ten)[number % 2]
        try:
            async with database.session() as session:
                await booking.book(session, case.ann, key=f"book-{number}", at=NOW, opening_ref=ref)
        except AlreadyBooked:
            return 0
        return 1

    async def race():
        await asyncio.gather(*(tap(number) for number in range(8)))
        async with database.session() as session:
            statuses = await _statuses(session)
        booked = sum(await asyncio.gather(*(confirm(number) for number in range(8))))
        await database.close()
        return statuses, booked

    statuses, booked = asyncio.run(race())
    assert statuses["held"] == 1
    assert booked == 1
    assert case.statuses()["booked"] == 1


def test_holds_that_ran_out_are_ended_and_whoever_waits_hears_of_it(database):
    case = Case(database)
    case.hold(case.ann, case.nine, "a")
    case.do(lambda s: waitlist.join(s, case.ben, "bend"))
    assert case.do(lambda s: booking.expire_holds(s, NOW + timedelta(minutes=5))) == 0
    assert case.do(lambda s: booking.expire_holds(s, NOW + timedelta(minutes=11))) == 1
    found = case.do(lambda s: openings.find(s, ["bend"], at=NOW + timedelta(minutes=11), limit=50))
    assert case.nine in {opening.ref for opening in found}

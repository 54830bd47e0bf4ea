"""The waiting list: asked in order, held for two hours, passed on to the next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from agency import NOW, add_calendar, add_program, add_texter, at, work
from sqlalchemy import text

from casework.conversations.tables import Client
from casework.errors import NotFound
from casework.scheduling import AppointmentClosed, booking, openings, waitlist
from casework.scheduling.tables import Waiting
from casework.scheduling.wish_reader import read

TWO_HOURS = timedelta(hours=2)


class Case:
    """A program with a single opening left, which Ann has, and others who wait."""

    def __init__(self, database, waiting=("ben", "cleo"), **calendar):
        self.database = database

        async def make(session):
            await add_program(session)
            await add_calendar(session, **({"weekly": ((2, "09:00", "10:00"),), "horizon_days": 5} | calendar))
            self.ann, self.ben, self.cleo = [await add_texter(session) for _ in range(3)]
            opening = (await openings.find(session, ["bend"], at=NOW, limit=1))[0]
            return await booking.book(session, self.ann, key="ann", at=NOW, opening_ref=opening.ref)

        self.anns = work(database, make)
        self.entries = [self.join(getattr(self, name)) for name in waiting]

    def do(self, step):
        return work(self.database, step)

    def join(self, client, said=None):
        wishes = read(said, at=NOW, zone="America/Chicago") if said else None
        return self.do(lambda s: waitlist.join(s, client, "bend", wishes=wishes))

    def cancel(self, moment=NOW):
        self.do(lambda s: booking.cancel(s, self.anns.id, by="client", at=moment))

    def change(self, client, **values):
        async def step(session):
            for name, value in values.items():
                setattr(await session.get_one(Client, client), name, value)

        self.do(step)

    def offer(self, moment=NOW):
        return [entry.client_id for entry in self.do(lambda s: waitlist.offer(s, "bend", at=moment))]

    def status(self, place):
        return self.do(lambda s: s.get(Waiting, self.entries[place].id)).status

    def jobs(self, task):
        query = text("select args, scheduled_at from procrastinate_jobs where task_name = :task order by id")
        return self.do(lambda s: s.execute(query, {"task": task})).all()


def test_a_cancelled_appointment_calls_the_waiting_list_and_the_first_is_asked(database):
    case = Case(database)
    assert case.offer() == []
    case.cancel()
    assert [args for args, _ in case.jobs("waitlist_offer")] == [{"program_id": "bend"}]
    assert case.offer() == [case.ben]
    assert case.offer() == [], "an opening that is on offer to one is not offered to another"
    (expiry,) = case.jobs("waitlist_expire")
    assert tuple(expiry) == ({"waiting_id": str(case.entries[0].id)}, NOW + TWO_HOURS)


def test_a_yes_books_it_and_a_second_yes_changes_nothing(database):
    case = Case(database)
    case.cancel()
    case.offer()
    booked = case.do(lambda s: waitlist.answer(s, case.entries[0].id, accepts=True, at=NOW + timedelta(hours=1)))
    again = case.do(lambda s: waitlist.answer(s, case.entries[0].id, accepts=True, at=NOW + timedelta(hours=1)))
    assert (booked.client_id, booked.status, again.id) == (case.ben, "booked", booked.id)
    assert case.status(0) == "taken"


def test_a_no_passes_it_on_to_the_next(database):
    case = Case(database)
    case.cancel()
    case.offer()
    assert case.do(lambda s: waitlist.answer(s, case.entries[0].id, accepts=False, at=NOW)) is None
    assert case.status(0) == "waiting", "they are still on the list, for another time"
    assert case.offer() == [case.cleo]


def test_who_said_no_keeps_their_place_and_is_asked_about_other_times_only(database):
    case = Case(database, waiting=("ben",))
    case.cancel()
    case.offer()
    case.do(lambda s: waitlist.answer(s, case.entries[0].id, accepts=False, at=NOW))
    assert case.offer() == []
    case.do(lambda s: add_calendar(s, weekly=((3, "09:00", "10:00"),), horizon_days=5))
    assert case.offer() == [case.ben]


def test_silence_passes_it_on_after_two_hours_and_not_before(database):
    case = Case(database)
    case.cancel()
    case.offer()
    first = case.entries[0].id
    assert not case.do(lambda s: waitlist.pass_on(s, first, at=NOW + timedelta(minutes=119)))
    assert case.do(lambda s: waitlist.pass_on(s, first, at=NOW + TWO_HOURS))
    assert not case.do(lambda s: waitlist.pass_on(s, first, at=NOW + TWO_HOURS))
    assert case.offer(NOW + TWO_HOURS) == [case.cleo]


def test_a_yes_that_comes_late_still_counts_while_nobody_else_has_the_opening(database):
    case = Case(database, waiting=("ben",))
    case.cancel()
    case.offer()
    late = NOW + timedelta(hours=3)
    case.do(lambda s: waitlist.pass_on(s, case.entries[0].id, at=late))
    assert case.do(lambda s: waitlist.offered_to(s, case.ben, late)) is None
    assert case.do(lambda s: waitlist.offered_to(s, case.ben, late, late=True)).id == case.entries[0].id
    assert case.do(lambda s: waitlist.answer(s, case.entries[0].id, accepts=True, at=late)).status == "booked"


def test_who_wants_other_times_is_passed_over_and_keeps_their_place(database):
    case = Case(database, waiting=())
    case.entries = [case.join(case.ben, "fridays"), case.join(case.cleo, "mornings")]
    case.cancel()
    assert case.offer() == [case.cleo]
    assert case.status(0) == "waiting"
    assert case.do(lambda s: waitlist.place(s, case.entries[0])) == 1


def test_who_leaves_gives_the_offer_back(database):
    case = Case(database)
    case.cancel()
    case.offer()
    assert case.do(lambda s: waitlist.leave(s, case.ben, at=NOW)) == 1
    assert case.offer() == [case.cleo]
    with pytest.raises(AppointmentClosed):
        case.do(lambda s: waitlist.answer(s, case.entries[0].id, accepts=True, at=NOW))


@pytest.mark.parametrize("how", ["staff book them there", "they came, to another program"])
def test_who_has_what_they_waited_for_is_on_the_list_no_more(database, how):
    case = Case(database, waiting=("ben",))

    async def elsewhere(session):
        await add_program(session, "away")
        await add_calendar(session, "away")
        return (await openings.find(session, ["away"], at=NOW, limit=1))[0].ref

    case.cancel()
    ref = case.do(elsewhere) if "another" in how else openings.make_ref(case.anns.calendar_id, case.anns.starts_at)
    booked = case.do(lambda s: booking.book(s, case.ben, key="desk", at=NOW, opening_ref=ref))
    assert case.status(0) == ("waiting" if "another" in how else "left")
    case.do(lambda s: booking.mark(s, booked.id, "attended", at=booked.ends_at))
    assert case.status(0) == "left"
    assert case.offer() == []


def test_nothing_is_kept_for_who_stopped_all_texts(database):
    case = Case(database)
    case.change(case.ben, opted_out_at=NOW)
    case.cancel()
    assert case.offer() == [case.cleo]
    case.change(case.ben, opted_out_at=None)
    assert case.status(0) == "waiting", "they keep their place, should they come back"


def test_it_is_the_clients_own_night_that_counts(database):
    case = Case(database, waiting=("ben",))
    case.change(case.ben, zone="Pacific/Honolulu")
    case.cancel()
    assert case.offer() == [], "10 am in Chicago is 6 am there"
    assert case.offer(NOW + timedelta(hours=3)) == [case.ben]


def test_a_time_is_offered_with_somebody_who_speaks_the_clients_language(database):
    case = Case(database, waiting=("ben",))
    case.change(case.ben, language="es")
    case.cancel()
    spanish = case.do(
        lambda s: add_calendar(s, weekly=((3, "09:00", "10:00"),), horizon_days=5, languages=["en", "es"])
    )
    case.offer()
    assert case.do(lambda s: booking.held(s, case.ben, NOW)).calendar_id == spanish


def test_joining_twice_keeps_the_first_place(database):
    case = Case(database)
    assert case.join(case.ben).id == case.entries[0].id
    assert case.do(lambda s: waitlist.place(s, case.entries[1])) == 2
    assert case.do(waitlist.programs_waited_for) == ["bend"]


def test_who_has_an_appointment_is_offered_only_an_earlier_one_and_a_yes_moves_it(database):
    case = Case(database, waiting=(), weekly=((2, "09:00", "10:00"), (4, "09:00", "10:00")))

    async def later(session):
        opening = (await openings.find(session, ["bend"], at=NOW, limit=1))[0]
        return await booking.book(session, case.ben, key="ben", at=NOW, opening_ref=opening.ref)

    bens = case.do(later)
    case.entries = [case.join(case.ben)]
    assert case.offer() == []
    case.cancel()
    assert case.offer() == [case.ben]
    assert case.do(lambda s: waitlist.offered_to(s, case.ben, NOW)).id == case.entries[0].id
    moved = case.do(lambda s: waitlist.answer(s, case.entries[0].id, accepts=True, at=NOW))
    assert (moved.moved_from, moved.starts_at) == (bens.id, case.anns.starts_at)


def test_nobody_is_asked_at_night(database):
    case = Case(database)
    night = at("2026-11-24 04:00")
    case.cancel(night)
    assert [moment for _, moment in case.jobs("waitlist_offer")] == [at("2026-11-24 14:00")]
    assert case.offer(night) == []


def test_the_next_in_line_for_an_opening_is_known(database):
    case = Case(database)
    case.cancel()

    async def ask(session):
        opening = (await openings.find(session, ["bend"], at=NOW, limit=1))[0]
        return await waitlist.next_in_line(session, opening, at=NOW)

    assert case.do(ask).client_id == case.ben
    with pytest.raises(NotFound):
        case.do(lambda s: waitlist.pass_on(s, case.ben, at=NOW))
    with pytest.raises(NotFound):
        case.do(lambda s: waitlist.offer(s, "nowhere", at=NOW))

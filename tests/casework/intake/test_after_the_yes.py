"""After the first yes: another program, a booking, a changed mind, another time; what clients hear and staff see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from actions import about, appointment, control
from casework import clock
from casework.handoff import referrals
from casework.handoff.tables import Handoff, Need, Referral
from casework.intake import answers
from casework.scheduling import booking, openings
from casework.scheduling.tables import Appointment
from casework.staff import reading
from casework.storage import Database, new_id
from tests.casework.directory.directory_helpers import add, add_calendar, program, work
from tests.casework.intake.walker import Turn, Walker

THROUGH = {
    "zip": "55401", "age": 34, "veteran": False, "in_hospital_now": False, "inpatient_stays_24_months": 2,
    "payer": "medicaid",
}  # fmt: skip
NO_PLACE = {
    "zip": None, "diagnoses": ["bipolar"], "diagnosed_by_professional": True, "impairments": ["housing"],
    "crisis_contacts_24_months": 1,
}  # fmt: skip
YES, NO, BACK = ("yes", "affirm"), ("no", "deny"), ("go back", "go_back", control.GoBack)
OTHERS: Turn = ("PROGRAMS", "find_program", control.Open)
BOOK: Turn = ("BOOK", "book_appointment", control.Open)


@pytest.fixture
def someone(database: Database) -> Walker:
    """Near them: "First" and "Second" without times to book, "Open" with a calendar."""

    async def fill(session: Any) -> None:
        await add(session, program("first", 0.01), program("second", 0.1), program("open", 0.2))
        await add_calendar(session, "open")

    work(database, fill)
    return Walker(database, **THROUGH)


def rows(someone: Walker, table: Any) -> list[Any]:
    async def read(session: Any) -> list[Any]:
        found = select(table).where(table.client_id == someone.client_id).order_by(table.created_at)
        return list((await session.scalars(found)).all())

    found: list[Any] = someone.after(read)
    return found


def do(someone: Walker, step: Callable[[Any], Awaitable[Any]]) -> Any:
    return someone.after(step)


def states(someone: Walker) -> dict[str, str]:
    return {each.program_id: each.status for each in rows(someone, Referral)}


def told(someone: Walker) -> dict[str, Any]:
    found: dict[str, Any] = someone.after(lambda session: answers.current(session, someone.client_id))
    return found


def test_another_program_is_asked_about_again_and_then_has_the_request(someone: Walker) -> None:
    someone.walk("1", YES, "Ana")
    assert states(someone) == {"first": "made"}
    said = someone.walk(OTHERS, "2")
    assert "If you say yes, I give them your request" in said
    assert "May we pass your summary on" in said, said
    assert "A case manager can now see" in someone.walk(YES)
    assert states(someone) == {"first": "made", "second": "made"}
    assert rows(someone, Handoff)[-1].program_id == "second"
    assert "request to this program is made" in someone.walk(OTHERS, "2"), "asked once for each request"


def test_a_booking_after_the_yes_comes_before_staff_also_where_the_case_was_closed(someone: Walker) -> None:
    someone.walk("1", YES, "Ana")

    async def close(session: Any) -> None:
        await session.execute(update(Handoff).values(status="closed", closed_at=clock.now()))

    do(someone, close)
    said = someone.walk(OTHERS, "3", "1", YES)
    assert "Booked" in said, said
    closed, anew = rows(someone, Handoff)
    assert (closed.status, closed.program_id) == ("closed", "first")
    assert (anew.status, anew.reason, anew.program_id) == ("open", "booked", "open")
    assert anew.appointment_id == rows(someone, Appointment)[-1].id
    assert anew.shared_at is not None


TAKEN_BACK: dict[str, tuple[Turn, ...]] = {
    "go back, and no": (BACK, NO),
    "go back over sharing": (BACK,),
    "start over": (("start over", "restart", control.Restart), ("/restart", "restart", control.Restart)),
    "erase": (("erase it", "delete_my_data", control.EraseNow),),
}


@pytest.mark.parametrize("turns", TAKEN_BACK.values(), ids=TAKEN_BACK)
def test_a_yes_that_is_taken_back_holds_no_longer_for_anybody(someone: Walker, turns: tuple[Turn, ...]) -> None:
    someone.walk("1", YES, *turns[:1])
    someone.walk(*turns[1:], answer="yes")
    (handoff,) = rows(someone, Handoff)
    assert handoff.shared_at is None
    assert states(someone) == {"first": "withdrawn"}
    assert do(someone, referrals.calls_to_make) == 0
    person = do(someone, lambda session: reading.person(session, someone.client_id))
    assert not person.shared


STATUS: Turn = ("STATUS", "intake_status", appointment.CaseStatus)


@pytest.mark.parametrize(
    ("turns", "hears"),
    [((), "with the team"), ((BACK,), "Text CONTINUE"), ((BACK, NO), "text SHARE")],
    ids=["agreed", "went back", "said no"],
)
def test_the_status_says_what_is_passed_on(someone: Walker, turns: tuple[Turn, ...], hears: str) -> None:
    assert hears in someone.walk("1", YES, *turns, STATUS)


def test_what_was_closed_after_a_yes_is_not_passed_on_once_that_was_taken_back(someone: Walker) -> None:
    someone.walk("1", YES, "Ana")

    async def close(session: Any) -> None:
        await session.execute(update(Handoff).values(status="closed", closed_at=clock.now()))

    do(someone, close)
    person = do(someone, lambda session: reading.person(session, someone.client_id))
    assert person.shared
    someone.walk(("start over", "restart", control.Restart))
    someone.walk(("/restart", "restart", control.Restart), answer="yes")
    assert not do(someone, lambda session: reading.person(session, someone.client_id)).shared


@pytest.mark.parametrize("answer", ["accepted", "no_answer"])
def test_nothing_is_recorded_of_a_referral_that_was_taken_back(someone: Walker, answer: str) -> None:
    someone.walk("1", YES, BACK)
    (referral,) = rows(someone, Referral)

    async def record(session: Any) -> None:
        await referrals.record(session, referral.id, answer, staff_id=new_id(), at=clock.now())

    with pytest.raises(referrals.ReferralWithdrawn):
        do(someone, record)


@pytest.mark.parametrize("end", [NO, YES])
def test_what_happens_next_is_told_where_something_does(someone: Walker, end: Turn) -> None:
    said = someone.walk("1", end, *(["Ana"] if end == YES else []))
    assert ("What comes next" in said) == (end == YES)


def test_without_a_place_the_yes_is_to_sharing(database: Database) -> None:
    someone = Walker(database, **(THROUGH | NO_PLACE))
    assert "May we pass your summary on" in someone.walk()
    assert "can now see your summary" in someone.walk(YES)


# -- another time ----------------------------------------------------------------------------------------------------

CHANGE: Turn = ("CHANGE", "reschedule_appointment", appointment.Reschedule)
KEEP: Turn = ("keep it", "confirm_appointment", appointment.Confirm)
CALL_OFF: Turn = ("Yes, call it off", "cancel_appointment", appointment.Cancel)


@pytest.fixture
def booked(someone: Walker) -> Walker:
    assert "Text CHANGE" in someone.walk("3", "1", YES, NO)
    return someone


def test_a_time_that_somebody_else_took_while_moving_gives_way_to_others(booked: Walker) -> None:
    booked.walk(CHANGE, "1")

    async def took(session: Any) -> None:
        (held,) = (await session.scalars(select(Appointment).where(Appointment.status == "held"))).all()
        held.status = "expired"
        await session.flush()
        other = Walker(booked._database)
        other.client_id = new_id()
        await add_client(session, other.client_id)
        ref = openings.make_ref(held.calendar_id, held.starts_at)
        await booking.book(session, other.client_id, key="other", at=clock.now(), opening_ref=ref)

    do(booked, took)
    said = booked.walk(YES)
    assert "Somebody just took that time" in said
    assert len(booked.choices) > 1, said
    assert "Booked" in booked.walk("1", YES)
    assert [each.status for each in rows(booked, Appointment) if each.status in ("booked", "moved")] == [
        "moved",
        "booked",
    ]


async def add_client(session: Any, client_id: Any) -> None:
    from casework.conversations.tables import Client

    session.add(Client(id=client_id, language="en"))
    await session.flush()


def test_what_was_called_off_is_no_longer_being_moved(booked: Walker) -> None:
    booked.walk(CHANGE, "1", CALL_OFF)
    said = booked.walk(BOOK, "1", YES)
    assert "Booked" in said, said
    assert "took that time" not in said


KEPT: dict[str, tuple[Turn, tuple[str, ...]]] = {
    "keep it": (KEEP, ()),
    "skip": (("skip", "skip"), ()),
    "in words": (("keep my old time", "resume"), ()),
    "in Spanish": (("me quedo con la que tengo", "inform"), ()),
    "at the last yes": (("no keep my old time", "deny"), ("1",)),
}


@pytest.mark.parametrize(("turn", "held"), KEPT.values(), ids=KEPT)
def test_a_time_can_be_kept_after_all(booked: Walker, turn: Turn, held: tuple[str, ...]) -> None:
    before = rows(booked, Appointment)[-1].starts_at
    booked.walk(CHANGE, *held)
    said = booked.walk(turn)
    assert "See you" in said or "stays as it is" in said, said
    assert "Which of these times" not in said
    assert "times to book by text" not in said
    (stands,) = (each for each in rows(booked, Appointment) if each.status == "booked")
    assert stands.starts_at == before
    assert told(booked)["booking"] is True, "nothing is asked once it is over"


def test_staff_who_move_it_meanwhile_leave_no_times_to_choose(booked: Walker) -> None:
    booked.walk(CHANGE)

    async def moves(session: Any) -> None:
        now = clock.now()
        old = await booking.current(session, booked.client_id, now)
        assert old is not None
        (first, *_) = await openings.find(session, ["open"], at=now, after=old.starts_at + timedelta(days=3), limit=1)
        await booking.move(session, old.id, first.ref, "desk", now, by="staff")

    do(booked, moves)
    said = booked.walk(("why", "why_asked", control.Why))
    assert "Which of these times" not in said


# -- yes and no to what was asked besides ----------------------------------------------------------------------------

CANT: Turn = ("i cant come", "cancel_appointment", appointment.AskCancel)
AGAIN: Turn = ("cancel it", "cancel_appointment", appointment.AskCancel)
UNSURE: Turn = ("no dont cancel", "cancel_appointment", appointment.AskCancel)
# What is open besides, the answer, what they hear, what becomes of the appointment.
ANSWERED: dict[str, tuple[tuple[Turn, ...], Turn, str, str]] = {
    "again": ((), AGAIN, "called off", "cancelled"),
    "yes and a word": ((), ("si quitela", "affirm", about.StartFromAnywhere), "called off", "cancelled"),
    "the same, nothing open": ((NO,), ("si quitela", "affirm", about.StartFromAnywhere), "called off", "cancelled"),
    "a no beside it": ((), UNSURE, "want to be sure", "booked"),
    "a yes that keeps it": ((), ("yes keep it", "affirm", about.StartFromAnywhere), "Which one?", "booked"),
}


@pytest.mark.parametrize(("before", "turn", "hears", "status"), ANSWERED.values(), ids=ANSWERED)
def test_shall_i_call_it_off_is_what_a_yes_is_said_to(
    someone: Walker, before: tuple[Turn, ...], turn: Turn, hears: str, status: str
) -> None:
    someone.walk("3", "1", YES, *before)
    said = someone.walk(CANT)
    assert "Yes, call it off" in said, said
    assert "May we pass" not in said
    said = someone.walk(turn)
    assert hears in said, said
    assert rows(someone, Appointment)[-1].status == status
    if status == "cancelled":
        assert "When would you like to talk" in someone.walk(("ok", "affirm", about.StartFromAnywhere))
    assert told(someone).get("sharing", False) is False, "it was no yes to sharing"


# -- needs told before saving was agreed to --------------------------------------------------------------------------


def test_a_need_told_before_saving_is_on_the_note_once_it_was_agreed_to(database: Database) -> None:
    someone = Walker(database)
    someone._told = {}
    said = someone.walk(("i need help with housing", "need_housing", about.NeedSaid))
    assert "211" in said
    assert "on the note" not in said
    assert "A place to stay" in someone.walk(YES)
    assert [each.need for each in rows(someone, Need)] == ["housing"]
    assert "put food on the note" in someone.walk(("and food", "need_food", about.NeedSaid))


def test_who_wants_nothing_saved_is_promised_nothing(database: Database) -> None:
    someone = Walker(database, saving=False)
    assert "on the note" not in someone.walk(("i need help with housing", "need_housing", about.NeedSaid))
    assert rows(someone, Need) == []

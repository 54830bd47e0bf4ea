"""The times of appointments as the assistant tells them, and which of them a yes, a choice or a question is about."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions.about import StartFromAnywhere
from actions.appointment import AskCancel, Confirm, Status
from casework import clock
from casework.scheduling import booking, openings, waitlist
from casework.scheduling.tables import Appointment, Calendar, WeeklyHours
from casework.storage import Database, new_id
from tests.casework.directory.directory_helpers import add, program, work
from tests.casework.intake.walker import Walker

PACIFIC = "America/Los_Angeles"
THROUGH = {
    "zip": "55401", "age": 34, "veteran": False, "in_hospital_now": False, "inpatient_stays_24_months": 2,
    "payer": "medicaid",
}  # fmt: skip


def open_day_and_night(database: Database, *programs: str, kind: str = "phone", **more: Any) -> None:
    async def fill(session: Any) -> None:
        await add(session, *(program(name, **more) for name in programs))
        for name in programs:
            desk = Calendar(id=new_id(), program_id=name, name="Desk", kind=kind, minutes=45)
            session.add(desk)
            await session.flush()
            hours = {"opens": time(0), "closes": time(23, 59)}
            session.add_all(WeeklyHours(calendar_id=desk.id, weekday=day, **hours) for day in range(7))

    work(database, fill)


def said(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a %b} {local.day}, {local.hour % 12 or 12}:{local:%M %p}"


async def opening(session: Any, name: str, *, after: timedelta = timedelta()) -> openings.Opening:
    now = clock.now()
    return (await openings.find(session, [name], at=now, after=now + after, limit=1))[0]


async def book(session: Any, walker: Walker, name: str, days: int) -> Appointment:
    ref = (await opening(session, name, after=timedelta(days=days))).ref
    return await booking.book(session, walker.client_id, key=f"test-{name}", at=clock.now(), opening_ref=ref)


@pytest.mark.parametrize(
    ("kind", "zone", "words"),
    [
        ("phone", PACIFIC, "Times are Pacific time, your time."),
        ("in_person", "America/Chicago", "Times are Central time where the program is."),
    ],
)
def test_openings_of_calls_are_told_by_the_clients_clock_and_visits_by_the_programs(
    database: Database, kind: str, zone: str, words: str
) -> None:
    open_day_and_night(database, "harbor", kind=kind)
    someone = Walker(database, zone=PACIFIC, program="harbor", **THROUGH)
    assert words in someone.walk()
    first = someone.after(lambda s: opening(s, "harbor"))
    assert someone.choices[0]["title"].startswith(said(first.starts_at, zone))


def test_wished_hours_are_the_clients_own(database: Database) -> None:
    open_day_and_night(database, "harbor", zone="America/New_York")
    someone = Walker(database, zone=PACIFIC, program="harbor", **THROUGH)
    someone.walk("mornings between 9 and 11")
    times = [each["title"].split(", ")[1] for each in someone.choices[:-1]]
    assert times
    assert all(each.startswith(("9:", "10:")) for each in times), times


def test_a_yes_books_the_time_that_was_asked_about_though_another_is_kept_by_now(database: Database) -> None:
    open_day_and_night(database, "harbor", "bend")
    someone = Walker(database, program="harbor", **THROUGH)
    someone.walk()
    someone.choose(someone.form, someone.choices[0]["payload"])

    async def a_time_came_free_elsewhere(session: Any) -> datetime:
        mine = await booking.held(session, someone.client_id, clock.now())
        assert mine is not None
        other = await opening(session, "bend", after=timedelta(days=3))
        await booking.hold(session, someone.client_id, None, other.ref, "waitlist", clock.now())
        return mine.starts_at

    chosen = someone.after(a_time_came_free_elsewhere)
    someone.choose(someone.form, "/affirm")
    (booked,) = someone.after(lambda s: booking.upcoming(s, someone.client_id, clock.now()))
    assert (booked.program_id, booked.starts_at) == ("harbor", chosen)


def test_a_choice_is_about_the_appointment_it_names_and_the_question_when_about_all(database: Database) -> None:
    open_day_and_night(database, "harbor", "bend", kind="in_person")
    someone = Walker(database, **THROUGH)
    someone.walk()
    sooner = someone.after(lambda s: book(s, someone, "harbor", 2))
    later = someone.after(lambda s: book(s, someone, "bend", 5))
    told = someone.choose(Status(), "/appointment_status")
    assert "Harbor, Minneapolis." in told, "a program without a street is told by its city"
    assert told.index(said(sooner.starts_at, "America/Chicago")) < told.index(said(later.starts_at, "America/Chicago"))
    someone.choose(Confirm(), f'/confirm_appointment{{"appointment": "{later.id}"}}')
    confirmed = someone.after(lambda s: s.get(Appointment, later.id)).confirmed_at
    assert confirmed is not None
    assert someone.after(lambda s: s.get(Appointment, sooner.id)).confirmed_at is None
    asked = someone.choose(AskCancel(), f'/cancel_appointment{{"appointment": "{later.id}"}}')
    assert said(later.starts_at, "America/Chicago") in asked
    assert all(str(later.id) in each["payload"] for each in someone.choices)
    someone.after(lambda s: booking.cancel(s, later.id, by="staff", at=clock.now()))
    asked = someone.choose(AskCancel(), f'/cancel_appointment{{"appointment": "{later.id}"}}')
    assert "call off" not in asked, "the other one is not what they meant"
    assert said(sooner.starts_at, "America/Chicago") in asked


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("offer_yes", "taken", "Booked"),
        ("offer_no", "passed", "gone to the next person"),
        ("offer_leave", "passed", "off the list"),
    ],
)
def test_an_offer_is_answered_after_its_two_hours_too(database: Database, answer: str, status: str, words: str) -> None:
    open_day_and_night(database, "harbor")
    someone = Walker(database, **THROUGH)
    someone.walk()

    async def ran_out(session: Any) -> Any:
        early = clock.now() - timedelta(hours=3)
        entry = await waitlist.join(session, someone.client_id, "harbor")
        ref = (await opening(session, "harbor", after=timedelta(days=3))).ref
        held = await booking.hold(session, someone.client_id, None, ref, f"waitlist:{entry.id}", early)
        entry.status, entry.appointment_id, entry.offered_until = "offered", held.id, early + timedelta(hours=2)
        await session.flush()
        await waitlist.pass_on(session, entry.id, at=clock.now())
        return entry.id

    entry_id = someone.after(ran_out)
    assert words in someone.choose(StartFromAnywhere(), f'/inform{{"answer": "{answer}"}}')
    assert someone.after(lambda s: waitlist.by_id(s, entry_id)).status == status

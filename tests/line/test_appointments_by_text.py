"""What a client with an appointment texts, at any time, over the real line: when, confirm, late, change, cancel.

And what the line says by itself: a reminder, an opening that came free, that somebody was missed.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, text

from casework import clock
from casework.conversations import people
from casework.directory.tables import Program
from casework.intake import answers, walk
from casework.scheduling import booking, openings, reminders, waitlist
from casework.scheduling.tables import Appointment, Calendar, DateHours, WeeklyHours
from casework.settings import get_settings
from casework.storage import Database, new_id
from tests.line.line import Running
from tests.line.standin import LINE, Phone
from tests.line.test_the_way_through import signed_in

pytestmark = pytest.mark.line

# One of these has daytime whenever the tests run.
ZONES = ("America/Chicago", "Pacific/Honolulu", "Pacific/Guam", "America/Puerto_Rico", "Europe/Lisbon", "Asia/Tokyo")


class Clinic:
    """A program on the line, far from everybody else's, in a zone where it is day now; open at every hour."""

    def __init__(self, line: Running) -> None:
        self.line = line
        self.id = f"harbor-{uuid.uuid4().hex[:8]}"
        self.zone = min(ZONES, key=lambda zone: abs(datetime.now(ZoneInfo(zone)).hour - 13))
        self.calendar = new_id()
        self.do(self._make)

    async def _make(self, session: Any) -> None:
        values = {"organization": "Harbor Clinic", "name": "Intake", "kind": "cmhc", "source": "test"}
        place = {"city": "Dededo", "state": "GU", "zip": "96929", "latitude": 13.5, "longitude": 144.8}
        session.add(Program(id=self.id, zone=self.zone, phone="+16715550123", **values, **place))
        await session.flush()
        desk = {"name": "Desk", "kind": "phone", "minutes": 45, "buffer": 15, "lead_hours": 1}
        session.add(Calendar(id=self.calendar, program_id=self.id, languages=["en", "es"], **desk))
        await session.flush()
        session.add_all(
            WeeklyHours(calendar_id=self.calendar, weekday=day, opens=time(0), closes=time(23, 59)) for day in range(7)
        )

    def do(self, step: Callable[[Any], Awaitable[Any]]) -> Any:
        """One transaction on the line's own database, as its worker would do it."""

        async def run() -> Any:
            database = Database(self.line.database_url)
            try:
                async with database.session() as session:
                    return await step(session)
            finally:
                await database.close()

        return asyncio.run(run())

    def client(self, phone: Phone, language: str = "en") -> uuid.UUID:
        """Whoever has this phone, with everything asked and answered, and the line greeted."""

        async def known(session: Any) -> uuid.UUID:
            client, _ = await people.by_phone(session, phone.number, LINE)
            client.language, client.zone, client.name = language, self.zone, "Ana"
            given = {walk.SAVING: True, walk.PROGRAM: self.id, walk.OPENING: walk.NO_PROGRAM, walk.SHARING: True}
            while step := walk.next_step(told := await answers.current(session, client.id)):
                assert step not in told
                await answers.record(session, client.id, step, given.get(step), at=clock.now())
            return client.id

        made: uuid.UUID = self.do(known)
        phone.text("hola" if language == "es" else "hi")
        return made

    def books(self, client: uuid.UUID, after: timedelta = timedelta(hours=2)) -> Appointment:
        async def book(session: Any) -> Appointment:
            now = clock.now()
            (first,) = await openings.find(session, [self.id], at=now, after=now + after, limit=1)
            return await booking.book(session, client, key=f"test-{new_id()}", at=now, opening_ref=first.ref)

        made: Appointment = self.do(book)
        return made

    def appointment(self, booked: Appointment) -> Appointment:
        found: Appointment = self.do(lambda session: session.get_one(Appointment, booked.id))
        return found

    def current(self, client: uuid.UUID) -> Appointment | None:
        found: Appointment | None = self.do(lambda session: booking.current(session, client, clock.now()))
        return found

    def due_now(self, task: str, **given: object) -> None:
        """Lets the worker do now what is due later."""
        query = "update procrastinate_jobs set scheduled_at = now() where task_name = :task and args @> :args"
        values = {"task": task, "args": "{" + ", ".join(f'"{name}": "{value}"' for name, value in given.items()) + "}"}
        self.do(lambda session: session.execute(text(query.replace(":args", "cast(:args as jsonb)")), values))


@pytest.fixture
def clinic(line: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """The tests read and write with the line's own keys."""
    for name in ("ENCRYPTION_KEYS", "SESSION_SECRET"):
        monkeypatch.setenv(name, line.keys[name])
    monkeypatch.setenv("GUIDEPOST_DEMO", "1")
    monkeypatch.setenv("GUIDEPOST_DATA", str(line.folder))
    get_settings.cache_clear()
    yield Clinic(line)
    get_settings.cache_clear()


WORDS = {
    "en": {
        "when": "when is my appointment?", "sure": "yes ill be there",
        "late": "im running late", "how late": "About how late",
        "minutes": "like 20 min", "noted": "about 20 minutes late", "change": "can i change the time",
        "moving": "find another time", "cancel": "i cant come, please cancel it", "off": "call it off",
    },
    "es": {
        "when": "cuando es mi cita?", "sure": "si, ahi estare",
        "late": "se me hizo tarde", "how late": "cuanto tarde",
        "minutes": "unos 20 min", "noted": "unos 20 minutos tarde", "change": "puedo cambiar la hora",
        "moving": "otro horario", "cancel": "no puedo ir, cancele mi cita por favor", "off": "quitarla",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
def test_everything_about_an_appointment_can_be_texted_at_any_time(clinic: Clinic, language: str) -> None:
    words, phone = WORDS[language], clinic.line.phone()
    client = clinic.client(phone, language)
    booked = clinic.books(client)
    assert "Harbor Clinic" in phone.text(words["when"])
    said = phone.text(words["sure"])
    assert clinic.appointment(booked).confirmed_at is not None, said
    assert words["how late"] in phone.text(words["late"])
    assert clinic.appointment(booked).late_at is not None, "staff know at once, before it is known how late"
    assert words["noted"] in phone.text(words["minutes"])
    with signed_in(clinic.line) as browser:
        assert "Running late, about 20 minutes" in browser.get(f"/console/appointments/{booked.id}").text
    said = phone.text(words["change"])
    assert words["moving"] in said
    said = phone.text("1")
    said = phone.text("1")
    moved = clinic.current(client)
    assert moved is not None, said
    assert moved.moved_from == booked.id, said
    said = phone.text(words["cancel"])
    assert words["off"] in said
    assert clinic.current(client) is not None, "it stands until they say so again"
    said = phone.text("2")
    assert clinic.appointment(moved).status == "cancelled", said
    assert clinic.do(lambda s: reminders.waiting(s, moved.id)) == []


def test_a_reminder_is_neutral_and_one_digit_answers_it(clinic: Clinic) -> None:
    phone = clinic.line.phone()
    booked = clinic.books(clinic.client(phone), after=timedelta(hours=30))
    (first, *_) = clinic.do(lambda s: reminders.waiting(s, booked.id))
    clinic.due_now("remind", reminder_id=first.id)
    (reminder,) = phone.answers(within=25)
    assert reminder.startswith("Reminder from Guidepost")
    assert not re.search("mental|health|case|Harbor", reminder, re.IGNORECASE)
    said = phone.text("1")
    assert clinic.appointment(booked).confirmed_at is not None, said


def test_who_was_missed_books_again_with_one_reply(clinic: Clinic) -> None:
    phone = clinic.line.phone()
    client = clinic.client(phone)
    booked = clinic.books(client)
    begun = clock.now() - timedelta(minutes=50)

    async def it_is_over(session: Any) -> None:
        found = await session.get_one(Appointment, booked.id)
        found.starts_at, found.ends_at, found.busy_until = (begun, *[begun + timedelta(minutes=45)] * 2)

    clinic.do(it_is_over)
    with signed_in(clinic.line) as browser:
        page = browser.get(f"/console/appointments/{booked.id}").text
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf is not None
        told = browser.post(f"/console/appointments/{booked.id}/no-show", data={"csrf": csrf[1]})
        assert "Did not come" in told.text or "did not come" in told.text
    (missed,) = phone.answers(within=25)
    assert "things come up" in missed
    said = phone.text("1")
    assert "1 = " in said, "times to choose from"
    phone.text("1")
    said = phone.text("yes")
    again = clinic.current(client)
    assert again is not None, said


def test_an_opening_that_came_free_is_offered_in_order_and_taken_by_text(clinic: Clinic) -> None:
    leaver, first, second = (clinic.line.phone() for _ in range(3))
    gives_up, *wait = (clinic.client(phone) for phone in (leaver, first, second))
    given_up = clinic.books(gives_up, after=timedelta(hours=26))
    local = given_up.starts_at.astimezone(ZoneInfo(clinic.zone))

    async def only_this_hour(session: Any) -> None:
        await session.execute(delete(WeeklyHours).where(WeeklyHours.calendar_id == clinic.calendar))
        closes = (local + timedelta(minutes=50)).time()
        session.add(DateHours(calendar_id=clinic.calendar, day=local.date(), opens=local.time(), closes=closes))

    clinic.do(only_this_hour)
    for client in wait:
        clinic.do(lambda s, client=client: waitlist.join(s, client, clinic.id))
    leaver.text("please cancel my appointment i cant make it")
    leaver.text("2")
    (offer,) = first.answers(within=25)
    assert "came free" in offer
    assert "2 hours" in offer
    assert not re.search("mental|health|case manag", offer, re.IGNORECASE)
    assert not second.answers(within=1), "one after the other"
    entry = clinic.do(lambda s: waitlist.offered_to(s, wait[0], clock.now()))
    clinic.do(lambda s: s.execute(text("update waitlist set offered_until = now() where id = :id"), {"id": entry.id}))
    clinic.due_now("waitlist_expire", waiting_id=entry.id)
    (offer,) = second.answers(within=25)
    assert "came free" in offer, "silence passes it on"
    said = second.text("1")
    assert "Harbor Clinic" in said
    taken = clinic.do(
        lambda s: s.scalar(
            select(Appointment.client_id).where(Appointment.program_id == clinic.id, Appointment.status == "booked")
        )
    )
    assert taken == wait[1]

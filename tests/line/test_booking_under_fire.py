"""A thousand people reach for fifty openings while the web and the worker are killed: no seat is lost, doubled, or told
of twice.

Most of them are racing processes, as in `tests/casework/scheduling/test_race.py`; some are booked for by staff over the
real console, who press the button again where no answer comes. Each booking leaves a job in its own transaction, by
which the worker texts the client.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest
from sqlalchemy import func, select

from casework import clock
from casework.commands.processes import Part, parts
from casework.conversations.tables import SMS, Client, Conversation
from casework.scheduling import openings
from casework.scheduling.tables import Appointment
from casework.settings import get_settings
from casework.staff import accounts
from casework.storage import Database, blind_index, new_id
from casework.storage.engine import plain_url
from tests.line.line import free_port
from tests.line.standin import ACCOUNT, LINE, TOKEN, StandIn
from tests.line.test_appointments_by_text import ZONES

for _room in ("casework/scheduling", "channels/console"):
    sys.path.insert(0, str(Path(__file__).parents[1] / _room))
# ruff: noqa: E402 - the two rooms' helpers
from agency import add_calendar, add_program, work
from console_people import a_handoff
from test_race import OPENINGS, PROCESSES, QUITTERS, Race

pytestmark = [pytest.mark.line, pytest.mark.timeout(900)]
ATTEMPTS, BY_STAFF = 1_000, 8
KILLS = ("worker", "web", "worker")
SETTLED_WITHIN = 240.0  # seconds, on a machine that has much else to do; a quiet one needs about ten
PASSWORD = "correct horse battery"


class Fire:
    """The web and the worker, killed with SIGKILL one after the other at random moments and started again."""

    def __init__(self, kept: list[Part], base: str) -> None:
        self.killed = Counter[str]()
        self._asks = httpx.Client(base_url=base, timeout=5)
        self._parts = {part.name: part for part in kept}
        self._running = {name: self._start(name) for name in self._parts}
        self._thread = threading.Thread(target=self._kill)
        self._over = threading.Event()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        part, quiet = self._parts[name], subprocess.DEVNULL
        return subprocess.Popen(part.command, env=os.environ | part.environment, stdout=quiet, stderr=quiet)

    def until_up(self) -> None:
        deadline = time.monotonic() + SETTLED_WITHIN
        while time.monotonic() < deadline:
            try:
                if self._asks.get("/healthz").status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass  # not up yet
            assert self._running["web"].poll() is None, "the web ended by itself"
            time.sleep(0.2)
        raise AssertionError("the web did not start")

    def begin(self) -> None:
        self._thread.start()

    def _kill(self) -> None:
        chance = random.Random(20261123)
        for name in KILLS:
            if self._over.wait(chance.uniform(0.2, 0.9)):
                return
            self._running[name].kill()
            self._running[name].wait()
            self.killed[name] += 1
            self._running[name] = self._start(name)
            if name == "web":
                self.until_up()  # one that is never up has nothing to lose

    def cease(self) -> None:
        """Waits for the last kill, and until the web is up again."""
        self._thread.join()
        self.until_up()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        for process in self._running.values():
            process.kill()
            process.wait()
        self._asks.close()


class Desk:
    """A member of staff at the console. Whatever gets no answer is asked again, as it was."""

    def __init__(self, base: str) -> None:
        self._browser = httpx.Client(base_url=base, timeout=10)
        page = self._answer(lambda: self._browser.get("/console/sign-in")).text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        fields |= {"email": "sam@example.org", "password": PASSWORD}
        self._answer(lambda: self._browser.post("/console/sign-in", data=fields))
        found = re.search(r'name="csrf" value="([^"]+)"', self._answer(lambda: self._browser.get("/console/me")).text)
        assert found, "signed in"
        self._csrf = found[1]

    def _answer(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        deadline = time.monotonic() + SETTLED_WITHIN
        while time.monotonic() < deadline:
            try:
                answer = call()
            except httpx.HTTPError:
                time.sleep(0.1)  # it was killed: pressed again
                continue
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return answer
            time.sleep(0.1)
        raise AssertionError("the console never answered")

    def book(self, client: uuid.UUID, chance: random.Random) -> str:
        """Books one of the openings that the page offers, another where that is gone: `booked` or `none`."""
        for _ in range(50):
            page = self._answer(lambda: self._browser.get(f"/console/people/{client}/openings?program=bend")).text
            offered = re.findall(r'name="opening" value="([^"]+)"', page)
            if not offered:
                return "none"
            form = {"csrf": self._csrf, "key": str(uuid.uuid4()), "opening": chance.choice(offered), "program": "bend"}
            answer = self._answer(lambda form=form: self._browser.post(f"/console/people/{client}/book", data=form))  # type: ignore[misc]
            if "told=booked" in answer.headers.get("location", ""):
                return "booked"
        return "gave up"

    def close(self) -> None:
        self._browser.close()


def _at_the_desk(desk: Desk, clients: list[uuid.UUID], begun: threading.Event) -> list[str]:
    chance, said = random.Random(11), []
    for client in clients:
        said.append(desk.book(client, chance))
        begun.set()
    return said


async def _agency(session: Any) -> tuple[list[list[str]], list[uuid.UUID]]:
    """Fifty openings on one day, in a zone where it is day now; a thousand people with phones."""
    zone = min(ZONES, key=lambda zone: abs(datetime.now(ZoneInfo(zone)).hour - 13))
    await add_program(session, zone=zone)
    weekly = (((clock.now().astimezone(ZoneInfo(zone)).weekday() + 3) % 7, "08:00", "18:00"),)
    for capacity in (1, 1, 1, 2):
        await add_calendar(session, weekly=weekly, minutes=50, buffer=10, capacity=capacity, horizon_days=6)
    await accounts.add(session, "sam@example.org", "Sam Field", "supervisor", PASSWORD)
    clients = []
    for number in range(ATTEMPTS):
        phone = f"+1{612 + number // 100}55501{number % 100:02d}"
        index = blind_index(phone, "phone")
        clients.append(Client(id=new_id(), phone=phone, phone_index=index, language="en", zone=zone))
    session.add_all(clients)
    await session.flush()
    values = {"channel": SMS, "line": LINE, "owner": "assistant", "safety": "none"}
    talks = [Conversation(id=new_id(), client_id=client.id, **values) for client in clients]
    session.add_all(talks)
    await session.flush()
    for client, talk in zip(clients[:BY_STAFF], talks, strict=False):
        await a_handoff(session, client, talk, reason="referral", urgency=1, shared=True)
    racing = [str(client.id) for client in clients[BY_STAFF:]]
    return [racing[n::PROCESSES] for n in range(PROCESSES)], [client.id for client in clients[:BY_STAFF]]


def test_a_thousand_attempts_on_fifty_openings_with_the_web_and_the_worker_killed_at_random(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, port = StandIn(free_port()), free_port()
    given = {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "TWILIO_ACCOUNT_SID": ACCOUNT}
    given |= {"TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": LINE, "TWILIO_API_URL": standin.url, "HOST": "127.0.0.1"}
    for name, value in (given | {"SMS_PER_SECOND": "1000"}).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    kept = [part for part in parts(get_settings(), database_url, database_url) if part.name in ("web", "worker")]
    fire = Fire(kept, given["PUBLIC_URL"])
    try:
        groups, by_staff = work(database, _agency)
        fire.until_up()
        desk, begun = Desk(given["PUBLIC_URL"]), threading.Event()
        with ThreadPoolExecutor(1) as thread:
            staff: Future[list[str]] = thread.submit(_at_the_desk, desk, by_staff, begun)
            assert begun.wait(SETTLED_WITHIN), "staff did not get to book"
            fire.begin()
            race = Race(database_url, groups, told=True)
            said = staff.result()
            outcomes = Counter(chain.from_iterable(race.result()))
        fire.cease()
        desk.close()
        _see(database, database_url, standin, said, outcomes)
        assert fire.killed == Counter(KILLS)
    finally:
        fire.stop()
        standin.stop()
        get_settings.cache_clear()


def _see(database: Database, database_url: str, standin: StandIn, said: list[str], outcomes: Counter[str]) -> None:
    assert outcomes.total() + len(said) == ATTEMPTS
    assert set(outcomes) | set(said) <= {"booked", "none", "quit"}, "a loser is offered another, or told there is none"
    assert outcomes["booked"] + said.count("booked") == OPENINGS, "who was told that they have it, and nobody else"
    assert said.count("booked") >= 1
    taken = work(database, _taken)
    assert len(taken) == OPENINGS
    assert len({(row.calendar_id, row.seat, row.starts_at) for row in taken}) == OPENINGS, "no seat twice"
    assert len({row.phone for row in taken}) == OPENINGS, "no form that was sent again booked twice"
    assert work(database, lambda s: openings.find(s, ["bend"], at=clock.now())) == []
    expired = work(database, lambda s: s.scalar(select(func.count()).where(Appointment.status == "expired")))
    assert outcomes["quit"] <= PROCESSES * QUITTERS
    assert expired >= outcomes["quit"] // 2, "holds ran out while the race was on"
    _until_told(database_url)
    texts = Counter(sent.to for sent in standin.sent)
    assert texts == Counter({row.phone: 1 for row in taken}), "each of them is told once, and nobody else"


def _until_told(database_url: str) -> None:
    """Until no job is left of those that tell of a booking."""
    deadline, left = time.monotonic() + SETTLED_WITHIN, -1
    with psycopg.connect(plain_url(database_url), autocommit=True) as connection:
        while left and time.monotonic() < deadline:
            time.sleep(0.2)
            (left,) = connection.execute(
                "select count(*) from procrastinate_jobs where status in ('todo', 'doing')"
                " and task_name in ('tell_appointment', 'send_sms')"
            ).fetchone() or (0,)
    assert not left, f"{left} clients were not told"


async def _taken(session: Any) -> Any:
    columns = (Appointment.calendar_id, Appointment.seat, Appointment.starts_at, Client.phone)
    booked = select(*columns).join(Client, Client.id == Appointment.client_id).where(Appointment.status == "booked")
    return (await session.execute(booked)).all()

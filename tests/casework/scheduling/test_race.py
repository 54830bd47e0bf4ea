"""The core promise: however many reach for an opening at once, nobody loses one that they were given."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import chain
from pathlib import Path

import psycopg
from agency import add_calendar, add_client, add_clients, add_program, work
from sqlalchemy import func, select

from casework import clock
from casework.paths import ROOT
from casework.scheduling import booking, openings
from casework.scheduling.tables import Appointment
from casework.storage.engine import plain_url

PROCESSES, ATTEMPTS, OPENINGS, QUITTERS = 8, 125, 50, 5
KILLED = 4  # of the processes, in the race with killing


def _agency(attempts):
    async def make(session):
        """Fifty openings, on one day that lies a few days ahead: ten hours of three clinicians and of a pair."""
        await add_program(session)
        weekday = (clock.now().weekday() + 3) % 7
        weekly = ((weekday, "08:00", "18:00"),)
        for capacity in (1, 1, 1, 2):
            await add_calendar(session, weekly=weekly, minutes=50, buffer=10, capacity=capacity, horizon_days=6)
        clients = [str(client) for client in await add_clients(session, PROCESSES * attempts)]
        return [clients[n::PROCESSES] for n in range(PROCESSES)]

    return make


async def _taken(session):
    rows = await session.execute(
        select(Appointment.calendar_id, Appointment.seat, Appointment.starts_at, Appointment.client_id).where(
            Appointment.status == "booked"
        )
    )
    return rows.all()


class Race:
    """The racing processes. `pids` are theirs, in the order of the groups."""

    def __init__(self, database_url, groups, *, told=False):
        self._parent = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("racer.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        job = {"url": database_url, "program": "bend", "groups": groups, "quitters": QUITTERS, "told": told}
        self._parent.stdin.write(json.dumps(job))
        self._parent.stdin.close()
        self.pids = json.loads(self._parent.stdout.readline())

    def result(self):
        """What became of each client, group by group; None for a group whose process was killed."""
        with self._parent.stdout as answers:
            outcomes = json.loads(answers.read())
        assert self._parent.wait() == 0
        return outcomes


def test_fifty_openings_and_a_thousand_clients_in_eight_processes_make_fifty_appointments(database, database_url):
    outcomes = Counter(chain.from_iterable(Race(database_url, work(database, _agency(ATTEMPTS))).result()))
    assert sum(outcomes.values()) == PROCESSES * ATTEMPTS
    assert set(outcomes) <= {"booked", "none", "quit"}, "a loser is offered another opening, or told that there is none"
    assert outcomes["booked"] == OPENINGS
    taken = work(database, _taken)
    assert len(taken) == len({row[:3] for row in taken}) == len({row.client_id for row in taken}) == OPENINGS
    assert work(database, lambda s: openings.find(s, ["bend"], at=clock.now())) == []
    expired = work(database, lambda s: s.scalar(select(func.count()).where(Appointment.status == "expired")))
    assert expired >= outcomes["quit"] // 2, "holds ran out while the race was on"


def _counts(url):
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        rows = connection.execute("select status, count(*) from appointments group by status")
        return Counter(dict(rows.fetchall()))


def test_processes_killed_in_the_middle_of_it_leave_no_seat_booked_twice_and_none_lost(database, database_url):
    """Half of the processes are killed, each at a random moment while seats are being taken; the others go on."""
    race = Race(database_url, work(database, _agency(ATTEMPTS // 4)))
    chance = random.Random(20261123)
    for number, pid in enumerate(race.pids[:KILLED]):
        seats = (number + 1) * chance.randint(4, 9)
        while _counts(database_url)["booked"] < seats:
            time.sleep(0.02)
        time.sleep(chance.random() * 0.1)
        os.kill(pid, signal.SIGKILL)  # one that has ended is not yet waited for: the number is still its own
    groups = race.result()
    assert groups[:KILLED].count(None) >= 2, "too few were still at it when they were killed"
    outcomes = Counter(chain.from_iterable(group for group in groups if group is not None))
    assert set(outcomes) <= {"booked", "none", "quit"}
    taken = work(database, _taken)
    assert len(taken) == len({row[:3] for row in taken}) == len({row.client_id for row in taken})
    assert outcomes["booked"] <= len(taken) <= OPENINGS
    # What the dead held comes free when its ten minutes are over; then every seat can be given out, and only once.
    soon = clock.now() + booking.HOLD
    work(database, lambda s: booking.expire_holds(s, soon))
    free = OPENINGS - len(taken)
    late = [work(database, lambda s: _take_one(s, soon)) for _ in range(free)]
    assert all(late)
    assert work(database, lambda s: openings.find(s, ["bend"], at=soon)) == []
    assert _counts(database_url)["booked"] == OPENINGS


async def _take_one(session, at):
    found = await openings.find(session, ["bend"], at=at, limit=1)
    client = await add_client(session)
    await booking.book(session, client, key=f"late-{client}", at=at, opening_ref=found[0].ref)
    return True

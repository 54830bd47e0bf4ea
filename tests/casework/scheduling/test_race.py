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
from pathlib import Path

import psycopg
from agency import add_calendar, add_client, add_program, work
from sqlalchemy import func, select

from casework import clock
from casework.paths import ROOT
from casework.scheduling import booking, openings
from casework.scheduling.tables import Appointment
from casework.storage.engine import plain_url

PROCESSES, ATTEMPTS, OPENINGS, QUITTERS = 8, 125, 50, 5
KILLED = 4  # of the processes, in the race with killing


async def _agency(session):
    """Fifty openings: five clinicians, ten hours each, all on one day that lies a few days ahead."""
    await add_program(session)
    weekday = (clock.now().weekday() + 3) % 7
    weekly = ((weekday, "08:00", "18:00"),)
    for capacity in (1, 1, 1, 2):
        await add_calendar(session, weekly=weekly, minutes=50, buffer=10, capacity=capacity, horizon_days=6)
    return [[str(await add_client(session)) for _ in range(ATTEMPTS)] for _ in range(PROCESSES)]


async def _taken(session):
    rows = await session.execute(
        select(Appointment.calendar_id, Appointment.seat, Appointment.starts_at, Appointment.client_id).where(
            Appointment.status == "booked"
        )
    )
    return rows.all()


def _racer(database_url, clients, seed):
    racer = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("racer.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    job = {"url": database_url, "program": "bend", "clients": clients, "quitters": QUITTERS, "seed": seed}
    assert racer.stdin is not None
    racer.stdin.write(json.dumps(job))
    racer.stdin.close()
    return racer


def test_fifty_openings_and_a_thousand_clients_in_eight_processes_make_fifty_appointments(database, database_url):
    clients = work(database, _agency)
    racers = [_racer(database_url, group, number) for number, group in enumerate(clients)]
    outcomes: Counter[str] = Counter()
    for racer in racers:
        assert racer.stdout is not None
        with racer.stdout as answers:
            outcomes.update(json.loads(answers.read()))
        assert racer.wait() == 0
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
    clients = work(database, _agency)
    racers = [_racer(database_url, group, number) for number, group in enumerate(clients)]
    chance = random.Random(20261123)
    doomed = racers[:KILLED]
    for number, racer in enumerate(doomed):
        seats = (number + 1) * chance.randint(4, 9)
        while racer.poll() is None and _counts(database_url)["booked"] < seats:
            time.sleep(0.02)
        time.sleep(chance.random() * 0.1)
        racer.kill()
    killed = sum(racer.wait() == -signal.SIGKILL for racer in doomed)
    assert killed >= 2, "too few were still at it when they were killed"
    outcomes: Counter[str] = Counter()
    for racer in racers[KILLED:]:
        outcomes.update(json.loads(racer.stdout.read()))
        assert racer.wait() == 0
    for racer in racers:
        racer.stdout.close()
    assert set(outcomes) <= {"booked", "none", "quit"}
    taken = work(database, _taken)
    assert len(taken) == len({row[:3] for row in taken}) == len({row.client_id for row in taken})
    assert len(taken) <= OPENINGS
    assert len(taken) >= outcomes["booked"]
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

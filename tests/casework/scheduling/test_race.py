"""The core promise: however many reach for an opening at once, nobody loses one that they were given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from agency import add_calendar, add_client, add_program, work
from sqlalchemy import func, select

from casework import clock
from casework.paths import ROOT
from casework.scheduling import openings
from casework.scheduling.tables import Appointment

PROCESSES, ATTEMPTS, OPENINGS, QUITTERS = 8, 125, 50, 5


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


def test_fifty_openings_and_a_thousand_clients_in_eight_processes_make_fifty_appointments(database, database_url):
    clients = work(database, _agency)
    racers = []
    for number, group in enumerate(clients):
        racer = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("racer.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        job = {"url": database_url, "program": "bend", "clients": group, "quitters": QUITTERS, "seed": number}
        assert racer.stdin is not None
        racer.stdin.write(json.dumps(job))
        racer.stdin.close()
        racers.append(racer)
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

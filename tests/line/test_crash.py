"""Not one text lost, doubled or out of order, whatever dies.

Clients text while web, worker, actions, bot and Postgres are killed with SIGKILL at random. Before that one client of
each kind texts the same undisturbed: every other one must get the very same answers in the very same order, and end in
the same state.

The default is smaller, so that the whole suite stays short: 120 turns of 12 conversations, 16 kills.
The full run is `GUIDEPOST_CRASH=300,30,40,160` (turns, conversations, kills, seconds of killing), and takes as long as
the machine needs to start what was killed; GUIDEPOST_CRASH_SEED makes another run. Clients text on as the kills go on,
so that every kill falls into the conversations.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet

from casework.storage.encryption import blind_index
from tests.line.killing import Killer
from tests.line.line import Running
from tests.line.simulator import Simulator

pytestmark = [pytest.mark.line, pytest.mark.timeout(1500)]

TURNS, CONVERSATIONS, KILLS, SECONDS = (
    int(part) for part in os.environ.get("GUIDEPOST_CRASH", "120,12,16,60").split(",")
)
SEED = int(os.environ.get("GUIDEPOST_CRASH_SEED", "7"))
# "mié 25 nov, 8:30 AM", "Wed Nov 25, 8:30 AM"
_OPENING = re.compile(r"\b\w{3} (?:\d{1,2} \w{3}|\w{3} \d{1,2}), \d{1,2}:\d\d [AP]M")
SETTLE = 120.0  # seconds after the last kill for what is still on its way

SCRIPTS = (
    ("hi", "yes", "60601", "34", "no", "no", "bipolar", "yes", "1 2", "i have medicaid"),
    ("hello", "what is case management", "yes", "30303", "51", "no", "no", "schizophrenia", "no", "how much is it"),
    ("hola", "si", "33125", "45", "no", "no", "depresion", "si", "2", "no tengo seguro"),
    ("need a case manager", "yes", "19104", "27", "yes", "no", "ptsd", "yes", "why do you ask", "3"),
    ("hi", "what is case management", "is it free", "how long", "what papers do i need", "is it private", "yes", "62"),
)


def texts(kind: int) -> list[str]:
    script = SCRIPTS[kind % len(SCRIPTS)]
    return [script[n % len(script)] for n in range(TURNS // CONVERSATIONS)]


@pytest.fixture(scope="module")
def own_line() -> Iterator[Running]:
    """A line that nothing else uses: it will not be treated well."""
    # Not pytest's own folder: another session makes that private again, and Postgres could not be started anew.
    with tempfile.TemporaryDirectory(prefix="guidepost-crash-", ignore_cleanup_errors=True) as folder:
        running = Running(Path(folder))
        running.start()
        yield running
        running.close()


def waiting(line: Running) -> int | None:
    """Messages not answered or not handed over yet; None while the database is away."""
    try:
        with psycopg.connect(line.database_url, connect_timeout=2) as connection:
            found = connection.execute(
                "select count(*) from messages where (direction = 'in' and handled_at is null)"
                " or (direction = 'out' and status in ('queued', 'sending'))"
            ).fetchone()
    except psycopg.Error:
        return None
    return int(found[0]) if found else None


def answered(line: Running, number: str) -> bool:
    """Whether a client has all that the line has to say for now; a database that is away has more to say."""
    try:
        return line.settled(number)
    except psycopg.Error:
        return False


def settle(line: Running) -> None:
    deadline = time.monotonic() + SETTLE
    while waiting(line) != 0:
        assert time.monotonic() < deadline, f"{waiting(line)} messages were never answered or handed over"
        time.sleep(0.5)


def state(line: Running, number: str) -> dict[str, Any]:
    """What the line knows of a client in the end."""
    key = Fernet(line.keys["ENCRYPTION_KEYS"].split(",")[-1])
    with psycopg.connect(line.database_url) as connection:
        index = blind_index(number, "phone", keys=line.keys["ENCRYPTION_KEYS"])
        client, *known = connection.execute(
            "select p.id, p.language, p.saving_agreed_at is not null, p.saving_refused_at is not null, c.owner,"
            " c.safety, (select count(*) from messages m where m.conversation_id = c.id and m.direction = 'in'),"
            " (select count(*) from handoffs h where h.client_id = p.id),"
            " (select count(*) from messages m where m.conversation_id = c.id and m.status in ('dropped', 'failed'))"
            " from clients p join conversations c on c.client_id = p.id where p.phone_index = %s",
            [index],
        ).fetchone() or (None,)
        answers = connection.execute(
            "select fact, value from answers where client_id = %s and superseded_at is null", [client]
        ).fetchall()
    opened = {fact: json.loads(key.decrypt(bytes(value))) if value is not None else None for fact, value in answers}
    return {"known": known, "answers": opened}


def bodies(line: Running, number: str) -> list[str]:
    """What a client was sent, but for the openings' times: those move on with the clock while the clients text."""
    return [_OPENING.sub("(an opening)", sent.body) for sent in line.standin.sent if sent.to == number]


def test_nothing_is_lost_doubled_or_out_of_order_whatever_dies(own_line: Running) -> None:
    line = own_line
    undisturbed = {f"+1763555{n:04d}": texts(n) for n in range(100, 100 + len(SCRIPTS))}
    patient = {"seed": SEED, "settled": lambda number: answered(line, number)}
    asyncio.run(Simulator(line.base, line.standin, think=(0.1, 0.3), duplicates=0, **patient).run(undisturbed))
    settle(line)

    gap = SECONDS / KILLS
    killer = Killer(line, kills=KILLS, every=(0.5 * gap, 1.5 * gap), seed=SEED)
    clients = {f"+1952555{n:04d}": texts(n) for n in range(100, 100 + CONVERSATIONS)}
    simulator = Simulator(
        line.base,
        line.standin,
        think=(0.2, 0.2 + gap),
        answer_within=400.0,
        may_text=lambda share: killer.killed.total() >= share * KILLS,
        **patient,
    )
    killer.start()
    began = time.monotonic()
    try:
        asyncio.run(simulator.run(clients))
    finally:
        killer.join()
        said = [entry for entry in line.log if "died" in entry or "up" in entry or "not yet" in entry]
        print("".join([*said[-60:], *line.log[-15:]]))
        assert line.process is not None
        assert line.process.poll() is None, "the supervisor ended"
    took = time.monotonic() - began
    settle(line)
    slowest = sorted(simulator.waits)[-1]
    print(
        f"{TURNS} turns, {CONVERSATIONS} conversations, {killer.killed.total()} kills {dict(killer.killed)} in"
        f" {took:.0f} s; {simulator.failed} webhooks not taken at first; slowest answer {slowest:.0f} s"
    )
    assert killer.killed.total() == KILLS, f"{killer.killed}: the clients were done too soon"

    for n, number in enumerate(clients):
        twin = list(undisturbed)[n % len(SCRIPTS)]
        got, wanted = bodies(line, number), bodies(line, twin)
        differing = "\n".join(difflib.ndiff(wanted, got))
        assert got == wanted, f"kind {n % len(SCRIPTS)}: the answers differ:\n{differing}"
        assert state(line, number) == state(line, twin), f"kind {n % len(SCRIPTS)}: the states differ"

"""The processes of the race: in each, clients who ask for openings, choose one and book it, several at a time.

Reads `{"url", "program", "quitters", "groups", "told"}` from stdin: one process is forked for each group of clients, so
that all of them start at once and the machine loads the code but once. Prints the processes' ids, and when they have
ended `[what became of each client, or null where the process was killed]` in their order. The first `quitters` clients
of a group hold an opening for a moment and are never heard of again. With `told` each booking leaves the job that tells
of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import uuid
from datetime import timedelta
from typing import Any

from casework import clock
from casework.scheduling import OpeningGone, OpeningTaken, booking, openings, telling
from casework.storage import Database

AT_ONCE = 3
QUITTER_HOLDS = timedelta(milliseconds=300)


async def one(
    database: Database, program: str, client: uuid.UUID, chance: random.Random, *, quits: bool, told: bool
) -> str:
    """Says `booked`, `none` (was told that there is none), or `quit`; a loser is offered another opening at once."""
    for attempt in range(100):
        async with database.session() as session:
            offered = await openings.find(session, [program], at=clock.now())
        if not offered:
            return "none"
        choice = chance.choice(offered).ref
        try:
            async with database.session() as session:
                lasting = QUITTER_HOLDS if quits else booking.HOLD
                key = f"{client}-{attempt}"
                hold = await booking.hold(session, client, None, choice, key, clock.now(), lasting=lasting)
            if quits:
                return "quit"
            async with database.session() as session:
                booked = await booking.book(session, client, key=key, at=clock.now(), hold_id=hold.id)
                if told:
                    await telling.later(session, booked, "booked", clock.now())
        except (OpeningTaken, OpeningGone):
            continue
        return "booked"
    return "gave up"


async def race(job: dict[str, Any], number: int) -> list[str]:
    chance = random.Random(number)
    database = Database(job["url"], pool_size=AT_ONCE)
    gate = asyncio.Semaphore(AT_ONCE)

    async def queued(place: int, client: str) -> str:
        async with gate:
            quits = place < job["quitters"]
            return await one(database, job["program"], uuid.UUID(client), chance, quits=quits, told=job["told"])

    outcomes = await asyncio.gather(*(queued(place, client) for place, client in enumerate(job["groups"][number])))
    await database.close()
    return outcomes


def fork(job: dict[str, Any], number: int) -> tuple[int, int]:
    """The id of the new process, and where its answer is to be read."""
    reads, writes = os.pipe()
    child = os.fork()
    if child:
        os.close(writes)
        return child, reads
    os.close(reads)
    with os.fdopen(writes, "w") as answer:
        answer.write(json.dumps(asyncio.run(race(job, number))))
    os._exit(0)


def main() -> None:
    job = json.load(sys.stdin)
    children = [fork(job, number) for number in range(len(job["groups"]))]
    print(json.dumps([child for child, _ in children]), flush=True)
    outcomes = []
    for child, reads in children:
        with os.fdopen(reads) as answer:
            said = answer.read()
        _, status = os.waitpid(child, 0)
        if status not in (0, signal.SIGKILL):
            sys.exit(f"a process ended with {status}")
        outcomes.append(json.loads(said) if status == 0 else None)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()

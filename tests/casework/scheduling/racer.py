"""One of the processes of the race: clients who each ask for openings, choose one and book it, several at a time.

Reads `{"url", "program", "clients", "quitters", "seed"}` from stdin; prints what became of each client, as JSON. The
first `quitters` clients hold an opening for a moment and are never heard of again.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import uuid
from datetime import timedelta
from typing import Any

from casework import clock
from casework.scheduling import OpeningGone, OpeningTaken, booking, openings
from casework.storage import Database

AT_ONCE = 3
QUITTER_HOLDS = timedelta(milliseconds=300)


async def one(database: Database, program: str, client: uuid.UUID, chance: random.Random, *, quits: bool) -> str:
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
                await booking.book(session, client, key=key, at=clock.now(), hold_id=hold.id)
        except (OpeningTaken, OpeningGone):
            continue
        return "booked"
    return "gave up"


async def main(job: dict[str, Any]) -> list[str]:
    chance = random.Random(job["seed"])
    database = Database(job["url"], pool_size=AT_ONCE)
    gate = asyncio.Semaphore(AT_ONCE)

    async def queued(number: int, client: str) -> str:
        async with gate:
            return await one(database, job["program"], uuid.UUID(client), chance, quits=number < job["quitters"])

    outcomes = await asyncio.gather(*(queued(number, client) for number, client in enumerate(job["clients"])))
    await database.close()
    return outcomes


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))

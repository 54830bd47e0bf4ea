"""How long finding the nearest of 15,000 programs takes, beside a plain full scan; and whether it finds the right ones.

`rows()` measures on an embedded Postgres of its own, made for the run. The programs are invented, at ZIPs drawn with a
fixed seed: crowded where ZIPs are. The yardstick is what a query without an index costs: every program's distance
worked out and sorted, by the same server in the same run. For the same 2,000 ZIPs each result is compared with a
ranking of the whole directory.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any

import numpy
import psycopg
import zipcodes
from sqlalchemy import select, text

PROGRAMS, ZIPS, SEED, IN_A_HUNDRED_BOOKABLE = 15_000, 2_000, 20261123, 2
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # a Monday
_KINDS = ("cmhc", "cmhc", "cmhc", "ccbhc", "va", "va", "child", "older_adult", *["other"] * 12)
_PAYERS = ("medicaid", "medicare", "private", "uninsured", "other")
_FULL_SCAN = """
select id from programs where active order by 2 * 3958.7613 * asin(least(1, sqrt(
    sin(radians(latitude - :latitude) / 2) ^ 2 + cos(radians(:latitude)) * cos(radians(latitude))
    * sin(radians(longitude - :longitude) / 2) ^ 2))), id limit 3
"""


def programs(chance: random.Random, count: int) -> list[dict[str, Any]]:
    """Invented programs around real ZIPs, as rows of the table."""
    places = [row for row in zipcodes.list_all() if row["zip_code_type"] == "STANDARD" and row["lat"]]
    made = []
    for number in range(count):
        place, kind = chance.choice(places), chance.choice(_KINDS)
        jitter = 0.0 if chance.random() < 0.3 else 0.05  # a third are known by their ZIP only, several at one point
        made.append({
            "id": f"bench-{number:05}", "organization": f"Bench {number}", "name": "Bench", "kind": kind,
            "city": place["city"], "state": place["state"], "zip": place["zip_code"],
            "latitude": float(place["lat"]) + chance.uniform(-jitter, jitter),
            "longitude": float(place["long"]) + chance.uniform(-jitter, jitter),
            "zone": "America/Chicago", "service_counties": [], "age_min": 0 if kind == "child" else 18,
            "age_max": 17 if kind == "child" else None, "veterans_only": kind == "va",
            "payers": ["va"] if kind == "va" else chance.sample(_PAYERS, chance.randint(0, 4)),
            "languages": ["en", "es"] if chance.random() < 0.4 else ["en"], "telehealth": chance.random() < 0.3,
            "services": ["case_management"] if chance.random() < 0.6 else ["outpatient"], "source": "bench",
        })  # fmt: skip
    return made


def seekers(chance: random.Random, count: int) -> list[Any]:
    """People of all sorts, each at a random ZIP."""
    from casework.directory import Seeker
    from casework.geography import UnknownPlace, find

    codes, found = [row["zip_code"] for row in zipcodes.list_all()], []
    while len(found) < count:
        try:
            place = find(chance.choice(codes))
        except UnknownPlace:
            continue
        found.append(
            Seeker(
                place=place,
                age=chance.choice((None, None, 15, 19, 34, 70)),
                veteran=chance.choice((None, None, None, True)),
                payer=chance.choice((None, "medicaid", "private", "uninsured")),
                language=chance.choice(("en", "en", "es")),
                remote=chance.random() < 0.05,
            )
        )
    return found


class BruteForce:
    """The ranking of the whole directory. What lies beyond reach and is not by phone or video in the state cannot be
    shown; leaving it out is all that is saved."""

    def __init__(self, everything: list[Any], openings: dict[str, datetime | None]) -> None:
        self._all, self._openings = everything, openings
        self._degrees = numpy.radians(numpy.array([(each.latitude, each.longitude) for each in everything]))
        self._states = numpy.array([each.state if each.telehealth else "" for each in everything])

    def best(self, seeker: Any, limit: int) -> list[str]:
        from casework.directory.ranking import FARTHEST_MILES, rank

        here = numpy.radians((seeker.place.latitude, seeker.place.longitude))
        half = (self._degrees - here) / 2
        across = numpy.cos(here[0]) * numpy.cos(self._degrees[:, 0]) * numpy.sin(half[:, 1]) ** 2
        miles = 2 * 3958.7613 * numpy.arcsin(numpy.sqrt(numpy.minimum(1, numpy.sin(half[:, 0]) ** 2 + across)))
        kept = (miles <= FARTHEST_MILES + 1) | (self._states == seeker.place.state)
        pool = [self._all[number] for number in numpy.flatnonzero(kept)]
        return [each.id for each in rank(pool, seeker, limit, openings=self._openings, at=NOW)]


async def fill(database: Any, chance: random.Random, count: int, bookable: int) -> None:
    """The directory, and online calendars for some programs: free, full, or with a long wait."""
    from casework.directory.tables import Program
    from casework.scheduling.tables import Calendar, WeeklyHours
    from casework.storage import new_id

    made = programs(chance, count)
    async with database.session() as session:
        await session.run_sync(lambda sync: sync.bulk_insert_mappings(Program.__mapper__, made))
        for each in chance.sample(made, bookable):
            calendar = Calendar(
                id=new_id(), program_id=each["id"], name="Desk", kind="phone", minutes=45,
                lead_hours=chance.choice((24, 24, 24 * 12)), horizon_days=28,
            )  # fmt: skip
            session.add(calendar)
            await session.flush()
            if chance.random() < 0.7:  # the others have no hours: full
                day = chance.randrange(5)
                session.add(WeeklyHours(calendar_id=calendar.id, weekday=day, opens=clock(9), closes=clock(17)))
    async with database.session() as session:
        await session.execute(text("analyze"))


async def brute_force(database: Any) -> BruteForce:
    from casework.directory.tables import Program
    from casework.scheduling import openings
    from casework.scheduling.tables import Calendar

    async with database.session() as session:
        everything = list((await session.execute(select(Program).where(Program.active))).scalars())
        ids = list((await session.execute(select(Calendar.program_id).distinct())).scalars())
        found = await openings.next_opening(session, ids, NOW)
        return BruteForce(everything, {each: found.get(each) for each in ids})


def rows() -> list[dict[str, Any]]:
    """`{"what", "p50_ms", "p99_ms", "rounds"}` a row, the plain full scan first; then how many results were right."""
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-") as folder:
        os.environ.setdefault("GUIDEPOST_DEMO", "1")
        os.environ.setdefault("GUIDEPOST_DATA", folder)
        from casework.storage import embedded
        from casework.storage.migrate import migrate

        server, url = embedded.start(Path(folder) / "postgres")
        try:
            migrate(url)
            measured = asyncio.run(_measure(url))
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("drop index ix_programs_on_earth")
            return [*measured, *asyncio.run(_without_index(url))]
        finally:
            server.cleanup()


async def _measure(url: str) -> list[dict[str, Any]]:
    from casework.directory import nearest
    from casework.storage import Database

    database, chance = Database(url), random.Random(SEED)
    await fill(database, chance, PROGRAMS, PROGRAMS * IN_A_HUNDRED_BOOKABLE // 100)
    people = seekers(chance, ZIPS)

    async def scan(session: Any, person: Any) -> Any:
        where = {"latitude": person.place.latitude, "longitude": person.place.longitude}
        return (await session.execute(text(_FULL_SCAN), where)).all()

    async def search(session: Any, person: Any) -> list[str]:
        return [each.program.id for each in await nearest(session, person, limit=3, at=NOW)]

    plain = await _timed(database, "nearest three by a plain full scan, distance only", people[:200], scan)
    ours = await _timed(database, "nearest three that would take this person", people, search)
    truth = await brute_force(database)
    right = sum(found == truth.best(person, 3) for person, found in zip(people, ours.pop("results"), strict=True))
    plain.pop("results")
    await database.close()
    return [plain, ours, {"what": f"equal to the brute-force ranking, of {len(people)} ZIPs", "right": right}]


async def _without_index(url: str) -> list[dict[str, Any]]:
    from casework.directory import nearest
    from casework.storage import Database

    database, chance = Database(url), random.Random(SEED)
    people = seekers(chance, 50)
    row = await _timed(
        database, "the same where the server lacks `cube`", people, lambda s, who: nearest(s, who, limit=3, at=NOW)
    )
    row.pop("results")
    await database.close()
    return [row]


async def _timed(database: Any, what: str, people: list[Any], call: Any) -> dict[str, Any]:
    took, results = [], []
    for number, person in enumerate([*people[:20], *people]):
        began = time.perf_counter()
        async with database.session() as session:
            result = await call(session, person)
        if number >= 20:
            took.append((time.perf_counter() - began) * 1000)
            results.append(result)
    cuts = statistics.quantiles(took, n=100)
    return {
        "what": what,
        "p50_ms": round(cuts[49], 2),
        "p99_ms": round(cuts[98], 2),
        "rounds": len(took),
        "results": results,
    }


if __name__ == "__main__":
    for row in rows():
        print(row)

"""How long finding openings takes with 500 clinicians and a year of appointments, beside a bare round trip.

`rows()` measures on an embedded Postgres of its own, made for the run. The yardstick is `select 1` over the same pool
in the same run: what no query can be faster than on that machine.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

PROGRAMS, CLINICIANS_EACH, ROUNDS, TURNED_OVER = 50, 10, 200, 20
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # a Monday

# Half a year behind and half a year ahead, weekdays, eight hours a day. The week ahead is full, then three in four.
_FILL = """
alter table appointments drop constraint one_client_a_seat;
insert into programs (id, organization, name, kind, description, city, state, zip, latitude, longitude, place_from,
    zone, service_counties, age_min, veterans_only, payers, languages, telehealth, services, active, sample, source,
    edited)
select 'bench-' || n, 'Bench', 'Bench', 'cmhc', '{}', 'Minneapolis', 'MN', '55401', 45, -93, 'source',
    'America/Chicago', '[]', 0, false, '[]', '["en"]', false, '[]', true, true, 'bench', '[]'
    from generate_series(1, %(programs)s) n;
insert into calendars (id, program_id, name, kind, minutes, buffer, capacity, lead_hours, horizon_days, languages,
    active)
select gen_random_uuid(), p.id, 'Clinician ' || n, 'phone', 45, 15, 1, 24, 90, '["en"]', true
    from programs p, generate_series(1, %(each)s) n;
insert into weekly_hours (id, calendar_id, weekday, opens, closes)
select gen_random_uuid(), c.id, d, s.opens::time, s.closes::time from calendars c, generate_series(0, 4) d,
    (values ('08:00', '12:00'), ('13:00', '17:00')) s(opens, closes);
insert into clients (id, language) select gen_random_uuid(), 'en' from generate_series(1, 100);
insert into appointments (id, client_id, program_id, calendar_id, seat, kind, starts_at, ends_at, busy_until,
    status)
select gen_random_uuid(), (select id from clients limit 1), c.program_id, c.id, 0, 'phone', t,
    t + interval '45 minutes', t + interval '1 hour', 'booked'
from calendars c, generate_series(%(now)s::timestamptz - interval '182 days',
    %(now)s + interval '183 days', '1 hour') t
where extract(isodow from t at time zone 'America/Chicago') < 6
    and extract(hour from t at time zone 'America/Chicago') in (8, 9, 10, 11, 13, 14, 15, 16)
    and (t between %(now)s and %(now)s + interval '7 days' or hashtextextended(c.id::text || t::text, 0) %% 4 <> 0);
alter table appointments add constraint one_client_a_seat
    exclude using gist (calendar_id with =, seat with =, during with &&) where (status in ('held', 'booked'));
"""


def rows() -> list[dict[str, Any]]:
    """`{"what", "p50_ms", "p95_ms", "rounds"}` a row; the first is the yardstick, each other has `yardsticks` too."""
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-") as folder:
        os.environ.setdefault("GUIDEPOST_DEMO", "1")
        os.environ.setdefault("GUIDEPOST_DATA", folder)
        from casework.storage import embedded
        from casework.storage.engine import plain_url
        from casework.storage.migrate import migrate

        server, url = embedded.start(Path(folder) / "postgres")
        try:
            migrate(url)
            with psycopg.connect(plain_url(url), autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
                connection.execute(_FILL, {"programs": PROGRAMS, "each": CLINICIANS_EACH, "now": NOW})
                connection.execute("vacuum analyze")
            return asyncio.run(_measure(url))
        finally:
            server.cleanup()


async def _measure(url: str) -> list[dict[str, Any]]:
    from casework.scheduling import Wishes, openings
    from casework.storage import Database

    database = Database(url)
    programs = [f"bench-{number}" for number in range(1, PROGRAMS + 1)]
    picky = Wishes(weekdays=frozenset({3}), earliest=datetime(2026, 1, 1, 15).time())  # noqa: DTZ001
    measured: list[dict[str, Any]] = []

    async def measure(what: str, rounds: int, call: Callable[[Any, int], Awaitable[Any]]) -> None:
        took = []
        for number in range(-TURNED_OVER, rounds):
            began = time.perf_counter()
            async with database.session() as session:
                await call(session, number)
            if number >= 0:
                took.append((time.perf_counter() - began) * 1000)
        cuts = statistics.quantiles(took, n=20)
        row = {"what": what, "p50_ms": round(cuts[9], 2), "p95_ms": round(cuts[18], 2), "rounds": rounds}
        if measured:
            row["yardsticks"] = round(cuts[9] / measured[0]["p50_ms"], 1)
        measured.append(row)

    def program(number: int) -> str:
        return programs[number % PROGRAMS]

    await measure("select 1, a transaction", ROUNDS, lambda s, n: s.execute(text("select 1")))
    await measure("find, one program, a full week ahead", ROUNDS, lambda s, n: openings.find(s, [program(n)], at=NOW))
    await measure(
        "find, one program, Thursdays after 3",
        ROUNDS,
        lambda s, n: openings.find(s, [program(n)], wishes=picky, at=NOW),
    )
    await measure("find, five programs", ROUNDS, lambda s, n: openings.find(s, programs[n % 40 :][:5], at=NOW))
    await measure(
        "next_opening, ten programs", ROUNDS, lambda s, n: openings.next_opening(s, programs[n % 40 :][:10], NOW)
    )
    await measure("next_opening, all fifty programs", 20, lambda s, n: openings.next_opening(s, programs, NOW))
    await database.close()
    return measured


if __name__ == "__main__":
    for row in rows():
        print(row)

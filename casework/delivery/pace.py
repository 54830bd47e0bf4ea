"""The rate of one sending number, kept over all workers.

Carriers take a fixed number of texts a second from a number; the provider queues what is above it, and what waits there
can no longer be held back when somebody opts out or is in danger. So the line hands over at that rate itself, with room
for a short burst: a single reply never waits.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

BURST = timedelta(seconds=10)  # so far ahead of its rate a number may go

_TAKE = text("""
insert into paces (sender, free_at) values (:sender, clock_timestamp() + :each)
on conflict (sender) do update
    set free_at = greatest(paces.free_at, clock_timestamp()) + :each
    where :must or paces.free_at <= clock_timestamp() + :burst
returning 1
""")
_WAIT = text("select free_at - :burst - clock_timestamp() from paces where sender = :sender")


async def take(session: AsyncSession, sender: str, per_second: float, *, must: bool = False) -> timedelta | None:
    """Takes one place for `sender`. None if it may be sent now, else how long to wait and ask again.

    `must` (a crisis) never waits; it is counted all the same.
    """
    each = timedelta(seconds=1 / per_second)
    taken = await session.execute(_TAKE, {"sender": sender, "each": each, "burst": BURST, "must": must})
    if taken.first() is not None:
        return None
    wait: timedelta | None = (await session.execute(_WAIT, {"sender": sender, "burst": BURST})).scalar_one_or_none()
    return max(wait or timedelta(0), timedelta(seconds=0.1))

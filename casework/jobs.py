"""Later work. A job is deferred in the caller's own transaction: either both the change and its job happen, or neither.

The tasks themselves are registered by the worker (`channels/worker.py`); whoever defers one knows it by name only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from casework.storage import notification

# Priorities: the higher runs first (procrastinate). A crisis overtakes everything that waits.
CRISIS = 100
REPLY = 50
ORDINARY = 0

# procrastinate's own function, which also wakes the workers; called here because its connectors open connections of
# their own and a job must not outlive a transaction that was rolled back.
_DEFERRED = (
    "select procrastinate_defer_jobs_v1(array[row(:queue, :task, :priority, :lock, :queueing_lock,"
    " cast(:args as jsonb), cast(:at as timestamptz))::procrastinate_job_to_defer_v1])"
)
_DEFER, _DEFER_AND_NOTIFY = text(_DEFERRED), text(f"{_DEFERRED}, pg_notify(:channel, :payload)")


async def defer(
    session: AsyncSession,
    task: str,
    /,
    *,
    queue: str = "default",
    lock: str | None = None,
    priority: int = ORDINARY,
    at: datetime | None = None,
    notified: Mapping[str, Any] | None = None,
    **args: Any,
) -> None:
    """Defers `task` with `args` (ids and numbers only: job arguments are not encrypted).

    Jobs with the same `lock` run one after the other, in the order in which they were deferred. `at` is the earliest
    moment; `queue` is `crisis`, `turns`, `sms` or `default`. What is `notified` goes to every web process with it, as
    by `storage.notify`: one question to the database less.
    """
    job = {
        "queue": queue,
        "task": task,
        "priority": priority,
        "lock": lock,
        "queueing_lock": None,
        "args": json.dumps(args, default=str),
        "at": at,
    }
    if notified is None:
        await session.execute(_DEFER, job)
    else:
        await session.execute(_DEFER_AND_NOTIFY, job | notification(notified))

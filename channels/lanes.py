"""Lanes: queues with workers of their own, kept running whatever happens to the database, and what watches over jobs.

A killed worker leaves its jobs "doing", and their locks would hold a conversation for good. `Upkeep` gives back every
job whose worker has shown no sign of life for STALLED_AFTER, or whose worker lives but does not run it any more (the
database went away at the moment when its end was to be written down).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job
from sqlalchemy import text

from casework import clock
from casework.delivery import sweep
from casework.logs import where
from casework.storage import Database

log = structlog.get_logger(__name__)
logging.getLogger("procrastinate.blueprints").setLevel(logging.ERROR)  # it warns of apps made by a main module
STALLED_AFTER = 10.0  # seconds without a sign of life before another worker takes a job over
_HEARTBEAT = 2.0
_LOOK_EVERY = 3.0
_SWEEP_EVERY = 60.0
_AGAIN_AFTER = 1.0
_ATTEMPTS_IN_ALL = 2_000
GRACE = 8.0  # seconds for what has begun, when a lane is told to stop

Final = Callable[[Job], Awaitable[None]]


class Later(Exception):
    """The job is to be run again after `seconds`. It keeps its id and lock, and so its place before later ones."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class Retry(BaseRetryStrategy):
    """`wait` seconds longer after each failure, `longest` at most, `tries` times.

    Failures are counted here, not by procrastinate's attempts: those also count waiting for a number's turn (Later)
    and being taken over from a worker that was killed.
    """

    def __init__(self, tries: int, wait: float, longest: float) -> None:
        self.tries, self.wait, self.longest = tries, wait, longest
        self._failures: Counter[int] = Counter()

    def failed(self, job_id: int) -> None:
        self._failures[job_id] += 1

    def done(self, job_id: int) -> None:
        self._failures.pop(job_id, None)

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, Later):
            pause = exception.seconds
        elif (failures := self._failures[job.id or 0]) >= self.tries or job.attempts >= _ATTEMPTS_IN_ALL:
            return None
        else:
            pause = min(self.wait * max(failures, 1), self.longest)
        return RetryDecision(retry_at=clock.now() + timedelta(seconds=pause))


class Lane:
    """One worker of its own queues and connections, until it is cancelled; then what has begun is finished.

    New jobs announce themselves. `look` is how often, in seconds, it looks for what did not: a job whose time comes,
    whose lock another lane held when it was announced, or that was announced while the lane was fetching another.
    """

    def __init__(
        self,
        make_app: Callable[[], App],
        name: str,
        queues: list[str],
        concurrency: int,
        final: Final,
        look: float = 1.0,
    ):
        self.name, self.queues, self.concurrency, self.look = name, queues, concurrency, look
        self._make_app, self._final = make_app, final
        self.worker_id: int | None = None
        self.running: set[int] = set()

    async def run(self) -> None:
        """Ends only by being cancelled: a worker that the database's absence ended is started again."""
        while True:
            self.worker_id = None
            try:
                app = self._make_app()
                async with app.open_async():
                    await app.run_worker_async(
                        name=self.name,
                        queues=self.queues,
                        concurrency=self.concurrency,
                        fetch_job_polling_interval=self.look,
                        update_heartbeat_interval=_HEARTBEAT,
                        stalled_worker_timeout=STALLED_AFTER,
                        shutdown_graceful_timeout=GRACE,
                        install_signal_handlers=False,
                        delete_jobs="never",
                        task_middleware=[self._around],
                    )
                log.warning("lane_ended", lane=self.name)
            except Exception as error:  # noqa: BLE001 - whatever ended it, it is said and the lane goes on
                log.error("lane_lost", lane=self.name, **where(error))
            await asyncio.sleep(_AGAIN_AFTER)

    async def _around(self, call: Any, context: JobContext, worker: Any) -> Any:
        """Logs a task's failure by type and place (procrastinate's own log would print arguments), and sees to it that
        a job that is not tried again does not end in silence.
        """
        self.worker_id = worker.worker_id
        job = context.job
        assert job.id is not None
        self.running.add(job.id)
        task = context.app.tasks.get(job.task_name)
        retry = task.retry_strategy if task is not None and isinstance(task.retry_strategy, Retry) else None
        try:
            result = await call()
            if retry is not None:
                retry.done(job.id)
        except Later:
            raise
        except Exception as error:
            log.error("task_failed", task=job.task_name, job=job.id, **where(error))
            if retry is not None:
                retry.failed(job.id)
            if task is None or task.get_retry_exception(exception=error, job=job) is None:
                log.critical("task_given_up", task=job.task_name, job=job.id, attempts=job.attempts)
                await self._final(job)
            raise
        finally:
            self.running.discard(job.id)
        return result


_GIVE_BACK = text("""
select procrastinate_retry_job_v2(stalled.id, now(), null, null, null), stalled.id, stalled.task_name from (
    select job.id, job.task_name from procrastinate_jobs job
    left join procrastinate_workers worker on worker.id = job.worker_id
    where job.status = 'doing' and (
        worker.id is null
        or worker.last_heartbeat < now() - make_interval(secs => :stalled)
        or job.id = any(:lost)
    )
    for update of job skip locked
) stalled
""")
_MINE = text("select id from procrastinate_jobs where status = 'doing' and worker_id = any(:workers)")


class Upkeep:
    """Runs beside the lanes of a process; any number of processes may run it at once."""

    def __init__(self, database: Database, lanes: list[Lane]) -> None:
        self._database, self._lanes = database, lanes
        self._suspected: set[int] = set()

    async def run(self) -> None:
        """Ends only by being cancelled."""
        loop = asyncio.get_running_loop()
        swept = loop.time()
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                await self.take_over()
                if loop.time() - swept > _SWEEP_EVERY:
                    swept = loop.time()
                    async with self._database.session() as session:
                        await sweep.pick_up(session)
            except Exception as error:  # noqa: BLE001 - said; looked again in a moment
                log.warning("upkeep_failed", **where(error))

    async def take_over(self) -> int:
        """Gives back the jobs that nobody runs; how many."""
        workers = [lane.worker_id for lane in self._lanes if lane.worker_id is not None]
        async with self._database.session() as session:
            here = set(await session.scalars(_MINE, {"workers": workers}))
            here -= {job for lane in self._lanes for job in lane.running}
            lost, self._suspected = here & self._suspected, here  # twice in a row: it may be just starting or ending
            taken = list(await session.execute(_GIVE_BACK, {"stalled": STALLED_AFTER, "lost": list(lost)}))
        for _, job, task in taken:
            log.warning("job_taken_over", job=job, task=task)
        return len(taken)

"""The worker: everything that happens later. Many may run against one database; locks keep each conversation in order.

queue crisis    the reply to a crisis, paging people: a lane of its own, so that no backlog stands before it
queue turns     the assistant's turns
queue sms       ordinary texts
queue default   reminders, waiting lists, housekeeping
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AppNotOpen
from sqlalchemy import text

from casework import clock, jobs
from casework.conversations import turn as turns
from casework.conversations.bot import Bot
from casework.delivery import sending
from casework.delivery import status as delivery_status
from casework.logs import configure, where
from casework.settings import Settings, get_settings
from casework.storage import Database
from channels.twilio import Twilio

log = structlog.get_logger(__name__)
WORKER = "guidepost-worker"  # what /readyz looks for among the database's connections
STALLED_AFTER = 15.0  # seconds without a sign of life before another worker takes a job over
_QUICK_RETRY = RetryStrategy(max_attempts=20, linear_wait=2)
# A turn is tried until `casework.conversations.turn` itself gives the conversation to people.
_TURN_RETRY = RetryStrategy(max_attempts=500, wait=2)


class Parts:
    """What tasks work with; made once for the process."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url, "DATABASE_URL is not set; `guidepost up` sets it"
        self.settings = settings
        self.database = Database(settings.database_url, pool_size=12)
        self.bot = Bot(settings)
        self.twilio = Twilio(settings)

    async def close(self) -> None:
        await self.bot.close()
        await self.database.close()


def make_app(parts: Parts, application: str = WORKER) -> App:
    """procrastinate's app with every task of the service. `application` is how Postgres lists its connections."""
    app = App(connector=PsycopgConnector(conninfo=parts.database.url, kwargs={"application_name": application}))

    @app.task(name="turn", queue="turns", retry=_TURN_RETRY)
    async def turn(conversation_id: str) -> None:
        await turns.take_turn(parts.database, parts.bot, uuid.UUID(conversation_id))

    @app.task(name="resume", queue="turns", retry=_QUICK_RETRY)
    async def resume(conversation_id: str) -> None:
        await turns.resume(parts.database, parts.bot, uuid.UUID(conversation_id))

    @app.task(name="send_sms", queue="sms", retry=_QUICK_RETRY)
    async def send_sms(message_id: str) -> None:
        await _send(parts, uuid.UUID(message_id))

    @app.task(name="late_status", queue="default", retry=_QUICK_RETRY)
    async def late_status(provider_id: str, status: str, error_code: int | None, tries: int) -> None:
        async with parts.database.session() as session:
            if not await delivery_status.record(session, provider_id, status, error_code) and tries < 5:
                await jobs.defer(
                    session,
                    "late_status",
                    at=clock.now() + timedelta(seconds=2 * (tries + 1)),
                    provider_id=provider_id,
                    status=status,
                    error_code=error_code,
                    tries=tries + 1,
                )

    @app.periodic(cron="* * * * * */5")
    @app.task(name="take_over_stalled", queue="default", queueing_lock="take_over_stalled", pass_context=True)
    async def take_over_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER)
        for job in stalled:
            log.warning("job_taken_over", job=job.id, task=job.task_name)
            await app.job_manager.retry_job(job, retry_at=datetime.now(UTC))

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="forget_old_jobs", queue="default", queueing_lock="forget_old_jobs")
    async def forget_old_jobs(timestamp: int) -> None:  # noqa: ARG001
        await app.job_manager.delete_old_jobs(nb_hours=24, include_failed=False)

    from channels import later

    later.register(app, parts)
    return app


async def _send(parts: Parts, message_id: uuid.UUID) -> None:
    pause = await sending.send(parts.database, parts.twilio, message_id)
    if pause is None:
        return
    async with parts.database.session() as session:
        conversation = (
            await session.execute(text("select conversation_id from messages where id = :id"), {"id": message_id})
        ).scalar_one_or_none()
        await jobs.defer(
            session, "send_sms", queue="sms", lock=f"send:{conversation}", at=clock.now() + pause, message_id=message_id
        )


async def _say_what_failed(call: Any, context: JobContext, worker: Any) -> Any:  # noqa: ARG001
    """Logs a task's failure by type and place; procrastinate's own log would print arguments and texts."""
    try:
        return await call()
    except Exception as error:
        log.error("task_failed", task=context.job.task_name, job=context.job.id, **where(error))
        raise


def lane(app: App, name: str, queues: list[str], concurrency: int) -> asyncio.Task[None]:
    """One worker of its own queues and connections, until it is cancelled; then what has begun is finished."""
    return asyncio.create_task(
        app.run_worker_async(
            name=name,
            queues=queues,
            concurrency=concurrency,
            fetch_job_polling_interval=1.0,
            update_heartbeat_interval=3.0,
            stalled_worker_timeout=STALLED_AFTER,
            shutdown_graceful_timeout=8.0,
            install_signal_handlers=False,
            delete_jobs="never",
            task_middleware=[_say_what_failed],
        )
    )


@asynccontextmanager
async def crisis_lane(settings: Settings) -> AsyncIterator[None]:
    """The crisis queue alone, for the web process: danger is answered when no worker runs."""
    parts = Parts(settings)
    app = make_app(parts, "guidepost-web-crisis")
    async with app.open_async():
        task = lane(app, "web-crisis", ["crisis"], 4)
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await parts.close()


async def run(settings: Settings) -> None:
    """Runs both lanes until told to stop; what has begun is finished."""
    configure(settings.log_level)
    parts = Parts(settings)
    app = make_app(parts)
    async with app.open_async():
        lanes = [lane(app, "crisis", ["crisis"], 4), lane(app, "ordinary", ["turns", "sms", "default"], 8)]
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, stop.set)
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([waiting, *lanes], return_when=asyncio.FIRST_COMPLETED)
        for each in lanes:
            each.cancel()
        ended = await asyncio.gather(*lanes, return_exceptions=True)
        failed = [
            e for e in ended if isinstance(e, Exception) and not isinstance(e, asyncio.CancelledError | AppNotOpen)
        ]
    await parts.close()
    if failed and waiting not in done:
        raise failed[0]


def main() -> None:
    asyncio.run(run(get_settings()))


if __name__ == "__main__":
    main()

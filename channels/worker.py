"""The worker: everything that happens later. Many may run against one database; locks keep each conversation in order.

queue crisis    the reply to a crisis, paging people: a lane of its own, so that no backlog stands before it
queue turns     the assistant's turns
queue sms       ordinary texts
queue default   reminders, waiting lists, housekeeping
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.jobs import Job
from sqlalchemy.exc import DBAPIError

from casework import agency, clock, jobs, wording
from casework.conversations import turn as turns
from casework.conversations.bot import Bot
from casework.delivery import sending
from casework.delivery import status as delivery_status
from casework.logs import configure, where
from casework.settings import Settings, get_settings
from casework.storage import Database
from channels.lanes import Lane, Later, Retry, Upkeep
from channels.twilio import Twilio

log = structlog.get_logger(__name__)
WORKER = "guidepost-worker"  # what /readyz looks for among the database's connections
_RETRY = Retry(tries=40, wait=2, longest=30)  # about a quarter of an hour
# A turn is tried until GIVE_UP (`casework.conversations.turn`) gives the conversation to people.
_TURN_RETRY = Retry(tries=150, wait=2, longest=2)
_POISON = 120  # attempts after which a turn is people's, even if every one of them took its worker down
_CALLBACK_PAUSES = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # seconds; a send may have to be taken over first


class Parts:
    """What tasks work with; made once for the process."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url, "DATABASE_URL is not set; `guidepost up` sets it"
        self.settings = settings
        self.database = Database(settings.database_url, pool_size=16)
        self.bot = Bot(settings)
        self.twilio = Twilio(settings)
        self.twilio.warm()
        wording.warm()
        self.failing_since: dict[int, float] = {}  # job id -> when its turn first failed in this process

    async def close(self) -> None:
        await self.bot.close()
        await self.twilio.close()
        await self.database.close()


def make_app(parts: Parts, application: str = WORKER) -> App:
    """procrastinate's app with every task of the service. `application` is how Postgres lists its connections."""
    app = App(
        connector=PsycopgConnector(
            conninfo=parts.database.url,
            kwargs={"application_name": application},
            min_size=1,
            max_size=10,
            timeout=8.0,  # a database that is away is said soon; the lane is then started again
        )
    )

    @app.task(name="turn", queue="turns", retry=_TURN_RETRY, pass_context=True)
    async def turn(context: JobContext, conversation_id: str, message_id: str | None = None) -> None:
        await _turn(parts, context.job, uuid.UUID(conversation_id), uuid.UUID(message_id) if message_id else None)

    @app.task(name="resume", queue="turns", retry=_RETRY)
    async def resume(conversation_id: str) -> None:
        await turns.resume(parts.database, parts.bot, uuid.UUID(conversation_id))

    @app.task(name="send_sms", queue="sms", retry=_RETRY, pass_context=True)
    async def send_sms(context: JobContext, message_id: str, even_if_opted_out: bool = False) -> None:
        pause = await sending.send(
            parts.database,
            parts.twilio,
            uuid.UUID(message_id),
            per_second=parts.settings.sms_per_second,
            urgent=context.job.queue == "crisis",
            even_if_opted_out=even_if_opted_out,
        )
        if pause is not None:
            raise Later(pause.total_seconds())

    @app.task(name="send_again", queue="sms", retry=_RETRY)
    async def send_again(message_id: str) -> None:
        async with parts.database.session() as session:
            await delivery_status.again(session, uuid.UUID(message_id))

    @app.task(name="late_status", queue="default", retry=_RETRY)
    async def late_status(provider_id: str, status: str, error_code: int | None, tries: int) -> None:
        async with parts.database.session() as session:
            known = await delivery_status.record(session, provider_id, status, error_code)
            if not known and tries < len(_CALLBACK_PAUSES):
                await jobs.defer(
                    session,
                    "late_status",
                    at=clock.now() + timedelta(seconds=_CALLBACK_PAUSES[tries]),
                    provider_id=provider_id,
                    status=status,
                    error_code=error_code,
                    tries=tries + 1,
                )

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="forget_old_jobs", queue="default", queueing_lock="forget_old_jobs")
    async def forget_old_jobs(timestamp: int) -> None:  # noqa: ARG001
        await app.job_manager.delete_old_jobs(nb_hours=24, include_failed=False)

    from channels import later

    later.register(app, parts)
    return app


async def _turn(parts: Parts, job: Job, conversation_id: uuid.UUID, message_id: uuid.UUID | None) -> None:
    """One try of a turn, with how long it has been tried here: an outage of the database does not count."""
    assert job.id is not None
    now = asyncio.get_running_loop().time()
    since = parts.failing_since.get(job.id)
    tried_for = timedelta(seconds=now - since) if since is not None else timedelta(0)
    if job.attempts >= _POISON:
        tried_for = max(tried_for, turns.GIVE_UP)
    try:
        await turns.take_turn(
            parts.database,
            parts.bot,
            conversation_id,
            message_id=message_id,
            gather=timedelta(seconds=parts.settings.gather_seconds),
            tried_for=tried_for,
        )
    except DBAPIError:
        parts.failing_since.pop(job.id, None)
        raise
    except Exception:
        parts.failing_since.setdefault(job.id, now)
        raise
    parts.failing_since.pop(job.id, None)


async def run_out_of_tries(parts: Parts, job: Job) -> None:
    """A job will not be tried again: what it was to do for a client becomes people's business."""
    try:
        if job.task_name in ("turn", "resume"):
            await turns.give_up(parts.database, uuid.UUID(str(job.task_kwargs["conversation_id"])))
        elif job.task_name == "send_sms":
            async with parts.database.session() as session:
                await sending.give_up(session, uuid.UUID(str(job.task_kwargs["message_id"])))
    except Exception as error:  # noqa: BLE001 - said; the sweep finds what is still unanswered or unsent
        log.critical("giving_up_failed", task=job.task_name, job=job.id, **where(error))


# Seconds. The second text of a crisis reply waits for the first one's lock, often in the lane of another process; a
# client who waits for an answer should not wait for the next look at the queue besides.
_LOOK = {"crisis": 0.1, "web-crisis": 0.1, "turns": 0.25, "sms": 0.25}


def _lane(parts: Parts, application: str, name: str, queues: list[str], concurrency: int) -> Lane:
    async def final(job: Job) -> None:
        await run_out_of_tries(parts, job)

    return Lane(lambda: make_app(parts, application), name, queues, concurrency, final, _LOOK.get(name, 1.0))


@asynccontextmanager
async def _running(parts: Parts, lanes: list[Lane]) -> AsyncIterator[None]:
    """The lanes and their upkeep in the background; at the end what has begun is finished."""
    tasks = [asyncio.create_task(lane.run(), name=lane.name) for lane in lanes]
    upkeep = asyncio.create_task(Upkeep(parts.database, lanes).run(), name="upkeep")
    try:
        yield
    finally:
        upkeep.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(upkeep, *tasks, return_exceptions=True)
        await parts.close()


@asynccontextmanager
async def crisis_lane(settings: Settings) -> AsyncIterator[None]:
    """The crisis queue alone, for the web process: danger is answered when no worker runs."""
    parts = Parts(settings)
    async with _running(parts, [_lane(parts, "guidepost-web-crisis", "web-crisis", ["crisis"], 4)]):
        yield


async def run(settings: Settings) -> None:
    """Runs every lane until told to stop; what has begun is finished."""
    configure(settings.log_level)
    if not (settings.on_call or settings.guidepost_demo):
        log.warning("nobody_on_call")
    parts = Parts(settings)
    lanes = [
        _lane(parts, WORKER, "crisis", ["crisis"], 4),
        _lane(parts, WORKER, "turns", ["turns"], 8),
        _lane(parts, WORKER, "sms", ["sms"], 8),
        _lane(parts, WORKER, "default", ["default"], 4),
    ]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    async with _running(parts, lanes):
        said = asyncio.create_task(agency.keep_current(parts.database, settings), name="agency")
        with contextlib.suppress(asyncio.CancelledError):
            await stop.wait()
        said.cancel()


def main() -> None:
    asyncio.run(run(get_settings()))

"""Whether this process lives, whether every part answers, and figures for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy import func, select, text

from casework.conversations.tables import IN, Message
from casework.safety.tables import Alarm
from channels.worker import WORKER

router = APIRouter(tags=["health"])

_WAITING = Gauge("guidepost_messages_waiting", "Inbound messages without an answer yet")
_UNSENT = Gauge("guidepost_messages_unsent", "Outgoing texts not handed over yet")
_ALARMS = Gauge("guidepost_alarms_open", "Alarms that nobody has acknowledged")
_JOBS = Gauge("guidepost_jobs", "Jobs by state", ["queue", "status"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """200 once the database, the model server, the actions and a worker answer; else 503 and which does not."""
    state = request.app.state
    parts: dict[str, Awaitable[bool]] = {
        "database": _database(request),
        "bot": state.bot.ready(),
        "actions": state.bot.reaches_actions(),
        "worker": _worker(request),
    }
    results = dict(zip(parts, await asyncio.gather(*parts.values()), strict=True))
    ready = all(results.values())
    return JSONResponse({"ready": ready, "parts": results}, 200 if ready else 503)


async def _database(request: Request) -> bool:
    try:
        await request.app.state.database.ping()
    except Exception:  # noqa: BLE001 - any failure is the same answer: not ready
        return False
    return True


async def _worker(request: Request) -> bool:
    try:
        async with request.app.state.database.session() as session:
            # A process that was killed loses its connections at once: quicker than any heartbeat.
            alive = await session.execute(
                text("select 1 from pg_stat_activity where datname = current_database() and application_name = :name"),
                {"name": WORKER},
            )
            return alive.first() is not None
    except Exception:  # noqa: BLE001 - any failure is the same answer: not ready
        return False


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    async with request.app.state.database.session() as session:
        waiting = select(func.count()).where(Message.direction == IN, Message.handled_at.is_(None))
        _WAITING.set((await session.execute(waiting)).scalar_one())
        unsent = select(func.count()).where(Message.status.in_(("queued", "sending")))
        _UNSENT.set((await session.execute(unsent)).scalar_one())
        alarms = select(func.count()).where(Alarm.status == "open")
        _ALARMS.set((await session.execute(alarms)).scalar_one())
        rows = await session.execute(
            text("select queue_name, status::text, count(*) from procrastinate_jobs group by 1, 2")
        )
        _JOBS.clear()  # a state that no job is in any more has no row
        for queue, status, count in rows:
            _JOBS.labels(queue, status).set(count)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

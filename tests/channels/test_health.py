"""/readyz and /metrics, as whoever watches over the line reads them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from casework import jobs
from casework.conversations.bot import Bot
from casework.settings import get_settings
from casework.storage import Database
from channels import health
from channels.worker import WORKER

pytestmark = pytest.mark.anyio
MODEL, ACTIONS = "/webhooks/guidepost/", "/webhooks/guidepost/actions"


@pytest.fixture
def model() -> Iterator[tuple[str, set[str]]]:
    """A model server on another machine: its address, and the paths that it does not answer."""
    silent: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if self.path in silent else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", silent
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("silent", "worker", "missing"),
    [
        (set(), True, set()),  # no actions listen here
        ({ACTIONS}, True, {"actions"}),
        ({MODEL, ACTIONS}, True, {"bot", "actions"}),
        (set(), False, {"worker"}),
    ],
)
async def test_it_is_ready_once_every_part_answers_wherever_it_runs(
    database: Database, model: tuple[str, set[str]], silent: set[str], worker: bool, missing: set[str]
) -> None:
    model[1].update(silent)
    app = FastAPI()
    app.include_router(health.router)
    app.state.database = database
    app.state.bot = Bot(get_settings().model_copy(update={"rasa_url": model[0]}))
    name = WORKER if worker else "another"
    with psycopg.connect(database.url, application_name=name):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line") as client:
            answer = await client.get("/readyz")
    await app.state.bot.close()
    await database.close()
    assert {part for part, answers in answer.json()["parts"].items() if not answers} == missing
    assert answer.status_code == (503 if missing else 200)


async def test_a_job_that_is_done_is_no_longer_counted_as_waiting(database: Database) -> None:
    app = FastAPI()
    app.include_router(health.router)
    app.state.database = database
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line") as client:
        async with database.session() as session:
            await jobs.defer(session, "turn", queue="turns")
        before = (await client.get("/metrics")).text
        async with database.session() as session:
            await session.execute(text("delete from procrastinate_jobs"))
        after = (await client.get("/metrics")).text
    await database.close()
    assert 'guidepost_jobs{queue="turns",status="todo"} 1.0' in before
    assert 'queue="turns"' not in after

"""The web chat: many open chats on one web process and what they weigh.

`rows()` starts Postgres and one web process as `guidepost up` starts it, and talks to it over real sockets from this
process: most chats only stand open, the others write at the pace of people. Every socket comes from one of several
loopback addresses, as chats come from many households, and stays below what one address may open.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import statistics
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import psutil
import websockets

from tests.line.line import free_port

IDLE, TALKING, SECONDS = 2_000, 200, 40
PAUSE = 20.0  # seconds between two messages of one person
PER_ADDRESS = 20  # chats that come from one address here
SAID = ("i need help finding a case manager", "what is a case manager", "i have medicaid", "my zip is 55401")
LIMIT_MB = 300


def rows() -> list[dict[str, Any]]:
    """`{"what", "value" | "p50_ms", ...}` a row: the web process's memory in MB, and how soon a message is taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 8_192:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(8_192, hard), hard))
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-", ignore_cleanup_errors=True) as folder:
        return _many_chats(Path(folder))


def _many_chats(folder: Path) -> list[dict[str, Any]]:
    os.environ["GUIDEPOST_DEMO"] = "1"
    os.environ["GUIDEPOST_DATA"] = str(folder)
    from casework.commands import processes
    from casework.settings import get_settings
    from casework.storage import embedded, migrate

    get_settings.cache_clear()
    port = free_port()
    settings = get_settings().model_copy(update={"port": port})
    server, url = embedded.start(folder / "postgres")
    migrate.migrate(url)
    web = next(part for part in processes.parts(settings, url, url) if part.name == "web")
    environment = processes.own_environment(web.environment) | {"LOG_LEVEL": "CRITICAL"}
    process = subprocess.Popen(web.command, env=environment)
    try:
        _until_up(f"http://127.0.0.1:{port}/healthz")
        return asyncio.run(_talk(f"ws://127.0.0.1:{port}/chat/socket", psutil.Process(process.pid)))
    finally:
        process.terminate()
        process.wait(30)
        server.cleanup()


def _until_up(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass  # not up yet
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


def _weight(web: psutil.Process) -> int:
    return round(web.memory_info().rss / 2**20)


class _Chat:
    """One open chat. A reader takes what comes, as a browser does; acks say how long each message took."""

    def __init__(self) -> None:
        self.waits: dict[str, float] = {}
        self.took: list[float] = []
        self.errors: list[str] = []

    async def open(self, url: str, number: int) -> None:
        address = f"127.0.{1 + number // PER_ADDRESS // 250}.{1 + number // PER_ADDRESS % 250}"
        # Without compression: its buffers would weigh on this side, and browsers' frames are small.
        self.socket = await websockets.connect(url, local_addr=(address, 0), ping_interval=None)
        await self.socket.send(json.dumps({"type": "hello", "session": None, "language": "en"}))
        assert json.loads(await self.socket.recv())["type"] == "welcome"
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for raw in self.socket:
            frame = json.loads(raw)
            if frame["type"] == "ack":
                self.took.append(time.monotonic() - self.waits.pop(frame["id"]))
            elif frame["type"] == "error":
                self.errors.append(frame["code"])

    async def talk(self, until: float) -> None:
        await asyncio.sleep(random.random() * PAUSE)
        while time.monotonic() < until:
            key = str(uuid.uuid4())
            self.waits[key] = time.monotonic()
            await self.socket.send(json.dumps({"type": "message", "id": key, "text": random.choice(SAID)}))
            await asyncio.sleep(PAUSE * (0.5 + random.random()))


async def _talk(url: str, web: psutil.Process) -> list[dict[str, Any]]:
    before = _weight(web)
    chats = [_Chat() for _ in range(IDLE + TALKING)]
    for first in range(0, len(chats), 50):
        await asyncio.gather(*(chat.open(url, first + n) for n, chat in enumerate(chats[first : first + 50])))
    opened = _weight(web)
    cpu, began = sum(web.cpu_times()[:2]), time.monotonic()
    await asyncio.gather(*(chat.talk(began + SECONDS) for chat in chats[IDLE:]))
    await asyncio.sleep(2)
    busy = (sum(web.cpu_times()[:2]) - cpu) / (time.monotonic() - began)
    heaviest = _weight(web)
    took = [seconds for chat in chats for seconds in chat.took]
    lost = sum(len(chat.waits) for chat in chats)
    errors = [code for chat in chats for code in chat.errors]
    closed = sum(chat.reader.done() for chat in chats)
    assert not errors, errors[:5]
    assert not lost, f"{lost} messages were not acknowledged"
    assert not closed, f"{closed} sockets were closed"
    cuts = statistics.quantiles(took, n=20)
    return [
        {"what": "memory of a web process without chats", "value": before, "unit": "MB"},
        {"what": f"memory with {len(chats)} open chats", "value": opened, "unit": "MB"},
        {
            "what": f"memory with {IDLE} idle and {TALKING} talking chats",
            "value": heaviest,
            "unit": "MB",
            "limit": LIMIT_MB,
            "holds": "yes" if heaviest <= LIMIT_MB else "no",
        },
        {
            "what": "message to its ack (stored, read for danger) with all of them open",
            "p50_ms": round(1000 * cuts[9], 1),
            "p95_ms": round(1000 * cuts[18], 1),
            "rounds": len(took),
            "core_share": round(busy, 2),
        },
    ]

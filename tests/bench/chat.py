"""The web chat: many open chats on one web process and what they weigh.

`rows()` starts Postgres and one web process as `guidepost up` starts it, and talks to it over real sockets from this
process: most chats only stand open, the others write at the pace of people. Every socket comes from one of several
loopback addresses, as chats come from many households, and stays below what one address may open.

Then a whole line with a real Chromium: when the button is painted, and when the first answer stands on the screen.
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
ROUNDS = 20  # pages in a browser


def rows() -> list[dict[str, Any]]:
    """`{"what", "value" | "p50_ms", ...}` a row: the web process's memory in MB, and how soon a message is taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 8_192:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(8_192, hard), hard))
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-", ignore_cleanup_errors=True) as folder:
        found = _many_chats(Path(folder))
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-", ignore_cleanup_errors=True) as folder:
        return [*found, *_in_a_browser(Path(folder))]


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
    deadline = time.monotonic() + 180
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
    """One open chat, as the element behaves: one message under way, sent again where the line could not store it."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.again = 0
        self._answer: asyncio.Future[str] | None = None

    async def open(self, url: str, number: int) -> None:
        address = f"127.0.{1 + number // PER_ADDRESS // 250}.{1 + number // PER_ADDRESS % 250}"
        self.socket = await websockets.connect(url, local_addr=(address, 0), ping_interval=None)
        await self.socket.send(json.dumps({"type": "hello", "session": None, "language": "en"}))
        assert json.loads(await self.socket.recv())["type"] == "welcome"
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for raw in self.socket:
            frame = json.loads(raw)
            if frame["type"] in ("ack", "error") and self._answer is not None:
                self._answer.set_result(frame.get("code", "ack"))
                self._answer = None

    async def talk(self, until: float) -> None:
        await asyncio.sleep(random.random() * PAUSE)
        while time.monotonic() < until:
            frame = json.dumps({"type": "message", "id": str(uuid.uuid4()), "text": random.choice(SAID)})
            began = time.monotonic()
            while (answer := await self._asks(frame)) != "ack":
                assert answer == "unavailable", answer
                self.again += 1
                await asyncio.sleep(3)
            self.took.append(time.monotonic() - began)
            await asyncio.sleep(PAUSE * (0.5 + random.random()))

    async def _asks(self, frame: str) -> str:
        self._answer = answer = asyncio.get_running_loop().create_future()
        await self.socket.send(frame)
        return await asyncio.wait_for(answer, 120)


async def _talk(url: str, web: psutil.Process) -> list[dict[str, Any]]:
    before = _weight(web)
    chats = [_Chat() for _ in range(IDLE + TALKING)]
    for first in range(0, len(chats), 50):
        await asyncio.gather(*(chat.open(url, first + n) for n, chat in enumerate(chats[first : first + 50])))
    opened = _weight(web)
    cpu, began = sum(web.cpu_times()[:2]), time.monotonic()
    await asyncio.gather(*(chat.talk(began + SECONDS) for chat in chats[IDLE:]))
    busy = (sum(web.cpu_times()[:2]) - cpu) / (time.monotonic() - began)
    heaviest, beside = _weight(web), sum(map(_weight, web.children()))
    took = [seconds for chat in chats for seconds in chat.took]
    closed = sum(chat.reader.done() for chat in chats)
    assert not closed, f"{closed} sockets were closed"
    cuts = statistics.quantiles(took, n=20)
    return [
        {"what": "memory of a web process without chats", "value": before, "unit": "MB"},
        {"what": "memory of the process that reads texts for danger beside it", "value": beside, "unit": "MB"},
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
            "sent_again": sum(chat.again for chat in chats),
            "core_share": round(busy, 2),
        },
    ]


# Set up before the page's own scripts: when the button is painted, and when an answer is.
_WATCH = """
addEventListener("load", () => { window.loadedAt = performance.now(); });
const look = () => {
  const chat = document.querySelector("guidepost-chat"), inside = chat && chat.shadowRoot;
  const launch = inside && inside.querySelector(".launch");
  if (!launch || !launch.getBoundingClientRect().width) return requestAnimationFrame(look);
  requestAnimationFrame(() => { window.paintedAt = performance.now(); });
};
requestAnimationFrame(look);
window.answer = () => new Promise((done) => {
  const log = document.querySelector("guidepost-chat").shadowRoot.querySelector(".log");
  const began = performance.now(), first = log.querySelectorAll(".m.assistant").length;
  const watch = new MutationObserver(() => {
    if (log.querySelectorAll(".m.assistant").length <= first) return;
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - began));
  });
  watch.observe(log, { childList: true });
  document.querySelector("guidepost-chat").send("hi");
});
"""


def _in_a_browser(folder: Path) -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    from tests.channels.browsing import CHROMIUM
    from tests.line.line import Running

    if CHROMIUM is None:
        return [{"what": "no Chromium on this machine: the button and the first answer were not measured"}]
    line = Running(folder, LOG_LEVEL="CRITICAL")
    line.start()
    painted, answers = [], []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
            for _ in range(1 + ROUNDS):
                context = browser.new_context()
                page = context.new_page()
                page.add_init_script(_WATCH)
                page.goto(f"{line.base}/chat/demo", wait_until="load")
                page.wait_for_function("() => window.paintedAt && window.loadedAt")
                painted.append(page.evaluate("Math.max(0, window.paintedAt - window.loadedAt)"))
                page.evaluate("document.querySelector('guidepost-chat').open()")
                page.wait_for_timeout(300)
                answers.append(page.evaluate("window.answer()"))
                context.close()
            browser.close()
    finally:
        line.close()
    painted, answers = painted[1:], answers[1:]  # the first round warms the browser and the line up
    return [
        _browser_row("the button painted, after the page's load event", painted, 100),
        _browser_row("the first answer on the screen, from sending", answers, 400),
    ]


def _browser_row(what: str, milliseconds: list[float], limit: int) -> dict[str, Any]:
    cuts = statistics.quantiles(milliseconds, n=20)
    return {
        "what": what,
        "p50_ms": round(cuts[9], 1),
        "p95_ms": round(cuts[18], 1),
        "rounds": len(milliseconds),
        "limit_ms": limit,
        "holds": "yes" if cuts[9] <= limit else "no",
    }

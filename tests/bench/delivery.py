"""How soon a webhook is answered, and a crisis reply handed over, on this machine.

`rows()` starts a line of its own (Postgres, web, worker; no model server, so every ordinary turn waits) and a Twilio
stand-in. The yardstick is a bare FastAPI route that answers 200 to the same requests at the same rate in the same run:
what no webhook can be faster than here.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from fastapi import FastAPI
from fastapi.responses import Response
from twilio.request_validator import RequestValidator

from tests.line.line import free_port
from tests.line.standin import ACCOUNT, LINE, TOKEN, StandIn

PER_SECOND, SECONDS, WAITING, CRISES = 50, 20, 1_000, 100
IN_DANGER = "i want to kill myself"
WHOLE = 2  # texts of a crisis reply out of hours: the resources, and that staff may take longer

bare = FastAPI()


@bare.post("/sms/inbound")
async def yardstick() -> Response:
    return Response("<Response/>", media_type="text/xml")


def rows() -> list[dict[str, Any]]:
    """`{"what", "p50_ms", "p99_ms", "rounds"}` a row; the first is the yardstick, webhooks have `yardsticks` too."""
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-", ignore_cleanup_errors=True) as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[dict[str, Any]]:
    os.environ["GUIDEPOST_DEMO"] = "1"
    os.environ["GUIDEPOST_DATA"] = str(folder)
    from casework.settings import get_settings
    from casework.storage import embedded, migrate

    get_settings.cache_clear()
    get_settings()
    server, url = embedded.start(folder / "postgres")
    port, bare_port, standin = free_port(), free_port(), StandIn(free_port())
    migrate.migrate(url)
    base = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "DATABASE_URL": url,
        "PORT": str(port),
        "PUBLIC_URL": base,
        "RASA_URL": f"http://127.0.0.1:{free_port()}",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": LINE,
        "TWILIO_API_URL": standin.url,
        "SMS_PER_SECOND": "1000",
        "AGENCY_HOURS": f"{datetime.now(UTC) + timedelta(days=3):%a} 10:00-11:00 UTC",  # closed: the longest reply
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LOG_LEVEL": "CRITICAL",
    }
    web = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--no-access-log", "--log-level", "error"]
    parts = [
        subprocess.Popen([*web, "--port", str(bare_port), "tests.bench.delivery:bare"], env=environment),
        subprocess.Popen([*web, "--port", str(port), "--factory", "channels.app:create_app"], env=environment),
    ]
    try:
        _until_up(f"{base}/healthz")
        _until_up(f"http://127.0.0.1:{bare_port}/sms/inbound", post=True)
        floor = asyncio.run(_webhooks(f"http://127.0.0.1:{bare_port}"))
        inbound = asyncio.run(_webhooks(base))
        parts.append(subprocess.Popen([sys.executable, "-m", "channels.worker"], env=environment))
        with psycopg.connect(url) as connection:
            (waiting,) = connection.execute("select count(*) from messages where handled_at is null").fetchone() or (0,)
        assert waiting >= WAITING, waiting
        time.sleep(5)
        crisis = _crises(base, standin)
    finally:
        for part in parts:
            part.terminate()
        for part in parts:
            part.wait()
        standin.stop()
        server.cleanup()
    return [
        _row(f"bare route, {PER_SECOND} requests a second", floor),
        _row(f"inbound webhook, {PER_SECOND} requests a second", inbound)
        | {"yardsticks": round(_at(inbound, 0.5) / _at(floor, 0.5), 1)},
        _row(f"whole crisis reply, webhook to provider, {waiting} turns waiting, no model server", crisis),
    ]


def _until_up(url: str, *, post: bool = False) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if (httpx.post(url) if post else httpx.get(url)).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass  # not up yet
        time.sleep(0.2)
    raise AssertionError(f"{url} did not come up")


def invented(n: int) -> str:
    """The nth of the numbers that are nobody's: 555-0100 to 555-0199 in area code after area code."""
    area, last = divmod(n, 100)
    return f"+1{401 + area}55501{last:02d}"


def _request(base: str, number: str, body: str) -> dict[str, Any]:
    form = {"MessageSid": "SM" + uuid.uuid4().hex, "From": number, "To": LINE, "Body": body, "NumMedia": "0"}
    url = base + "/sms/inbound"
    return {
        "url": url,
        "data": form,
        "headers": {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, form)},
    }


async def _webhooks(base: str) -> list[float]:
    """Milliseconds of each request, sent at a fixed rate whatever the answers do."""
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=100)) as web:

        async def one(number: int, at: float) -> float:
            request = _request(base, invented(number), "do i qualify for a case manager")
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            began = time.perf_counter()
            answer = await web.post(**request)
            assert answer.status_code == httpx.codes.OK, answer.text
            return 1000 * (time.perf_counter() - began)

        start = time.perf_counter() + 2.0
        return sorted(await asyncio.gather(*(one(n, start + n / PER_SECOND) for n in range(PER_SECOND * SECONDS))))


def _crises(base: str, standin: StandIn) -> list[float]:
    """Milliseconds from the sending of a text that shows danger to the provider's having the last text of the reply."""
    took = []
    with httpx.Client(timeout=30) as web:
        for n in range(CRISES):
            number = invented(PER_SECOND * SECONDS + n)
            began = time.monotonic()
            web.post(**_request(base, number, IN_DANGER)).raise_for_status()
            while standin.count(number) < WHOLE:
                assert time.monotonic() - began < 30, "no whole crisis reply in 30 s"
                time.sleep(0.002)
            last = max(sent.at for sent in standin.sent if sent.to == number)
            took.append(1000 * (last - began))
            time.sleep(0.2)
    return sorted(took)


def _at(values: list[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)]


def _row(what: str, values: list[float]) -> dict[str, Any]:
    return {
        "what": what,
        "p50_ms": round(_at(values, 0.5), 1),
        "p99_ms": round(_at(values, 0.99), 1),
        "rounds": len(values),
    }


if __name__ == "__main__":
    for row in rows():
        print(row)

"""Twilio at the network's edge, in its real protocol: the REST API that the line calls, a phone that texts it."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN, LINE = "AC" + "0" * 32, "t" * 32, "+16125550100"


@dataclass
class Sent:
    """One message that the line handed over. `at` is a monotonic moment in seconds."""

    sid: str
    to: str
    body: str
    at: float
    callback: str | None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


class StandIn:
    """Twilio's `Messages` API on a port of its own, in a thread of this process."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sent: list[Sent] = []
        self.refuse: list[tuple[int, int]] = []  # (HTTP status, code) for the next requests
        self.lose: list[bool] = []  # for the next requests: taken, but the answer is lost (HTTP 500)
        self.arrived = threading.Condition()
        self._counts: Counter[str] = Counter()
        self._server = uvicorn.Server(
            uvicorn.Config(self._app(), host="127.0.0.1", port=port, log_level="error", lifespan="off")
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def count(self, number: str) -> int:
        """How many messages that number has got."""
        return self._counts[number]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/2010-04-01/Accounts/{account}/Messages.json")
        async def create(account: str, request: Request) -> JSONResponse:
            form = await request.form()
            if self.refuse:
                status, code = self.refuse.pop(0)
                return JSONResponse({"code": code, "message": "refused", "status": status}, status)
            body = str(form.get("Body") or "")
            if not body or not form.get("To") or len(body) > 1600:
                return JSONResponse({"code": 21602, "message": "bad request", "status": 400}, 400)
            sent = Sent(
                "SM" + uuid.uuid4().hex, str(form["To"]), body, time.monotonic(), str(form.get("StatusCallback") or "")
            )
            with self.arrived:
                self.sent.append(sent)
                self._counts[sent.to] += 1
                self.arrived.notify_all()
            if self.lose and self.lose.pop(0):
                return JSONResponse({"code": 20500, "message": "internal error", "status": 500}, 500)
            return JSONResponse(self._json(account, sent), 201)

        @app.get("/2010-04-01/Accounts/{account}/Messages.json")
        async def listing(account: str, To: str = "") -> dict[str, Any]:  # noqa: N803 - Twilio's own name
            rows = [self._json(account, sent) for sent in reversed(self.sent) if sent.to == To]
            return {
                "messages": rows,
                "page": 0,
                "page_size": 50,
                "next_page_uri": None,
                "uri": "",
                "start": 0,
                "end": 0,
            }

        return app

    def _json(self, account: str, sent: Sent) -> dict[str, Any]:
        return {
            "sid": sent.sid,
            "account_sid": account,
            "to": sent.to,
            "from": LINE,
            "body": sent.body,
            "status": "queued",
            "direction": "outbound-api",
            "date_created": format_datetime(sent.created),
            "date_updated": format_datetime(sent.created),
            "date_sent": None,
            "num_segments": "1",
            "num_media": "0",
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "api_version": "2010-04-01",
            "messaging_service_sid": None,
            "uri": f"/2010-04-01/Accounts/{account}/Messages/{sent.sid}.json",
            "subresource_uris": {},
        }


class Phone:
    """A client's phone. `text` sends and waits for what the line answers."""

    def __init__(self, standin: StandIn, base: str, number: str, settled: Callable[[str], bool] | None = None) -> None:
        self.number = number
        self._settled = settled
        self.texts = 0
        self._standin = standin
        self._base = base
        self._seen = 0
        self._http = httpx.Client(timeout=20)

    def post(self, path: str, form: dict[str, str], *, signature: str | None = None) -> httpx.Response:
        """A signed webhook, as Twilio posts it."""
        url = self._base + path
        signed = RequestValidator(TOKEN).compute_signature(url, form)
        headers = {"X-Twilio-Signature": signed if signature is None else signature}
        return self._http.post(url, data=form, headers=headers)

    def send(self, body: str, *, sid: str | None = None, **more: str) -> httpx.Response:
        """Sends without waiting for an answer."""
        form = {
            "MessageSid": sid or "SM" + uuid.uuid4().hex,
            "AccountSid": ACCOUNT,
            "From": self.number,
            "To": LINE,
            "Body": body,
            "NumMedia": "0",
        } | more
        self.texts += 1
        answer = self.post("/sms/inbound", form)
        assert answer.status_code == 200, answer.text
        return answer

    def close(self) -> None:
        self._http.close()

    def received(self) -> list[str]:
        return [sent.body for sent in self._standin.sent if sent.to == self.number]

    def answers(self, *, within: float = 60.0, quiet: float = 0.7) -> list[str]:
        """What came since the last look: waits for the first message, then until the line has no more to say (it is
        asked, where it can be; else until it was quiet for so many seconds)."""
        deadline = time.monotonic() + within
        while len(self.received()) <= self._seen:
            if time.monotonic() > deadline:
                return []
            with self._standin.arrived:
                self._standin.arrived.wait(0.1)
        count, since = len(self.received()), time.monotonic()
        while time.monotonic() < deadline:
            if self._settled(self.number) if self._settled else time.monotonic() - since > quiet:
                break
            time.sleep(0.1)
            if len(self.received()) != count:
                count, since = len(self.received()), time.monotonic()
        fresh = self.received()[self._seen :]
        self._seen = len(self.received())
        return fresh

    def text(self, body: str, **more: str) -> str:
        """Sends a text; returns all that the line answered, divided by blank lines."""
        self.send(body, **more)
        answers = self.answers()
        assert answers, f"no answer to text {self.texts}"
        return "\n\n".join(answers)

"""Starting a whole line as its user does: `guidepost up` with its own data folder and ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cached_property
from pathlib import Path

import httpx
import psycopg

from casework.paths import ROOT
from casework.storage.encryption import blind_index
from tests.line.standin import ACCOUNT, LINE, TOKEN, Phone, StandIn


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A running line and the Twilio stand-in that it talks to. `log` is what it printed."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.standin = StandIn(free_port())
        self.base = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "PORT": str(self.port),
            "PUBLIC_URL": self.base,
            "GUIDEPOST_DATA": str(folder),
            "GUIDEPOST_DEMO": "1",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": LINE,
            "TWILIO_API_URL": self.standin.url,
            "GATHER_SECONDS": "0",
            "SMS_PER_SECOND": "1000",
            "HOST": "127.0.0.1",
        } | environment
        self.log: list[str] = []
        self.start_seconds = 0.0
        self._numbers = 10
        self._phones: list[Phone] = []
        self._here = threading.local()
        self._connections: list[psycopg.Connection[tuple[int]]] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        began = time.monotonic()
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "guidepost"), "up", "--no-train"],
            cwd=ROOT,
            env=self._environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        deadline = began + 240
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError("the line ended:\n" + "".join(self.log[-40:]))
            try:
                if httpx.get(self.base + "/readyz", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                pass  # not up yet
            time.sleep(0.2)
        else:
            raise AssertionError("the line did not become ready:\n" + "".join(self.log[-40:]))
        self.start_seconds = time.monotonic() - began

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        for text in self.process.stderr:
            self.log.append(text)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def close(self) -> None:
        for phone in self._phones:
            phone.close()
        for connection in self._connections:
            connection.close()
        self.stop()
        self.standin.stop()
        if self.process is not None and self.process.stderr is not None:
            self._reader.join(timeout=5)
            self.process.stderr.close()

    @property
    def database_url(self) -> str:
        """The embedded Postgres of this line."""
        return f"postgresql://postgres@/guidepost?host={self.folder / 'postgres'}"

    def settled(self, number: str) -> bool:
        """Whether everything that this number texted is answered, and everything said to it handed over."""
        connection = getattr(self._here, "connection", None)
        if connection is None or connection.closed:  # asked many times a second: one connection a thread
            connection = self._here.connection = psycopg.connect(self.database_url, autocommit=True)
            self._connections.append(connection)
        row = connection.execute(
            "select count(*) from messages m join conversations c on c.id = m.conversation_id"
            " join clients p on p.id = c.client_id where p.phone_index = %s and ((m.direction = 'in' and"
            " m.handled_at is null) or (m.direction = 'out' and m.status in ('queued', 'sending')))",
            [blind_index(number, "phone", keys=self.keys["ENCRYPTION_KEYS"])],
        ).fetchone()
        return row == (0,)

    def days_pass(self, number: str, days: int) -> None:
        """Moves a client's messages so many days into the past, as if that time had gone by."""
        index = blind_index(number, "phone", keys=self.keys["ENCRYPTION_KEYS"])
        with psycopg.connect(self.database_url) as connection:
            connection.execute(
                "update messages set created_at = created_at - make_interval(days => %s) where conversation_id in"
                " (select c.id from conversations c join clients p on p.id = c.client_id where p.phone_index = %s)",
                [days, index],
            )

    @cached_property
    def keys(self) -> dict[str, str]:
        """The demo keys that this line made for itself."""
        made: dict[str, str] = json.loads((self.folder / "demo-keys.json").read_text())
        return made

    def phone(self) -> Phone:
        """A phone with a number of its own."""
        self._numbers += 1
        area, last = divmod(self._numbers, 100)
        phone = Phone(self.standin, self.base, f"+1{612 + area}55501{last:02d}", self.settled)
        self._phones.append(phone)
        return phone

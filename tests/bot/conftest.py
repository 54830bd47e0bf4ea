"""A tiny model, trained once, and a model server of its own: real Rasa, real Postgres, a fake action server."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from casework.storage import embedded
from casework.storage.migrate import prepare_bot_role

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / "bot" / ".venv" / "bin" / "python"
TOY = Path(__file__).resolve().parent / "toy"
SECRET = "a secret of the tests"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="make setup has not made bot/.venv")


def rasa_environment(**more: str) -> dict[str, str]:
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        **more,
    }


@pytest.fixture(scope="session")
def toy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a model is made of, as the repository has it."""
    root = tmp_path_factory.mktemp("toy")
    shutil.copytree(TOY, root, dirs_exist_ok=True)
    shutil.copy(ROOT / "config.yml", root / "config.yml")
    return root


@pytest.fixture(scope="session")
def toy_model(toy_root: Path) -> Path:
    if not PYTHON.exists():
        pytest.skip("make setup has not made bot/.venv")
    out = toy_root / "models" / "toy.tar.gz"
    done = subprocess.run(
        [PYTHON, "-m", "bot.train", "--root", toy_root, "--out", out],
        env=rasa_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return out


@dataclass
class Actions:
    """What stands in for the action server. `answers` maps an action to (status, body) or a function giving it."""

    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def asked(self, name: str) -> int:
        return sum(call["next_action"] == name for call in self.calls)


@pytest.fixture(scope="session")
def actions() -> Iterator[Actions]:
    stand_in = Actions()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(stand_in.answers.get(self.path, (200, None))[0])
            self.end_headers()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body["authorization"] = self.headers.get("Authorization")
            stand_in.calls.append(body)
            status, answer = stand_in.answers.get(body["next_action"], (200, {"events": [], "responses": []}))
            sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield stand_in
    server.shutdown()
    server.server_close()


@dataclass
class ModelServer:
    """A running `bot.serve`. `url` is where; `database` is the superuser's address of its database."""

    url: str
    database: str
    log: Path
    actions: Actions
    client: httpx.Client

    def turn(self, sender: str, message_id: str, text: str, **more: Any) -> httpx.Response:
        body = {"sender": sender, "message_id": message_id, "text": text, **more}
        return self.client.post("/webhooks/guidepost/turn", json=body)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(until: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()[-3000:]
        if until():
            return
        time.sleep(0.2)
    raise AssertionError("the model server did not come up: " + log.read_text()[-3000:])


@pytest.fixture(scope="session")
def model_server(toy_model: Path, actions: Actions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    folder = tmp_path_factory.mktemp("bot")
    postgres, url = embedded.start(folder / "postgres", durable=False)
    port, log = _free_port(), folder / "log"
    environment = rasa_environment(
        ACTIONS_URL=f"http://127.0.0.1:{actions.port}/webhook",
        GUIDEPOST_ACTIONS_SECRET="for the actions",
        BOT_DATABASE_URL=prepare_bot_role(url, "bot-password"),
        GUIDEPOST_BOT_KEYS=Fernet.generate_key().decode(),
        GUIDEPOST_BOT_SECRET=SECRET,
    )
    with log.open("wb") as written:
        process = subprocess.Popen(
            [PYTHON, "-m", "bot.serve", "--port", str(port), "--model", toy_model],
            env=environment,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {SECRET}"}, timeout=40
    )

    def up() -> bool:
        try:
            return client.get("/webhooks/guidepost/").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    try:
        _wait(up, process, log)
        yield ModelServer(str(client.base_url), url, log, actions, client)
    finally:
        client.close()
        process.terminate()
        process.wait(20)
        postgres.cleanup()

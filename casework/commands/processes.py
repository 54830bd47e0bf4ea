"""The parts of the service as processes: what runs each, with what environment; free ports; the embedded database."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from casework.paths import BOT, MODELS, ROOT
from casework.settings import LOOPBACK, Settings, get_settings
from casework.storage import embedded

BOT_PYTHON = BOT / ".venv" / "bin" / "python"
DIALOGUE_MODEL = MODELS / "guidepost.tar.gz"


@dataclass
class Part:
    """One process of the service. `ready` is polled: an address that answers 200 once it is up."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    ready: str | None = None


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(wished: int) -> int:
    """The wished port, or any free one where it is taken: internal ports are nobody's contract."""
    if port_is_free(wished) and _claim(wished):
        return wished
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


_claims: list[TextIO] = []  # open, and so locked, until this process ends


def _claim(port: int) -> bool:
    """Whether the port is ours: another line that is just starting binds its own only seconds after it chose it."""
    try:
        file = (Path(tempfile.gettempdir()) / f"guidepost-port-{port}").open("w")
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return False
    _claims.append(file)
    return True


@contextmanager
def database(settings: Settings) -> Iterator[tuple[str, embedded.Server | None]]:
    """DATABASE_URL, or the embedded Postgres of the data folder, started if it is not running, and that server."""
    if settings.database_url:
        yield settings.database_url, None
        return
    server, url = embedded.start(settings.guidepost_data.resolve() / "postgres")
    try:
        yield url, server
    finally:
        server.cleanup()


@contextmanager
def database_url(settings: Settings | None = None) -> Iterator[str]:
    """The address alone, for a command that runs beside the line or by itself."""
    with database(settings or get_settings()) as (url, _):
        yield url


def own_ports(settings: Settings) -> Settings:
    """The settings with free internal ports in place of those that are taken."""
    found: dict[str, object] = {"actions_port": free_port(settings.actions_port)}
    if settings.own_bot_port is not None:
        found["rasa_url"] = f"http://{LOOPBACK}:{free_port(settings.own_bot_port)}"
    return settings.model_copy(update=found)


def parts(settings: Settings, url: str, bot_database: str | None) -> list[Part]:
    """The processes of this machine, in the order in which they are started.

    Where RASA_URL names a model server elsewhere, neither it nor the actions, which run beside it, are among them.
    """
    environment = {
        "DATABASE_URL": url,
        "PORT": str(settings.port),
        "RASA_URL": settings.bot_url,
        "ACTIONS_PORT": str(settings.actions_port),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    host = settings.host or (LOOPBACK if settings.guidepost_demo and not settings.public_url else "0.0.0.0")  # noqa: S104
    return [
        *(_model_parts(settings, environment, bot_database) if bot_database else ()),
        Part("worker", [sys.executable, "-m", "channels"], environment),
        Part(
            "web",
            [*_uvicorn("channels.app:create_app", host, settings.port)],
            environment,
            f"{settings.own_address}/healthz",
        ),
    ]


def _model_parts(settings: Settings, environment: dict[str, str], bot_database: str) -> list[Part]:
    return [
        Part(
            "actions",
            [*_uvicorn("actions.server:create_app", LOOPBACK, settings.actions_port)],
            environment,
            f"http://{LOOPBACK}:{settings.actions_port}/healthz",
        ),
        Part(
            "bot",
            [str(BOT_PYTHON), "-m", "bot.serve", "--port", str(settings.own_bot_port), "--model", str(DIALOGUE_MODEL)],
            {
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "ignore",  # Rasa's pins warn of their own age at every start
                "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
                "ACTIONS_URL": f"http://{LOOPBACK}:{settings.actions_port}/webhook",
                "GUIDEPOST_ACTIONS_SECRET": settings.secret("actions"),
                "BOT_DATABASE_URL": bot_database,
                "GUIDEPOST_BOT_KEYS": ",".join(settings.encryption_keys),
                "GUIDEPOST_BOT_SECRET": settings.secret("bot"),
            },
            f"{settings.bot_url}/webhooks/guidepost/",
        ),
    ]


def _uvicorn(factory: str, host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "uvicorn", factory, "--factory", "--host", host, "--port", str(port)),
        # Addresses in access logs would hold tokens and tell who read whom.
        *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5", "--ws-max-size", "1000000"),
        # Frames are short: compressing them would cost 70 kB of buffers for every open chat and gain nothing.
        *("--ws-per-message-deflate", "false"),
    ]


def own_environment(extra: dict[str, str]) -> dict[str, str]:
    """The environment of a part: ours with what it needs; the bot gets no more than it is to know."""
    return {**os.environ, **extra}


def bot_environment(extra: dict[str, str]) -> dict[str, str]:
    """The model server's: nothing of the service's secrets but those made for it."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "GUIDEPOST_BENCH")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **extra}

"""Serves the dialogue model on loopback: `python -m bot.serve --port N --model models/guidepost.tar.gz`.

Environment (endpoints.yml and credentials.yml read it): ACTIONS_URL, GUIDEPOST_ACTIONS_SECRET, BOT_DATABASE_URL,
GUIDEPOST_BOT_KEYS, GUIDEPOST_BOT_SECRET. With GUIDEPOST_BENCH=1 Rasa's `rest` channel is there too, for the benchmarks.

Of Rasa's own HTTP API only `POST /model/parse` is served, by the same shape and path, with the channel's secret as a
bearer token: the rest of that API loads models from anywhere and reads every conversation.
"""

from __future__ import annotations

import os

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["SANIC_WORKERS"] = "1"  # conversations are locked within the process

import argparse
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

from bot import quiet

HERE = Path(__file__).resolve().parent
LOOPBACK = "127.0.0.1"
LOUDEST = logging.WARNING
NEEDED = ("ACTIONS_URL", "GUIDEPOST_ACTIONS_SECRET", "BOT_DATABASE_URL", "GUIDEPOST_BOT_KEYS", "GUIDEPOST_BOT_SECRET")
MAX_BODY = 1_000_000


class CannotStart(Exception):
    """Something the server needs is not there; the text says what."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serves the dialogue model on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--endpoints", type=Path, default=HERE / "endpoints.yml")
    parser.add_argument("--credentials", type=Path, default=HERE / "credentials.yml")
    return parser.parse_args()


def _check(model: Path) -> None:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise CannotStart(f"Not set: {', '.join(missing)}.")
    if not model.is_file():
        raise CannotStart(f"There is no model at {model}; make one with python -m bot.train --out {model}.")


def _channels(credentials: Path) -> list[Any]:
    from rasa.core.channels.rest import RestInput
    from rasa.core.run import create_http_input_channels

    channels = create_http_input_channels(None, str(credentials))
    if os.environ.get("GUIDEPOST_BENCH") == "1":
        channels.append(RestInput())
    return channels


def _assistant(endpoints_file: Path, model: Path) -> Any:
    from rasa.core.lock_store import InMemoryLockStore
    from rasa.core.tracker_store import TrackerStore
    from rasa.core.utils import AvailableEndpoints

    from bot.turns import Assistant

    endpoints = AvailableEndpoints.read_endpoints(str(endpoints_file))
    assistant = Assistant(
        tracker_store=TrackerStore.create(endpoints.tracker_store),
        lock_store=InMemoryLockStore(),
        action_endpoint=endpoints.action,
    )
    assistant.load_model(model)
    return assistant


def _warm_up(assistant: Any) -> None:
    """The first parse builds what is built on first use."""
    import asyncio

    loop = asyncio.new_event_loop()
    loop.run_until_complete(assistant.parse_message("hello, i need a case manager"))
    loop.close()


def make_app(port: int, model: Path, endpoints: Path, credentials: Path) -> Any:
    """The Sanic application, with the model loaded. Raises CannotStart."""
    from sanic import Sanic, response

    from bot.channel import TURN_SECONDS, GuidepostInput

    formatter = quiet.set_up(LOUDEST)
    _check(model)
    from rasa.core.channels.channel import register

    app = Sanic("guidepost_bot", configure_logging=False)
    app.config.RESPONSE_TIMEOUT = TURN_SECONDS + 30
    app.config.REQUEST_MAX_SIZE = MAX_BODY
    app.config.ACCESS_LOG = False
    channels = _channels(credentials)
    register(channels, app, route="/webhooks/")
    ours = next(channel for channel in channels if isinstance(channel, GuidepostInput))
    app.ctx.agent = _assistant(endpoints, model)
    _warm_up(app.ctx.agent)

    @app.post("/model/parse")
    async def parse(request: Any) -> Any:
        if not ours.knows(request):
            return response.json({"error": "unauthorized"}, 401)
        body = _json(request)
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            return response.json({"error": "bad_request", "detail": "text must be a string"}, 400)
        return response.json(await app.ctx.agent.parse_message(body["text"]))

    @app.exception(Exception)
    async def failed(_: Any, error: Exception) -> Any:
        """Sanic would write the exception's text into the log, and into the answer."""
        status = getattr(error, "status_code", 500)
        if status >= 500:
            logging.getLogger("bot.serve").error("request failed: %s", quiet.exception_kinds(error))
        return response.json({"error": "not_found" if status == 404 else "failed"}, status)

    @app.after_server_start
    async def up(*_: Any) -> None:
        formatter.up = True
        print(f"The dialogue model is served at http://{LOOPBACK}:{port}", flush=True)

    return app


def _json(request: Any) -> Any:
    try:
        return request.json
    except Exception:  # noqa: BLE001  (Sanic's own error for a body that is no JSON)
        return None


def main() -> int:
    given = _arguments()
    warnings.showwarning = lambda *_, **__: None  # Rasa's pins warn of their own age at every start, past any filter
    try:
        app = make_app(given.port, given.model, given.endpoints, given.credentials)
    except Exception as error:  # noqa: BLE001  (the edge: a start that fails says why and ends)
        print(f"The dialogue model cannot be served: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    app.run(host=LOOPBACK, port=given.port, workers=1, access_log=False, motd=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

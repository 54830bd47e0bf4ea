"""What the model server may write into its log: never what a client said.

Rasa, Sanic and their libraries put texts, slots and whole answers into messages, tracebacks and structured events (a
debug event of Rasa holds the text, an exception of the action server its body). So of a foreign record only the logger,
the place and the types of the exception are written; of a structured event only its name. The records of `bot` are
written as they are: they are ours and hold ids only. Until the server is up no client can have said anything, and what
goes wrong is written out in full, so that a start that fails can be understood.
"""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from typing import Any

import structlog

OURS = "bot"


class QuietFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self.up = False

    def format(self, record: logging.LogRecord) -> str:
        if not self.up or record.name.split(".")[0] == OURS:
            return super().format(record)
        text = f"{self.formatTime(record)} {record.levelname} {record.name} {record.module}:{record.lineno}"
        if isinstance(record.msg, dict) or getattr(record, "event_name", None):
            text += f" {getattr(record, 'event_name', '')}"
        kinds = exception_kinds(record.exc_info[1] if record.exc_info else None)
        return f"{text} {kinds}".rstrip()


def exception_kinds(error: BaseException | None) -> str:
    """The types of an exception and of its causes, and where each was raised."""
    kinds: list[str] = []
    while error is not None and len(kinds) < 5:
        frames = traceback.extract_tb(error.__traceback__)
        where = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
        kinds.append(type(error).__name__ + where)
        error = error.__cause__ or error.__context__
    return " from ".join(kinds)


def set_up(level: int = logging.WARNING) -> QuietFormatter:
    """Sends every log to stderr through one formatter. Set its `up` once clients can be heard."""
    formatter = QuietFormatter()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("sanic.root", "sanic.error", "sanic.access", "asyncio", "matplotlib", "tensorflow"):
        other = logging.getLogger(name)
        other.handlers[:] = []
        other.propagate = name != "sanic.access"
        other.setLevel(level)

    def to_log(_: Any, method: str, event: dict[str, Any]) -> str:
        name = str(event.get("event", ""))
        extra = "" if formatter.up else f" {event.get('event_info') or ''}"
        logging.getLogger(f"{OURS}.rasa").log(getattr(logging, method.upper(), logging.ERROR), "%s", name + extra)
        raise structlog.DropEvent

    structlog.configure(
        processors=[to_log],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    warnings.simplefilter("ignore")
    return formatter

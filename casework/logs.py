"""Logs: one JSON object a line, ids only. Message text, names, phone numbers and answers have no place in them."""

from __future__ import annotations

import logging
import traceback

import structlog


def configure(level: str) -> None:
    """Sets up structured logs for this process, and keeps libraries from logging request bodies and addresses."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    # httpx and twilio log URLs, which hold phone numbers; procrastinate logs every job.
    for name in ("httpx", "httpcore", "twilio", "twilio.http_client", "procrastinate", "asyncio", "rasa_sdk"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
    )


def where(error: BaseException) -> dict[str, str]:
    """An error's type and the place it comes from: enough to find it, without its text, which may hold what a client
    said."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/site-packages/" not in frame.filename] or list(frames)
    place = f"{'/'.join(own[-1].filename.split('/')[-3:])}:{own[-1].lineno}" if own else "?"
    return {"error": type(error).__name__, "where": place}

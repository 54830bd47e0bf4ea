"""Addresses of calendar files that nobody can guess: what they name, with a signature of our own (HMAC-SHA-256).

An appointment's link is for whoever has it, as the message that carries it is; a program's feed is for its staff.
Both end with the session secret: a new one makes every old address void.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid

from casework.settings import Settings, get_settings

_LENGTH = 32  # characters of the signature: 192 bits


def appointment_url(appointment_id: uuid.UUID, settings: Settings | None = None) -> str:
    """Where the calendar file of this appointment is."""
    settings = settings or get_settings()
    return f"{settings.base_url}/calendar/appointment/{_token('appointment', appointment_id.hex, settings)}.ics"


def feed_url(program_id: str, settings: Settings | None = None) -> str:
    """Where a program's appointments can be subscribed to."""
    settings = settings or get_settings()
    return f"{settings.base_url}/calendar/feed/{_token('feed', program_id, settings)}.ics"


def read_appointment(token: str) -> uuid.UUID | None:
    """The appointment that a token names; None where it is not one of ours."""
    named = _read("appointment", token)
    return uuid.UUID(hex=named) if named else None


def read_feed(token: str) -> str | None:
    """The program that a token names; None where it is not one of ours."""
    return _read("feed", token)


def _token(kind: str, named: str, settings: Settings) -> str:
    return base64.urlsafe_b64encode(named.encode()).decode().rstrip("=") + "." + _signature(kind, named, settings)


def _read(kind: str, token: str) -> str | None:
    coded, _, given = token.partition(".")
    try:
        named = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    expected = _signature(kind, named, get_settings())
    return named if hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")) else None


def _signature(kind: str, named: str, settings: Settings) -> str:
    key = settings.secret("calendar-links").encode()
    digest = hmac.new(key, f"{kind}:{named}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_LENGTH]

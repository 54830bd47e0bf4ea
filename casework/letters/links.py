"""The address of a client's own page: nobody can guess it, and it ends.

It holds the client's id and the last day it is good for, signed (HMAC-SHA-256) with a key that ends with the session
secret. Whoever has the address has the page, as with the message that carries it; so it is told in the web chat only,
never by text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from datetime import date, datetime, timedelta

from casework.settings import get_settings

GOOD_FOR = timedelta(days=30)
_LENGTH = 32  # characters of the signature: 192 bits
_DAY_BYTES = 3


def page_url(client_id: uuid.UUID, at: datetime) -> str:
    """Where the client's programs and letter are, for 30 days."""
    return f"{get_settings().base_url}/yours/{make_link(client_id, at)}"


def make_link(client_id: uuid.UUID, at: datetime) -> str:
    last = (at + GOOD_FOR).date().toordinal().to_bytes(_DAY_BYTES, "big")
    named = base64.urlsafe_b64encode(client_id.bytes + last).decode().rstrip("=")
    return f"{named}.{_signature(named)}"


def read_link(token: str, at: datetime) -> uuid.UUID | None:
    """The client a link names; None where it is not one of ours, or is over."""
    named, _, given = token.partition(".")
    if not hmac.compare_digest(_signature(named).encode(), given.encode("utf-8", "replace")):
        return None
    try:
        raw = base64.urlsafe_b64decode(named + "=" * (-len(named) % 4))
        last = date.fromordinal(int.from_bytes(raw[16:], "big"))
        return uuid.UUID(bytes=raw[:16]) if at.date() <= last else None
    except (binascii.Error, ValueError, OverflowError):
        return None


def _signature(named: str) -> str:
    key = get_settings().secret("client-pages").encode()
    digest = hmac.new(key, named.encode("utf-8", "replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_LENGTH]

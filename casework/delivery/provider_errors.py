"""The provider's error codes, as data: `data/delivery/twilio_errors.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache

from casework.paths import DATA


@lru_cache
def _table() -> dict[int, tuple[bool, str]]:
    rows = tomllib.loads((DATA / "delivery" / "twilio_errors.toml").read_text(encoding="utf-8"))
    return {int(code): (bool(row["passing"]), str(row["means"])) for code, row in rows.items()}


def passes(code: int | None, *, http_status: int | None = None) -> bool:
    """Whether what was refused with this code may be taken later. A code that is not listed: if it was a 429 or 5xx."""
    if code in _table():
        return _table()[code][0]
    return http_status is not None and (http_status == 429 or http_status >= 500)


def means(code: int) -> str | None:
    """What the code says, in words for staff."""
    return _table()[code][1] if code in _table() else None

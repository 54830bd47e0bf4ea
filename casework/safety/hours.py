"""Whether the agency's office is closed, for what is said in a crisis out of hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from casework import office


def closed(hours: str | None, at: datetime, holidays: Iterable[str] = ()) -> bool:
    """Whether the office is known to be closed at `at`. False where no hours are set: then nothing is said of them.

    Raises ValueError for hours that cannot be read, so that a bad setting shows at the start.
    """
    return bool(hours) and not office.read(hours or "", holidays).is_open(at)


def zone_of(hours: str | None) -> str | None:
    """The IANA zone the hours are meant in; None where no hours are set."""
    return hours.split()[-1] if hours else None

"""What every importer hands on: one record a row, or the reason the row is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casework.errors import GuidepostError

UNKNOWN_STATE = "the state is not one of the United States"


class BadFile(GuidepostError):
    """The file as a whole cannot be read; nothing of it was taken."""


class Refused(GuidepostError):
    """One row cannot become a program; the text says why. The rest of the file goes on."""


@dataclass
class Record:
    """A program as a source describes it, its words not yet put in order.

    Phones, ZIP, coordinates and hours are as the source writes them; `read.py` puts them in order. `key` is the
    source's own name for it (the same in each of its files); `notes` say what was mended or left out.
    """

    key: str
    organization: str
    name: str
    kind: str
    zip: str | None
    state: str | None
    city: str | None
    street: str | None = None
    latitude: Any = None
    longitude: Any = None
    phone: str | None = None
    intake_phone: str | None = None
    email: str | None = None
    website: str | None = None
    description: dict[str, str] = field(default_factory=dict)
    service_counties: list[str] = field(default_factory=list)
    age_min: int = 0
    age_max: int | None = None
    veterans_only: bool = False
    payers: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=lambda: ["en"])
    telehealth: bool = False
    services: list[str] = field(default_factory=list)
    hours: dict[str, Any] | None = None  # {"mon": "800AM-430PM"} or {"mon": [["08:00", "16:30"]]}
    wait_days: float | None = None
    active: bool = True
    verified_on: date | None = None
    notes: list[str] = field(default_factory=list)


Row = tuple[int, Record | Refused]
"""The row's number as the file counts (a spreadsheet's from 1 with its header, a list's from 1), and what it gave."""

Rows = Iterator[Row]

"""That a client is running late, and by how much, as people text it: "stuck in traffic 20 min", "se me hizo tarde".

Pure, and outside the model: the words are few and plain, and mean this only where an appointment is near. The words
themselves are `data/understanding/late.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from casework.paths import DATA
from casework.understanding.choices import fold

LONGEST = 240  # minutes; what is said beyond that is not how late somebody comes
_HOURS = re.compile(r"\b(\d{1,2})\s*(?:hours?|hrs?|h|horas?)\b")
_MINUTES = re.compile(r"\b(\d{1,3})\s*(?:minutes?|mins?|minutos?|minutitos?|m)\b")
_BARE = re.compile(r"\b(\d{1,3})\b")


@dataclass(frozen=True)
class Late:
    """`minutes` is None where the client did not say how late, or does not know."""

    minutes: int | None = None


@lru_cache
def _words() -> dict[str, Any]:
    return tomllib.loads((DATA / "understanding" / "late.toml").read_text(encoding="utf-8"))


@lru_cache
def _pattern(table: str) -> re.Pattern[str]:
    phrases = [fold(phrase) for language in _words()[table].values() for phrase in language]
    return _any_of(phrases)


@lru_cache
def _lengths() -> dict[str, int]:
    return {fold(phrase): int(minutes) for minutes, phrases in _words()["minutes"].items() for phrase in phrases}


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")


def read_late(text: str) -> Late | None:
    """What the text says of being late; None where it says nothing of it."""
    said = fold(text)
    if not _pattern("late").search(said) or _pattern("not_late").search(said):
        return None
    return Late(_minutes(text, said))


def read_how_late(text: str) -> Late | None:
    """The answer to "how late": a length of time, or that they do not know."""
    said = fold(text)
    if read := read_late(text):
        return read
    if _pattern("unknown").search(said):
        return Late()
    minutes = _minutes(text, said)
    return Late(minutes) if minutes is not None and len(said.split()) <= 6 else None


def _minutes(text: str, said: str) -> int | None:
    found: int | None = None
    if hours := _HOURS.findall(said):
        found = int(hours[0]) * 60 + sum(int(each) for each in _MINUTES.findall(said)[:1])
    elif minutes := _MINUTES.findall(said):
        found = max(int(each) for each in minutes)  # of "10 or 15 minutes" the later: nobody is to be missed
    if found is None:
        named = _any_of(_lengths()).search(said)
        found = _lengths()[named[0]] if named else None
    if found is None:
        found = _bare(text, said)
    return found if found is not None and 0 < found <= LONGEST else None


def _bare(text: str, said: str) -> int | None:
    """ "running late like 20": a number alone. One that belongs to a time of day is none."""
    if re.search(r"\d\s*:\s*\d|\d\s*(?:am|pm|a\.m|p\.m)\b", text.lower()) or re.search(r"\b(?:at|las?)\s+\d", said):
        return None
    numbers: Sequence[str] = _BARE.findall(said)
    return int(numbers[0]) if len(numbers) == 1 else None

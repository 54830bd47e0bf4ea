"""From a text to the words about time in it. The words themselves are data: `data/understanding/times.toml`. No I/O
beyond reading that once."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from casework.paths import DATA

LONGEST_TEXT = 500  # characters that are looked at: nobody says longer when they can come

_FORGIVING = ("day", "month", "span", "offset", "days")

_PIECES = re.compile(
    r"""
      (?P<iso>\d{4}-\d{1,2}-\d{1,2})
    | (?P<slashed>\d{1,2}/\d{1,2}(?:/(?:\d{4}|\d{2}))?)(?!\d)
    | (?P<clock>\d{1,2}[:.h]\d{2}|\d{1,2}(?=\s*(?:[ap]\.?\s?m\b|[ap]\b))|\d{1,2}(?=h(?:rs?)?\b))(?!\d)
    | (?P<ordinal>\d{1,2})(?:st|nd|rd|th|ro|do|o|º)\b
    | (?P<number>\d+)
    | (?P<half>(?<=[\d\s])[ap]\.?\s?m\b\.?|(?<=\d)[ap]\b)
    | (?P<word>[a-z0-9@][a-z0-9]*)
    | (?P<dash>(?<=[a-z0-9 ])[-–—](?=[a-z0-9 ]))
    | (?P<comma>,)
    | (?P<stop>[.;!?\n])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """`kind` is a table of the data (`day`, `span`, ...), or `date`, `time`, `comma`, `unknown`.

    A sign is a token whose kind is its name (`not`, `after`, ...). A `time` is (minute of the day, whether am or pm is
    known).
    """

    kind: str
    value: Any = None


@lru_cache
def _phrases() -> dict[tuple[str, ...], Token]:
    tables = tomllib.loads((DATA / "understanding" / "times.toml").read_text(encoding="utf-8"))
    found: dict[tuple[str, ...], Token] = {}
    for language in tables.values():
        for kind, meanings in language.items():
            for meaning, phrases in meanings.items():
                token = Token(meaning) if kind == "sign" else Token(kind, _meaning(kind, meaning))
                for phrase in phrases:
                    found.setdefault(tuple(phrase.split()), token)
    return found


def _meaning(kind: str, meaning: str) -> Any:
    if kind in ("day", "month", "offset", "number", "ordinal", "minutes", "unit"):
        return int(meaning)
    if kind == "days":
        first, last = meaning.split("-")
        return frozenset(range(int(first), int(last) + 1))
    if kind == "span":
        begins, ends = meaning.split("-")
        return (_minute(begins) if begins else 0, _minute(ends) if ends else 24 * 60)
    return _minute(meaning) if kind == "clock" else meaning


def _minute(clock: str) -> int:
    hour, minute = re.split(r"[:.h]", clock)
    return int(hour) * 60 + int(minute)


@lru_cache
def _longest() -> int:
    return max(len(phrase) for phrase in _phrases())


def tokens(text: str) -> list[Token]:
    """The text as tokens, the longest phrase first; what is not about time is `unknown`."""
    return list(_grouped(_pieces(text)))


def _pieces(text: str) -> list[tuple[str, str]]:
    lowered = text[:LONGEST_TEXT].lower().replace("’", "'").replace("'", "")
    bare = "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return [(match.lastgroup or "", match.group(match.lastgroup or 0)) for match in _PIECES.finditer(bare)]


def _grouped(pieces: list[tuple[str, str]]) -> Iterator[Token]:
    place = 0
    while place < len(pieces):
        for length in range(min(_longest(), len(pieces) - place), 0, -1):
            group = pieces[place : place + length]
            if any(kind not in ("word", "number") for kind, _ in group):
                continue
            token = _phrases().get(tuple(said for _, said in group))
            if token is not None:
                yield token
                place += length
                break
        else:
            yield _single(*pieces[place])
            place += 1


def _single(kind: str, said: str) -> Token:
    if kind == "iso":
        year, month, day = (int(part) for part in said.split("-"))
        return Token("date", (year, month, day))
    if kind == "slashed":
        return Token("date", _slashed([int(part) for part in said.split("/")]))
    if kind == "clock":
        return _clock(said)
    if kind in ("number", "ordinal"):
        return Token(kind, int(said)) if len(said) <= 4 else Token("unknown", said)
    if kind == "half":
        return Token("half", said[0] + "m")
    if kind == "word":
        return _nearly(said) or Token("unknown", said)
    return Token({"dash": "to", "comma": "comma"}.get(kind, "break"))


def _slashed(parts: list[int]) -> tuple[int | None, int, int]:
    """Month first, as both languages write it in the United States; day first where it cannot be otherwise."""
    month, day = parts[:2]
    if month > 12:
        month, day = day, month
    year = parts[2] if len(parts) > 2 else None
    return (year + 2000 if year is not None and year < 100 else year, month, day)


def _clock(said: str) -> Token:
    if said.isdigit():
        return Token("number", int(said))
    minute = _minute(said)
    if minute >= 24 * 60 or minute % 60 != int(said[-2:]):
        return Token("unknown", said)
    return Token("time", minute)


@lru_cache(maxsize=4096)
def _nearly(word: str) -> Token | None:
    """A day, month or part of a day with a slip in it: one letter, two in a long word, never the first one."""
    if len(word) < 5:
        return None
    for phrase, token in _phrases().items():
        if len(phrase) != 1 or token.kind not in _FORGIVING or len(phrase[0]) < 5 or phrase[0][0] != word[0]:
            continue
        slips = 0 if len(phrase[0]) == 5 else 1 if len(phrase[0]) < 8 else 2
        if _distance(word, phrase[0]) <= slips or (
            abs(len(word) - len(phrase[0])) == 0
            and sorted(word) == sorted(phrase[0])
            and _distance(word, phrase[0]) == 1
        ):
            return token
    return None


def _distance(a: str, b: str) -> int:
    """Letters to change, add, drop or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, right in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]

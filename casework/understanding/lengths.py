"""How long something took, as people text it: "9 days", "like 2 weeks", "mes y medio", "3 or 4 weeks", "half a year".

A question that asks for days is answered in weeks as often as not: "dos semanas" is 14 days, not 2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from math import floor

from casework.understanding.choices import fold
from casework.understanding.numbers import in_digits, one_of, read_count, without_doubt, word_tables

DAY, MONTH, YEAR = "day", "month", "year"
_DAYS = {DAY: 1, "week": 7, MONTH: 30, YEAR: 365}


def read_length(text: str, unit: str, largest: int) -> int | None:
    """How many whole units of `unit` the text tells, `largest` at most; a bare number is taken in that unit. None where
    it tells none. Of "3 or 4 weeks" the shorter; "2 weeks and 9 days" are added up. A month is 30 days.
    """
    said = _window().sub(" ", in_digits(without_doubt(fold(text))))
    said = re.sub(rf"^({one_of(_units())}) y medi", r"un \1 y medi", said)
    told = [(found.start(), found.end(), _days(found)) for found in _length().finditer(said)]
    if not told:
        return read_count(text, largest)
    total = told[0][2]
    for (_, end, _), (start, _, days) in pairwise(told):
        total = min(total, days) if re.search(r"\b(?:or|to|o|a)\b", said[end:start]) else total + days
    return min(floor(total / _DAYS[unit] + 1e-9), largest)


def _days(found: re.Match[str]) -> float:
    """The days of one length in the text."""
    words = _numbers()
    number = min(words[said] if said in words else float(said) for said in (found["n"], found["other"]) if said)
    if found["half"] or found["after"]:
        number += 0.5
    return number * _DAYS[_units()[found["unit"]]]


@lru_cache
def _units() -> dict[str, str]:
    return {fold(word): name for name, words in word_tables()["lengths"]["units"].items() for word in words}


@lru_cache
def _numbers() -> dict[str, float]:
    """Words that stand before a unit, and what they count."""
    tables = word_tables()
    words = {fold(w): float(tables["number_values"][name]) for name, all_ in tables["numbers"].items() for w in all_}
    words |= {word: float(value) for word, value in (*tables["ages"]["whole"].items(), *tables["ages"]["tens"].items())}
    return words | {fold(word): value for word, value in tables["lengths"]["before"].items()}


def tells_a_length(text: str) -> bool:
    """Whether the text names a length of time with its unit ("2 weeks"), whatever else it says."""
    return bool(_length().search(_window().sub(" ", in_digits(fold(text)))))


@lru_cache
def _length() -> re.Pattern[str]:
    number = rf"\d{{1,4}}|{one_of(_numbers())}"
    half = r"(?: and (?:a )?half| y medi[oa])"
    return re.compile(
        rf"\b(?P<n>{number})(?: (?:or |to |o |a |y )?(?P<other>{number}))?(?P<half>{half})?(?: |(?<=\d))"
        rf"(?:of (?:a |an )?)?(?P<unit>{one_of(_units())})\b(?P<after>{half})?"
    )


@lru_cache
def _window() -> re.Pattern[str]:
    """The time that was asked about ("in the last 12 months", "2 years ago") is not how long it took."""
    number, unit = rf"(?:\d{{1,4}}|{one_of(_numbers())})", one_of(_units())
    last = r"(?:last|past|ultim[oa]s?|pasad[oa]s?)"
    return re.compile(
        rf"\b(?:(?:the|l[oa]s?|este|esta|this|{last})\s)*{last} (?:{number} )?(?:{unit})\b|\bthis (?:{unit})\b|"
        rf"\b{number} (?:{unit}) ago\b|\bhace {number} (?:{unit})\b|\b(?:19|20)\d\d\b"
    )

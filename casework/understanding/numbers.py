"""Numbers as people text them: "2", "twice", "a couple", "dos veces", "like 3 or 4", "none"."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from typing import Any

from casework.paths import DATA
from casework.understanding.choices import fold


@lru_cache
def word_tables() -> dict[str, Any]:
    """`data/understanding/answers.toml`."""
    return tomllib.loads((DATA / "understanding" / "answers.toml").read_text(encoding="utf-8"))


@lru_cache
def _phrases() -> list[tuple[str, int]]:
    tables = word_tables()
    pairs = [(fold(word), tables["number_values"][name]) for name, words in tables["numbers"].items() for word in words]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def read_count(text: str, largest: int = 1000) -> int | None:
    """How many, or None. Of "3 or 4" the smaller: a count must not be more than what was surely told.

    Years and months in the text ("2 times in 2 years", "since 2024") are not counts.
    """
    said = fold(text)
    said = re.sub(r"\b(19|20)\d\d\b", " ", said)
    unit = r"(years?|yrs?|months?|mos?|weeks?|wks?|days?|anos?|meses|mes|semanas?|dias?|am|pm)"
    span = rf"(\d+|a|one|two|three|un|dos|tres|last|past|ultimos?|couple|few)\s+{unit}\b"
    said = re.sub(rf"\b(in|for|over|during|within|the|last|past|en|los|ultimos?|hace)\s+({span})", " ", said)
    said = re.sub(rf"\b\d+\s*{unit}\s*(ago)?\b", " ", said)
    digits = [int(number) for number in re.findall(r"\b(\d{1,4})x?\b", said)]
    if digits:
        smallest = min(digits)
        return smallest if smallest <= largest else None
    for phrase, value in _phrases():
        if re.search(rf"\b{re.escape(phrase)}\b", said):
            return value
    return None


def read_numbers(text: str, highest: int) -> list[int] | None:
    """Numbers of a list ("1 and 3", "1,3", "2 4 5"), if the whole text is one; each from 1 to `highest`."""
    said = fold(text)
    words = said.split()
    between = ("and", "y", "e", "plus", "also", "tambien")
    if not words or any(not word.isdigit() and word not in between for word in words):
        return None
    numbers = [int(word) for word in words if word.isdigit()]
    if len(numbers) == 1 and numbers[0] > highest and all(1 <= int(d) <= highest for d in str(numbers[0])):
        numbers = [int(digit) for digit in str(numbers[0])]  # "135" for 1, 3 and 5
    return sorted(set(numbers)) if numbers and all(1 <= n <= highest for n in numbers) else None


def read_age(text: str) -> int | None:
    """An age in full years from an answer to "how old": "34", "im 34", "34 yrs"; "born in 1984" is None."""
    said = fold(text)
    found = re.findall(r"\b(\d{1,3})\b", said)
    ages = [int(number) for number in found if int(number) <= 120]
    return ages[0] if len(ages) == 1 else None

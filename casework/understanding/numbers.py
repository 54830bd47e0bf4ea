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


_DOUBT = re.compile(
    r"^(?:(?:um|uh|hmm|well|pues|mmm|honestly|oh|ay) )?(?:(?:i m |im |i am )?not (?:really |too |so )?(?:sure|certain)|"
    r"i (?:dont|don t|do not) (?:really )?know|idk|dunno|no se|no estoy (?:muy )?segur[oa]|no me acuerdo(?: bien)?|"
    r"no recuerdo(?: bien)?)\b(?: (?:but|pero|exactly|bien|if|si|tho|though|maybe|cuantas|how many|fijese)\b)*"
)


def without_doubt(said: str) -> str:
    """Folded text without the doubt that it begins with: the "no" of "no se, como dos" is not an answer."""
    return _DOUBT.sub("", said).strip()


def read_count(text: str, largest: int = 1000) -> int | None:
    """How many, or None. Of "3 or 4" the smaller: a count must not be more than what was surely told.

    Years and months in the text ("2 times in 2 years", "since 2024") are not counts.
    """
    said = without_doubt(fold(text))
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
    in_words = _ages_in_words(said.split())
    mixed = len(in_words) == len(found) == 1 and in_words[0] % 10 == int(found[0])  # "thirty 4", "treinta y 4"
    ages = in_words if mixed else [int(number) for number in found if int(number) <= 120] or in_words
    return ages[0] if len(ages) == 1 else None


def _ages_in_words(words: list[str]) -> list[int]:
    """ "thirty four", "treinta y cuatro", "veintidos"; a unit alone ("one") is no age of who texts."""
    tables = word_tables()["ages"]
    ages: list[int] = []
    for place, word in enumerate(words):
        if word in tables["whole"]:
            ages.append(tables["whole"][word])
        elif word in tables["tens"]:
            after = words[place + 1 : place + 3]
            unit = after[1] if after[:1] == ["y"] and len(after) == 2 else after[0] if after else ""
            digit = int(unit) if len(unit) == 1 and unit.isdecimal() else 0
            if unit == words[-1]:  # "thirty for"; in "thirty for years" it is a word of its own
                digit = tables["sounds_like"].get(unit, digit)
            ages.append(tables["tens"][word] + tables["units"].get(unit, digit))
    return ages

"""Numbers as people text them: "2", "twice", "a couple", "dos veces", "thirty five", "like 3 or 4", "none"."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any

from casework.paths import DATA
from casework.understanding.choices import AROUND, NUMBER_WORDS, ORDINALS, fold


@lru_cache
def word_tables() -> dict[str, Any]:
    """`data/understanding/answers.toml`."""
    return tomllib.loads((DATA / "understanding" / "answers.toml").read_text(encoding="utf-8"))


def one_of(words: Iterable[str]) -> str:
    """A pattern for one of these words or phrases, the longest first. One that ends in a blank is a whole word, one
    that ends in a stop is the end of the text. A table without any matches nothing.
    """
    ends = {" ": r"\b", ".": "$"}
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(fold(word)) + ends.get(word[-1], "") for word in longest_first) or "(?!)"


@lru_cache
def any_of(*table: str) -> str:
    """The pattern for one of the words of a table of `word_tables`, by its path."""
    words: Any = word_tables()
    for name in table:
        words = words[name]
    return one_of(words)


@lru_cache
def _phrases() -> dict[str, int]:
    tables = word_tables()
    return {fold(word): tables["number_values"][name] for name, words in tables["numbers"].items() for word in words}


@lru_cache
def _phrase() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{one_of(_phrases())})\b")


_DOUBT = re.compile(
    r"^(?:(?:um|uh|hmm|well|pues|mmm|honestly|oh|ay) )?(?:(?:i m |im |i am )?not (?:really |too |so )?(?:sure|certain)|"
    r"i (?:dont|don t|do not) (?:really )?know|idk|dunno|no se|no estoy (?:muy )?segur[oa]|no me acuerdo(?: bien)?|"
    r"no recuerdo(?: bien)?)\b(?: (?:but|pero|exactly|bien|if|si|tho|though|maybe|cuantas|how many|fijese)\b)*"
)


def without_doubt(said: str) -> str:
    """Folded text without the doubt that it begins with: the "no" of "no se, como dos" is not an answer."""
    return _DOUBT.sub("", said).strip()


@lru_cache
def _in_words() -> re.Pattern[str]:
    unit, ten, whole, hundred = (any_of("ages", name) for name in ("units", "tens", "whole", "hundreds"))
    return re.compile(
        rf"\b(?:(?P<times>{unit}|a|\d) )?(?P<hundred>{hundred})\b"
        rf"(?: (?:and |y )?(?P<more>(?:{ten})(?: (?:y )?(?:{unit})\b)?|{whole}|{unit})\b)?"
        rf"|\b(?P<ten>{ten}) (?:y )?(?P<unit>{unit}|\d)\b|\b(?P<alone>{ten}|{whole})\b"
    )


def in_digits(said: str) -> str:
    """Folded text with its numbers from ten on in digits: "thirty five", "treinta y cinco", "two hundred", "eleven"."""
    tables = word_tables()["ages"]
    small = tables["units"] | tables["tens"] | tables["whole"]
    counted = re.compile(rf" (?:{any_of('ages', 'counted')})\b")

    def digits(found: re.Match[str]) -> str:
        if found["hundred"]:
            times = found["times"] or "a"
            many = int(times) if times.isdigit() else small.get(times, 1)
            more = sum(small.get(word, 0) for word in (found["more"] or "").split())
            return str(many * tables["hundreds"][found["hundred"]] + more)
        if found["ten"]:
            unit = found["unit"]
            return str(tables["tens"][found["ten"]] + (int(unit) if unit.isdigit() else tables["units"][unit]))
        if found["alone"] == "once" and not counted.match(said, found.end()):
            return "once"  # eleven only before what is counted in Spanish
        return str(small[found["alone"]])

    return _in_words().sub(digits, said)


def read_count(text: str, largest: int = 1000) -> int | None:
    """How many, or None. Of "3 or 4" the smaller: a count must not be more than what was surely told. Counts that each
    have a time of their own ("one in march and one in june") are added up.

    Years and months in the text ("2 times in 2 years", "since 2024") are not counts.
    """
    text, dates = _without_dates(text)
    said = re.sub(r"\bno one\b", "nobody", in_digits(without_doubt(fold(text))))
    count = _added_up(said)
    if count is None:
        count = _one_count(_without_spans(said))
    if count is None and dates > 1:
        count = dates
    return count if count is not None and count <= largest else None


_DATE = re.compile(r"(?<![\d/])(?:0?[1-9]|1[0-2])/\d{1,2}(?:/\d{2,4})?(?![\d/])")


def _without_dates(text: str) -> tuple[str, int]:
    """The text without its dates ("on 3/12 and 5/20"), and how many they were; "1/2" alone may be a count."""
    dates = _DATE.findall(text)
    if len(dates) > 1 or re.search(rf"(?i)\b(?:on|since|el|desde)\s+(?:{_DATE.pattern})", text):
        return _DATE.sub(" ", text), len(dates)
    return text, 0


def _without_spans(said: str) -> str:
    """Folded text without years and lengths of time."""
    said = re.sub(r"\b(19|20)\d\d\b", " ", said)
    unit = r"(years?|yrs?|months?|mos?|mths?|weeks?|wks?|days?|anos?|meses|mes|semanas?|dias?|am|pm)"
    span = rf"(\d+|a|one|two|three|un|dos|tres|last|past|ultimos?|couple|few)\s+{unit}\b"
    said = re.sub(rf"\b(in|for|over|during|within|the|last|past|en|los|ultimos?|hace)\s+({span})", " ", said)
    return re.sub(rf"\b\d+\s*{unit}\s*(ago)?\b", " ", said).strip()


def _one_count(said: str) -> int | None:
    digits = [int(number) for number in re.findall(r"\b(\d{1,4})x?\b", said)]
    if digits:
        return min(digits)
    # A "no" inside a sentence ("i have no food") counts nothing.
    hits = [hit for hit in _phrase().finditer(said) if hit[0] != "no" or hit.start() == 0 or hit.end() == len(said)]
    if not hits:
        return None
    values = [_phrases()[hit[0]] for hit in hits]
    for (one, other), (first, second) in zip(pairwise(values), pairwise(hits), strict=True):
        if re.fullmatch(r" (?:or|to|o|a) (?:maybe |like |como )?", said[first.end() : second.start()]):
            return min(one, other)
    return max(zip(hits, values, strict=True), key=lambda each: len(each[0][0]))[1]


@lru_cache
def _when() -> re.Pattern[str]:
    return re.compile(rf"\b(?:(?:in|en|de|on|el|the) )*(?:{any_of('when', 'words')}|(?:19|20)\d\d)\b")


def _added_up(said: str) -> int | None:
    """The sum of counts that each have a month or a year of their own."""
    parts = re.split(r"\b(?:and|y|then|plus|luego)\b", said)
    counts = []
    for part in parts:
        counted, times = _when().subn(" ", part)
        another = re.search(rf"\b(?:{any_of('when', 'another')})\b", counted)
        counts.append(None if not times else 1 if another else _one_count(_without_spans(counted)))
    told = [count for count in counts if count is not None]
    return sum(told) if len(parts) > 1 and len(told) == len(parts) else None


def is_a_count(text: str) -> bool:
    """Whether the whole text says how many ("like 2 times", "never", "creo que una vez"), and nothing besides."""
    said = in_digits(without_doubt(fold(text)))
    around = rf"\b(?:{any_of('counting', 'around')})\b"
    left = re.sub(r"\b\d{1,4}x?\b", " ", _phrase().sub(" ", said))
    return read_count(text) is not None and not re.sub(around, " ", left).strip()


def counts_times(text: str) -> bool:
    """Whether the text says a number of times, whatever else it says ("i was in 3 times, it was bad")."""
    return bool(_times().search(in_digits(fold(text))))


@lru_cache
def _times() -> re.Pattern[str]:
    few = one_of(word for word, value in _phrases().items() if value)
    return re.compile(rf"\b(?:(?:\d{{1,3}}|{few}) (?:times?|veces|vez|x)|\d{{1,2}}x|twice|thrice)\b")


_BETWEEN = frozenset({"and", "y", "e", "plus", "also", "tambien", "or", "o"})
_ONLY = frozenset(
    {"just", "only", "solo", "solamente", "nomas", "numbers", "numeros", "los", "las", "both", "are", "is"}
)


def read_numbers(text: str, highest: int) -> list[int] | None:
    """Numbers of a list ("1 and 3", "1,3", "2 4 5", "the first and third", "solo 2"), if the whole text is one; each
    from 1 to `highest`."""
    words = fold(text).split()
    digits = [
        str(NUMBER_WORDS[word] + 1) if word in NUMBER_WORDS and not word.isdigit() else word
        for before, word in pairwise(["", *words])
        if word != "one" or before not in {"the", *ORDINALS}
    ]
    numbers = [int(word) for word in digits if word.isdigit()]
    rest = {word for word in digits if not word.isdigit()}
    if not numbers or rest - _BETWEEN - _ONLY - AROUND or "no" in rest:
        return None
    if len(numbers) == 1 and numbers[0] > highest and all(1 <= int(d) <= highest for d in str(numbers[0])):
        numbers = [int(digit) for digit in str(numbers[0])]  # "135" for 1, 3 and 5
    return sorted(set(numbers)) if all(1 <= n <= highest for n in numbers) else None

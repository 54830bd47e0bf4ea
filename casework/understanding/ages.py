"""An age as people text it: "34", "im 34 and have 2 kids", "thirty four", "tengo veintidos"."""

from __future__ import annotations

import re
from functools import lru_cache

from casework.understanding.choices import fold
from casework.understanding.numbers import any_of, in_digits, word_tables
from casework.understanding.relatives import of_a_relative

OLDEST = 120
_GROWN = 10  # a smaller number beside other words counts something else ("tengo 1 hijo")
_YEARS = re.compile(
    r"(?:(?:i m|im|i am|tengo|age|edad) )?\d(?: (?:yrs?|years?|anos?|yo|y o|old|de edad|months|meses))*"
)


def read_age(text: str) -> int | None:
    """An age in full years from an answer to "how old": "34", "im 34", "34 yrs"; "born in 1984" is None."""
    said = fold(text)
    found = re.findall(r"\b(\d{1,3})\b", said)
    in_words = _ages_in_words(said.split())
    mixed = len(in_words) == len(found) == 1 and in_words[0] % 10 == int(found[0])  # "thirty 4", "treinta y 4"
    ages = in_words if mixed else [int(number) for number in found if int(number) <= OLDEST] or in_words
    if len(ages) == 1 and (ages[0] >= _GROWN or _YEARS.fullmatch(said)):
        return ages[0]
    return told_age(text)


def told_age(text: str, *, counting: bool = False) -> int | None:
    """The client's age where it is told in so many words. `counting`: a number of something is asked for, so that
    "tengo 12" is that number.
    """
    before = ""
    for clause in re.split(r"[.,;!?\n()]+", text.replace("%", " percent ")):
        said = in_digits(fold(clause))
        for found in _told().finditer(said):
            age = int(next(each for each in (found["alone"], found["old"], found["years"]) if each))
            if found["lead"] is None and of_a_relative(f"{before} {said[: found.start()]}"):
                continue  # "my son is 8 years old"
            if age <= OLDEST and not (counting and found[0] == said == f"tengo {age}"):
                return age
        before = f"{before} {said}"
    return None


@lru_cache
def _told() -> re.Pattern[str]:
    """A number from ten on after "im" or "tengo" is an age where nothing counted follows: "im 20 min away" is none."""
    after = rf"(?=$| (?:{any_of('ages', 'after')})\b| (?:in|en) \d{{5}}\b)"
    old = r"(?:yo|y o|yrs? old|years? old|anos? de edad)\b"
    return re.compile(
        rf"\b(?P<lead>{any_of('ages', 'lead')}) (?P<alone>\d{{2,3}})(?: anos?)?{after}"
        rf"|\b(?P<old>\d{{1,3}}) ?{old}|(?:^|\b\d{{5}} )(?P<years>\d{{2,3}}) anos{after}"
    )


def _ages_in_words(words: list[str]) -> list[int]:
    """ "thirty four", "treinta y cuatro", "veintidos"; a unit alone ("one") is no age of who texts."""
    tables = word_tables()["ages"]
    ages: list[int] = []
    for place, word in enumerate(words):
        if word == "once" and len(words) > 1 and not {"tengo", "anos"} & set(words):
            continue  # "i told you once already"
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

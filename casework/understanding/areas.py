"""The areas of life that a text says are hard ("my job and im homeless", "everything but housing"). Pure."""

from __future__ import annotations

import re

from casework.understanding.choices import fold
from casework.understanding.numbers import any_of, without_doubt, word_tables

IMPAIRMENTS = ("housing", "employment", "self_care", "daily_tasks", "social", "concentration")
_FEW = 4  # words: a longer no tells more than "none of these"
_OPINION = re.compile(r"\b(i think|i d think|i would think|creo que|pienso que)\b")


def read_areas(text: str, *, short_no: bool = False) -> list[str] | None:
    """The areas named; [] for none of them, None where the text tells nothing. `short_no`: it is labelled a no."""
    said, tables = without_doubt(fold(text)), word_tables()["impairments"]
    if said in map(fold, tables["none"]) or (short_no and len(said.split()) < _FEW):
        return []
    if said in map(fold, tables["all"]):
        return list(IMPAIRMENTS)
    all_but = re.search(rf"\b(?:{any_of('impairments', 'all_but')}) (.+)", said)
    if all_but and (left_out := _areas(all_but[1])):
        return [area for area in IMPAIRMENTS if area not in left_out]
    return _areas(said) or None


def names_an_area(text: str) -> bool:
    """Whether the text names an area of life."""
    return bool(_areas(without_doubt(fold(text))))


def _areas(said: str) -> list[str]:
    """The areas of life that a folded text names as hard; "i think" is no trouble with thinking, and "housing is not
    a problem" is none with housing.
    """
    said = _without_what_is_fine(_OPINION.sub(" ", said))
    return [area for area in IMPAIRMENTS if _named(area, said)]


def _named(area: str, said: str) -> bool:
    if area == "housing":  # to leave or clean the house is no trouble with having one
        said = re.sub(rf"\b(?:{any_of('impairments', 'house_chores')})\b", " ", said)
    return bool(re.search(rf"\b(?:{any_of('impairments', area)})", said))


def _without_what_is_fine(said: str) -> str:
    """A folded text without what it says is no trouble: up to two words before or after the phrases of the table, and
    an area that is named after a "not".
    """
    before, after = any_of("impairments", "fine_before"), any_of("impairments", "fine_after")
    said = re.sub(
        rf"(?<!can )(?<!could )(?<!do )\bnot (?:my |the |about )?(?:{any_of('impairments', 'fine_names')})\b", " ", said
    )
    said = re.sub(r"\bno (?:es )?(?:el|la|los|las) \w+", " ", said)
    said = re.sub(rf"\b(?:{before})(?: (?:my|the|a|el|la|mi))?(?: \w+){{1,2}}", " ", said)
    return re.sub(rf"(?:\w+ ){{1,2}}(?:{after})\b", " ", said)

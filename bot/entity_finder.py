"""Finds what a text names (a ZIP, a payer, a diagnosis ...) by lists and patterns, and gives it its one known value.

The lists are Rasa look-up tables named `entity/value`: every example is a way to say that value. A table named `entity`
alone keeps each example as its own value. Matching is by whole words, without case, accents or punctuation ("Medi-Cal"
and "medi cal" are one), the longest alias first, so that its speed does not depend on how long the lists are. Patterns
are Rasa regexes named by the entity, matched on the text as it stands; a group named `value` is what is kept. A name of
`entity/value` gives a pattern's match that value.

Overlaps: within an entity the longest match stays. A `number` gives way to whatever else names the same words, and an
alias to a pattern of another entity around it ("my name is Virginia" names no state). Different entities may share
words otherwise: "tonight" is a day and a time of day.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

FILE = "entities.json"
FORMAT = 1
GIVES_WAY = "number"
MAX_CHARS = 2000
_NO = re.compile(r"no\s*[.,;!?\n]", re.IGNORECASE)
_WORD = re.compile(r"\w+")


class Found(NamedTuple):
    entity: str
    value: str
    start: int
    end: int
    by_pattern: bool = False


class EntityFinder:
    """`aliases` is (entity/value, alias), `patterns` is (entity[/value], regular expression)."""

    def __init__(self, aliases: Iterable[tuple[str, str]], patterns: Iterable[tuple[str, str]]) -> None:
        self.aliases = sorted(set(aliases))
        self.patterns = list(dict.fromkeys(patterns))
        self._known: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for name, alias in self.aliases:
            entity, _, value = name.partition("/")
            words = tuple(word for word, _, _ in _words(alias))
            if words:
                self._known.setdefault(words, []).append((entity, value or alias))
        self._longest = max(map(len, self._known), default=0)
        self._compiled = [(*_split(name), re.compile(pattern, re.IGNORECASE)) for name, pattern in self.patterns]

    def find(self, text: str) -> list[Found]:
        """What the text names, in its order. `start` and `end` are places in the text."""
        found = list(self._by_alias(text)) + list(self._by_pattern(text))
        found.sort(key=lambda f: (f.start - f.end, f.start))  # the longest first
        kept: list[Found] = []
        for one in found:
            rivals = (k for k in kept if k.start < one.end and one.start < k.end)
            if not any(k.entity == one.entity for k in rivals):
                kept.append(one)
        return sorted((k for k in kept if not _gives_way(k, kept)), key=lambda f: (f.start, f.entity))

    def _by_alias(self, text: str) -> Iterable[Found]:
        words = _words(text)
        for first in range(len(words)):
            for length in range(min(self._longest, len(words) - first), 0, -1):
                key = tuple(word for word, _, _ in words[first : first + length])
                if _NO.match(text, words[first][1]):
                    continue  # "no. tengo medicaid" is an answer and a fact, not the alias "no tengo medicaid"
                for entity, value in self._known.get(key, ()):
                    yield Found(entity, value, words[first][1], words[first + length - 1][2])

    def _by_pattern(self, text: str) -> Iterable[Found]:
        for entity, value, pattern in self._compiled:
            for match in pattern.finditer(text):
                group = "value" if "value" in pattern.groupindex else 0
                if match.group(group):
                    yield Found(entity, value or match.group(group), *match.span(group), True)

    def save(self, folder: Path) -> None:
        kept = {"format": FORMAT, "aliases": self.aliases, "patterns": self.patterns}
        (folder / FILE).write_text(json.dumps(kept, ensure_ascii=False))

    @classmethod
    def load(cls, folder: Path) -> EntityFinder:
        kept: dict[str, Any] = json.loads((folder / FILE).read_text())
        if kept["format"] != FORMAT:
            raise ValueError(f"The entity lists have format {kept['format']}, wanted is {FORMAT}; train again.")
        return cls([tuple(a) for a in kept["aliases"]], [tuple(p) for p in kept["patterns"]])


def _gives_way(one: Found, others: Iterable[Found]) -> bool:
    for other in others:
        if other.entity != one.entity and other.start < one.end and one.start < other.end:
            within = other.start <= one.start and one.end <= other.end
            if one.entity == GIVES_WAY or (other.by_pattern and not one.by_pattern and within):
                return True
    return False


def _split(name: str) -> tuple[str, str]:
    entity, _, value = name.partition("/")
    return entity, value


def _words(text: str) -> list[tuple[str, int, int]]:
    """The words without case and accents, with their places in the text as it was. "don't" is "dont"."""
    plain, places = [], []
    for place, char in enumerate(text):
        if char in "'’`":
            continue
        for part in unicodedata.normalize("NFKD", char.casefold()):
            if not unicodedata.combining(part):
                plain.append(part)
                places.append(place)
    return [(m.group(), places[m.start()], places[m.end() - 1] + 1) for m in _WORD.finditer("".join(plain))]

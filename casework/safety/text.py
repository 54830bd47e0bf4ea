"""Texts as the detector reads them: folded, unmasked (leet, letters s p r e a d out), cut into sentences."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = re.compile("['’‘`´]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_SENTENCE = re.compile(r"(?<=[.!?;\n])\s+|\n+|(?<=[.!?])(?=[A-Z¿¡])| // ")
_SPREAD = re.compile(r"\b(?:[a-z] ){3,}[a-z]\b")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_LEET_ONE_AS_I = str.maketrans("013457@$!*", "oieastasii")
_MASKED = re.compile(r"(?=\S*[a-z])(?=\S*[0134 57@$!*])[a-z0134 57@$!*]+".replace(" ", ""))
# Texting's own digits are no mask: 2nite, b4, gr8, l8r, 4ever, any plain number with a unit.
_NO_MASK = re.compile(r"^(?:[0-9]+[a-z]{0,3}|[24][a-z]+|b4|gr8|l8r?|m8|h8|w8|str8|str8up|[a-z]+[0-9]{2,}|[a-z]+!+)$")


def bare(text: str) -> str:
    """Lower case without accents and apostrophes."""
    flat = unicodedata.normalize("NFD", text.lower())
    return _APOSTROPHES.sub("", "".join(c for c in flat if not unicodedata.combining(c)))


def fold(text: str) -> str:
    """Words only, divided by single spaces: "¡No quiero VIVIR!" is "no quiero vivir"."""
    return _REPEATED.sub(r"\1\1", _NOT_WORD.sub(" ", bare(text)).strip())


def unmask(text: str) -> str:
    """The words that are meant where letters are hidden or spread: "k1ll my$elf", "s u i c i d e", "su1cid3"."""
    plain = bare(text)
    words = []
    for word in plain.split():
        if _MASKED.fullmatch(word.strip('.,;:?()"')) and not _NO_MASK.match(word):
            word = word.translate(_LEET_ONE_AS_I)
        words.append(word)
    folded = _NOT_WORD.sub(" ", " ".join(words)).strip()
    folded = _SPREAD.sub(lambda run: run.group().replace(" ", ""), folded)
    return _REPEATED.sub(r"\1", folded)


def sentences(text: str) -> list[str]:
    """The text's sentences and lines, in order."""
    return [piece for part in _SENTENCE.split(text) if part and (piece := part.strip())]


def windows(text: str, longest: int) -> list[str]:
    """Pieces of at most `longest` characters that together hold every sentence; each begins with the sentence that
    the one before ended with, so that what belongs together is read together at least once.
    """
    pieces: list[str] = []
    for sentence in sentences(text):
        pieces += [sentence[i : i + longest] for i in range(0, len(sentence), longest - longest // 4)]
    read: list[str] = []
    held: list[str] = []
    size = 0
    for piece in pieces:
        if held and size + len(piece) + 1 > longest:
            read.append(" ".join(held))
            last = held[-1]
            held, size = ([last], len(last)) if len(last) + len(piece) < longest else ([], 0)
        held.append(piece)
        size += len(piece) + 1
    if held:
        read.append(" ".join(held))
    return read

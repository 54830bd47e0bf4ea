"""Turning a message into SMS text: plain characters, numbered choices, counted parts.

Source of the sizes: GSM 03.38; 160 septets in one part or 153 in each of several, 70 or 67 characters once any
character lies outside the GSM alphabet (Twilio, "What is GSM-7 encoding", checked 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from casework.understanding.choices import numbered
from casework.wording import say

LONGEST = 1_600  # Twilio refuses more
_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = set("^{}\\[~]|€\f")  # two septets each
_PLAIN = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2013": "-",
        "\u2014": "-", "\u2212": "-", "\u2026": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2022": "-",
        "\u00b7": "-", "\u200b": "", "\ufeff": "", "\t": " ", "\u00ab": '"', "\u00bb": '"',
    }
)  # fmt: skip
# Only where a whole text would else need the wide alphabet: á, í, ó and ú are the only Spanish letters GSM-7 lacks.
_BARE = str.maketrans("áíóúÁÍÓÚ", "aiouAIOU")


def clean(text: str) -> str:
    """Curly quotes, dashes and odd spaces as plain ones; nothing that changes a word."""
    return re.sub(r"[ ]{2,}", " ", text.translate(_PLAIN)).strip()


def is_gsm(text: str) -> bool:
    return all(c in _BASIC or c in _EXTENDED for c in text)


def parts(text: str) -> int:
    """How many SMS parts `text` takes, and so what it costs and how likely it is to arrive whole."""
    if is_gsm(text):
        size = sum(2 if c in _EXTENDED else 1 for c in text)
        return 1 if size <= 160 else -(-size // 153)
    size = len(text.encode("utf-16-le")) // 2
    return 1 if size <= 70 else -(-size // 67)


def without_accents(text: str) -> str:
    """The same text in the narrow alphabet where dropping á í ó ú is all it takes: half the parts in Spanish."""
    bare = text.translate(_BARE)
    return bare if is_gsm(bare) else text


def compose(text: str, choices: Sequence[dict[str, str]], language: str) -> str:
    """What goes to the phone: the text, then each choice with the number to reply."""
    lines = [clean(text)]
    if choices and numbered(choices):
        lines += [
            say("utter_reply_number", language, number=number, title=clean(choice["title"])).text
            for number, choice in enumerate(choices, 1)
        ]
    return without_accents("\n".join(lines))[:LONGEST]


def in_pieces(text: str, choices: Sequence[dict[str, str]], language: str) -> list[str]:
    """A message as the texts it takes: one, unless it is too long; the choices go with the last."""
    room = LONGEST - len(compose("", choices, language)) - 1
    cleaned = clean(text)
    if len(cleaned) <= room:
        return [text]
    return split(cleaned, max(room, LONGEST // 4))


def split(text: str, longest: int = LONGEST) -> list[str]:
    """Pieces of at most `longest` characters, cut between sentences where that is possible."""
    pieces: list[str] = []
    rest = text
    while len(rest) > longest:
        head = rest[:longest]
        cut = max(head.rfind(mark) + len(mark) for mark in (". ", "? ", "! ", "\n"))
        if cut < longest // 3:
            cut = head.rfind(" ") + 1 or longest
        pieces.append(rest[:cut].strip())
        rest = rest[cut:]
    return [piece for piece in (*pieces, rest.strip()) if piece]

"""Which language a client writes in. Taken from what they write, kept, and changed only on good evidence.

Short texts without accents are hard for any identifier; so the common words of both languages (data) decide short ones
and `langidentify` longer ones. A single "hola" or "ok" changes nothing.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

from casework.conversations.tables import Client
from casework.paths import DATA
from casework.understanding.choices import fold


@lru_cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    table = tomllib.loads((DATA / "understanding" / "languages.toml").read_text(encoding="utf-8"))
    english, spanish = set(table["en"]["words"]), set(table["es"]["words"])
    shared = english & spanish
    return frozenset(english - shared), frozenset(spanish - shared)


@lru_cache
def _whole_spanish() -> frozenset[str]:
    """Short messages that are Spanish as a whole ("si", "ayuda por favor")."""
    table = tomllib.loads((DATA / "understanding" / "languages.toml").read_text(encoding="utf-8"))
    return frozenset(fold(message) for message in table["es"]["messages"])


def guess(text: str) -> str | None:
    """`en` or `es` where the text shows it, else None."""
    words = fold(re.sub(r"https?://\S+", " ", text)).split()
    if " ".join(words) in _whole_spanish():
        return "es"
    english, spanish = _words()
    en, es = sum(word in english for word in words), sum(word in spanish for word in words)
    if "ñ" in text.lower() or "¿" in text or "¡" in text:
        es += 2
    if max(en, es) < 2:
        return None
    if en >= 2 * es:
        return "en"
    if es >= 2 * en:
        return "es"
    return None


def follow(client: Client, text: str) -> None:
    """Turns the client's language to the one this text is plainly written in."""
    if (written := guess(text)) and written != client.language:
        client.language = written


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

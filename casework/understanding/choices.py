"""Reading an answer to numbered choices: "1", "1.", "(1)", "one", "uno", "the first", or the words themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_ORDINALS = (
    ("1", "one", "uno", "una", "first", "1st", "primero", "primera", "primer", "frist", "firts", "fisrt", "1rst"),
    (
        "2",
        "two",
        "dos",
        "second",
        "2nd",
        "segundo",
        "segunda",
        "secnd",
        "secon",
        "secod",
        "secound",
        "segnda",
        "segnudo",
    ),
    ("3", "three", "tres", "third", "3rd", "tercero", "tercera", "tercer", "thrid", "thrd", "terser", "tersera"),
    ("4", "four", "cuatro", "fourth", "4th", "cuarto", "cuarta", "forth"),
    ("5", "five", "cinco", "fifth", "5th", "quinto", "quinta"),
    ("6", "six", "seis", "sixth", "6th", "sexto", "sexta"),
    ("7", "seven", "siete", "seventh", "7th", "septimo", "septima"),
    ("8", "eight", "ocho", "eighth", "8th", "octavo", "octava"),
    ("9", "nine", "nueve", "ninth", "9th", "noveno", "novena"),
)
_NUMBER = {word: place for place, words in enumerate(_ORDINALS) for word in words}
_NUMBER |= {str(number): number - 1 for number in range(10, 31)}
# What may stand around the number without changing it: "the first one", "number 2", "option 3 please", "el primero".
_AROUND = {
    *("the", "a", "one", "number", "num", "no", "option", "choice", "pick", "reply", "please", "pls", "plz", "ok", "i"),
    *("choose", "want", "id", "like", "el", "la", "numero", "opcion", "por", "favor", "porfa", "quiero", "escojo"),
}
# A plain yes or no picks the one choice that begins with it ("Yes, erase it", "Not now").
_YES = {"yes", "y", "yeah", "yea", "yep", "yup", "ok", "okay", "sure", "yes please", "go ahead", "si", "sip", "claro",
        "si por favor", "dale"}  # fmt: skip
_NO = {"no", "n", "nope", "nah", "no thanks", "no thank you", "no gracias"}
_YES_TITLES = {"yes", "si", "confirm", "confirmar"}
_NO_TITLES = {"no", "not", "ahora"}


def fold(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def numbered(choices: Sequence[dict[str, str]]) -> bool:
    """Whether choices are offered by number on SMS: not where a title is itself a number ("0", "1", "2 or more")."""
    return not any(re.match(r"\s*\d", choice["title"]) for choice in choices)


def chosen(text: str, choices: Sequence[dict[str, str]]) -> str | None:
    """The payload of the choice that `text` names, if it names just one."""
    said = fold(text)
    if not choices or not said:
        return None
    for choice in choices:
        if fold(choice["title"]) == said:
            return choice["payload"]
    for plain, starts in ((_YES, _YES_TITLES), (_NO, _NO_TITLES)):
        titled = [choice["payload"] for choice in choices if (fold(choice["title"]).split() or [""])[0] in starts]
        meant = titled if said in plain else []
        if len(meant) == 1:
            return meant[0]
    if not numbered(choices):
        return None
    words = said.split()
    places = {_NUMBER[word] for word in words if word in _NUMBER and not (word == "one" and len(words) > 1)}
    rest = [word for word in words if word not in _NUMBER and word not in _AROUND]
    if words in (["one"], ["uno"], ["una"]):
        places = {0}
    if len(places) == 1 and not rest:
        place = places.pop()
        return choices[place]["payload"] if place < len(choices) else None
    return None

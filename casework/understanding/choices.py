"""Reading an answer to numbered choices: "1", "1.", "(1)", "one", "uno", "the first", or the words themselves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_PLACES = (
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
NUMBER_WORDS = {word: place for place, words in enumerate(_PLACES) for word in words}
NUMBER_WORDS |= {str(number): number - 1 for number in range(10, 31)}
ORDINALS = frozenset(word for words in _PLACES for word in words[3:])
_LAST = frozenset({"last", "ultimo", "ultima"})
# What may stand around the number without changing it: "the first one", "number 2", "ill take 3 please", "dame el 1".
_BEFORE = {"number", "num", "option", "choice", "pick", "choose", "reply", "take", "ok", "numero", "opcion", "escojo"}
AROUND = frozenset(_BEFORE) | {
    *("the", "a", "one", "no", "please", "pls", "plz", "i", "want", "id", "like", "ill", "ll", "gimme", "go", "with"),
    *("el", "la", "por", "favor", "porfa", "quiero", "dame", "deme", "tomo"),
}
# What a list holds, without the choices that lead away from it: "the last one" is the last of these.
_IN_THE_LIST = re.compile(r'^/inform(?!.*"answer": "(?:more|none)")')
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
    place = _place_named(said.replace("give me ", "gimme ").split())
    if place == _THE_LAST:
        return next((each["payload"] for each in reversed(choices) if _IN_THE_LIST.match(each["payload"])), None)
    return choices[place]["payload"] if place is not None and place < len(choices) else None


_THE_LAST = -1


def _place_named(words: list[str]) -> int | None:
    """The place in the list that the whole text names, from 0; None where it names none or several."""
    if any(word not in NUMBER_WORDS and word not in AROUND and word not in _LAST for word in words):
        return None
    places = {NUMBER_WORDS[word] for word in words if word in NUMBER_WORDS and word != "one"}
    if _LAST & set(words):
        return None if places else _THE_LAST
    if not places and "one" in words:
        before = words[words.index("one") - 1] if words.index("one") else None
        return 0 if before is None or before in _BEFORE else None  # not "the one", "no one"
    return places.pop() if len(places) == 1 else None

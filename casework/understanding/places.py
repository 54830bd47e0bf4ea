"""A ZIP or a place as people text it: "55401", "i stay in duluth mn", "zip is 55401-1234"."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

from casework.geography import Place, UnknownPlace, find, near_name
from casework.paths import DATA
from casework.understanding.choices import fold
from casework.understanding.numbers import any_of

STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID",
    "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
    "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS",
    "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH", "new jersey": "NJ",
    "new mexico": "NM", "nuevo mexico": "NM", "new york": "NY", "nueva york": "NY", "north carolina": "NC",
    "carolina del norte": "NC", "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR",
    "pennsylvania": "PA", "pensilvania": "PA", "rhode island": "RI", "south carolina": "SC",
    "carolina del sur": "SC", "south dakota": "SD", "tennessee": "TN", "texas": "TX", "tejas": "TX", "utah": "UT",
    "vermont": "VT", "virginia": "VA", "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
    "district of columbia": "DC", "puerto rico": "PR", "guam": "GU", "american samoa": "AS", "virgin islands": "VI",
}  # fmt: skip
_CODES = set(STATES.values())
# Codes that people text as words of English or Spanish: alone they name no state ("ok", "hi", "me").
_WORDS_TOO = frozenset({"al", "co", "de", "hi", "id", "in", "la", "ma", "me", "mi", "oh", "ok", "or", "pa", "va"})
_SHORT = {"st": "saint", "ft": "fort", "mt": "mount"}  # as the ZIP table writes city names out
# In "i live in bend or" the code at the end is a state; in the middle of a sentence these are words.
_LEAD = re.compile(
    r"^.*\b(?:i live in|live in|living in|i stay in|stay in|staying in|i m in|im in|i am in|from|near|out in|over in|"
    r"moved (?:\w+ ){0,3}to|mude (?:\w+ )?a|mudamos (?:\w+ )?a|vivo en|estoy en|me quedo en|soy de|cerca de|por|"
    r"city is|town is|it s|its|in|en)\s+"
)


# Letters that look like digits on a small screen: five characters, three of them digits at least.
_LIKE_DIGITS = re.compile(r"(?<!\w)(?=(?:[oOlI]{0,2}\d){3})[\doOlI]{5}(?!\w)")
_DIGITS = str.maketrans("oOlI", "0011")


def read_zip(text: str) -> str | None:
    """The five-digit ZIP that the text tells (its +4 left off), whether or not it exists; "5540l" and "554O1" too. Of
    several the one that is said to be so now ("no its not 55401 its 55408"), else the first.
    """
    text = _LIKE_DIGITS.sub(lambda found: found.group().translate(_DIGITS), text)
    codes, told = [], []
    begin = 0
    for found in re.finditer(r"(?<![\d$.,-])(\d{5})(?:[- ]?\d{4})?(?![\d.,]*\d)", text):
        codes.append(found[1])
        told.append(_standing(fold(text[begin : found.start()]), fold(text[found.end() :])))
        begin = found.end()
    if len(set(codes)) > 1:
        for wanted in ("now", "", "left"):
            if wanted in told:
                return codes[len(told) - 1 - told[::-1].index(wanted) if wanted == "now" else told.index(wanted)]
        return None
    return codes[0] if codes and told[0] != "was" else None


def _standing(before: str, after: str) -> str:
    """Whether a ZIP between these words was one ("was"), is left for another ("left"), or is one ("now", "")."""
    if re.match(r"(?:was|anymore|no more|ya no|era)\b", after):
        return "was"
    if re.match(r"(?:now|ahora)\b(?!.*\d{5})", after):
        return "now"
    zip_too = r"(?: (?:my|the|mi|el|zip|code|codigo|postal|in|en))*"
    for name in ("was", "left", "now"):
        if re.search(rf"\b(?:{any_of('places', name)}){zip_too}$", before):
            return name
    return ""


@lru_cache
def _large_cities() -> dict[str, str]:
    """The state that a large city's bare name means, though smaller places share it."""
    table = tomllib.loads((DATA / "understanding" / "cities.toml").read_text(encoding="utf-8"))
    return {fold(city): state for state, cities in table["cities"].items() for city in cities}


@lru_cache(maxsize=1024)
def read_place(text: str) -> Place | None:
    """The place that the text names, by ZIP or by city (with its state where the name is shared). Raises UnknownPlace
    for a ZIP that does not exist."""
    code = read_zip(text)
    if code:
        return find(code)
    said = re.sub(r"\b(st|ft|mt)\b(?= \w)", lambda m: _SHORT[m.group()], _LEAD.sub("", fold(text)) or fold(text))
    state, city = _state_at_end(said)
    if city:
        place = near_name(city, state or _large_cities().get(city))
        if place:
            return place
        # "north side of duluth mn": the last words before the state are the city.
        words = city.split()
        for start in range(1, len(words)):
            place = near_name(" ".join(words[start:]), state)
            if place and state:
                return place
    return None


_BESIDES = re.compile(
    r"\b(?:no|i dont|i don t|i do not|idk|dunno|not sure|but|pero|by|near|around|next to|cerca|por)\b"
)


def read_place_within(text: str) -> Place | None:
    """The place named in a longer answer to "where": a large city anywhere in it ("downtown minneapolis by the
    library"), or what stands before the words that tell more ("vivo en st paul, no me se el zip")."""
    said = re.sub(r"\b(st|ft|mt)\b(?= \w)", lambda m: _SHORT[m.group()], fold(text))
    for city, state in sorted(_large_cities().items(), key=lambda pair: -len(pair[0])):
        if f" {city} " in f" {said} ":
            return near_name(city, state)
    first = _BESIDES.split(said)[0].strip()
    return read_place(first) if first != said and _LEAD.match(first) else None


def read_state(text: str) -> str | None:
    """A state that the whole text names ("minnesota", "MN"), or the one at its end."""
    said = _LEAD.sub("", fold(text))
    if said in _WORDS_TOO:
        return None
    state, city = _state_at_end(said)
    return state if state and (not city or city in STATES) else None


def _state_at_end(said: str) -> tuple[str | None, str]:
    for name, code in sorted(STATES.items(), key=lambda pair: -len(pair[0])):
        if said == name:
            return code, ""
        if said.endswith(" " + name):
            return code, said[: -len(name) - 1].strip()
    words = said.split()
    if words and words[-1].upper() in _CODES:
        return words[-1].upper(), " ".join(words[:-1])
    return None, said


__all__ = ["STATES", "UnknownPlace", "read_place", "read_place_within", "read_state", "read_zip"]

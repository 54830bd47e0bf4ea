"""What a turn brought: the text, the model's reading of it, and entities in canonical values. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from casework.understanding.choices import fold
from casework.understanding.numbers import any_of
from casework.understanding.relatives import of_a_relative


@dataclass(frozen=True)
class Heard:
    """`chosen`: the client took a choice that was offered, so the label is certain. `of_relatives`: entities and values
    that the text tells of somebody else ("my mom is bipolar")."""

    text: str
    intent: str = "inform"
    confidence: float = 1.0
    entities: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    chosen: bool = False
    of_relatives: frozenset[tuple[str, Any]] = frozenset()

    def entity(self, name: str) -> list[Any]:
        return list(self.entities.get(name, ()))


def heard_from(parsed: Mapping[str, Any], words: str | None = None) -> Heard:
    """From a message as the model parsed it; `words` is what the client wrote, where that is not the parsed text.

    What the client says is not so ("medicaid not medicare", "my medicaid expired") names nothing.
    """
    text = str(parsed.get("text") or "")
    entities: dict[str, list[Any]] = {}
    of_relatives = set()
    for entity in parsed.get("entities") or ():
        name, value, start = entity["entity"], entity["value"], int(entity.get("start") or 0)
        if denied(text, start) or (name == "payer" and value != "uninsured" and lost(text, start, entity.get("end"))):
            continue
        entities.setdefault(name, []).append(value)
        before = fold(text[:start])
        if of_a_relative(before) and (name != "payer" or _THEY_HAVE.search(before)):
            of_relatives.add((name, value))
    intent = parsed.get("intent") or {}
    return Heard(
        text=words if words is not None else text,
        intent=str(intent.get("name") or "out_of_scope"),
        confidence=float(intent.get("confidence") or 0.0),
        entities=entities,
        chosen=text.startswith("/"),
        of_relatives=frozenset(of_relatives),
    )


def of_choice(payload: str, words: str) -> Heard:
    """From the payload of a choice: `/affirm`, `/inform{"answer": "bipolar"}`."""
    name, brace, rest = payload.removeprefix("/").partition("{")
    values = json.loads(brace + rest) if brace else {}
    return Heard(words, name, 1.0, {key: [value] for key, value in values.items()}, chosen=True)


_DENIED = re.compile(
    r"\b(?:not|isnt|isn t|aint|no es|instead of|rather than|en vez de|en lugar de|(?:don t|dont|do not|no longer) have|"
    r"(?:lost|perdi|no tengo|ya no tengo))(?: (?:my|the|a|any|el|la|mi|on|with|have))?$"
)


def denied(text: str, start: int) -> bool:
    """Whether what begins at `start` is said not to be so."""
    clause = re.split(r"[.,;!?\n]", text[:start])[-1]
    return bool(_DENIED.search(fold(clause)))


def lost(text: str, start: int, end: int | None = None) -> bool:
    """Whether who pays, named from `start` to `end`, is said not to pay any more, not to have been granted, or to pay
    for somebody else only ("i had medicaid but they cut me off", "my kids have medicaid but i dont")."""
    stop = len(text) if end is None else end
    before = fold(re.split(r"[.;!?\n]", text[:start])[-1])
    after = fold(re.split(r"[.;!?\n]", text[stop:])[0])
    if re.search(rf"(?<!have )(?<!ive )(?<!ve )\b(?:{any_of('lost', 'before')})(?: (?:{_FILLER})){{0,2}}$", before):
        return True
    if of_a_relative(before) and re.search(rf"\b(?:{any_of('lost', 'not_me')})\b", after):
        return True
    return bool(
        re.match(rf"(?:(?:{_FILLER}) ){{0,2}}(?:{any_of('lost', 'after')})\b", after)
        or re.search(rf"\b(?:{any_of('lost', 'later')})\b", after)
    )


_FILLER = "my|the|a|el|la|mi|on|for|from|off|have|has|just|card|already|ya|is|was|been"
_THEY_HAVE = re.compile(r"\b(?:has|have|got|gets|is|are|on|tiene|tienen)(?: (?:on|the|a|el|la|con))?$")
_HOPED = re.compile(r"\b(?:apply|applying|applied|waiting on|waiting for|solicit\w*)\b")
_HAVE = re.compile(r"\b(?:have|got|tengo|im on|i m on)\b(?! (?:applied|been|to|not|que)\b)")


def hoped_for(text: str) -> bool:
    """Whether the text tells of insurance that was asked for and not granted yet, and of none that the client has."""
    said = fold(text)
    return bool(_HOPED.search(said)) and not _HAVE.search(said)

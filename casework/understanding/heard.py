"""What a turn brought: the text, the model's reading of it, and entities in canonical values. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from casework.understanding.choices import fold


@dataclass(frozen=True)
class Heard:
    """`chosen`: the client took a choice that was offered, so the label is certain."""

    text: str
    intent: str = "inform"
    confidence: float = 1.0
    entities: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    chosen: bool = False

    def entity(self, name: str) -> list[Any]:
        return list(self.entities.get(name, ()))


def heard_from(parsed: Mapping[str, Any], words: str | None = None) -> Heard:
    """From a message as the model parsed it; `words` is what the client wrote, where that is not the parsed text.

    What the client says is not so ("medicaid not medicare") names nothing.
    """
    text = str(parsed.get("text") or "")
    entities: dict[str, list[Any]] = {}
    for entity in parsed.get("entities") or ():
        if not denied(text, int(entity.get("start") or 0)):
            entities.setdefault(entity["entity"], []).append(entity["value"])
    intent = parsed.get("intent") or {}
    return Heard(
        text=words if words is not None else text,
        intent=str(intent.get("name") or "out_of_scope"),
        confidence=float(intent.get("confidence") or 0.0),
        entities=entities,
        chosen=text.startswith("/"),
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

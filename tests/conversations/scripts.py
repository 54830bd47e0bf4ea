"""Scripted conversations: what a client texts, and which responses the line's answer holds.

`scripts/*.yml` lists conversations. Each is run in English and in Spanish: `en` and `es` are the client's words, `says`
and `never` name responses of `domain.yml` (or are regular expressions), looked for in the language of the conversation.
A step `until: age` answers the line's questions one by one until it asks for the age; `days: 3` lets days pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from casework.delivery.sms_text import clean
from casework.paths import DOMAIN
from casework.wording import say

FOLDER = Path(__file__).parent / "scripts"
_BARE = str.maketrans("áíóúÁÍÓÚ", "aiouAIOU")
# What a client who answers what they are asked texts, by question.
ANSWERS: dict[str, dict[str, str]] = {
    "en": {
        "saving": "yes", "zip": "60601", "age": "34", "veteran": "no", "in_hospital_now": "no", "diagnoses": "bipolar",
        "diagnosed_by_professional": "yes", "impairments": "1 2", "payer": "medicaid", "program": "1", "opening": "1",
        "booking": "yes", "sharing": "yes", "name": "Dana", "inpatient_stays_24_months": "2",
        "crisis_contacts_24_months": "1",
    },
    "es": {
        "saving": "si", "zip": "60601", "age": "34", "veteran": "no", "in_hospital_now": "no", "diagnoses": "bipolar",
        "diagnosed_by_professional": "si", "impairments": "1 2", "payer": "medicaid", "program": "1", "opening": "1",
        "booking": "si", "sharing": "si", "name": "Marta", "inpatient_stays_24_months": "dos veces",
        "crisis_contacts_24_months": "una vez",
    },
}  # fmt: skip
# On the way to a later question several are answered at once: fewer texts, and the same answers.
AT_ONCE = {
    "en": {"zip": "60601, im 34 and not a veteran", "in_hospital_now": "no. i have medicaid"},
    "es": {"zip": "60601, tengo 34 años y no soy veterano", "in_hospital_now": "no. tengo medicaid"},
}
_ONE_BY_ONE = {"zip": ("saving", "zip", "age", "veteran"), "in_hospital_now": ("in_hospital_now", "payer")}
FIRST = {"en": "i need a case manager", "es": "necesito un administrador de casos"}


def answer_to(question: str, on_the_way_to: str, language: str) -> str:
    """What the client texts to a question of the walk."""
    several = AT_ONCE[language].get(question)
    if several is None or on_the_way_to in (*_ONE_BY_ONE["zip"], *_ONE_BY_ONE["in_hospital_now"]):
        return ANSWERS[language][question]
    return several


@dataclass(frozen=True)
class Step:
    """One thing the client does, and what they get. `language`: the answer's, where it is not the conversation's."""

    text: str | None = None
    until: str | None = None
    days: int = 0
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    language: str = "en"
    silent: bool = False


@dataclass(frozen=True)
class Conversation:
    name: str
    language: str
    steps: tuple[Step, ...] = field(repr=False)

    @property
    def id(self) -> str:
        return f"{self.name} ({self.language})"


def conversations() -> list[Conversation]:
    """All of them, in their order, English before Spanish."""
    found = []
    for path in sorted(FOLDER.glob("*.yml")):
        for script in YAML(typ="safe").load(path.read_text(encoding="utf-8")):
            for language in script.get("only", ("en", "es")):
                steps = tuple(_step(step, language) for step in script["steps"])
                found.append(Conversation(script["name"], language, steps))
    return found


def _step(step: dict[str, Any], language: str) -> Step:
    unknown = set(step) - {"en", "es", "both", "until", "days", "says", "never", "then"}
    assert not unknown, f"unknown in a step: {unknown}"
    other = {"en": "es", "es": "en"}[language]
    return Step(
        text=step.get("both", step.get(language)),
        until=step.get("until"),
        days=step.get("days", 0),
        says=tuple(step.get("says", ())),
        never=tuple(step.get("never", ())),
        language=other if step.get("then") == "other" else language,
    )


def plain(text: str) -> str:
    """As a phone shows it: without the accents that the narrow alphabet lacks, in single spaces."""
    return " ".join(clean(text).translate(_BARE).split())


@lru_cache(maxsize=4096)
def pattern(expected: str, language: str) -> re.Pattern[str]:
    """What to look for: the response's words, anything where it has placeholders; or the expression itself."""
    if not expected.startswith("utter_"):
        return re.compile(expected, re.IGNORECASE)
    words = plain(say(expected, language).text)
    return re.compile(".+?".join(re.escape(part) for part in re.split(r"\{[a-z_]+\}", words)))


@lru_cache
def questions() -> tuple[str, ...]:
    """The names of all responses that put a question of the walk, in either wording."""
    responses = YAML(typ="safe").load(DOMAIN.read_text(encoding="utf-8"))["responses"]
    steps = [name.removeprefix("utter_again_") for name in responses if name.startswith("utter_again_")]
    return tuple(f"utter_{kind}_{step}" for step in steps for kind in ("ask", "again"))


def asked(answer: str, language: str) -> str | None:
    """The question that the answer ends with, by the name of its response."""
    found = [
        (match.start(), name)
        for name in questions()
        if (match := pattern(name, language).search(plain(answer))) is not None
    ]
    return max(found)[1] if found else None

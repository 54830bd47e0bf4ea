"""What the service itself says (keywords, crisis, reminders), from the same place as what the dialogue model says.

`domain.yml` holds every response, each in both languages by Rasa's conditional variations (slot `language`). This
reads it without Rasa, so that the words are there when the model server is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML

from casework.errors import GuidepostError
from casework.paths import DOMAIN

LANGUAGES = ("en", "es")


class NoWording(GuidepostError):
    """A response is asked for that `domain.yml` does not have in that language."""


@dataclass(frozen=True)
class Wording:
    """One response in one language. `choices` are `{"title", "payload"}`."""

    text: str
    choices: tuple[dict[str, str], ...] = ()


def _language_of(variation: dict[str, Any]) -> str:
    for condition in variation.get("condition") or ():
        if condition.get("name") == "language":
            return str(condition["value"])
    return "en"


@lru_cache
def _responses() -> dict[tuple[str, str], Wording]:
    domain = YAML(typ="safe").load(DOMAIN.read_text(encoding="utf-8"))
    table: dict[tuple[str, str], Wording] = {}
    for name, variations in domain["responses"].items():
        for variation in variations:
            choices = tuple(
                {"title": button["title"], "payload": button["payload"]} for button in variation.get("buttons") or ()
            )
            table.setdefault((name, _language_of(variation)), Wording(str(variation["text"]).strip(), choices))
    return table


def warm() -> None:
    """Reads `domain.yml`: a second, once a process."""
    _responses()


def has_wording(response: str) -> bool:
    """Whether `domain.yml` has the response."""
    return (response, "en") in _responses()


def say(response: str, language: str, **values: object) -> Wording:
    """The response `response` of `domain.yml` in `language` (`en`, `es`), its `{placeholders}` filled from `values`.

    So are those of its choices' payloads: a choice names what it is about.
    """
    wording = _responses().get((response, language))
    if wording is None:
        raise NoWording(f"domain.yml has no response {response} in {language}")
    choices = ({**choice, "payload": _filled(choice["payload"], values)} for choice in wording.choices)
    return Wording(_filled(wording.text, values), tuple(choices))


def _filled(text: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text

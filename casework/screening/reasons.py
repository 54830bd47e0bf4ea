"""Tells a finding in plain words of the language asked for. The words are data; this puts the facts into them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from casework.screening.formulas import Amount, Areas, Finding
from casework.screening.logic import Status
from casework.screening.quantities import Range

Language = Literal["en", "es"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


@dataclass(frozen=True, slots=True)
class Phrases:
    """What all policies share in one language."""

    note: str
    source: str  # {source} {checked}
    at_least: str  # {n}
    at_most: str  # {n}
    both: str  # {first} {last}, joins the last two of a list
    labels: Mapping[str, str]  # of the values of a choice, by fact and value: "diagnoses.ptsd"


def because(finding: Finding, language: Language, phrases: Phrases) -> str:
    """The sentences of the facts that decided, each once, in the policy's order."""
    return " ".join(dict.fromkeys(_sentences(finding, language, phrases)))


def source(text: str, checked: date, phrases: Phrases) -> str:
    return phrases.source.format(source=text, checked=checked.isoformat())


def _sentences(finding: Finding, language: Language, phrases: Phrases) -> list[str]:
    words = finding.test.texts.get((finding.status, finding.seen.told))
    if words is not None:
        return [words[language].format(**_values(finding, language, phrases))]
    return [text for member in finding.deciding() for text in _sentences(member, language, phrases)]


def _values(finding: Finding, language: Language, phrases: Phrases) -> dict[str, str]:
    formula, seen = finding.test.formula, finding.seen
    values: dict[str, str] = {}
    if isinstance(formula, Amount) and seen.amount is not None:
        values["things"] = _things(finding, seen.amount, language, phrases)
    if isinstance(formula, (Amount, Areas)):
        values["need"] = number(formula.need)
    if seen.names:
        values["names"] = listed([phrases.labels[name] for name in seen.names], phrases)
    if finding.members:
        values["topics"] = listed(list(dict.fromkeys(_topics(finding, language))), phrases)
    return values


def _things(finding: Finding, amount: Range, language: Language, phrases: Phrases) -> str:
    """The amount with its noun: "2 days", "at least 2 days" where more may be, "up to 2 days" where fewer may be."""
    formula = finding.test.formula
    wants_few = isinstance(formula, Amount) and formula.at_most
    # The end that decided: the most there can be where that was too few, or few enough.
    by_ceiling = finding.status is (Status.MET if wants_few else Status.NOT_MET)
    shown, phrase = (amount.ceiling, phrases.at_most) if by_ceiling else (amount.floor, phrases.at_least)
    one, other = finding.test.noun[language]
    text = f"{number(shown)} {one if shown == 1 else other}"
    return text if amount.exact else phrase.format(n=text)


def _topics(finding: Finding, language: Language) -> list[str]:
    if finding.test.topic:
        return [finding.test.topic[language]]
    return [topic for member in finding.deciding() for topic in _topics(member, language)]


def listed(items: Sequence[str], phrases: Phrases) -> str:
    """A list as people write it: "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return phrases.both.format(first=", ".join(items[:-1]), last=items[-1])


def number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)

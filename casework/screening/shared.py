"""Loads what all policies share from the folder `shared/` beside them.

Phrases and labels stand in `phrases.toml`, routes and documents in `next_steps.toml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from casework.screening.criteria_file import Table
from casework.screening.errors import BadFacts
from casework.screening.facts import CHOICES, FACT_NAMES, read_facts
from casework.screening.next_steps import Condition, NextSteps, Step
from casework.screening.reasons import LANGUAGES, Phrases


@dataclass(frozen=True, slots=True)
class Shared:
    """The wording and the next steps that do not differ between policies."""

    phrases: Mapping[str, Phrases]  # by language
    next_steps: NextSteps


def read_shared(folder: Path) -> Shared:
    """Raises BadPolicy when a file does not hold together."""
    return Shared(_phrases(Table.open(folder / "phrases.toml")), _next_steps(Table.open(folder / "next_steps.toml")))


def _phrases(table: Table) -> dict[str, Phrases]:
    phrases: dict[str, Phrases] = {}
    for language in LANGUAGES:
        part = table.table(language)
        phrases[language] = Phrases(
            note=part.text("note"),
            source=part.template("source", ("source", "checked")),
            at_least=part.template("at_least", ("n",)),
            at_most=part.template("at_most", ("n",)),
            both=part.template("both", ("first", "last")),
            labels=_labels(part.table("labels")),
        )
        part.done()
    table.done()
    return phrases


def _labels(table: Table) -> dict[str, str]:
    labels: dict[str, str] = {}
    for fact, values in CHOICES.items():
        part = table.table(fact)
        labels.update({f"{fact}.{value}": part.text(value) for value in values})
        part.done()
    table.done()
    return labels


def _next_steps(table: Table) -> NextSteps:
    routes = tuple(_step(each, ()) for each in table.tables("routes"))
    documents = tuple(_step(each, [route.id for route in routes]) for each in table.tables("documents"))
    table.done()
    return NextSteps(routes, documents)


def _step(table: Table, routes: Sequence[str]) -> Step:
    always = table.flag("always")
    when = () if always else tuple(_condition(each, routes) for each in table.tables("when"))
    step = Step(table.text("id"), when, always, table.words("text"))
    table.done()
    return step


def _condition(table: Table, routes: Sequence[str]) -> Condition:
    fact = table.text("fact") if table.has("fact") else None
    if fact is not None and fact not in FACT_NAMES:
        raise table.wrong("fact", f"{fact!r} is not the name of a fact")
    condition = Condition(
        fact=fact,
        is_one_of=_values(table, "is", fact),
        is_none_of=_values(table, "is_not", fact),
        at_least=table.whole("at_least") if table.has("at_least") else None,
        at_most=table.whole("at_most") if table.has("at_most") else None,
        absent=table.flag("absent"),
        open_stay=table.flag("open_stay"),
        known_stay=table.flag("known_stay"),
        serves=table.text("serves") if table.has("serves") else None,
        route=table.name_of("route", routes) if table.has("route") else None,
    )
    table.done()
    return condition


def _values(table: Table, key: str, fact: str | None) -> tuple[object, ...] | None:
    if not table.has(key):
        return None
    values = tuple(table.list(key))
    for value in values:
        try:
            read_facts({fact: value})
        except BadFacts as error:
            raise table.wrong(key, error.reason) from error
    return values

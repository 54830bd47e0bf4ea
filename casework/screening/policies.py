"""Policies: which criteria a program sets, read from `data/criteria/<id>.toml` and checked as they are read.

An agency's own copy may lie in any folder; it brings its own `shared/` folder or uses the shipped one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from casework.paths import DATA
from casework.screening.criteria_file import Table
from casework.screening.errors import UnknownPolicy
from casework.screening.facts import FACT_NAMES, STATES
from casework.screening.formula_reader import TestReader, service_area
from casework.screening.formulas import Test
from casework.screening.shared import Shared, read_shared

CRITERIA: Final = DATA / "criteria"
DEFAULT_POLICY: Final = "default"
RESIDENCY: Final = "residency"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a policy: its id, the test it is, and where the rule was read."""

    id: str
    test: Test
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A program's criteria. `version` dates the policy, `checked` the reading of its sources."""

    id: str
    version: str
    checked: date
    title: Mapping[str, str]
    serves: str | None
    states: tuple[str, ...]  # whom a walk chooses it for; empty: anybody
    ask: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    shared: Shared


def policy_ids(folder: Path = CRITERIA) -> tuple[str, ...]:
    """The ids of the policies in a folder, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_policy(policy: str = DEFAULT_POLICY, folder: Path = CRITERIA) -> Policy:
    """The policy of this id. Raises UnknownPolicy, BadPolicy."""
    # Looked up among the files there are, so that an id can never lead to another folder.
    known = policy_ids(folder)
    if policy not in known:
        raise UnknownPolicy(policy, known)
    return read_policy(folder / f"{policy}.toml")


@cache
def read_policy(path: Path) -> Policy:
    """Reads one policy file, once in the life of a process. Raises BadPolicy."""
    table = Table.open(path)
    policy_id = table.text("id")
    if policy_id != path.stem:
        raise table.wrong("id", f"is {policy_id!r}, and the file is named {path.stem!r}")
    area = service_area(table.table("service_area")) if table.has("service_area") else None
    criteria = _criteria(table, area)
    own_shared = path.parent / "shared"
    policy = Policy(
        id=policy_id,
        version=table.text("version"),
        checked=table.date("checked"),
        title=table.words("title"),
        serves=table.text("serves") if table.has("serves") else None,
        states=table.names_of("states", sorted(STATES)) if table.has("states") else (),
        ask=_ask(table, criteria),
        criteria=criteria,
        shared=_shared(own_shared if own_shared.is_dir() else CRITERIA / "shared"),
    )
    table.done()
    return policy


@cache
def _shared(folder: Path) -> Shared:
    return read_shared(folder)


def _criteria(table: Table, area: Test | None) -> tuple[Criterion, ...]:
    tests = TestReader(table.table("tests"))
    criteria: list[Criterion] = []
    for each in table.tables("criteria"):
        criterion_id = each.text("id")
        if any(criterion_id == other.id for other in criteria):
            raise each.wrong("id", f"{criterion_id!r} stands twice")
        test = tests.test(each.text("test"), each, "test")
        place = area if criterion_id == RESIDENCY else None
        criteria.append(Criterion(criterion_id, place or test, each.text("source")))
        each.done()
    tests.done()
    if not criteria:
        raise table.wrong("criteria", "must not be empty")
    if area is not None and not any(criterion.id == RESIDENCY for criterion in criteria):
        raise table.wrong("service_area", "needs a criterion residency")
    return tuple(criteria)


def _ask(table: Table, criteria: tuple[Criterion, ...]) -> tuple[str, ...]:
    """The facts worth asking, most telling first; a set service area adds the county where only that can tell."""
    names = table.names_of("ask", sorted(FACT_NAMES - {"as_of"}))
    leaves = [leaf for criterion in criteria for leaf in criterion.test.leaves()]
    if "county" in frozenset[str]().union(*(leaf.facts for leaf in leaves)) and "county" not in names:
        names = (*names, "county")
    for leaf in leaves:
        if leaf.facts and leaf.facts.isdisjoint(names):
            wanted = ", ".join(sorted(leaf.facts))
            raise table.wrong("ask", f"has none of the facts that can settle {leaf.id}: {wanted}")
    return names

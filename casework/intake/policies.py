"""By which policies a client is screened: those of their state, the VA's for veterans, an agency's own copies first.

The order stands in `data/criteria/shared/choosing.toml`. An agency's own copies lie in `criteria/` of the data folder
and name the `states` they are for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from casework import screening
from casework.errors import SettingsMissing
from casework.geography import UnknownPlace, find
from casework.screening import Outcome, Policy, Screening
from casework.settings import get_settings, read

_CHOOSING = screening.CRITERIA / "shared" / "choosing.toml"
_BEST_FIRST = (Outcome.LIKELY, Outcome.POSSIBLE, Outcome.UNLIKELY)


@dataclass(frozen=True)
class Screened:
    """One client by all the policies that are theirs: the best outcome, which is told, and the others in order."""

    best: Screening
    others: tuple[Screening, ...]


def own_folder() -> Path:
    """Where an agency's own copies of policies lie."""
    try:
        return get_settings().guidepost_data / "criteria"
    except SettingsMissing:  # `guidepost screen` needs no keys
        return read().guidepost_data / "criteria"


def load(policy: str, own: Path | None = None) -> Policy:
    """A shipped policy, else an agency's own copy. Raises UnknownPolicy, BadPolicy."""
    if policy in screening.policy_ids():
        return screening.load_policy(policy)
    folder = own_folder() if own is None else own
    known = (*screening.policy_ids(), *screening.policy_ids(folder))
    if policy not in known:
        raise screening.UnknownPolicy(policy, known)
    return screening.load_policy(policy, folder)


@lru_cache(maxsize=1)
def _order() -> dict[str, Any]:
    return tomllib.loads(_CHOOSING.read_text(encoding="utf-8"))


def chosen(facts: Mapping[str, Any], own: Path | None = None) -> tuple[Policy, ...]:
    """The policies for who told these facts, in the order in which they are asked. Never empty. Raises BadPolicy."""
    state, veteran = _state(facts), facts.get("veteran") is True
    copies = [
        copy
        for copy in _own(own_folder() if own is None else own)
        if (not copy.states or state in copy.states) and (veteran or copy.serves != "veterans")
    ]
    order = _order()
    ids = [*order["states"].get(state, order["usual"]), *(order["veterans"] if veteran else ())]
    return (*copies, *(screening.load_policy(each) for each in ids))


@dataclass(frozen=True)
class InForce:
    """A policy and for whom it is chosen: `states`, `veterans`, `usual` (no state's own holds) or `own` (a copy).

    `wrong` says what a copy that cannot be read suffers from; there is no policy then.
    """

    id: str
    policy: Policy | None
    states: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    wrong: str | None = None


def in_force(own: Path | None = None) -> list[InForce]:
    """Every policy that a client can be screened by, the agency's own copies first."""
    folder, order = own_folder() if own is None else own, _order()
    shipped = screening.policy_ids()
    found = []
    for copy in (each for each in screening.policy_ids(folder) if each not in shipped):
        try:
            policy = screening.load_policy(copy, folder)
            found.append(InForce(copy, policy, policy.states, ("own", *(["veterans"] if policy.serves else []))))
        except screening.BadPolicy as error:
            found.append(InForce(copy, None, wrong=str(error)))
    for each in shipped:
        states = tuple(state for state, ids in order["states"].items() if each in ids)
        chosen = tuple(how for how in ("usual", "veterans") if each in order[how])
        found.append(InForce(each, screening.load_policy(each), states, chosen))
    return found


def _own(folder: Path) -> list[Policy]:
    shipped = screening.policy_ids()
    return [screening.load_policy(each, folder) for each in screening.policy_ids(folder) if each not in shipped]


def _state(facts: Mapping[str, Any]) -> str | None:
    """The state the ZIP lies in, else the one that was named."""
    if facts.get("zip"):
        try:
            return find(str(facts["zip"])).state
        except UnknownPlace:
            pass
    return str(facts["state"]).upper() if facts.get("state") else None


def screen(facts: Mapping[str, Any], *, language: screening.Language = "en", own: Path | None = None) -> Screened:
    """Screens by every policy that is theirs."""
    results = [screening.screen(facts, policy, language=language) for policy in chosen(facts, own)]
    best = min(results, key=lambda each: _BEST_FIRST.index(each.outcome))
    return Screened(best, tuple(each for each in results if each is not best))


def questions(facts: Mapping[str, Any], *, asked: Sequence[str], own: Path | None = None) -> list[str]:
    """The facts that can still change the outcome that is told, most telling first; none once one policy is met."""
    policies = chosen(facts, own)
    told = screening.read_facts(facts)
    if any(screening.screen(told, policy).outcome is Outcome.LIKELY for policy in policies):
        return []
    return list(
        dict.fromkeys(name for policy in policies for name in screening.outcome_questions(told, policy, asked=asked))
    )


def reads(facts: Mapping[str, Any], fact: str, own: Path | None = None) -> bool:
    """Whether a policy that is theirs reads this fact."""
    return any(fact in criterion.test.facts for policy in chosen(facts, own) for criterion in policy.criteria)

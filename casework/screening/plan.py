"""What is still worth asking: found by trying answers, so that nobody is asked what cannot change a thing.

A question is worth asking while a criterion is not met yet and some answer, with some answers to the other open
questions, changes its status. Only answers that fit what was told before are tried: who told of no hospital stay is
not asked for its dates. Where two tests share a fact they are tried one by one, so at worst a question too many is
left in, never one too few.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Final

from casework.screening.facts import (
    BOOLEAN_FACTS,
    CHOICES,
    INTEGER_BOUNDS,
    NUMBER_BOUNDS,
    STATES,
    Facts,
    Stay,
    read_facts,
)
from casework.screening.formulas import Group, InState, ServiceArea, Test
from casework.screening.logic import Status
from casework.screening.policies import DEFAULT_POLICY, Policy, load_policy
from casework.screening.quantities import COUNTED_MONTHS, DAYS_MONTHS, Known, Window

Change = tuple[Status, Status]

# The shorter window lies inside the longer one, so the one bounds the other.
_LONGER: Final[Mapping[str, str]] = {
    "crisis_contacts_12_months": "crisis_contacts_24_months",
    "missed_appointments_6_months": "missed_appointments_12_months",
}
_SHORTER: Final[Mapping[str, str]] = {longer: shorter for shorter, longer in _LONGER.items()}
# Nobody spends days in a hospital without a stay there.
_DAYS_OF_STAYS: Final = frozenset(("inpatient_days_12_months", "state_hospital_days_24_months"))
_MANY_STAYS: Final = 40  # tried where the number of stays is open; a test needs a few
_NO_ZIP: Final = "00000"  # lies in no state
_LARGE: Final = 100_000  # tried where a number has no upper bound


def next_questions(
    facts: Facts | Mapping[str, object], policy: Policy | str = DEFAULT_POLICY, *, asked: Collection[str] = ()
) -> list[str]:
    """The facts still worth asking, in the policy's order (most telling first), without those in `asked`.

    Raises BadFacts, UnknownPolicy, BadPolicy.
    """
    chosen = load_policy(policy) if isinstance(policy, str) else policy
    told = facts if isinstance(facts, Facts) else read_facts(facts)
    trial = _Trial(told, [name for name in chosen.ask if getattr(told, name) is None and name not in asked])
    known = Known(told)
    unmet = [each.test for each in chosen.criteria if each.test.look(known).status is not Status.MET]
    return [name for name in trial.open if any(trial.changes(test, name) for test in unmet)]


def outcome_questions(
    facts: Facts | Mapping[str, object], policy: Policy | str = DEFAULT_POLICY, *, asked: Collection[str] = ()
) -> list[str]:
    """Those of `next_questions` that can still change the outcome.

    Once a criterion is not met, whatever else is answered, the outcome stands: none is left then.
    """
    chosen = load_policy(policy) if isinstance(policy, str) else policy
    told = facts if isinstance(facts, Facts) else read_facts(facts)
    names = next_questions(told, chosen, asked=asked)
    trial, known = _Trial(told, names), Known(told)
    for criterion in chosen.criteria:
        settled = criterion.test.look(known).status is Status.NOT_MET
        if settled and not any(trial.changes(criterion.test, name) for name in names):
            return []
    return names


def route_questions(
    facts: Facts | Mapping[str, object], policy: Policy | str = DEFAULT_POLICY, *, asked: Collection[str] = ()
) -> list[str]:
    """The facts outside the criteria that could still open another way to help (a route), each tried alone."""
    chosen = load_policy(policy) if isinstance(policy, str) else policy
    told = facts if isinstance(facts, Facts) else read_facts(facts)
    steps = chosen.shared.next_steps
    now = set(steps.routes_for(Known(told), chosen.serves))
    names = dict.fromkeys(condition.fact for route in steps.routes for condition in route.when)
    return [
        name
        for name in names
        if name is not None and getattr(told, name) is None and name not in asked
        if any(
            set(steps.routes_for(Known(_with(told, {name: answer})), chosen.serves)) - now
            for answer in _answers(name, told)
        )
    ]


class _Trial:
    """Tries answers to the open questions on single tests and carries the results up through the groups."""

    def __init__(self, told: Facts, names: list[str]) -> None:
        self.told = told
        self.open = names
        self._reach: dict[str, frozenset[Status]] = {}

    def reach(self, test: Test) -> frozenset[Status]:
        """The statuses a test can come to, whatever is answered and whatever is left open."""
        if test.id not in self._reach:
            self._reach[test.id] = frozenset(self._statuses(test))
        return self._reach[test.id]

    def _statuses(self, test: Test) -> Iterator[Status]:
        formula = test.formula
        if isinstance(formula, Group):
            for members in product(*(self.reach(member) for member in formula.members)):
                yield formula.combine(members)
        else:
            for answers in self._combinations(test, self._open_of(test)):
                yield self._status(test, answers)

    def changes(self, test: Test, name: str) -> frozenset[Change]:
        """The pairs of statuses between which the answer to this one question decides."""
        if isinstance(test.formula, Group):
            return frozenset(self._changes_of_group(test.formula, name))
        return frozenset(self._changes_of_leaf(test, name))

    def _changes_of_group(self, group: Group, name: str) -> Iterator[Change]:
        for member in group.members:
            changes = self.changes(member, name)
            if not changes:
                continue
            others = [self.reach(each) for each in group.members if each is not member]
            for rest in product(*others):
                for before, after in changes:
                    result = group.combine((before, *rest)), group.combine((after, *rest))
                    if result[0] is not result[1]:
                        yield result

    def _changes_of_leaf(self, test: Test, name: str) -> Iterator[Change]:
        names = self._open_of(test)
        if name not in names:
            return
        for others in self._combinations(test, [each for each in names if each != name]):
            tries = [{}, *({name: answer} for answer in self._tried(test, name, others))]
            seen = {self._status(test, {**others, **one}) for one in tries}
            yield from ((before, after) for before in seen for after in seen if before is not after)

    def _open_of(self, test: Test) -> list[str]:
        return [name for name in self.open if name in test.facts]

    def _combinations(self, test: Test, names: list[str]) -> Iterator[dict[str, object]]:
        """Every way to answer these questions or to leave them open, each answer fitting those before it."""
        if not names:
            yield {}
            return
        *before, last = names
        for answers in self._combinations(test, before):
            yield answers
            for answer in self._tried(test, last, answers):
                yield {**answers, last: answer}

    def _tried(self, test: Test, name: str, answers: Mapping[str, object]) -> Collection[object]:
        if isinstance(test.formula, (InState, ServiceArea)):
            return _places(test.formula, name)
        return _answers(name, _with(self.told, answers))

    def _status(self, test: Test, answers: Mapping[str, object]) -> Status:
        return test.look(Known(_with(self.told, answers))).status


def _with(facts: Facts, answers: Mapping[str, object]) -> Facts:
    changed: Facts = replace(facts, **answers)  # type: ignore[arg-type]  # names and values come from _answers
    return changed


def _places(place: InState | ServiceArea, name: str) -> Collection[object]:
    """An answer inside and one outside."""
    if isinstance(place, ServiceArea):
        return [min(place.zips), _NO_ZIP] if name == "zip" else [min(place.counties), "elsewhere"]
    if name == "state":
        return [place.state, min(STATES - {place.state})]
    return [place.prefixes[0][0] + "00", _NO_ZIP]


def _answers(name: str, facts: Facts) -> Collection[object]:
    """Answers to try: the ends of what the fact allows and what was told, or every choice."""
    if name in BOOLEAN_FACTS:
        return (True, False)
    if name in CHOICES:
        values = CHOICES[name]
        return values if name == "payer" else ((), *((value,) for value in values), values)
    if name == "inpatient_stays":
        return _stays(facts)
    if name in ("state", "zip", "county"):
        return (min(STATES) if name == "state" else _NO_ZIP,)
    return _numbers(name, facts)


def _numbers(name: str, facts: Facts) -> Collection[object]:
    low, high = {**INTEGER_BOUNDS, **NUMBER_BOUNDS}[name]
    if name in _LONGER:
        high = _told(facts, _LONGER[name], high)
    if name in _SHORTER:
        low = min(_told(facts, _SHORTER[name], low), high)
    if name == "inpatient_stays_24_months":
        low = min(Known(facts).stays_in(Window(months=COUNTED_MONTHS)), high)
        high = low if facts.inpatient_stays is not None else high
    if name in _DAYS_OF_STAYS and _no_stays(facts):
        high = low
    if name == "gaf":
        low = 1  # 0 is "cannot rate" and tells nothing
    return (low, high if math.isfinite(high) else max(low, _LARGE))


def _told(facts: Facts, name: str, otherwise: float) -> float:
    told: float | None = getattr(facts, name)
    return otherwise if told is None else told


def _no_stays(facts: Facts) -> bool:
    return facts.inpatient_stays_24_months == 0 or facts.inpatient_stays == ()


def _stays(facts: Facts) -> Collection[tuple[Stay, ...]]:
    """No stay; and as many as were counted: short and new, short and old, or one of them long, new or old."""
    count = facts.inpatient_stays_24_months
    many = _MANY_STAYS if count is None else min(count, _MANY_STAYS)
    if many == 0:
        return ((),)
    as_of = facts.as_of
    oldest = Window(months=COUNTED_MONTHS).first_day(as_of)
    last_year = Window(months=DAYS_MONTHS).first_day(as_of)
    one_old = Stay(oldest, max(oldest, _days_before(last_year, 1)))
    tries: list[tuple[Stay, ...]] = [(Stay(oldest, as_of),), (one_old,)]
    for start in (as_of, one_old.admitted + timedelta(days=2 * many)):
        days = dict.fromkeys(_days_before(start, 2 * each) for each in range(many))
        tries.append(tuple(Stay(day, day) for day in days if day <= as_of))
    return ((), *tries)


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=min(days, (day - date.min).days))

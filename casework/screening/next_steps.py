"""Where a person can turn (routes) and what to bring if at hand (documents). No outcome ever takes one away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casework.screening.quantities import Known


@dataclass(frozen=True, slots=True)
class Condition:
    """What must all be so for a step to be named. Plain yes or no: a missing fact is neither in nor above anything."""

    fact: str | None = None
    is_one_of: tuple[object, ...] | None = None
    is_none_of: tuple[object, ...] | None = None
    at_least: int | None = None
    at_most: int | None = None
    absent: bool = False
    open_stay: bool = False  # a listed stay has no end
    known_stay: bool = False  # any stay is known
    serves: str | None = None  # whom the policy serves
    route: str | None = None  # the route is named too

    def holds(self, known: Known, serves: str | None, routes: Iterable[str]) -> bool:
        if self.open_stay and not any(stay.discharged is None for stay in known.facts.inpatient_stays or ()):
            return False
        if self.known_stay and not known.stays:
            return False
        if self.serves is not None and serves != self.serves:
            return False
        if self.route is not None and self.route not in routes:
            return False
        return self.fact is None or self._fits(getattr(known.facts, self.fact))

    def _fits(self, told: object) -> bool:
        if self.absent:
            return told is None
        if self.is_one_of is not None and told not in self.is_one_of:
            return False
        if self.is_none_of is not None and told in self.is_none_of:
            return False
        if self.at_least is None and self.at_most is None:
            return True
        if not isinstance(told, int):
            return False
        return (self.at_least is None or told >= self.at_least) and (self.at_most is None or told <= self.at_most)


@dataclass(frozen=True, slots=True)
class Step:
    """A route or a document: named when one of its conditions holds, or always."""

    id: str
    when: tuple[Condition, ...]
    always: bool
    text: Mapping[str, str]  # by language

    def applies(self, known: Known, serves: str | None, routes: Iterable[str]) -> bool:
        return self.always or any(condition.holds(known, serves, routes) for condition in self.when)


@dataclass(frozen=True, slots=True)
class NextSteps:
    """All routes and all documents, in the order they are told."""

    routes: tuple[Step, ...]
    documents: tuple[Step, ...]

    def routes_for(self, known: Known, serves: str | None) -> tuple[str, ...]:
        return tuple(step.id for step in self.routes if step.applies(known, serves, ()))

    def documents_for(self, known: Known, serves: str | None, routes: Iterable[str]) -> tuple[str, ...]:
        named = tuple(routes)
        return tuple(step.id for step in self.documents if step.applies(known, serves, named))

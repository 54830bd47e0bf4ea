"""The tests a criterion is made of: small formulas over the facts, as the criteria files state them.

A leaf looks at the facts and says what it saw; a `Group` combines tests by three-valued logic. Which words tell the
result is not decided here (`reasons.py`), and no number of any policy stands here (`data/criteria/`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from casework.screening.facts import Facts
from casework.screening.logic import Status, all_of, any_of, boolean, two_of_three
from casework.screening.quantities import Known, Measure, Range

Combine = Callable[[Iterable[Status]], Status]
COMBINATIONS: Final[Mapping[str, Combine]] = {"any": any_of, "all": all_of, "two_of_three": two_of_three}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a leaf saw: the status, and what its words may tell (an amount, or named things)."""

    status: Status
    amount: Range | None = None
    names: tuple[str, ...] = ()  # keys of labels, such as "diagnoses.ptsd"
    told: bool = False  # whether any of its facts was given


class Leaf(Protocol):
    """A test that reads facts itself."""

    def look(self, known: Known) -> Seen: ...

    @property
    def facts(self) -> frozenset[str]: ...

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The values it can take, each of which needs words."""
        ...


ALL_STATUSES: Final = tuple(Status)


def _labelled(fact: str, values: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{fact}.{value}" for value in values)


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of measures against a number: at least it, or at most it."""

    measures: tuple[Measure, ...]
    need: float
    at_most: bool = False
    statuses: tuple[Status, ...] = field(default=ALL_STATUSES, init=False)

    def look(self, known: Known) -> Seen:
        first, *rest = [measure.range(known) for measure in self.measures]
        amount = sum(rest, first)
        status = amount.at_most(self.need) if self.at_most else amount.at_least(self.need)
        return Seen(status, amount=amount, told=amount.floor > 0)

    @property
    def facts(self) -> frozenset[str]:
        return frozenset[str]().union(*(measure.facts for measure in self.measures))


@dataclass(frozen=True, slots=True)
class YesNo:
    """A boolean fact; false may be left open where another fact speaks for it (`false_is_unknown_if`)."""

    fact: str
    false_is_unknown_if: tuple[tuple[str, tuple[object, ...]], ...] = ()
    statuses: tuple[Status, ...] = field(default=ALL_STATUSES, init=False)

    def look(self, known: Known) -> Seen:
        told: bool | None = getattr(known.facts, self.fact)
        contradicted = any(getattr(known.facts, name) in values for name, values in self.false_is_unknown_if)
        status = Status.UNKNOWN if told is False and contradicted else boolean(told)
        return Seen(status, told=told is not None)

    @property
    def facts(self) -> frozenset[str]:
        return frozenset((self.fact, *(name for name, _ in self.false_is_unknown_if)))


@dataclass(frozen=True, slots=True)
class Named:
    """Whether a diagnosis on the policy's list was named; an open list means "and the like"."""

    listed: tuple[str, ...]
    open: bool
    facts: frozenset[str] = field(default=frozenset(("diagnoses", "diagnosed_by_professional")), init=False)
    statuses: tuple[Status, ...] = field(default=ALL_STATUSES, init=False)

    def look(self, known: Known) -> Seen:
        named = known.facts.diagnoses
        if named is None:
            return Seen(Status.UNKNOWN)
        found = tuple(name for name in named if name in self.listed)
        names = _labelled("diagnoses", found or named)
        return Seen(self._status(known.facts, named, found), names=names, told=bool(named))

    def _status(self, facts: Facts, named: tuple[str, ...], found: tuple[str, ...]) -> Status:
        if found:
            return Status.MET
        if not named:
            # Diagnosed, and none named: the name may simply have slipped the person's mind.
            return Status.UNKNOWN if facts.diagnosed_by_professional else Status.NOT_MET
        # "other" may hide a listed one.
        return Status.UNKNOWN if "other" in named or self.open else Status.NOT_MET


@dataclass(frozen=True, slots=True)
class Areas:
    """Daily life affected: one of the areas that are enough alone, or several of the others together."""

    alone: tuple[str, ...]
    together: tuple[str, ...]
    need: int
    facts: frozenset[str] = field(default=frozenset(("impairments",)), init=False)
    statuses: tuple[Status, ...] = field(default=ALL_STATUSES, init=False)

    def look(self, known: Known) -> Seen:
        areas = known.facts.impairments
        if areas is None:
            return Seen(Status.UNKNOWN)
        enough = any(area in self.alone for area in areas) or sum(area in self.together for area in areas) >= self.need
        status = Status.MET if enough else Status.NOT_MET
        return Seen(status, names=_labelled("impairments", areas), told=bool(areas))


@dataclass(frozen=True, slots=True)
class OneOf:
    """Each value of a choice has its status; a missing fact is unknown."""

    fact: str
    values: Mapping[str, Status]
    statuses: tuple[Status, ...] = field(default=ALL_STATUSES, init=False)

    def look(self, known: Known) -> Seen:
        told: str | None = getattr(known.facts, self.fact)
        if told is None:
            return Seen(Status.UNKNOWN)
        return Seen(self.values[told], names=_labelled(self.fact, (told,)), told=True)

    @property
    def facts(self) -> frozenset[str]:
        return frozenset((self.fact,))


@dataclass(frozen=True, slots=True)
class AnyPlace:
    """Where the person lives is known, and any place will do."""

    facts: frozenset[str] = field(default=frozenset(("state", "zip")), init=False)
    statuses: tuple[Status, ...] = field(default=(Status.MET, Status.UNKNOWN), init=False)

    def look(self, known: Known) -> Seen:
        told = known.facts.zip is not None or known.facts.state is not None
        return Seen(Status.MET if told else Status.UNKNOWN, told=told)


@dataclass(frozen=True, slots=True)
class InState:
    """Lives in a state, by its code or by the first three digits of the ZIP; where they differ nobody can tell."""

    state: str
    prefixes: tuple[tuple[str, str], ...]
    facts: frozenset[str] = field(default=frozenset(("state", "zip")), init=False)
    statuses: tuple[Status, ...] = field(default=ALL_STATUSES, init=False)

    def look(self, known: Known) -> Seen:
        facts = known.facts
        signs = set()
        if facts.state is not None:
            signs.add(facts.state == self.state)
        if facts.zip is not None:
            signs.add(any(low <= facts.zip[:3] <= high for low, high in self.prefixes))
        return Seen(boolean(signs.pop()) if len(signs) == 1 else Status.UNKNOWN, told=bool(signs))


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """Lives where an agency serves: in one of its ZIPs or one of its counties, of which either list may be empty."""

    counties: frozenset[str]  # as `county_key` writes them
    zips: frozenset[str]
    statuses: tuple[Status, ...] = field(default=ALL_STATUSES, init=False)

    def look(self, known: Known) -> Seen:
        county = county_key(known.facts.county or "")
        signs = []
        if self.zips:
            signs.append(boolean(known.facts.zip in self.zips if known.facts.zip else None))
        if self.counties:
            signs.append(boolean(county in self.counties if county else None))
        return Seen(any_of(signs), told=any(sign is not Status.UNKNOWN for sign in signs))

    @property
    def facts(self) -> frozenset[str]:
        return frozenset(name for name, used in (("zip", self.zips), ("county", self.counties)) if used)


def county_key(name: str) -> str:
    """A county's name as it is compared: "Hennepin County", "hennepin" and " HENNEPIN " are one."""
    return " ".join(name.split()).casefold().removesuffix(" county").strip()


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Stands for the ways in that a policy has and this line does not ask about: never settled here."""

    facts: frozenset[str] = field(default=frozenset(), init=False)
    statuses: tuple[Status, ...] = field(default=(Status.UNKNOWN,), init=False)

    def look(self, known: Known) -> Seen:
        del known
        return Seen(Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Group:
    """Tests taken together: any, all or two of three of them."""

    kind: str
    members: tuple["Test", ...]

    def combine(self, members: Iterable[Status]) -> Status:
        return COMBINATIONS[self.kind](members)


Words = Mapping[str, str]  # by language


@dataclass(frozen=True, slots=True)
class Test:
    """A named test of a policy with the words that tell its result."""

    __test__ = False  # the field's word, and pytest's too

    id: str
    formula: Leaf | Group
    texts: Mapping[tuple[Status, bool], Words]  # by status and whether any of the facts was given
    topic: Words
    noun: Mapping[str, tuple[str, str]]  # by language: for one, for any other number

    def look(self, known: Known) -> "Finding":
        if isinstance(self.formula, Group):
            members = tuple(member.look(known) for member in self.formula.members)
            return Finding(self, Seen(self.formula.combine(each.status for each in members)), members)
        return Finding(self, self.formula.look(known))

    def leaves(self) -> Sequence["Test"]:
        if isinstance(self.formula, Group):
            return [leaf for member in self.formula.members for leaf in member.leaves()]
        return [self]

    @property
    def facts(self) -> frozenset[str]:
        if isinstance(self.formula, Group):
            return frozenset[str]().union(*(member.facts for member in self.formula.members))
        return self.formula.facts


@dataclass(frozen=True, slots=True)
class Finding:
    """What a test came to for one person, with the findings it rests on."""

    test: Test
    seen: Seen
    members: tuple["Finding", ...] = ()

    @property
    def status(self) -> Status:
        return self.seen.status

    def deciding(self) -> tuple["Finding", ...]:
        """The members that made the status what it is: those that share it."""
        return tuple(member for member in self.members if member.status is self.status)

"""Builds a policy's tests from its tables: `[tests.<id>]` holds one formula and the words that tell its result."""

from collections.abc import Callable, Mapping
from typing import Final

from casework.screening.criteria_file import Table
from casework.screening.facts import BOOLEAN_FACTS, CHOICES, DIAGNOSES, IMPAIRMENTS, INTEGER_BOUNDS, STATES
from casework.screening.formulas import (
    COMBINATIONS,
    Amount,
    AnyPlace,
    Areas,
    Group,
    InState,
    Leaf,
    Named,
    OneOf,
    ServiceArea,
    Test,
    Unlisted,
    Words,
    YesNo,
    county_key,
)
from casework.screening.logic import Status
from casework.screening.quantities import NUMERIC_FACTS, QUANTITIES, Measure, Window
from casework.screening.reasons import LANGUAGES

# Where the status itself says that something was told, one text will do even if it names what was told.
_ALWAYS_TOLD: Final[Mapping[type, tuple[Status, ...]]] = {
    Named: (Status.MET,),
    Areas: (Status.MET,),
    OneOf: (Status.MET, Status.NOT_MET),
}


class TestReader:
    """Reads the tests of one policy by name, each once, and refuses circles and tests that nothing uses."""

    __test__ = False

    def __init__(self, tables: Table) -> None:
        self._tables = tables
        self._read: dict[str, Test] = {}
        self._open: list[str] = []

    def test(self, name: str, used_in: Table, key: str) -> Test:
        if name in self._read:
            return self._read[name]
        if name in self._open:
            raise used_in.wrong(key, f"{name!r} rests on itself")
        if not self._tables.has(name):
            raise used_in.wrong(key, f"there is no test {name!r}")
        self._open.append(name)
        self._read[name] = self._build(name, self._tables.table(name))
        self._open.pop()
        return self._read[name]

    def done(self) -> None:
        for name in self._tables:
            raise self._tables.wrong(name, "no criterion uses this test")

    def _build(self, name: str, table: Table) -> Test:
        kinds = [kind for kind in (*COMBINATIONS, *_LEAVES) if table.has(kind)]
        if len(kinds) != 1:
            raise table.wrong("", f"must have exactly one of {', '.join((*COMBINATIONS, *_LEAVES))}")
        kind = kinds[0]
        if kind in _LEAVES:
            return leaf_test(name, _LEAVES[kind](table), table)
        return self._group(name, kind, table)

    def _group(self, name: str, kind: str, table: Table) -> Test:
        members = tuple(self.test(member, table, kind) for member in table.names(kind))
        if not members or (kind == "two_of_three" and len(members) != 3):
            raise table.wrong(kind, "has the wrong number of members")
        topic = _topic(table)
        without = [leaf.id for member in members for leaf in _untopical(member)]
        texts: dict[tuple[Status, bool], Words] = {}
        words = table.table("text") if table.has("text") else None
        for status in Status:
            if words is not None and words.has(status):
                texts[status, False] = words.words(status, ("topics",))
                if without:
                    raise words.wrong(status, f"tells topics, and {', '.join(without)} has no topic")
        if words is not None:
            words.done()
        table.done()
        return Test(name, Group(kind, members), texts, topic, {})


def leaf_test(name: str, leaf: Leaf, table: Table) -> Test:
    placeholders: tuple[str, ...] = ()
    noun: dict[str, tuple[str, str]] = {}
    if isinstance(leaf, Amount):
        placeholders, noun = ("things", "need"), _noun(table)
    elif isinstance(leaf, (Areas, Named, OneOf)):
        placeholders = ("names", "need") if isinstance(leaf, Areas) else ("names",)
    topic = _topic(table)
    words = table.table("text")
    texts: dict[tuple[Status, bool], Words] = {}
    for status in leaf.statuses:
        certain = status in _ALWAYS_TOLD.get(type(leaf), ())
        untold = placeholders if certain else tuple(each for each in placeholders if each != "names")
        texts.update(_variants(status, words, placeholders, untold))
    words.done()
    table.done()
    return Test(name, leaf, texts, topic, noun)


def _variants(
    status: Status, words: Table, told: tuple[str, ...], untold: tuple[str, ...]
) -> dict[tuple[Status, bool], Words]:
    """One text, or one for `told` (some fact was given, above zero, not an empty list) and one for `untold`."""
    table = words.table(status)
    if table.has("told"):
        texts: dict[tuple[Status, bool], Words] = {
            (status, True): table.words("told", told),
            (status, False): table.words("untold", untold),
        }
        table.done()
        return texts
    same: Words = {language: table.template(language, untold) for language in LANGUAGES}
    table.done()
    return {(status, True): same, (status, False): same}


def _topic(table: Table) -> Words:
    return table.words("topic") if table.has("topic") else {}


def _untopical(test: Test) -> list[Test]:
    if test.topic:
        return []
    if isinstance(test.formula, Group):
        return [leaf for member in test.formula.members for leaf in _untopical(member)]
    return [test]


def _noun(table: Table) -> dict[str, tuple[str, str]]:
    words = table.table("noun")
    noun: dict[str, tuple[str, str]] = {}
    for language in LANGUAGES:
        forms = words.table(language)
        noun[language] = (forms.text("one"), forms.text("other"))
        forms.done()
    words.done()
    return noun


def _amount(table: Table) -> Amount:
    measures = tuple(_measure(each) for each in table.tables("sum"))
    if not measures:
        raise table.wrong("sum", "must not be empty")
    if len(measures) > 1 and any(each.window is None and each.name not in INTEGER_BOUNDS for each in measures):
        raise table.wrong("sum", "adds counts and days only")
    if table.has("at_least") == table.has("at_most"):
        raise table.wrong("", "must have one of at_least and at_most")
    at_most = table.has("at_most")
    return Amount(measures, table.number("at_most" if at_most else "at_least"), at_most)


def _measure(table: Table) -> Measure:
    if table.has("fact"):
        measure = Measure(table.name_of("fact", sorted(NUMERIC_FACTS)))
    else:
        name = table.name_of("quantity", tuple(QUANTITIES))
        window = Window(
            months=table.whole("months") if table.has("months") else 0,
            days=table.whole("days") if table.has("days") else 0,
        )
        if window not in QUANTITIES[name][1]:
            raise table.wrong("", f"no fact speaks of {name} in this window")
        measure = Measure(name, window)
    table.done()
    return measure


def _yes_no(table: Table) -> YesNo:
    fact = table.name_of("yes_no", sorted(BOOLEAN_FACTS))
    unless: tuple[tuple[str, tuple[object, ...]], ...] = ()
    if table.has("false_is_unknown_if"):
        doubts = table.table("false_is_unknown_if")
        unless = tuple((name, doubts.names_of(name, CHOICES.get(name, ()))) for name in doubts)
    return YesNo(fact, unless)


def _named(table: Table) -> Named:
    return Named(table.names_of("named", [name for name in DIAGNOSES if name != "other"]), table.flag("open"))


def _areas(table: Table) -> Areas:
    alone = table.names_of("areas_alone", IMPAIRMENTS)
    return Areas(alone, table.names_of("areas_together", IMPAIRMENTS), table.whole("need"))


def _one_of(table: Table) -> OneOf:
    fact = table.name_of("one_of", ("payer",))
    values: dict[str, Status] = {}
    for status in Status:
        for value in table.names_of(status, CHOICES[fact]):
            if value in values:
                raise table.wrong(status, f"{value!r} has two values")
            values[value] = status
    for value in CHOICES[fact]:
        if value not in values:
            raise table.wrong("one_of", f"{value!r} has no value")
    return OneOf(fact, values)


def _any_place(table: Table) -> AnyPlace:
    if not table.flag("any_place"):
        raise table.wrong("any_place", "can only be true")
    return AnyPlace()


def _in_state(table: Table) -> InState:
    state = table.name_of("in_state", sorted(STATES))
    prefixes = []
    for text in table.names("zip_prefixes"):
        low, _, high = text.partition("-")
        if not all(len(end) == 3 and end.isascii() and end.isdigit() for end in (low, high)) or low > high:
            raise table.wrong("zip_prefixes", f"{text!r} is not a span such as 550-567")
        prefixes.append((low, high))
    return InState(state, tuple(prefixes))


def _unlisted(table: Table) -> Unlisted:
    if not table.flag("unlisted"):
        raise table.wrong("unlisted", "can only be true")
    return Unlisted()


def service_area(table: Table) -> Test | None:
    """An agency's own service area; None where the policy's file leaves both lists empty."""
    counties, zips = table.names("counties"), table.names("zips")
    for zip_code in zips:
        if len(zip_code) != 5 or not zip_code.isascii() or not zip_code.isdigit():
            raise table.wrong("zips", f"{zip_code!r} is not a ZIP of 5 digits")
    area = ServiceArea(frozenset(county_key(name) for name in counties), frozenset(zips))
    test = leaf_test("service_area", area, table)
    return test if counties or zips else None


_LEAVES: Final[Mapping[str, Callable[[Table], Leaf]]] = {
    "sum": _amount,
    "yes_no": _yes_no,
    "named": _named,
    "areas_alone": _areas,
    "one_of": _one_of,
    "any_place": _any_place,
    "in_state": _in_state,
    "unlisted": _unlisted,
}

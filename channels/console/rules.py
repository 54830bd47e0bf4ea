"""A policy's rule in words, for staff: what its tests say, whoever wrote them. The words are data (`labels.toml`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casework.screening.formulas import (
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
    YesNo,
)
from casework.screening.logic import Status
from casework.screening.quantities import Measure
from casework.screening.reasons import number
from channels.console.words import label, labels


@dataclass(frozen=True)
class Rule:
    """One rule; `members` are those it puts together."""

    text: str
    members: Sequence[Rule] = ()


def in_words(test: Test) -> Rule:
    """Any test of any policy."""
    if isinstance(test.formula, Group):
        return Rule(_say(test.formula.kind), tuple(in_words(member) for member in test.formula.members))
    text = _leaf(test.formula)
    return Rule(text[:1].upper() + text[1:])


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Amount():
            what = _joined("plus", [_measure(each) for each in leaf.measures])
            return _say("at_most" if leaf.at_most else "at_least", what=what, n=number(leaf.need))
        case YesNo():
            what = label("fact", leaf.fact)
            doubts = [
                _say("doubt", what=label("fact", name), values=_listed("value", values))
                for name, values in leaf.false_is_unknown_if
            ]
            return _say("yes_unless", what=what, doubt="; ".join(doubts)) if doubts else _say("yes", what=what)
        case Named():
            return _say("named_open" if leaf.open else "named", names=_listed("value", leaf.listed))
        case Areas():
            alone, together = _listed("value", leaf.alone), _listed("value", leaf.together)
            return _say("areas", alone=alone, together=together, n=number(leaf.need))
        case OneOf():
            by = {status: [name for name, given in leaf.values.items() if given is status] for status in Status}
            text = _say("one_of", what=label("fact", leaf.fact), met=_listed("value", by[Status.MET]))
            for status, how in ((Status.UNKNOWN, "left_open"), (Status.NOT_MET, "not_met")):
                text += _say(how, names=_listed("value", by[status])) if by[status] else ""
            return text
        case AnyPlace():
            return _say("any_place")
        case InState():
            spans = ", ".join(low if low == high else f"{low} to {high}" for low, high in leaf.prefixes)
            return _say("in_state", state=leaf.state, spans=spans)
        case ServiceArea():
            return _say("area", places=", ".join((*sorted(each.title() for each in leaf.counties), *sorted(leaf.zips))))
    return _say("unlisted")


def _measure(measure: Measure) -> str:
    if measure.window is None:
        return label("fact", measure.name)
    what = label("quantity", measure.name)
    window = measure.window
    return _say("months", what=what, n=window.months) if window.months else _say("days", what=what, n=window.days)


def _joined(phrase: str, parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else _say(phrase, first=", ".join(parts[:-1]), last=parts[-1])


def _listed(group: str, codes: Iterable[object]) -> str:
    return ", ".join(label(group, code) for code in codes)


def _say(phrase: str, **values: object) -> str:
    return labels()["rule"][phrase].format(**values)

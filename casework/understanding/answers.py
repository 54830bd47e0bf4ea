"""Reading one answer: the question that is open and what the client sent, to a value. Pure.

The model's entities (payer, diagnosis) come in canonical values; numbers, places and lists are read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from casework.understanding.ages import read_age
from casework.understanding.areas import IMPAIRMENTS, names_an_area, read_areas
from casework.understanding.choices import fold
from casework.understanding.heard import Heard, hoped_for
from casework.understanding.lengths import DAY, MONTH, YEAR, read_length
from casework.understanding.numbers import any_of, is_a_count, read_count, read_numbers, without_doubt, word_tables
from casework.understanding.places import read_place, read_place_within
from casework.understanding.yes_no import CONSENTS, YES_NO, read_yes_no

DIAGNOSES = ("schizophrenia", "bipolar", "major_depression", "ptsd", "anxiety", "other")
PAYERS = ("medicaid", "medicare", "private", "va", "uninsured", "other")
# Who has several names the first they have in this order (the screening's rule for `payer`).
PAYER_ORDER = ("medicaid", "va", "other", "medicare", "private", "uninsured")
COUNT_LIMITS = dict.fromkeys(
    (
        "inpatient_stays_24_months", "crisis_contacts_12_months", "crisis_contacts_24_months",
        "missed_appointments_6_months", "missed_appointments_12_months", "admissions_180_days",
        "incarcerations_180_days", "days_off_medication", "homeless_months", "homeless_episodes_36_months",
    ),
    1000,
) | {"inpatient_days_12_months": 366, "residential_days_12_months": 366, "state_hospital_days_24_months": 732,
     "systems_involved": 20, "years_in_service": 120, "gaf": 100}  # fmt: skip


# The unit in which a question asks how long something took.
LENGTHS = dict.fromkeys(
    ("inpatient_days_12_months", "residential_days_12_months", "state_hospital_days_24_months", "days_off_medication"),
    DAY,
) | {"homeless_months": MONTH, "years_in_service": YEAR}  # fmt: skip


def read_amount(step: str, text: str) -> int | None:
    """The number that answers a question of COUNT_LIMITS: how often, or how long in the question's own unit."""
    if step in LENGTHS:
        return read_length(text, LENGTHS[step], COUNT_LIMITS[step])
    count = read_count(text, COUNT_LIMITS[step])
    return max(named, count or 0) if step == "systems_involved" and (named := _services(text)) else count


def _services(text: str) -> int:
    """How many kinds of public services the text names ("court and cps"); "no cps" names none."""
    said = re.sub(r"\b(?:no|not|sin|ni) (?!(?:just|only|but|solo|pero)\b)(?:\w+)", " ", fold(text))
    return sum(bool(re.search(rf"\b(?:{any_of('systems', kind)})\b", said)) for kind in word_tables()["systems"])


# What a client may not know. Without a yes or a no to saving, sharing or booking nothing is done, and without a place
# nothing can be looked for: there the question is put in other words.
MAY_STAY_OPEN = frozenset({"age", "diagnoses", "impairments", "payer", *COUNT_LIMITS, *YES_NO}) - CONSENTS
_SHORT_QUESTION = 9  # words: a longer one asks for more than the question's meaning
_PLAIN = 0.6  # a label that is this sure is not taken for a name


@dataclass(frozen=True)
class Answer:
    """A value that was understood (None: preferred not to say, or not known). `left_open`: the client does not know."""

    value: Any
    left_open: bool = False


def read(step: str, heard: Heard) -> Answer | None:
    """The answer to the question `step`, or None where the text is none. Raises UnknownPlace for a ZIP that is not."""
    if heard.intent == "skip":
        return Answer(None)
    given = heard.entity("answer")
    if given:
        return _given(step, given[0])
    if step in MAY_STAY_OPEN and does_not_know(heard.text):
        return Answer(None, left_open=True)
    answer = _told(step, heard)
    if answer is None and step in MAY_STAY_OPEN and begins_with_doubt(heard):
        return Answer(None, left_open=True)
    return answer


def begins_with_doubt(heard: Heard) -> bool:
    """Whether the client says that they do not know, whatever else they say: "no me acuerdo quien", "idk maybe 2"."""
    said = fold(heard.text)
    return without_doubt(said) != said and not asks_meaning(heard.text) and heard.intent != "express_distress"


def _told(step: str, heard: Heard) -> Answer | None:
    if step in YES_NO:
        value = read_yes_no(step, heard)
        return None if value is None else Answer(value)
    if step in COUNT_LIMITS:
        if heard.intent == "express_distress" and not is_a_count(heard.text):
            return None  # "i feel so alone no one cares"
        count = read_amount(step, heard.text)
        if count is None and heard.intent == "deny" and without_doubt(fold(heard.text)) == fold(heard.text):
            count = 0
        return None if count is None else Answer(count)
    match step:
        case "zip":
            return _place(heard)
        case "age":
            age = read_age(heard.text)
            return None if age is None else Answer(age)
        case "diagnoses":
            return _diagnoses(heard)
        case "impairments":
            return _impairments(heard)
        case "payer":
            return _payer(heard)
        case "name":
            return _name(heard)
    return None


def does_not_know(text: str) -> bool:
    """Whether the whole text says that the client does not know ("idk man", "no me acuerdo")."""
    tables = word_tables()["left_open"]
    said, around = fold(text).split(), frozenset(tables["around"])
    phrases = {fold(phrase) for phrase in tables["phrases"]}
    while said and " ".join(said) not in phrases:
        if said[-1] in around:
            said = said[:-1]
        elif said[0] in around:
            said = said[1:]
        else:
            return False
    return bool(said)


def asks_meaning(text: str) -> bool:
    """Whether the text asks what the open question means ("what counts as crisis", "a que se refiere")."""
    tables, said = word_tables()["explain"], fold(text)
    return said in map(fold, tables["whole"]) or (
        len(said.split()) <= _SHORT_QUESTION and any(f"{said} ".startswith(f"{start} ") for start in tables["starts"])
    )


def _given(step: str, value: Any) -> Answer | None:
    """A choice's own value, as the button carried it."""
    if step in YES_NO:
        return Answer(value in (True, "yes", "true"))
    if step in ("diagnoses", "impairments"):
        return Answer([] if value == "none" else [value])
    if step in COUNT_LIMITS or step == "age":
        return Answer(int(value)) if str(value).isdigit() else None
    return Answer(value)


def _place(heard: Heard) -> Answer | None:
    place = read_place(heard.text)
    place = place or read_place_within(heard.text)
    return Answer(place.zip) if place else None


def _diagnoses(heard: Heard) -> Answer | None:
    numbers = read_numbers(heard.text, len(DIAGNOSES) + 1)
    if numbers:
        return Answer([DIAGNOSES[n - 1] for n in numbers if n <= len(DIAGNOSES)])
    named = [value for value in heard.entity("diagnosis") if value in DIAGNOSES]
    if named:
        return Answer(sorted(set(named), key=DIAGNOSES.index))
    if heard.intent == "deny" or fold(heard.text) in map(fold, word_tables()["impairments"]["none"]):
        return Answer([])
    return None


def _impairments(heard: Heard) -> Answer | None:
    numbers = read_numbers(heard.text, len(IMPAIRMENTS) + 1)
    if numbers:
        return Answer([IMPAIRMENTS[n - 1] for n in numbers if n <= len(IMPAIRMENTS)])
    areas = read_areas(heard.text, short_no=heard.intent == "deny")
    return None if areas is None else Answer(areas)


def names_an_answer(step: str, heard: Heard) -> bool:
    """Whether the text names what the open list is about: an area of life, a condition, who pays."""
    match step:
        case "impairments":
            return names_an_area(heard.text)
        case "diagnoses":
            return any(value in DIAGNOSES for value in heard.entity("diagnosis"))
        case "payer":
            return any(value in PAYERS for value in heard.entity("payer"))
    return False


def _payer(heard: Heard) -> Answer | None:
    numbers = read_numbers(heard.text, len(PAYERS))
    if numbers and (len(numbers) == 1 or not heard.text.strip().isdigit()):  # "42" is more likely an age
        return Answer(min((PAYERS[n - 1] for n in numbers), key=PAYER_ORDER.index))
    named = {value for value in heard.entity("payer") if value in PAYERS}
    if named and hoped_for(heard.text):
        return None
    if named:
        return Answer(min(named, key=PAYER_ORDER.index))
    if heard.intent == "deny":
        return Answer("uninsured")
    return None


_NO_NAMES = frozenset({"thanks", "affirm", "goodbye", "express_distress"})


def _name(heard: Heard) -> Answer | None:
    if heard.intent == "deny" or does_not_know(heard.text):
        return Answer(None)
    if heard.intent in _NO_NAMES and heard.confidence >= _PLAIN and not heard.entity("name"):
        return None
    named = heard.entity("name")
    text = str(named[0]) if named else heard.text
    text = re.sub(
        r"(?i)^\s*(my name is|my names|name is|i am|i'm|im|its|it's|this is|call me|you can call me|me llamo|soy|"
        r"mi nombre es|dime|ll[aá]m[ae]me|puedes decirme|just|solo)\s+",
        "",
        text.strip(),
    )
    text = re.sub(r"[^\w\s'.-]", "", text).strip()
    return Answer(text[:60]) if text and re.search(r"[^\W\d_]", text) else None

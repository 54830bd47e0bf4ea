"""What a person told us, read strictly: an answer that is misread must never pass for an answer.

Every fact may be missing; missing and null both mean unknown. Types are JSON's own: `true` is no integer, 2.0 is
none either. Bounds, lists of values and dates are as the screening's specification sets them.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final, NoReturn

from casework.screening.errors import BadFacts

DIAGNOSES: Final = ("schizophrenia", "bipolar", "major_depression", "ptsd", "anxiety", "other")
IMPAIRMENTS: Final = ("housing", "employment", "self_care", "daily_tasks", "social", "concentration")
PAYERS: Final = ("medicaid", "medicare", "private", "va", "uninsured", "other")
_STATE_CODES: Final = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI"
)
STATES: Final = frozenset(_STATE_CODES.split())

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZIP = re.compile(r"([0-9]{5})(-[0-9]{4})?")


@dataclass(frozen=True, slots=True)
class Stay:
    """One psychiatric hospital stay; `discharged` is None when it has no known end."""

    admitted: date
    discharged: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one person on the day `as_of`. None is unknown; an empty tuple is "asked, none"."""

    as_of: date
    age: int | None = None
    state: str | None = None
    zip: str | None = None
    county: str | None = None
    veteran: bool | None = None
    in_hospital_now: bool | None = None
    diagnosed_by_professional: bool | None = None
    professional_opinion: bool | None = None
    committed_36_months: bool | None = None
    diagnoses: tuple[str, ...] | None = None
    impairments: tuple[str, ...] | None = None
    inpatient_stays: tuple[Stay, ...] | None = None
    inpatient_stays_24_months: int | None = None
    crisis_contacts_12_months: int | None = None
    crisis_contacts_24_months: int | None = None
    missed_appointments_6_months: int | None = None
    missed_appointments_12_months: int | None = None
    admissions_180_days: int | None = None
    incarcerations_180_days: int | None = None
    inpatient_days_12_months: int | None = None
    residential_days_12_months: int | None = None
    state_hospital_days_24_months: int | None = None
    days_off_medication: int | None = None
    homeless_months: int | None = None
    homeless_episodes_36_months: int | None = None
    systems_involved: int | None = None
    years_in_service: float | None = None
    gaf: int | None = None
    miles_to_va: float | None = None
    payer: str | None = None


FACT_NAMES: Final = frozenset(field.name for field in fields(Facts))
BOOLEAN_FACTS: Final = frozenset(
    ("veteran", "in_hospital_now", "diagnosed_by_professional", "professional_opinion", "committed_36_months")
)
INTEGER_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "age": (0, 120),
    "inpatient_stays_24_months": (0, 1000),
    "crisis_contacts_12_months": (0, 1000),
    "crisis_contacts_24_months": (0, 1000),
    "missed_appointments_6_months": (0, 1000),
    "missed_appointments_12_months": (0, 1000),
    "admissions_180_days": (0, 1000),
    "incarcerations_180_days": (0, 1000),
    "inpatient_days_12_months": (0, 366),
    "residential_days_12_months": (0, 366),
    "state_hospital_days_24_months": (0, 732),
    "days_off_medication": (0, 1000),
    "homeless_months": (0, 1000),
    "homeless_episodes_36_months": (0, 1000),
    "systems_involved": (0, 20),
    "gaf": (0, 100),
}
NUMBER_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "years_in_service": (0, 120),
    "miles_to_va": (0, math.inf),
}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "diagnoses": DIAGNOSES,
    "impairments": IMPAIRMENTS,
    "payer": PAYERS,
}


def facts_from_json(text: str | bytes, *, today: date | None = None) -> Facts:
    """Reads facts from JSON text. Raises BadFacts when it is not JSON (NaN and Infinity are not) or not readable."""

    def no_constant(name: str) -> NoReturn:
        raise BadFacts("facts", f"{name} is not JSON")

    try:
        given = json.loads(text, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise BadFacts("facts", "must be one JSON object") from error
    return read_facts(given, today=today)


def read_facts(given: object, *, today: date | None = None) -> Facts:
    """Reads a facts object as JSON gives it (dict, list, str, int, float, bool, None).

    `today` stands in for a missing `as_of`; without it the day is today's in UTC. Raises BadFacts.
    """
    if not isinstance(given, Mapping):
        raise BadFacts("facts", "must be a JSON object")
    for name in given:
        if name not in FACT_NAMES:
            raise BadFacts(str(name), "is not the name of a fact")
    told = {name: value for name, value in given.items() if value is not None}
    as_of = _date("as_of", told.pop("as_of")) if "as_of" in told else today or datetime.now(UTC).date()
    read: dict[str, Any] = {name: _value(name, value, as_of) for name, value in told.items()}
    return Facts(as_of=as_of, **read)


def _value(name: str, value: object, as_of: date) -> object:
    if name in BOOLEAN_FACTS:
        return _boolean(name, value)
    if name in INTEGER_BOUNDS:
        return _integer(name, value)
    if name in NUMBER_BOUNDS:
        return _number(name, value)
    return _READERS[name](name, value, as_of)


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadFacts(name, "must be true or false")
    return value


def _integer(name: str, value: object) -> int:
    low, high = INTEGER_BOUNDS[name]
    # bool is a subclass of int in Python, and no integer in JSON.
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadFacts(name, f"must be a whole number from {low} to {high}")
    return value


def _number(name: str, value: object) -> float:
    low, high = NUMBER_BOUNDS[name]
    reason = f"must be a number from {low} to {high}" if math.isfinite(high) else f"must be a number, {low} or more"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise BadFacts(name, reason)
    try:
        fits = math.isfinite(value) and low <= value <= high
    except OverflowError:  # an integer with hundreds of digits
        fits = False
    if not fits:
        raise BadFacts(name, reason)
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadFacts(name, "must be a string")
    return value


def _state(name: str, value: object, _as_of: date) -> str:
    text = _text(name, value)
    # Without the ASCII test, letters such as the long s turn into a state's code in upper case.
    if not text.isascii() or text.upper() not in STATES:
        raise BadFacts(name, "must be the two-letter postal code of a US state or territory")
    return text.upper()


def _zip(name: str, value: object, _as_of: date) -> str:
    match = _ZIP.fullmatch(_text(name, value))
    if match is None:
        raise BadFacts(name, "must be 5 digits, or 5 digits, a hyphen and 4 digits")
    return match[1]


def _county(name: str, value: object, _as_of: date) -> str:
    text = _text(name, value)
    if not text:
        raise BadFacts(name, "must not be empty")
    return text


def _choice(name: str, value: object, _as_of: date | None = None) -> str:
    text = _text(name, value)
    if text not in CHOICES[name]:
        raise BadFacts(name, f"must be one of {', '.join(CHOICES[name])}")
    return text


def _choices(name: str, value: object, _as_of: date) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadFacts(name, "must be a list")
    return tuple(dict.fromkeys(_choice(name, item) for item in value))


def _date(name: str, value: object) -> date:
    # The pattern first: fromisoformat also takes 20261122 and week dates.
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise BadFacts(name, "must hold dates written YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadFacts(name, "must hold real calendar dates") from error


def _stays(name: str, value: object, as_of: date) -> tuple[Stay, ...]:
    if not isinstance(value, list):
        raise BadFacts(name, "must be a list")
    return tuple(dict.fromkeys(_stay(name, item, as_of) for item in value))


def _stay(name: str, value: object, as_of: date) -> Stay:
    if not isinstance(value, Mapping):
        raise BadFacts(name, "must hold objects with admitted and discharged")
    if not set(value) <= {"admitted", "discharged"}:
        raise BadFacts(name, "a stay has admitted and discharged and nothing else")
    if value.get("admitted") is None:
        raise BadFacts(name, "a stay needs the date it began, admitted")
    admitted = _date(name, value["admitted"])
    end = value.get("discharged")
    discharged = None if end is None else _date(name, end)
    if max(admitted, discharged or admitted) > as_of:
        raise BadFacts(name, "a stay must not be dated after as_of")
    if discharged is not None and discharged < admitted:
        raise BadFacts(name, "a stay must not end before it begins")
    return Stay(admitted, discharged)


_READERS: Final[Mapping[str, Callable[[str, object, date], object]]] = {
    "state": _state,
    "zip": _zip,
    "county": _county,
    "payer": _choice,
    "diagnoses": _choices,
    "impairments": _choices,
    "inpatient_stays": _stays,
}

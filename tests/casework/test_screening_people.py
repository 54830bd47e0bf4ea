"""Whole screenings of invented people: outcome, every criterion, and the ways that must and must not be named."""

from typing import Any, NamedTuple

import pytest

from casework.screening import BadFacts, UnknownPolicy, screen


class Person(NamedTuple):
    policy: str
    facts: dict[str, Any]
    outcome: str
    statuses: str  # one sign a criterion, in order: met +, not met -, unknown ?
    ways: str = ""
    no_ways: str = ""


BASE = {"diagnoses": ["bipolar"], "diagnosed_by_professional": True, "zip": "04101", "payer": "uninsured"}
QUIET = {"crisis_contacts_24_months": 0, "impairments": []}
MN = {
    "state": "mn",
    "inpatient_stays_24_months": 0,
    "inpatient_days_12_months": 0,
    "residential_days_12_months": 20,
    "crisis_contacts_24_months": 0,
    "committed_36_months": False,
    "diagnoses": ["major_depression"],
    "diagnosed_by_professional": True,
    "impairments": ["social", "concentration"],
}
VET = {"veteran": True, "diagnoses": ["schizophrenia"], "diagnosed_by_professional": True}
TCM = {"zip": "15213", "days_off_medication": 0, "systems_involved": 0, "crisis_contacts_12_months": 0}


def stay(admitted: str, discharged: str) -> dict[str, str]:
    return {"admitted": admitted, "discharged": discharged}


PEOPLE = {
    "two stays counted": Person(
        "default",
        {**BASE, **QUIET, "inpatient_stays_24_months": 2},
        "likely",
        "++++",
        "cmhc",
        "discharge_planner insurer primary_care",
    ),
    "one area of daily life and no care used": Person(
        "default",
        {**BASE, **QUIET, "impairments": ["daily_tasks"], "inpatient_stays_24_months": 0},
        "unlikely",
        "+-++",
        "cmhc",
        "primary_care",
    ),
    "two crisis contacts": Person(
        "default",
        {**BASE, **QUIET, "crisis_contacts_24_months": 2, "inpatient_stays_24_months": 0},
        "likely",
        "++++",
        "cmhc",
        "discharge_planner",
    ),
    "a long stay that ended in the window and one of a day": Person(
        "default",
        {**BASE, **QUIET, "inpatient_stays": [stay("2024-05-05", "2024-12-24"), stay("2026-11-22", "2026-11-22")]},
        "likely",
        "++++",
        "cmhc",
        "discharge_planner",
    ),
    "in hospital now after one listed stay": Person(
        "default",
        {**BASE, **QUIET, "inpatient_stays": [stay("2026-02-01", "2026-02-09")], "in_hospital_now": True},
        "likely",
        "++++",
        "discharge_planner cmhc",
        "va primary_care",
    ),
    "a long ZIP": Person(
        "default",
        {**BASE, "impairments": ["employment"], "zip": "04101-0042"},
        "likely",
        "++++",
        "cmhc",
        "primary_care",
    ),
    "an older adult": Person(
        "default",
        {**BASE, "impairments": ["housing"], "age": 71},
        "likely",
        "++++",
        "older_adult_program cmhc",
        "va insurer child_program",
    ),
    "a veteran on Medicare": Person(
        "default",
        {**BASE, "impairments": ["housing"], "veteran": True, "payer": "medicare"},
        "possible",
        "+++?",
        "va cmhc",
        "insurer",
    ),
    "a teenager in hospital with private insurance": Person(
        "default",
        {
            **QUIET,
            "age": 15,
            "in_hospital_now": True,
            "diagnoses": ["ptsd"],
            "diagnosed_by_professional": False,
            "inpatient_stays_24_months": 1,
            "state": "OH",
            "payer": "private",
        },
        "unlikely",
        "--+-",
        "discharge_planner child_program insurer cmhc primary_care",
        "va older_adult_program",
    ),
    "Minnesota, no opinion for it": Person(
        "mn", {**MN, "professional_opinion": False}, "unlikely", "-+", "cmhc", "primary_care"
    ),
    "Minnesota, opinion not known": Person("mn", MN, "possible", "?+", "cmhc", "primary_care"),
    "Minnesota, a ZIP across the river": Person(
        "mn", {"state": "MN", "zip": "54002", "crisis_contacts_24_months": 4}, "possible", "+?", "cmhc"
    ),
    "Pennsylvania intensive, state hospital and score": Person(
        "pa-icm",
        {"zip": "15213", "diagnoses": ["anxiety"], "diagnosed_by_professional": True}
        | {"state_hospital_days_24_months": 60, "gaf": 33},
        "likely",
        "++",
        "cmhc",
        "primary_care",
    ),
    "Pennsylvania intensive, age would tell": Person(
        "pa-icm",
        {"zip": "15213", "diagnoses": ["bipolar"], "diagnosed_by_professional": True, "gaf": 55}
        | {"state_hospital_days_24_months": 0, "inpatient_stays_24_months": 0, "crisis_contacts_24_months": 0}
        | {"years_in_service": 0.5, "missed_appointments_6_months": 0},
        "possible",
        "?+",
        "cmhc",
        "primary_care",
    ),
    "Pennsylvania targeted, six days": Person(
        "pa-tcm",
        {**TCM, "inpatient_days_12_months": 6, "missed_appointments_12_months": 0},
        "likely",
        "++",
        "cmhc",
        "discharge_planner",
    ),
    "Pennsylvania targeted, three visits missed in half a year": Person(
        "pa-tcm",
        {**TCM, "inpatient_days_12_months": 0, "missed_appointments_6_months": 3},
        "likely",
        "++",
        "cmhc",
        "discharge_planner",
    ),
    "Georgia, just short of each way": Person(
        "ga-act",
        {"zip": "39815", "admissions_180_days": 1, "incarcerations_180_days": 0}
        | {"homeless_months": 10, "homeless_episodes_36_months": 2},
        "possible",
        "?+",
        "cmhc primary_care",
        "discharge_planner",
    ),
    "Georgia, the window's first day": Person(
        "ga-act",
        {"state": "GA", "inpatient_stays": [stay("2026-05-26", "2026-05-26"), stay("2026-10-01", "2026-10-02")]},
        "likely",
        "++",
        "cmhc",
        "discharge_planner",
    ),
    "VA, too far": Person(
        "va-icmhr",
        {**VET, "miles_to_va": 60.5, "inpatient_days_12_months": 45},
        "unlikely",
        "+++-",
        "va cmhc",
        "insurer primary_care",
    ),
    "VA, a third stay without a date": Person(
        "va-icmhr",
        {
            **VET,
            "miles_to_va": 5,
            "inpatient_stays": [stay("2026-01-05", "2026-01-06"), stay("2026-03-05", "2026-03-06")],
            "inpatient_stays_24_months": 4,
        },
        "possible",
        "++?+",
        "va cmhc",
        "discharge_planner",
    ),
    "VA, distance not known": Person(
        "va-icmhr", {**VET, "inpatient_days_12_months": 31, "zip": "21201"}, "possible", "+++?", "va cmhc"
    ),
}
SIGNS = {"met": "+", "not_met": "-", "unknown": "?"}


@pytest.mark.parametrize("name", PEOPLE)
def test_people(name: str) -> None:
    person = PEOPLE[name]
    result = screen({"as_of": "2026-11-22", **person.facts}, person.policy)
    assert "".join(SIGNS[each.status.value] for each in result.criteria) == person.statuses
    assert result.outcome == person.outcome
    assert set(person.ways.split()) <= set(result.routes)
    assert not set(person.no_ways.split()) & set(result.routes)


def test_a_diagnosis_in_other_words_is_bad_input() -> None:
    with pytest.raises(BadFacts):
        screen({**BASE, "diagnoses": ["manic depression"]})


def test_a_policy_there_is_not() -> None:
    with pytest.raises(UnknownPolicy):
        screen(BASE, "smi")

"""Each policy at its boundaries: what the facts come to, criterion by criterion."""

from typing import Any

import pytest

from casework.screening import BadFacts, UnknownPolicy, policy_ids, screen

DAY = "2026-11-22"
ILL = {"diagnoses": ["bipolar"], "diagnosed_by_professional": True}


def stays(*spans: str) -> list[dict[str, str]]:
    return [dict(zip(("admitted", "discharged"), span.split("/"), strict=False)) for span in spans]


def statuses(policy: str, facts: dict[str, Any]) -> dict[str, str]:
    return {each.id: each.status.value for each in screen({"as_of": DAY, **facts}, policy).criteria}


# What counts as which value: met "+", not met "-", unknown "?".
VALUES = {"+": "met", "-": "not_met", "?": "unknown"}


def check(policy: str, criterion: str, facts: dict[str, Any], value: str) -> None:
    assert statuses(policy, facts)[criterion] == VALUES[value]


def test_the_policies_there_are() -> None:
    assert set(policy_ids()) == {"default", "mn", "pa-icm", "pa-tcm", "ga-act", "va-icmhr"}
    assert screen({}).policy == "default"
    for name in ("", "MN", "pasrr", "../default", "shared/phrases", "default.toml"):
        with pytest.raises(UnknownPolicy):
            screen({}, name)


def test_criteria_stand_in_their_order() -> None:
    assert list(statuses("default", {})) == ["diagnosis", "impairment", "residency", "funding"]
    for policy in ("mn", "pa-icm", "pa-tcm", "ga-act"):
        assert list(statuses(policy, {})) == ["need", "residency"]
    assert list(statuses("va-icmhr", {})) == ["veteran", "diagnosis", "need", "distance"]


def test_nothing_told_is_unknown_everywhere() -> None:
    for policy in policy_ids():
        assert set(statuses(policy, {}).values()) == {"unknown"}
        assert screen({}, policy).outcome == "possible"


@pytest.mark.parametrize(
    ("named", "by", "open_list", "closed_list"),
    [
        (None, None, "?", "?"),
        (None, True, "?", "?"),
        (None, False, "-", "-"),
        (["bipolar"], True, "+", "+"),
        (["bipolar"], None, "?", "?"),
        (["bipolar"], False, "-", "-"),
        (["ptsd", "schizophrenia"], True, "+", "+"),
        (["other", "schizophrenia"], True, "+", "+"),
        ([], True, "?", "?"),
        ([], None, "-", "-"),
        ([], False, "-", "-"),
        (["other"], True, "?", "?"),
        (["other"], None, "?", "?"),
        (["other", "ptsd"], True, "?", "?"),
        (["ptsd"], True, "?", "-"),
        (["ptsd"], None, "?", "-"),
        (["anxiety"], False, "-", "-"),
    ],
)
def test_diagnosis(named: list[str] | None, by: bool | None, open_list: str, closed_list: str) -> None:
    facts = {"diagnoses": named, "diagnosed_by_professional": by}
    check("default", "diagnosis", facts, open_list)
    check("va-icmhr", "diagnosis", facts, closed_list)


def test_major_depression_is_listed_except_for_the_va() -> None:
    facts = {"diagnoses": ["major_depression"], "diagnosed_by_professional": True}
    check("default", "diagnosis", facts, "+")
    check("va-icmhr", "diagnosis", facts, "-")


NO_NEED_DEFAULT = {"inpatient_stays_24_months": 1, "crisis_contacts_24_months": 1, "impairments": []}


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        (NO_NEED_DEFAULT, "-"),
        ({**NO_NEED_DEFAULT, "inpatient_stays_24_months": 2}, "+"),
        ({**NO_NEED_DEFAULT, "crisis_contacts_24_months": 2}, "+"),
        ({**NO_NEED_DEFAULT, "crisis_contacts_24_months": None}, "?"),
        ({**NO_NEED_DEFAULT, "crisis_contacts_12_months": 2}, "+"),
        ({"crisis_contacts_12_months": 2}, "+"),
        ({**NO_NEED_DEFAULT, "inpatient_stays_24_months": None, "in_hospital_now": True}, "?"),
        ({**NO_NEED_DEFAULT, "impairments": ["housing"]}, "+"),
        ({**NO_NEED_DEFAULT, "impairments": ["employment"]}, "+"),
        ({**NO_NEED_DEFAULT, "impairments": ["social"]}, "-"),
        ({**NO_NEED_DEFAULT, "impairments": ["social", "social"]}, "-"),
        ({**NO_NEED_DEFAULT, "impairments": ["self_care", "concentration"]}, "+"),
        ({"impairments": ["daily_tasks", "social"]}, "+"),
        ({"impairments": []}, "?"),
        ({**NO_NEED_DEFAULT, "inpatient_stays": stays("2024-11-22/2024-11-22", "2026-01-01/2026-01-02")}, "+"),
        ({**NO_NEED_DEFAULT, "inpatient_stays": stays("2024-11-21/2024-11-21", "2026-01-01/2026-01-02")}, "-"),
        ({**NO_NEED_DEFAULT, "inpatient_stays": stays("2026-01-01/2026-01-03", "2026-01-03/2026-01-05")}, "-"),
        ({**NO_NEED_DEFAULT, "inpatient_stays": stays("2026-01-01/2026-01-03", "2026-01-04/2026-01-05")}, "+"),
    ],
)
def test_default_impairment(facts: dict[str, Any], value: str) -> None:
    check("default", "impairment", facts, value)


def test_default_residency_is_met_by_any_state_or_zip() -> None:
    check("default", "residency", {"state": "ak"}, "+")
    check("default", "residency", {"zip": "00000"}, "+")
    check("default", "residency", {"state": "MN", "zip": "30303"}, "+")
    check("default", "residency", {"county": "Hennepin"}, "?")


@pytest.mark.parametrize(
    ("payer", "value"),
    [
        ("medicaid", "+"),
        ("uninsured", "+"),
        ("other", "+"),
        ("va", "+"),
        ("medicare", "?"),
        (None, "?"),
        ("private", "-"),
    ],
)
def test_default_funding(payer: str | None, value: str) -> None:
    for veteran in (None, True, False):
        check("default", "funding", {"payer": payer, "veteran": veteran}, value)


@pytest.mark.parametrize(
    ("policy", "state", "inside", "outside"),
    [
        ("mn", "MN", ["55000", "56799"], ["54999", "56800"]),
        ("pa-icm", "PA", ["15000", "19699"], ["14999", "19700"]),
        ("pa-tcm", "PA", ["15000", "19699-0001"], ["14999", "19700"]),
        ("ga-act", "GA", ["30000", "31999", "39800", "39999"], ["29999", "32000", "39799", "40000"]),
    ],
)
def test_residency_in_a_state(policy: str, state: str, inside: list[str], outside: list[str]) -> None:
    check(policy, "residency", {"state": state.lower()}, "+")
    check(policy, "residency", {"state": "WI"}, "-")
    check(policy, "residency", {"county": "Fulton"}, "?")
    for zip_code in inside:
        check(policy, "residency", {"zip": zip_code}, "+")
        check(policy, "residency", {"zip": zip_code, "state": state}, "+")
        check(policy, "residency", {"zip": zip_code, "state": "WI"}, "?")
    for zip_code in outside:
        check(policy, "residency", {"zip": zip_code}, "-")
        check(policy, "residency", {"zip": zip_code, "state": state}, "?")
        check(policy, "residency", {"zip": zip_code, "state": "WI"}, "-")


NO_NEED_MN = {
    "inpatient_stays_24_months": 1,
    "inpatient_days_12_months": 100,
    "residential_days_12_months": 82,
    "crisis_contacts_24_months": 1,
    "committed_36_months": False,
    "professional_opinion": False,
}


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        (NO_NEED_MN, "-"),
        ({**NO_NEED_MN, "residential_days_12_months": 83}, "+"),
        ({**NO_NEED_MN, "residential_days_12_months": None}, "?"),
        ({**NO_NEED_MN, "inpatient_days_12_months": None}, "?"),
        ({"inpatient_days_12_months": 183}, "+"),
        ({"inpatient_days_12_months": 182}, "?"),
        ({**NO_NEED_MN, "inpatient_stays_24_months": 2}, "+"),
        ({**NO_NEED_MN, "crisis_contacts_24_months": 2}, "+"),
        ({**NO_NEED_MN, "committed_36_months": True}, "+"),
        ({**NO_NEED_MN, "committed_36_months": None}, "?"),
        ({**NO_NEED_MN, "professional_opinion": True}, "?"),
        ({**NO_NEED_MN, "professional_opinion": True, **ILL, "impairments": ["housing"]}, "+"),
        ({**NO_NEED_MN, "professional_opinion": True, **ILL, "impairments": ["social"]}, "-"),
        ({**NO_NEED_MN, "professional_opinion": None, **ILL, "impairments": ["housing"]}, "?"),
        ({**NO_NEED_MN, "professional_opinion": True, "diagnoses": ["ptsd"]}, "-"),
        ({**NO_NEED_MN, "professional_opinion": True, "diagnosed_by_professional": False}, "-"),
    ],
)
def test_mn_need(facts: dict[str, Any], value: str) -> None:
    check("mn", "need", facts, value)


NOT_ILL = {"diagnoses": ["ptsd"], "diagnosed_by_professional": True}
NO_HISTORY = {
    "state_hospital_days_24_months": 59,
    "inpatient_stays_24_months": 1,
    "crisis_contacts_24_months": 4,
    "years_in_service": 2.9,
    "missed_appointments_6_months": 2,
}


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ({"gaf": 1}, "+"),
        ({"gaf": 40}, "+"),
        ({"gaf": 41}, "?"),
        ({"gaf": 41, "age": 35}, "+"),
        ({"gaf": 60, "age": 35}, "+"),
        ({"gaf": 60, "age": 36}, "-"),
        ({"gaf": 41, "age": 36}, "-"),
        ({"gaf": 60}, "?"),
        ({"gaf": 61}, "-"),
        ({"gaf": 61, "age": 20}, "-"),
        ({"gaf": 100}, "-"),
        ({"gaf": 0}, "?"),
        ({"gaf": 0, "age": 20}, "?"),
        ({"gaf": 0, "age": 80}, "?"),
        ({"age": 20}, "?"),
        ({"age": 80}, "?"),
        ({"gaf": 40, "age": 80}, "+"),
    ],
)
def test_pa_icm_level(facts: dict[str, Any], value: str) -> None:
    # With the diagnosis met and no history, the level alone decides two of three.
    check("pa-icm", "need", {**ILL, **NO_HISTORY, **facts}, value)


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        (NO_HISTORY, "-"),
        ({**NO_HISTORY, "state_hospital_days_24_months": 60}, "+"),
        ({**NO_HISTORY, "crisis_contacts_24_months": 5}, "+"),
        ({**NO_HISTORY, "crisis_contacts_12_months": 5}, "+"),
        ({**NO_HISTORY, "years_in_service": 3}, "+"),
        ({**NO_HISTORY, "missed_appointments_6_months": 3}, "+"),
        ({**NO_HISTORY, "missed_appointments_6_months": None, "missed_appointments_12_months": 9}, "?"),
        ({**NO_HISTORY, "missed_appointments_6_months": None, "missed_appointments_12_months": 2}, "-"),
        ({**NO_HISTORY, "inpatient_stays_24_months": 2}, "?"),
        ({**NO_HISTORY, "inpatient_stays_24_months": 2, "inpatient_days_12_months": 20}, "+"),
        ({**NO_HISTORY, "inpatient_stays_24_months": 2, "inpatient_days_12_months": 19}, "?"),
        ({**NO_HISTORY, "inpatient_stays": stays("2025-01-01/2025-01-10", "2025-02-01/2025-02-10")}, "+"),
        ({**NO_HISTORY, "inpatient_stays": stays("2025-01-01/2025-01-10", "2025-02-01/2025-02-09")}, "-"),
        ({**NO_HISTORY, "inpatient_stays": stays("2025-01-01/2025-01-20")}, "-"),
        ({}, "?"),
    ],
)
def test_pa_icm_history(facts: dict[str, Any], value: str) -> None:
    # With the diagnosis not met and the level met, the history alone decides.
    check("pa-icm", "need", {**NOT_ILL, "gaf": 20, **facts}, value)


NO_NEED_TCM = {
    "inpatient_days_12_months": 5,
    "missed_appointments_12_months": 2,
    "crisis_contacts_12_months": 1,
    "days_off_medication": 29,
    "systems_involved": 1,
}


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        (NO_NEED_TCM, "-"),
        ({**NO_NEED_TCM, "inpatient_days_12_months": 6}, "+"),
        ({**NO_NEED_TCM, "inpatient_days_12_months": None}, "?"),
        ({**NO_NEED_TCM, "inpatient_days_12_months": None, "inpatient_stays": []}, "-"),
        ({**NO_NEED_TCM, "inpatient_stays": stays("2026-01-01/2026-01-06")}, "+"),
        ({**NO_NEED_TCM, "inpatient_days_12_months": None, "inpatient_stays": stays("2026-11-17")}, "+"),
        (
            {
                **NO_NEED_TCM,
                "inpatient_days_12_months": None,
                "inpatient_stays": stays("2026-11-17"),
                "in_hospital_now": False,
            },
            "?",
        ),
        ({**NO_NEED_TCM, "missed_appointments_12_months": 3}, "+"),
        ({**NO_NEED_TCM, "missed_appointments_6_months": 3}, "+"),
        ({**NO_NEED_TCM, "crisis_contacts_12_months": 2}, "+"),
        ({**NO_NEED_TCM, "crisis_contacts_12_months": None, "crisis_contacts_24_months": 2}, "?"),
        ({**NO_NEED_TCM, "crisis_contacts_12_months": None, "crisis_contacts_24_months": 1}, "-"),
        ({**NO_NEED_TCM, "days_off_medication": 30}, "+"),
        ({**NO_NEED_TCM, "systems_involved": 2}, "+"),
    ],
)
def test_pa_tcm_need(facts: dict[str, Any], value: str) -> None:
    check("pa-tcm", "need", facts, value)


NO_NEED_GA = {
    "admissions_180_days": 1,
    "incarcerations_180_days": 1,
    "homeless_months": 11,
    "homeless_episodes_36_months": 3,
}


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        (NO_NEED_GA, "?"),
        (dict.fromkeys(NO_NEED_GA, 0), "?"),
        ({**NO_NEED_GA, "admissions_180_days": 2}, "+"),
        ({**NO_NEED_GA, "incarcerations_180_days": 2}, "+"),
        ({**NO_NEED_GA, "homeless_months": 12}, "+"),
        ({**NO_NEED_GA, "homeless_episodes_36_months": 4}, "+"),
        ({"inpatient_stays": stays("2026-05-01/2026-05-26", "2026-11-22/2026-11-22")}, "+"),
        ({"inpatient_stays": stays("2026-05-01/2026-05-25", "2026-11-22/2026-11-22")}, "?"),
        ({"inpatient_stays_24_months": 9}, "?"),
    ],
)
def test_ga_act_need_is_met_or_unknown(facts: dict[str, Any], value: str) -> None:
    check("ga-act", "need", facts, value)


@pytest.mark.parametrize(
    ("veteran", "payer", "value"),
    [
        (True, None, "+"),
        (True, "va", "+"),
        (False, None, "-"),
        (False, "private", "-"),
        (False, "va", "?"),
        (None, "va", "?"),
    ],
)
def test_va_veteran(veteran: bool | None, payer: str | None, value: str) -> None:
    check("va-icmhr", "veteran", {"veteran": veteran, "payer": payer}, value)


THREE = stays("2025-11-01/2025-11-22", "2026-02-01/2026-02-02", "2026-07-01/2026-07-02")


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ({"inpatient_days_12_months": 31}, "+"),
        ({"inpatient_days_12_months": 30}, "?"),
        ({"inpatient_days_12_months": 30, "inpatient_stays_24_months": 2}, "-"),
        ({"inpatient_days_12_months": 30, "inpatient_stays_24_months": 3}, "?"),
        ({"inpatient_stays": THREE}, "+"),
        ({"inpatient_stays": THREE[1:]}, "-"),
        ({"inpatient_stays": THREE[1:], "inpatient_stays_24_months": 3}, "?"),
        ({"inpatient_stays": stays("2025-12-01/2025-12-31")}, "+"),
        ({"inpatient_stays": stays("2025-12-01/2025-12-30")}, "-"),
        ({"inpatient_stays": []}, "-"),
        ({"inpatient_stays": [], "in_hospital_now": True}, "?"),
    ],
)
def test_va_need(facts: dict[str, Any], value: str) -> None:
    check("va-icmhr", "need", facts, value)


@pytest.mark.parametrize(("miles", "value"), [(0, "+"), (60, "+"), (60.0, "+"), (60.1, "-"), (61, "-"), (None, "?")])
def test_va_distance(miles: float | None, value: str) -> None:
    check("va-icmhr", "distance", {"miles_to_va": miles, "zip": "21201"}, value)


def test_outcomes() -> None:
    good = {**ILL, "impairments": ["housing"], "zip": "55401", "payer": "medicaid"}
    assert screen(good).outcome == "likely"
    assert screen({**good, "payer": None}).outcome == "possible"
    assert screen({**good, "payer": "private"}).outcome == "unlikely"
    assert screen({**good, "payer": "private", "zip": None}).outcome == "unlikely"


def test_age_is_no_criterion() -> None:
    good = {**ILL, "impairments": ["housing"], "zip": "55401", "payer": "medicaid"}
    assert {screen({**good, "age": age}).outcome.value for age in (3, 17, 18, 59, 60, 120)} == {"likely"}


def test_bad_facts_stop_the_screening() -> None:
    with pytest.raises(BadFacts):
        screen({"diagnoses": ["sad"]}, "mn")

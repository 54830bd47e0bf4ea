"""Routes, documents, the JSON shape, and promises that hold for any facts."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.screening import FACT_NAMES, Status, document_text, policy_ids, read_facts, route_text, screen
from casework.screening.facts import BOOLEAN_FACTS, CHOICES, INTEGER_BOUNDS

DAY = date(2026, 11, 22)
OPEN = [{"admitted": "2020-01-01"}]
CLOSED = [{"admitted": "2020-01-01", "discharged": "2020-01-02"}]


def routes(facts: dict[str, Any], policy: str = "default") -> list[str]:
    return list(screen({"as_of": "2026-11-22", "diagnosed_by_professional": True, **facts}, policy).routes)


def documents(facts: dict[str, Any], policy: str = "default") -> list[str]:
    return list(screen({"as_of": "2026-11-22", **facts}, policy).documents)


def test_routes_stand_in_their_order() -> None:
    facts = {"in_hospital_now": True, "veteran": True, "payer": "private", "diagnosed_by_professional": False}
    assert routes({**facts, "age": 17}) == [
        "discharge_planner",
        "va",
        "child_program",
        "insurer",
        "cmhc",
        "primary_care",
    ]
    assert routes({**facts, "age": 60})[2] == "older_adult_program"
    assert routes({}) == ["cmhc"]


@pytest.mark.parametrize(
    ("facts", "there"),
    [
        ({"in_hospital_now": True}, True),
        ({"in_hospital_now": False, "inpatient_stays": OPEN}, False),
        ({"inpatient_stays": OPEN}, True),
        ({"inpatient_stays": CLOSED}, False),
        ({"inpatient_stays": CLOSED + OPEN}, True),
        ({}, False),
    ],
)
def test_discharge_planner(facts: dict[str, Any], there: bool) -> None:
    assert ("discharge_planner" in routes(facts)) is there


@pytest.mark.parametrize(
    ("facts", "default", "va"),
    [
        ({}, False, True),
        ({"veteran": True}, True, True),
        ({"veteran": False}, False, False),
        ({"payer": "va"}, True, True),
        ({"payer": "va", "veteran": False}, True, True),
    ],
)
def test_va_route(facts: dict[str, Any], default: bool, va: bool) -> None:
    assert ("va" in routes(facts)) is default
    assert ("va" in routes(facts, "va-icmhr")) is va


@pytest.mark.parametrize(("age", "route"), [(0, "child_program"), (17, "child_program"), (60, "older_adult_program")])
def test_routes_by_age(age: int, route: str) -> None:
    assert routes({"age": age}) == [route, "cmhc"]
    assert routes({"age": 18}) == routes({"age": 59}) == ["cmhc"]


def test_insurer_and_primary_care() -> None:
    assert routes({"payer": "private"}) == ["insurer", "cmhc"]
    assert routes({"diagnosed_by_professional": None}) == ["cmhc", "primary_care"]
    assert routes({"diagnosed_by_professional": False}) == ["cmhc", "primary_care"]


def test_documents() -> None:
    assert documents({}) == ["photo_id", "proof_of_address", "insurance_card", "diagnosis_letter"]
    assert documents({"payer": "uninsured", "diagnosed_by_professional": False}) == [
        "photo_id",
        "proof_of_address",
        "proof_of_income",
    ]
    full = {"age": 10, "veteran": True, "inpatient_stays": CLOSED}
    assert documents(full)[-3:] == ["hospital_records", "military_discharge", "guardian_consent"]
    assert "military_discharge" in documents({}, "va-icmhr")
    assert "military_discharge" not in documents({"veteran": False}, "va-icmhr")


@pytest.mark.parametrize(
    ("facts", "there"),
    [
        ({"inpatient_stays": CLOSED}, True),
        ({"inpatient_stays": OPEN, "in_hospital_now": False}, True),
        ({"in_hospital_now": True}, True),
        ({"inpatient_stays": []}, False),
        ({"inpatient_stays_24_months": 1}, True),
        ({"inpatient_stays_24_months": 0}, False),
        ({"inpatient_days_12_months": 1}, True),
        ({"inpatient_days_12_months": 0}, False),
        ({"admissions_180_days": 3, "state_hospital_days_24_months": 9}, False),
    ],
)
def test_hospital_records(facts: dict[str, Any], there: bool) -> None:
    assert ("hospital_records" in documents(facts)) is there


def test_the_json_shape() -> None:
    output = screen({"inpatient_stays_24_months": 2, "payer": "uninsured"}).to_json()
    assert list(output) == ["outcome", "policy", "version", "criteria", "routes", "documents", "note"]
    assert output["outcome"] == "possible"
    assert output["policy"] == "default"
    assert output["version"] == "2026-11-22"
    assert output["note"] == "a person decides"
    criteria = output["criteria"]
    assert isinstance(criteria, list)
    assert criteria[1] == {
        "id": "impairment",
        "status": "met",
        "because": "You told us of 2 hospital stays in the last 24 months.",
        "source": criteria[1]["source"],
    }
    assert criteria[1]["source"].endswith("(checked 2026-11-22)")
    assert json.loads(json.dumps(output)) == output
    assert all(type(value) is str for each in criteria for value in each.values())


def test_every_route_and_document_has_words_in_both_languages() -> None:
    everything = {"in_hospital_now": True, "veteran": True, "payer": "private", "inpatient_stays_24_months": 1}
    for age in (10, 70):
        result = screen({**everything, "age": age})
        for language in ("en", "es"):
            assert all(route_text(route, language) for route in result.routes)
            assert all(document_text(document, language) for document in result.documents)
    assert route_text("cmhc", "en") != route_text("cmhc", "es")


def days_ago(limit: int) -> st.SearchStrategy[str]:
    return st.integers(0, limit).map(lambda days: (DAY - timedelta(days=days)).isoformat())


STAYS = st.lists(
    st.builds(
        lambda ends, is_open: {"admitted": min(ends)} | ({} if is_open else {"discharged": max(ends)}),
        st.tuples(days_ago(800), days_ago(800)),
        st.booleans(),
    ),
    max_size=4,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.booleans() for name in BOOLEAN_FACTS},
    **{name: st.integers(low, min(high, 6)) | st.integers(low, high) for name, (low, high) in INTEGER_BOUNDS.items()},
    "diagnoses": st.lists(st.sampled_from(CHOICES["diagnoses"]), max_size=3),
    "impairments": st.lists(st.sampled_from(CHOICES["impairments"]), max_size=3),
    "payer": st.sampled_from(CHOICES["payer"]),
    "state": st.sampled_from(["MN", "pa", "GA", "WI"]),
    "zip": st.sampled_from(["55401", "19104", "30303-1234", "54016", "39901"]),
    "county": st.just("Blue Earth"),
    "years_in_service": st.integers(0, 8) | st.floats(0, 8),
    "miles_to_va": st.integers(0, 200) | st.floats(0, 200),
    "inpatient_stays": STAYS,
}
FACTS = st.fixed_dictionaries({"as_of": st.just(DAY.isoformat())}, optional=VALUES)
POLICIES = st.sampled_from(policy_ids())


def test_the_random_facts_cover_every_fact() -> None:
    assert {*VALUES, "as_of"} == FACT_NAMES


@given(FACTS, POLICIES)
def test_nobody_is_left_without_a_way(facts: dict[str, Any], policy: str) -> None:
    result = screen(facts, policy)
    assert "cmhc" in result.routes
    assert {"photo_id", "proof_of_address"} <= set(result.documents)
    assert result.note == "a person decides"
    seen = [each.status for each in result.criteria]
    want = "unlikely" if Status.NOT_MET in seen else "possible" if Status.UNKNOWN in seen else "likely"
    assert result.outcome == want


@given(FACTS, POLICIES)
def test_the_screening_is_a_pure_function(facts: dict[str, Any], policy: str) -> None:
    before = json.dumps(facts)
    assert screen(facts, policy) == screen(json.loads(before), policy) == screen(read_facts(facts), policy)
    assert json.dumps(facts) == before
    assert screen({**dict.fromkeys(FACT_NAMES), **facts}, policy) == screen(facts, policy)


@given(FACTS, POLICIES, st.data())
@settings(max_examples=400)
def test_what_the_facts_prove_is_not_taken_back(facts: dict[str, Any], policy: str, data: st.DataObject) -> None:
    """Learning one more fact never turns met into not_met.

    Only `in_hospital_now` may: it tells that a stay without an end ended, so days counted before are not known after.
    """
    unknown = sorted(set(VALUES) - set(facts) - {"in_hospital_now"})
    if not unknown:
        return
    name = data.draw(st.sampled_from(unknown))
    more = {**facts, name: data.draw(VALUES[name])}
    for before, after in zip(screen(facts, policy).criteria, screen(more, policy).criteria, strict=True):
        assert not (before.status is Status.MET and after.status is Status.NOT_MET), name


@given(FACTS, POLICIES)
@settings(max_examples=400)
def test_the_reasons_are_whole_sentences_in_both_languages(facts: dict[str, Any], policy: str) -> None:
    english, spanish = screen(facts, policy), screen(facts, policy, language="es")
    assert spanish.note == "una persona decide"
    for one, two in zip(english.criteria, spanish.criteria, strict=True):
        assert (one.id, one.status) == (two.id, two.status)
        assert one.because != two.because
        for text in (one.because, two.because):
            assert text.endswith(".")
            assert not {"{", "}"} & set(text)
            assert "  " not in text
            assert " ." not in text
            assert ": ." not in text
            assert "inf" not in text.split()

"""Facts are read strictly: what cannot be read is said, by the fact's name, and never passes for an answer."""

import json
from datetime import UTC, date, datetime

import pytest

from casework.screening import BadFacts, Facts, Stay, facts_from_json, read_facts

TODAY = date(2026, 11, 22)


def refused(fact: str, facts: object) -> BadFacts:
    with pytest.raises(BadFacts) as caught:
        read_facts(facts, today=TODAY)
    assert caught.value.fact == fact
    assert caught.value.reason
    assert str(caught.value).startswith(f"{fact}: ")
    return caught.value


def test_nothing_told_is_all_unknown() -> None:
    assert read_facts({}, today=TODAY) == Facts(as_of=TODAY)


def test_null_is_unknown_for_every_fact() -> None:
    nulls = dict.fromkeys(Facts.__dataclass_fields__)
    assert read_facts(nulls, today=TODAY) == Facts(as_of=TODAY)


def test_the_day_is_today_in_utc_unless_given() -> None:
    before = datetime.now(UTC).date()
    assert before <= read_facts({}).as_of <= datetime.now(UTC).date()
    assert read_facts({"as_of": "2031-01-02"}, today=TODAY).as_of == date(2031, 1, 2)
    assert read_facts({"as_of": "1999-12-31"}, today=TODAY).as_of == date(1999, 12, 31)


@pytest.mark.parametrize("facts", [None, [], "{}", 3, True, [{"age": 3}]])
def test_facts_are_an_object(facts: object) -> None:
    refused("facts", facts)


@pytest.mark.parametrize("name", ["aeg", "Age", "inpatient_stays_12_months", "", "as of"])
def test_a_misspelt_name_does_not_pass_for_an_unknown_fact(name: str) -> None:
    refused(name, {name: 3})
    refused(name, {name: None})


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("age", 0, 120),
        ("inpatient_stays_24_months", 0, 1000),
        ("crisis_contacts_12_months", 0, 1000),
        ("crisis_contacts_24_months", 0, 1000),
        ("missed_appointments_6_months", 0, 1000),
        ("missed_appointments_12_months", 0, 1000),
        ("admissions_180_days", 0, 1000),
        ("incarcerations_180_days", 0, 1000),
        ("inpatient_days_12_months", 0, 366),
        ("residential_days_12_months", 0, 366),
        ("state_hospital_days_24_months", 0, 732),
        ("days_off_medication", 0, 1000),
        ("homeless_months", 0, 1000),
        ("homeless_episodes_36_months", 0, 1000),
        ("systems_involved", 0, 20),
        ("gaf", 0, 100),
    ],
)
def test_whole_numbers_are_whole_and_bounded(name: str, low: int, high: int) -> None:
    for good in (low, low + 1, high):
        assert getattr(read_facts({name: good}), name) == good
    bad: object
    for bad in (low - 1, high + 1, 2.5, 2.0, "2", True, False, [2], {}, float("nan"), float("inf"), 10**400):
        refused(name, {name: bad})


@pytest.mark.parametrize("name", ["years_in_service", "miles_to_va"])
def test_numbers_may_have_a_fraction(name: str) -> None:
    for good in (0, 2, 2.5, 120):
        assert getattr(read_facts({name: good}), name) == good
    bad: object
    for bad in (-1, -0.1, "2", True, [2], float("nan"), float("inf"), -float("inf"), 10**400):
        refused(name, {name: bad})


def test_years_have_an_upper_bound_and_miles_have_none() -> None:
    refused("years_in_service", {"years_in_service": 120.5})
    assert read_facts({"miles_to_va": 1_000_000.5}).miles_to_va == 1_000_000.5


@pytest.mark.parametrize(
    "name", ["veteran", "in_hospital_now", "diagnosed_by_professional", "professional_opinion", "committed_36_months"]
)
def test_yes_and_no_are_true_and_false_only(name: str) -> None:
    for good in (True, False):
        assert getattr(read_facts({name: good}), name) is good
    bad: object
    for bad in (0, 1, "yes", "true", "", [], 1.0):
        refused(name, {name: bad})


@pytest.mark.parametrize("state", ["MN", "mn", "Mn", "DC", "as", "GU", "mp", "PR", "vi"])
def test_a_state_in_any_case(state: str) -> None:
    assert read_facts({"state": state}).state == state.upper()


@pytest.mark.parametrize("state", ["", "M", "MNN", "XX", "Minnesota", " MN", "MN\n", "FM", 3, True, ["MN"], "ſc", "mı"])
def test_what_is_no_state(state: object) -> None:
    refused("state", {"state": state})


def test_a_zip_keeps_its_first_five_digits() -> None:
    assert read_facts({"zip": "55401"}).zip == "55401"
    assert read_facts({"zip": "30303-1234"}).zip == "30303"
    assert read_facts({"zip": "00000"}).zip == "00000"


@pytest.mark.parametrize(
    "zip_code",
    [
        "",
        "5540",
        "554011",
        "55401-",
        "55401-123",
        "554011234",
        "55401 1234",
        "55401\n",
        "55401-1234\n",
        " 55401",
        55401,
        "5540a",
        "٥٥٤٠١",
        "５５４０１",
        True,
        ["55401"],
    ],
)
def test_what_is_no_zip(zip_code: object) -> None:
    refused("zip", {"zip": zip_code})


def test_a_county_is_any_text_that_is_not_empty() -> None:
    assert read_facts({"county": "Blue Earth"}).county == "Blue Earth"
    bad: object
    for bad in ("", 3, True, []):
        refused("county", {"county": bad})


def test_a_payer_is_one_of_six() -> None:
    for payer in ("medicaid", "medicare", "private", "va", "uninsured", "other"):
        assert read_facts({"payer": payer}).payer == payer
    for bad in ("Medicaid", "", "none", ["medicaid"], True, 0):
        refused("payer", {"payer": bad})


@pytest.mark.parametrize(("name", "one", "two"), [("diagnoses", "ptsd", "other"), ("impairments", "housing", "social")])
def test_a_list_is_of_known_values_and_repeats_count_once(name: str, one: str, two: str) -> None:
    assert getattr(read_facts({name: []}), name) == ()
    assert getattr(read_facts({name: [one, two, one]}), name) == (one, two)
    for bad in (one, [one, "unheard"], [1], [None], [[one]], {one: True}, True, [one.upper()]):
        refused(name, {name: bad})


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-1-1",
        "20261122",
        "2026-W47-7",
        "22.11.2026",
        "2026-11-22T00:00",
        "2026-11-22\n",
        " 2026-11-22",
        "",
        "0000-01-01",
        "٢٠٢٦-١١-٢٢",
        20261122,
        True,
        [],
    ],
)
def test_a_date_is_a_real_day_written_in_full(day: object) -> None:
    refused("as_of", {"as_of": day})
    refused("inpatient_stays", {"inpatient_stays": [{"admitted": day, "discharged": "2026-11-22"}]})
    refused("inpatient_stays", {"inpatient_stays": [{"admitted": "2020-01-01", "discharged": day}]})


def test_stays() -> None:
    facts = read_facts(
        {
            "as_of": "2026-11-22",
            "inpatient_stays": [
                {"admitted": "2024-02-29", "discharged": "2024-02-29"},
                {"admitted": "2026-11-22"},
                {"admitted": "2026-11-22", "discharged": None},
            ],
        }
    )
    assert facts.inpatient_stays == (Stay(date(2024, 2, 29), date(2024, 2, 29)), Stay(date(2026, 11, 22)))
    assert read_facts({"inpatient_stays": []}).inpatient_stays == ()


@pytest.mark.parametrize(
    "stays",
    [
        {"admitted": "2026-01-01"},
        "2026-01-01",
        ["2026-01-01"],
        [None],
        [{}],
        [{"admitted": None}],
        [{"discharged": "2026-01-01"}],
        [{"admitted": "2026-01-01", "ward": 3}],
        [{"admitted": "2026-01-01", "ward": None}],
        [{"admitted": "2026-01-02", "discharged": "2026-01-01"}],
        [{"admitted": "2026-11-23"}],
        [{"admitted": "2026-11-22", "discharged": "2026-11-23"}],
        [{"admitted": "2026-01-01", "discharged": False}],
    ],
)
def test_what_is_no_list_of_stays(stays: object) -> None:
    refused("inpatient_stays", {"as_of": "2026-11-22", "inpatient_stays": stays})


def test_a_stay_is_compared_with_the_day_asked_about_not_with_today() -> None:
    stays = [{"admitted": "2030-01-01", "discharged": "2030-01-05"}]
    assert read_facts({"as_of": "2030-01-05", "inpatient_stays": stays}, today=TODAY).inpatient_stays
    refused("inpatient_stays", {"inpatient_stays": stays})


def test_facts_that_contradict_each_other_are_read() -> None:
    read_facts({"state": "MN", "zip": "30303", "veteran": False, "payer": "va", "in_hospital_now": False})


def test_a_reason_never_repeats_the_value() -> None:
    assert "sunshine" not in str(refused("diagnoses", {"diagnoses": ["sunshine"]}))
    assert "sunshine" not in str(refused("zip", {"zip": "sunshine"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nope",
        '{"age": NaN}',
        '{"miles_to_va": Infinity}',
        '{"miles_to_va": 1e400}',
        "{} {}",
        b"\xff",
        "[" * 100_000,
    ],
)
def test_text_that_is_not_one_json_object(text: str | bytes) -> None:
    with pytest.raises(BadFacts):
        facts_from_json(text)


def test_json_text_is_read() -> None:
    facts = {"age": 40, "zip": "55401", "miles_to_va": 3.5}
    assert facts_from_json(json.dumps(facts), today=TODAY) == read_facts(facts, today=TODAY)

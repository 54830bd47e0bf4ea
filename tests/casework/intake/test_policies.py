"""By which policies a client is screened, and which questions are left: those that can still change the outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casework import screening
from casework.intake import policies, walk

NOBODY = Path("/nonexistent")


def ids(facts: dict[str, Any], own: Path = NOBODY) -> tuple[str, ...]:
    return tuple(policy.id for policy in policies.chosen(facts, own))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ("default",)), ({"zip": "60601"}, ("default",)), ({"zip": "00000"}, ("default",)),
        ({"zip": "55401"}, ("mn",)), ({"zip": "55401-1234"}, ("mn",)), ({"state": "mn"}, ("mn",)),
        ({"zip": "19104"}, ("pa-tcm", "pa-icm")), ({"zip": "30303"}, ("default", "ga-act")),
        ({"state": "MN", "zip": "54016"}, ("default",)),
        ({"zip": "10001", "veteran": True}, ("default", "va-icmhr")),
        ({"zip": "55401", "veteran": True}, ("mn", "va-icmhr")), ({"zip": "55401", "veteran": False}, ("mn",)),
    ],
)  # fmt: skip
def test_the_policy_is_that_of_the_state_and_the_vas_for_veterans(
    facts: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert ids(facts) == expected
    assert set(expected) <= set(screening.policy_ids())


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """An agency's own copy of Minnesota's policy, for two counties and a ZIP."""
    text = (screening.CRITERIA / "mn.toml").read_text(encoding="utf-8")
    text = text.replace('id = "mn"\n', 'id = "river-agency"\nstates = ["MN"]\n', 1)
    text = text.replace("counties = []", 'counties = ["Hennepin County", "Ramsey"]', 1)
    text = text.replace("zips = []", 'zips = ["55303"]', 1)
    (tmp_path / "river-agency.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_an_agencys_own_copy_comes_first_in_its_state_and_only_there(own: Path) -> None:
    assert ids({"zip": "55401"}, own) == ("river-agency", "mn")
    assert ids({"zip": "60601"}, own) == ("default",)
    assert policies.load("river-agency", own).title["en"]
    with pytest.raises(screening.UnknownPolicy, match="river-agency"):
        policies.load("nothing", own)


@pytest.mark.parametrize(
    ("where", "residency", "best"),
    [
        ({"county": "ramsey county"}, "met", "river-agency"), ({"county": "Anoka County"}, "not_met", "mn"),
        ({}, "unknown", "mn"),
    ],
)  # fmt: skip
def test_outside_an_agencys_area_the_states_own_rules_still_speak_for_the_client(
    own: Path, where: dict[str, Any], residency: str, best: str
) -> None:
    result = policies.screen({"zip": "55441", "inpatient_stays_24_months": 2} | where, own=own)
    agency = next(each for each in (result.best, *result.others) if each.policy == "river-agency")
    assert {each.id: each.status for each in agency.criteria}["residency"] == residency
    assert (result.best.policy, result.best.outcome) == (best, "likely")


def left(facts: dict[str, Any], *asked: str) -> list[str]:
    return policies.questions(facts, asked=asked, own=NOBODY)


def test_the_most_telling_question_comes_first_and_ends_it_in_minnesota() -> None:
    here = {"zip": "55401"}
    assert left(here)[0] == "inpatient_stays_24_months"
    assert left(here | {"inpatient_stays_24_months": 2}) == []
    assert left(here | {"inpatient_stays_24_months": 0})[0] == "crisis_contacts_24_months"


def test_what_cannot_be_changed_any_more_is_not_asked_about() -> None:
    undiagnosed = {"zip": "60601", "diagnoses": ["anxiety"], "diagnosed_by_professional": False}
    assert left(undiagnosed) == []
    assert screening.next_questions(undiagnosed), "criteria would still be open, the outcome is not"
    assert left({"zip": "60601", "payer": "private"}) == []


def test_where_one_policy_is_settled_the_next_one_is_asked() -> None:
    tcm = dict.fromkeys(policies.load("pa-tcm").ask[0:1], 0) | {
        "zip": "19104", "crisis_contacts_12_months": 0, "missed_appointments_12_months": 0,
        "days_off_medication": 0, "systems_involved": 0,
    }  # fmt: skip
    assert left(tcm)[0] == "diagnoses"
    assert left({"zip": "19104", "systems_involved": 2}) == []


def test_a_veteran_who_fits_no_state_rule_is_asked_for_the_vas() -> None:
    veteran = {"zip": "60601", "veteran": True, "payer": "private"}
    assert "inpatient_days_12_months" in left(veteran)
    assert left(veteran | {"miles_to_va": 80.0}) == []


@pytest.mark.parametrize("state", ["NY", "MN", "PA", "GA"])
@pytest.mark.parametrize("veteran", [True, False])
def test_however_much_is_skipped_the_questions_stay_few(state: str, *, veteran: bool) -> None:
    answers: dict[str, Any] = {"saving": True, "state": state, "veteran": veteran}
    asked = 0
    while (step := walk.next_step(answers)) is not None:
        answers[step] = None
        asked += 1
    assert asked <= {"NY": 14, "MN": 16, "PA": 22, "GA": 18}[state] + (5 if veteran else 0)


def random_answers(policy: str) -> list[dict[str, Any]]:
    """Two extremes of everything that a policy asks."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    for name in screening.load_policy(policy).ask:
        if name in ("zip", "state", "county", "inpatient_stays", "miles_to_va"):
            continue
        if name in ("diagnoses", "impairments"):
            low[name], high[name] = [], ["bipolar"] if name == "diagnoses" else ["housing"]
        elif name == "payer":
            low[name], high[name] = "private", "medicaid"
        elif name in ("veteran", "diagnosed_by_professional", "professional_opinion", "committed_36_months"):
            low[name], high[name] = False, True
        else:
            low[name], high[name] = 0, 60 if name != "systems_involved" else 5
    return [low, high]


def agree(told: dict[str, Any]) -> None:
    """People's answers do not contradict each other: a shorter time holds no more than a longer one."""
    for short, long in (
        ("missed_appointments_6_months", "missed_appointments_12_months"),
        ("crisis_contacts_12_months", "crisis_contacts_24_months"),
    ):
        if short in told and long in told:
            told[long] = max(told[long], told[short])
    days = ("inpatient_days_12_months", "state_hospital_days_24_months")
    if told.get("inpatient_stays_24_months") == 0:
        told.update({name: 0 for name in days if name in told})


@pytest.mark.parametrize("state", ["NY", "MN", "PA", "GA"])
def test_asking_only_what_is_left_comes_to_the_same_outcome_as_asking_everything(state: str) -> None:
    """Whoever answers only the questions that are asked gets the outcome they would get by answering all of them."""
    chosen = policies.chosen({"state": state}, NOBODY)
    for number in range(0, 64, 3):
        everything: dict[str, Any] = {"state": state}
        for policy in chosen:
            low, high = random_answers(policy.id)
            for place, name in enumerate(low):
                everything.setdefault(name, (high if (number >> (place % 6)) & 1 else low)[name])
        agree(everything)
        told: dict[str, Any] = {"state": state}
        while open_ones := [name for name in left(told) if name in everything]:
            told[open_ones[0]] = everything[open_ones[0]]
        short = policies.screen(told, own=NOBODY).best.outcome
        assert short == policies.screen(everything, own=NOBODY).best.outcome, (told, everything)

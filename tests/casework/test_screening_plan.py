"""Nobody is asked what cannot change a thing, and nothing that can is left out."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.screening import (
    Status,
    UnknownPolicy,
    load_policy,
    next_questions,
    policy_ids,
    read_facts,
    route_questions,
    screen,
)

ILL = {"diagnoses": ["bipolar"], "diagnosed_by_professional": True}


def test_with_nothing_told_everything_a_policy_asks_is_worth_asking() -> None:
    for policy in policy_ids():
        assert next_questions({}, policy) == list(load_policy(policy).ask)


def test_once_all_criteria_are_met_nothing_is_asked() -> None:
    done = {**ILL, "impairments": ["housing"], "zip": "55401", "payer": "medicaid"}
    assert next_questions(done) == []
    assert next_questions({"inpatient_stays_24_months": 2, "state": "MN"}, "mn") == []


def test_a_way_that_is_closed_is_not_asked_about() -> None:
    # Without a listed diagnosis the professional's opinion and daily life no longer count in Minnesota.
    left = next_questions({"diagnoses": ["ptsd"], "state": "MN"}, "mn")
    assert not {"diagnosed_by_professional", "impairments", "professional_opinion"} & set(left)
    assert left[0] == "inpatient_stays_24_months"


def test_age_is_asked_only_where_it_can_change_the_score() -> None:
    facts = {"state": "PA", "diagnoses": ["ptsd"]}
    assert "age" in next_questions({**facts, "gaf": 50}, "pa-icm")
    assert "age" not in next_questions({**facts, "gaf": 30}, "pa-icm")
    assert next_questions({**facts, "gaf": 70}, "pa-icm") == []


def test_who_told_of_no_stay_is_not_asked_for_dates_or_days() -> None:
    left = next_questions({"inpatient_stays_24_months": 0}, "va-icmhr")
    assert not {"inpatient_stays", "inpatient_days_12_months"} & set(left)
    assert "inpatient_stays" in next_questions({"inpatient_stays_24_months": 3}, "va-icmhr")


def test_a_count_that_rules_the_shorter_one_out_ends_the_question() -> None:
    left = next_questions({"crisis_contacts_24_months": 1}, "pa-tcm")
    assert "crisis_contacts_12_months" not in left
    assert "crisis_contacts_12_months" in next_questions({"crisis_contacts_24_months": 2}, "pa-tcm")


def test_a_criterion_not_met_is_asked_about_while_an_answer_could_open_it() -> None:
    assert next_questions({"veteran": False}, "va-icmhr")[0] == "payer"
    assert "payer" not in next_questions({"veteran": True}, "va-icmhr")
    assert next_questions({"diagnoses": []})[0] == "diagnosed_by_professional"


def test_a_place_once_known_inside_is_not_asked_again() -> None:
    assert "state" not in next_questions({"zip": "55401"}, "mn")
    assert "state" in next_questions({"zip": "54016"}, "mn")


def test_what_was_asked_and_not_known_is_not_asked_again() -> None:
    left = next_questions({"gaf": 0}, "pa-icm", asked=["diagnoses"])
    assert "gaf" not in left
    assert "diagnoses" not in left


def test_questions_for_routes() -> None:
    assert route_questions({}) == ["in_hospital_now", "veteran", "payer", "age"]
    assert route_questions({"veteran": True, "in_hospital_now": False, "payer": "private", "age": 3}) == []
    assert "veteran" not in route_questions({}, asked=["veteran"])


def test_an_unknown_policy_is_said() -> None:
    with pytest.raises(UnknownPolicy):
        next_questions({}, "pasrr")


# Answers for a search over all completions, small enough to try every one.
TRIES: dict[str, dict[str, list[Any]]] = {
    "ga-act": {
        "admissions_180_days": [0, 2],
        "zip": ["30303", "10001"],
        "state": ["GA", "NY"],
        "homeless_months": [0, 12],
        "homeless_episodes_36_months": [0, 4],
        "incarcerations_180_days": [0, 2],
    },
    "default": {
        "diagnoses": [["bipolar"], [], ["ptsd"]],
        "diagnosed_by_professional": [True, False],
        "impairments": [["housing"], []],
        "zip": ["55401"],
        "payer": ["medicaid", "private"],
        "inpatient_stays_24_months": [0, 2],
        "crisis_contacts_24_months": [0, 2],
    },
}


def statuses(facts: dict[str, Any], policy: str) -> tuple[Status, ...]:
    return tuple(each.status for each in screen(facts, policy).criteria)


def matters(name: str, facts: dict[str, Any], policy: str) -> bool:
    """Whether some answer, with some answers to the other open questions, changes a criterion that is not met yet."""
    tries = TRIES[policy]
    unmet = [place for place, status in enumerate(statuses(facts, policy)) if status is not Status.MET]
    others = [other for other in tries if other not in facts and other != name]
    for answers in product(*([None, *tries[other]] for other in others)):
        rest = {**facts, **dict(zip(others, answers, strict=True))}
        before = statuses(rest, policy)
        for answer in tries[name]:
            after = statuses({**rest, name: answer}, policy)
            if any(before[place] is not after[place] for place in unmet):
                return True
    return False


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_the_questions_are_those_a_search_over_all_answers_finds(data: st.DataObject) -> None:
    policy = data.draw(st.sampled_from(sorted(TRIES)))
    tries = TRIES[policy]
    told = data.draw(st.lists(st.sampled_from(sorted(tries)), min_size=3, unique=True))
    facts = {name: data.draw(st.sampled_from(tries[name])) for name in told}
    asked = [name for name in next_questions(facts, policy) if name in tries]
    assert asked == [
        name for name in load_policy(policy).ask if name in tries and name not in facts and matters(name, facts, policy)
    ]


@given(st.sampled_from(policy_ids()), st.data())
@settings(max_examples=60, deadline=None)
def test_asking_ends_with_nothing_left_that_could_change(policy: str, data: st.DataObject) -> None:
    facts: dict[str, Any] = {"as_of": "2026-11-22"}
    answers: dict[str, list[Any]] = {
        "diagnoses": [["bipolar"], [], ["ptsd"]],
        "impairments": [["housing"], []],
        "zip": ["55401", "19104"],
        "state": ["MN", "PA"],
        "payer": ["medicaid", "va"],
        "inpatient_stays": [[], [{"admitted": "2026-01-01", "discharged": "2026-01-30"}]],
    }
    while left := next_questions(facts, policy):
        name = left[0]
        assert name not in facts
        yes_no = name in ("veteran", "diagnosed_by_professional", "professional_opinion", "committed_36_months")
        facts[name] = data.draw(st.sampled_from(answers.get(name, [True, False] if yes_no else [1, 3])))
        read_facts(facts)
    assert len(facts) <= len(load_policy(policy).ask) + 1

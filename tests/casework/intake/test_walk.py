"""Which question comes next, from nothing but the answers."""

from __future__ import annotations

from typing import Any

import pytest

from casework.intake import walk

CLEAR = {
    "saving": True, "zip": "60601", "age": 34, "veteran": False, "in_hospital_now": False, "diagnoses": ["bipolar"],
    "diagnosed_by_professional": True, "impairments": ["housing"], "payer": "medicaid",
}  # fmt: skip


def asked_in_order(answers: dict[str, Any], replies: dict[str, Any]) -> list[str]:
    """The questions that somebody gets who answers each as `replies` says (else: rather not say)."""
    told, order = dict(answers), []
    while (step := walk.next_step(told)) is not None:
        assert step not in order, f"{step} is asked twice"
        order.append(step)
        told[step] = replies.get(step)
    return order


def test_consent_comes_first_and_the_name_last() -> None:
    order = asked_in_order(
        {}, CLEAR | {"program": "p", "opening": "o", "booking": True, "sharing": True, "name": "Dana"}
    )
    assert order[:5] == ["saving", "zip", "age", "veteran", "in_hospital_now"]
    assert order[-5:] == ["program", "opening", "booking", "sharing", "name"]


def test_who_skips_everything_still_comes_to_sharing() -> None:
    order = asked_in_order({"saving": True}, {})
    assert order[-1] == "sharing"
    assert {"zip", "age", "diagnoses", "payer", "program"} <= set(order)


def test_without_consent_only_the_zip_is_asked() -> None:
    assert walk.next_step({"saving": False}) == "zip"
    assert walk.next_step({"saving": False, "zip": None}) is None


@pytest.mark.parametrize(
    ("more", "step"),
    [
        ({}, "program"), ({"program": "p"}, "opening"), ({"program": "p", "opening": "o"}, "booking"),
        ({"program": walk.NO_PROGRAM}, "sharing"), ({"program": "p", "opening": walk.NO_PROGRAM}, "sharing"),
        ({"program": "p", "opening": "o", "booking": True}, "sharing"),
        ({"program": walk.NO_PROGRAM, "sharing": False}, None), ({"program": walk.NO_PROGRAM, "sharing": True}, "name"),
    ],
)  # fmt: skip
def test_after_the_screening(more: dict[str, Any], step: str | None) -> None:
    assert walk.next_step(CLEAR | more) == step


def test_an_appointment_ahead_leaves_out_the_choosing_of_one() -> None:
    assert walk.next_step(CLEAR, booked=True) == "sharing"


def test_what_decided_the_matter_is_not_followed_by_needless_questions() -> None:
    assert walk.screened(CLEAR)
    assert walk.questions_left(CLEAR) == 0
    assert walk.questions_left({"saving": True}) > 4
    assert not walk.screened({"saving": True})


def test_a_state_stands_for_the_zip() -> None:
    assert walk.next_step({"saving": True, "state": "MN"}) == "age"


def test_the_payer_is_asked_for_the_programs_where_no_criterion_rests_on_it() -> None:
    minnesota = {"saving": True, "zip": "55401", "age": 34, "veteran": False, "in_hospital_now": False}
    order = asked_in_order(minnesota, {"inpatient_stays_24_months": 2})
    assert order[:3] == ["inpatient_stays_24_months", "payer", "program"]


def test_a_zip_in_several_counties_asks_which_where_that_matters() -> None:
    somewhere = {"saving": True, "zip": "55441", "counties": ["27053", "27123"]}
    assert walk.next_step(somewhere) == "county"
    assert walk.next_step(somewhere | {"county": "Ramsey County"}) == "age"
    assert walk.next_step(somewhere | {"county": None}) == "age"


@pytest.mark.parametrize("fact", ["zip", "age", "veteran", "payer", "county"])
def test_what_programs_are_offered_by_takes_the_chosen_one_with_it(fact: str) -> None:
    assert walk.depends_on(fact) == ("program", "opening", "booking")


@pytest.mark.parametrize(("step", "after"), [("diagnoses", ()), ("program", ("opening", "booking")), ("name", ())])
def test_other_answers_take_only_what_follows_from_them(step: str, after: tuple[str, ...]) -> None:
    assert walk.depends_on(step) == after

"""Which stage may follow which, without a database."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest

from casework.road import rules
from casework.road.rules import Given, Known, NotAllowed

TODAY = date(2026, 11, 23)
READY = Known(goals=2, unmeasured=0)


def refusal(stage: str, to: str, known: Known = READY, **given: object) -> str | None:
    try:
        rules.check(stage, to, known, Given(**given), TODAY)  # type: ignore[arg-type]
    except NotAllowed as error:
        return error.code
    return None


def test_the_road_leads_from_the_screening_to_monitoring_in_the_seeds_order() -> None:
    told = {
        rules.ASSIGNED: {"case_manager": uuid.uuid4()},
        rules.MONITORING: {"check_in_on": TODAY + timedelta(14), "reassess_on": TODAY + timedelta(180)},
    }
    for stage, to in zip(rules.STAGES, rules.STAGES[1:], strict=False):
        assert refusal(stage, to, **told.get(to, {})) is None, f"{stage} -> {to}"


@pytest.mark.parametrize("stage", rules.STAGES)
def test_no_stage_is_skipped_but_an_intake_that_was_not_booked_here(stage: str) -> None:
    ahead = rules.STAGES[rules.STAGES.index(stage) + 2 :]
    allowed = {to for to in ahead if refusal(stage, to) != "no_such_step"}
    assert allowed == ({rules.ASSESSED} if stage == rules.SCREENING else set())


@pytest.mark.parametrize(
    ("known", "why"), [(Known(), "no_goals"), (Known(goals=2, unmeasured=1), "unmeasured"), (READY, None)]
)
def test_a_plan_is_offered_once_every_goal_can_be_measured(known: Known, why: str | None) -> None:
    assert refusal(rules.ASSESSED, rules.PLAN_DRAFTED, known) == why
    step = next(each for each in rules.steps(rules.ASSESSED, known) if each.to == rules.PLAN_DRAFTED)
    assert step.missing == why


@pytest.mark.parametrize(
    ("to", "given", "why"),
    [
        (rules.ASSIGNED, {}, "needs_case_manager"),
        (rules.MONITORING, {"reassess_on": TODAY + timedelta(90)}, "needs_check_in_on"),
        (rules.MONITORING, {"check_in_on": TODAY, "reassess_on": TODAY + timedelta(90)}, "bad_date"),
        (rules.MONITORING, {"check_in_on": TODAY + timedelta(99), "reassess_on": TODAY + timedelta(90)}, "bad_date"),
        (rules.CLOSED, {"reason": "because"}, "needs_reason"),
        (rules.CLOSED, {"reason": "declined"}, None),
    ],
)
def test_a_step_wants_what_belongs_to_it(to: str, given: dict[str, object], why: str | None) -> None:
    stage = {rules.ASSIGNED: rules.PLAN_APPROVED, rules.MONITORING: rules.ASSIGNED}.get(to, rules.ASSESSED)
    assert refusal(stage, to, **given) == why


def test_appointments_move_a_case_only_before_the_assessment() -> None:
    assert rules.by_itself(rules.SCREENING, booked=True) == rules.INTAKE_BOOKED
    assert rules.by_itself(rules.INTAKE_BOOKED, booked=False) == rules.SCREENING
    for stage in (*rules.STAGES[2:], rules.CLOSED):
        assert rules.by_itself(stage, booked=True) is rules.by_itself(stage, booked=False) is None

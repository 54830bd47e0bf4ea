"""The stages a client goes through after the first screening, and what may come next. No I/O.

    screening -> intake_booked -> assessed -> plan_drafted -> plan_approved -> assigned -> monitoring
                                     ^                                                        |
                                     +---------------------- reassessed ---------------------+
    any of them -> closed -> screening

Source of the order: the seed document ("After the screening"): screening, assessment by a clinician, an individualized
service plan made with the client with measurable goals, the client's approval, a case manager, regular contact,
monitoring and periodic reassessment. Screening and intake_booked follow the appointments by themselves.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from casework.errors import GuidepostError

SCREENING, INTAKE_BOOKED, ASSESSED = "screening", "intake_booked", "assessed"
PLAN_DRAFTED, PLAN_APPROVED, ASSIGNED, MONITORING = "plan_drafted", "plan_approved", "assigned", "monitoring"
CLOSED = "closed"
STAGES = (SCREENING, INTAKE_BOOKED, ASSESSED, PLAN_DRAFTED, PLAN_APPROVED, ASSIGNED, MONITORING)
# Reassessment at least every six months is what most state plans ask for; each case's date is staff's to set.
REASSESS_AFTER = timedelta(days=180)
CHECK_IN_AFTER = timedelta(days=14)
ASSESS_WITHIN = timedelta(days=14)  # 10 business days: what a certified clinic owes routine needs (SAMHSA CCBHC)
# Where a client has a case manager; from the assessment on they may still have the one of before.
WITH_CASE_MANAGER = (ASSIGNED, MONITORING)
FURTHEST = timedelta(days=366 * 2)
ENDS = ("goals_reached", "declined", "moved_away", "other_services", "lost_contact", "other")

_NEXT = {
    SCREENING: (INTAKE_BOOKED, ASSESSED),
    INTAKE_BOOKED: (ASSESSED,),
    ASSESSED: (PLAN_DRAFTED,),
    PLAN_DRAFTED: (PLAN_APPROVED, ASSESSED),
    PLAN_APPROVED: (ASSIGNED,),
    ASSIGNED: (MONITORING,),
    MONITORING: (ASSESSED,),
    CLOSED: (SCREENING,),
}
# What a step wants to be told: a name of a form's field.
ASKS = {ASSIGNED: ("case_manager",), MONITORING: ("check_in_on", "reassess_on"), CLOSED: ("reason",)}


class NotAllowed(GuidepostError):
    """This stage cannot follow now; `code` says why: no_such_step, no_goals, unmeasured, needs_<field>, bad_date."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Known:
    """What is known of a case when it is to move: its open plan's goals, and how many of them have no measure."""

    goals: int = 0
    unmeasured: int = 0


@dataclass(frozen=True)
class Step:
    """A stage that may come next. `missing` says what is still to do before (a code), `asks` what is to be told."""

    to: str
    missing: str | None = None
    asks: tuple[str, ...] = ()
    back: bool = False


@dataclass(frozen=True)
class Given:
    """What was told with a step."""

    case_manager: uuid.UUID | None = None
    check_in_on: date | None = None
    reassess_on: date | None = None
    reason: str | None = None


def steps(stage: str, known: Known) -> tuple[Step, ...]:
    """What may come next, the ordinary way first; the end is always open."""
    found = [
        Step(to, _missing(stage, to, known), ASKS.get(to, ()), back=_back(stage, to)) for to in _NEXT.get(stage, ())
    ]
    if stage != CLOSED:
        found.append(Step(CLOSED, None, ASKS[CLOSED]))
    return tuple(found)


def check(stage: str, to: str, known: Known, given: Given, today: date) -> None:
    """Raises NotAllowed unless the case may go from `stage` to `to` with what was told."""
    step = next((each for each in steps(stage, known) if each.to == to), None)
    if step is None:
        raise NotAllowed("no_such_step")
    if step.missing:
        raise NotAllowed(step.missing)
    for name in step.asks:
        value = getattr(given, name)
        if value is None:
            raise NotAllowed(f"needs_{name}")
        if isinstance(value, date) and not today < value <= today + FURTHEST:
            raise NotAllowed("bad_date")
    if to == CLOSED and given.reason not in ENDS:
        raise NotAllowed("needs_reason")
    if to == MONITORING and given.check_in_on and given.reassess_on and given.check_in_on > given.reassess_on:
        raise NotAllowed("bad_date")


def may_change_hands(stage: str, *, named: bool) -> bool:
    """Whether another case manager can be named, the stage staying as it is. `named`: the client has one."""
    return stage in WITH_CASE_MANAGER or (named and stage in STAGES[STAGES.index(ASSESSED) :])


def by_itself(stage: str, *, booked: bool) -> str | None:
    """The stage that appointments alone bring about: None where they change nothing.

    `booked`: an intake appointment stands, or was kept. What comes after an intake is staff's to say.
    """
    if stage == SCREENING and booked:
        return INTAKE_BOOKED
    if stage == INTAKE_BOOKED and not booked:
        return SCREENING
    return None


def _missing(stage: str, to: str, known: Known) -> str | None:
    if to not in (PLAN_DRAFTED, PLAN_APPROVED) or _back(stage, to):
        return None
    if not known.goals:
        return "no_goals"
    return "unmeasured" if known.unmeasured else None


def _back(stage: str, to: str) -> bool:
    return (
        stage in STAGES
        and to in STAGES
        and STAGES.index(to) < STAGES.index(stage)
        and (stage, to) != (MONITORING, ASSESSED)
    )

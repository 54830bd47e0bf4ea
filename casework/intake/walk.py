"""The walk: which question comes next. Pure; worked out anew from the answers at every turn.

    saving -> the screening's questions, while they can change something
           -> program -> opening -> booking -> sharing -> name

Because nothing is kept but the answers, any of them may change at any time ("actually i have medicare") and what
depends on it is simply asked, or not asked, from then on.
"""

from __future__ import annotations

from typing import Any

from casework import screening
from casework.intake import policies
from casework.intake.answers import Answers

SAVING, PROGRAM, OPENING, BOOKING, SHARING, NAME = "saving", "program", "opening", "booking", "sharing", "name"
# Asked of everybody and first: they decide where to look and which ways to help are open.
FIRST = ("zip", "age", "veteran", "in_hospital_now")
STEPS = (SAVING, PROGRAM, OPENING, BOOKING, SHARING, NAME)
# Which county, asked only where the ZIP lies in several (their FIPS codes are the worked-out answer COUNTIES) and it
# matters to a policy or to a program near.
COUNTY, COUNTIES = "county", "counties"
# Told by the walk itself, or by staff; never asked by text.
_NOT_ASKED = ("state", "county", "inpatient_stays", "miles_to_va")
NO_PROGRAM = "none"
PAYER = "payer"  # asked of everybody whom programs are shown, also where no criterion rests on it
# The facts that decide which programs are offered.
_CHOOSES_PROGRAMS = ("zip", "age", "veteran", PAYER, COUNTY)
# Taking an answer back takes these with it: they were given in the light of it.
_AFTER = {PROGRAM: (OPENING, BOOKING), OPENING: (BOOKING,)}


def facts(answers: Answers) -> dict[str, Any]:
    """The screening facts among the answers, without what was not said."""
    return {name: value for name, value in answers.items() if name in screening.FACT_NAMES and value is not None}


def next_step(answers: Answers, *, booked: bool = False) -> str | None:
    """The next question's name, or None when the walk is done.

    `booked`: the client has an appointment ahead, so no program or opening is asked for.
    """
    if SAVING not in answers:
        return SAVING
    if answers[SAVING] is not True:
        return "zip" if "zip" not in answers else None
    for name in questions(answers, programs=not booked and PROGRAM not in answers):
        return name
    if not booked:
        if PROGRAM not in answers:
            return PROGRAM
        if answers[PROGRAM] not in (None, NO_PROGRAM):
            if OPENING not in answers:
                return OPENING
            if answers[OPENING] not in (None, NO_PROGRAM) and BOOKING not in answers:
                return BOOKING
    if SHARING not in answers:
        return SHARING
    if answers[SHARING] is True and NAME not in answers:
        return NAME
    return None


def questions(answers: Answers, *, programs: bool = True) -> list[str]:
    """The screening's open questions in their order; `programs`: some are still to be shown."""
    first = [name for name in FIRST if name not in answers and not (name == "zip" and "state" in answers)]
    if "zip" in answers and COUNTIES in answers and COUNTY not in answers:
        first.insert(0, COUNTY)
    last = [PAYER] if programs and PAYER not in answers else []
    open_ones = policies.questions(facts(answers), asked=list(answers))
    return list(dict.fromkeys([*first, *(name for name in open_ones if name not in _NOT_ASKED), *last]))


def screened(answers: Answers) -> bool:
    """Whether the screening's questions are through, so that its outcome can be told."""
    return answers.get(SAVING) is True and not questions(answers, programs=False)


def questions_left(answers: Answers) -> int:
    """About how many questions of the screening are still to come, to tell people who ask."""
    return len(questions(answers))


def depends_on(step: str) -> tuple[str, ...]:
    """The steps whose answers fall when this one changes. A screening fact changes what programs are offered."""
    if step in screening.FACT_NAMES:
        return (PROGRAM, OPENING, BOOKING) if step in _CHOOSES_PROGRAMS else ()
    return _AFTER.get(step, ())

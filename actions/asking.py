"""Asking one question of the walk."""

from __future__ import annotations

from actions import passing_on
from actions.case import SHOWN_PROGRAMS, Case, Events
from actions.opening import OFFERED, ask_booking, ask_opening
from actions.place import ask_county
from actions.program import MORE, ask_program
from actions.replies import choice
from casework.intake import walk
from casework.intake.seeking import county_in_full
from casework.understanding.choices import chosen
from casework.understanding.heard import Heard, of_choice
from casework.wording import say


async def ask(case: Case, step: str, times: int) -> Events:
    """Asks `step`; `times` says how often it was asked in a row before."""
    match step:
        case walk.COUNTY:
            return await ask_county(case, times)
        case walk.PROGRAM:
            return await ask_program(case, times)
        case walk.OPENING:
            return await ask_opening(case, times)
        case walk.BOOKING:
            return await ask_booking(case, times)
    if step == walk.SHARING:
        if passing_on.picking(case) is not None:
            await passing_on.ask_which(case)
            return []
        await passing_on.ask(case, times)
    # Two wordings take turns: a question is never put twice in a row in the same words.
    case.say(f"utter_ask_{step}" if times % 2 == 0 else f"utter_again_{step}", choices=_choices(case, step))
    return []


def _choices(case: Case, step: str) -> list[dict[str, str]]:
    """The choices are those of the question itself, however it is worded."""
    return list(say(f"utter_ask_{step}", case.language).choices)


def by_number(case: Case, step: str) -> Heard:
    """What was heard; a number is read against the open question's choices, also where other words came after them."""
    if case.heard.chosen:
        return case.heard
    match step:
        case walk.COUNTY:
            answers = [county_in_full(each) for each in case.answers.get(walk.COUNTIES) or []]
        case walk.PROGRAM:
            answers = [*(case.slot(SHOWN_PROGRAMS) or []), MORE, walk.NO_PROGRAM]
        case walk.OPENING:
            answers = [*(case.slot(OFFERED) or []), MORE]
        case walk.SHARING if (keys := passing_on.picking(case)) is not None:
            answers = [*keys, passing_on.ALL_RIGHT]
        case _:
            payload = chosen(case.heard.text, _choices(case, step))
            return case.heard if payload is None else of_choice(payload, case.heard.text)
    payload = chosen(case.heard.text, [choice("-", answer) for answer in answers])
    return case.heard if payload is None else of_choice(payload, case.heard.text)

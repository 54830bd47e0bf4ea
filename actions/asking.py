"""Asking one question of the walk."""

from __future__ import annotations

from actions.case import Case, Events
from actions.opening import ask_booking, ask_opening
from actions.program import ask_program
from casework.intake import walk


async def ask(case: Case, step: str, times: int) -> Events:
    """Asks `step`; `times` says how often it was asked in a row before."""
    match step:
        case walk.PROGRAM:
            return await ask_program(case, times)
        case walk.OPENING:
            return await ask_opening(case, times)
        case walk.BOOKING:
            return await ask_booking(case, times)
    # Two wordings take turns: a question is never put twice in a row in the same words.
    case.say(f"utter_ask_{step}" if times % 2 == 0 else f"utter_again_{step}", choices=_choices(case, step))
    return []


def _choices(case: Case, step: str) -> list[dict[str, str]]:
    """The choices are those of the question itself, however it is worded."""
    from casework.wording import say

    return list(say(f"utter_ask_{step}", case.language).choices)

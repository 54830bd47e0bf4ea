"""What follows from where a client lives: their county, and how far the nearest VA hospital is.

Worked out when the ZIP is told; where the ZIP lies in several counties and it matters, the client is asked which.
"""

from __future__ import annotations

from actions.case import Case, Events
from actions.replies import choice
from casework.directory import county_matters, miles_to_va
from casework.geography import UnknownPlace, counties_of, find
from casework.intake import policies, walk
from casework.intake.seeking import county_in_full
from casework.understanding.answers import does_not_know
from casework.understanding.choices import fold

MILES_TO_VA = "miles_to_va"


async def settle(case: Case) -> None:
    """Brings what follows from the ZIP up to date, without asking anything."""
    code = case.answers.get("zip")
    try:
        here = find(str(code)) if code else None
    except UnknownPlace:
        here = None
    if here is None:
        await case.forget(walk.COUNTY, walk.COUNTIES, MILES_TO_VA)
        return
    counties = await counties_of(case.session, here)
    if case.answers.get(walk.COUNTIES) != counties:
        await case.forget(walk.COUNTY, walk.COUNTIES)
        if len(counties) == 1:
            await case.record(walk.COUNTY, county_in_full(counties[0]), origin="worked_out")
        elif counties and await _matters(case, counties):
            await case.record(walk.COUNTIES, counties, origin="worked_out")
    far = await miles_to_va(case.session, here) if case.answers.get("veteran") is True else None
    if far is not None:
        await case.record(MILES_TO_VA, round(far, 1), origin="worked_out")
    else:
        await case.forget(MILES_TO_VA)


async def _matters(case: Case, counties: list[str]) -> bool:
    if policies.reads(walk.facts(case.answers), walk.COUNTY):
        return True
    return await county_matters(case.session, find(str(case.answers["zip"])), counties)


async def ask_county(case: Case, times: int) -> Events:
    """Which of the ZIP's counties."""
    names = [county_in_full(each) for each in case.answers[walk.COUNTIES]]
    choices = [choice(name, name) for name in names]
    choices.append({"title": case.word("utter_choice_not_sure"), "payload": "/skip"})
    response = "utter_ask_county" if times % 2 == 0 else "utter_again_county"
    case.say(response, choices=choices, zip=case.answers["zip"])
    return []


async def take_county(case: Case) -> bool:
    """A choice by number or by name; "not sure" leaves it open."""
    names = [county_in_full(each) for each in case.answers.get(walk.COUNTIES) or []]
    given = case.heard.entity("answer")
    if given and given[0] in names:
        await case.record(walk.COUNTY, given[0])
        return True
    if case.heard.intent == "skip" or fold(case.heard.text) in _not_sure(case) or does_not_know(case.heard.text):
        await case.record(walk.COUNTY, None)
        return True
    said = f" {fold(case.heard.text)} "
    named = [name for name in names if f" {fold(name).removesuffix(' county')} " in said]
    if len(named) == 1:
        await case.record(walk.COUNTY, named[0])
        return True
    return False


def _not_sure(case: Case) -> set[str]:
    return {fold(case.word("utter_choice_not_sure"))}

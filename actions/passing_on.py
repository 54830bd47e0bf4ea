"""What would be passed on: shown to the client before they are asked whether it may be, and set right by them.

Who says that something is wrong is shown it line by line and picks one: its question is put again (SKIP leaves it
out), a need is taken off. Then all of it is shown anew and the question of sharing is asked again: a yes is always to
what was seen. A correction in other words ("my zip is 55408") is taken as anywhere else and never as a no to sharing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from actions import corrections
from actions.case import LOST, Case
from actions.replies import choice, moment
from casework import handoff
from casework.directory.tables import Program
from casework.handoff import referrals
from casework.handoff.tables import Need
from casework.intake import walk
from casework.moments import told_by
from casework.scheduling import booking, waitlist
from casework.understanding.choices import fold
from casework.understanding.interrupts import steers
from casework.understanding.yes_no import agrees_in_part, in_other_words
from casework.wording import has_wording

# Slot: a list of keys while the client picks what is wrong; a fact whose question is put again; AGAIN, to show it anew.
CHANGING = "changing"
AGAIN = "again"
CHANGE, ALL_RIGHT = "change", "all_right"  # the choices that are no line
_NEED = "need:"
_SAYS_NOTHING = frozenset(
    ("the", "one", "not", "did", "now", "and", "is", "in", "my", "no", "a", "el", "la", "los", "las", "una", "en", "mi")
)
# What staff see first, in the order of the summary; every other fact that was told follows.
_FIRST = (
    "zip",
    "state",
    "county",
    "age",
    "veteran",
    "in_hospital_now",
    "diagnoses",
    "diagnosed_by_professional",
    "inpatient_stays_24_months",
    "crisis_contacts_24_months",
    "impairments",
)
_ASKED_BY = {"state": "zip", "county": "zip", "miles_to_va": "zip"}  # by which question a fact is told


async def lines(case: Case) -> dict[str, str]:
    """What would be passed on, in the client's words, by fact; needs as `need:<name>`."""
    facts = {fact: value for fact, value in walk.facts(case.answers).items() if value not in (None, "", [])}
    names = [*(each for each in _FIRST if each in facts), *(each for each in facts if each not in _FIRST)]
    told = {name: corrections.in_words(case, {name: facts[name]}) for name in names if _can_be_said(name, facts[name])}
    needs = await case.session.scalars(
        select(Need.need).where(Need.client_id == case.client.id).order_by(Need.created_at)
    )
    return told | {f"{_NEED}{need}": case.word(f"utter_title_need_{need}") for need in needs}


def _can_be_said(fact: str, value: Any) -> bool:
    return has_wording(
        f"utter_fact_{fact}_{'yes' if value else 'no'}" if isinstance(value, bool) else f"utter_fact_{fact}"
    )


async def ask(case: Case, times: int) -> None:
    """Before the question of sharing: what it is about, where that is new to the client."""
    if times and case.slot(CHANGING) != AGAIN:
        return
    case.remember(CHANGING, None)
    words = list((await lines(case)).values())
    appointment = await booking.current(case.session, case.client.id, case.at)
    program = await case.session.get(Program, appointment.program_id) if appointment else None
    if appointment and program:
        zone = told_by(appointment.kind, program.zone, case.client.zone)
        when = moment(appointment.starts_at, zone, case.language)
        words.append(case.word("utter_fact_visit", moment=when, program=program.organization))
    if words:
        case.say("utter_shared_preview", what="; ".join(words))


async def ask_which(case: Case) -> None:
    """Line by line, as choices. It stands for the question of sharing and does not count as having put that."""
    told = await lines(case)
    choices = [choice(words, key) for key, words in told.items() if key in (case.slot(CHANGING) or ())]
    choices.append(choice(case.word("utter_choice_all_right"), ALL_RIGHT))
    case.say("utter_which_to_change_again" if case.slot(LOST) else "utter_which_to_change", choices=choices)


def picking(case: Case) -> list[str] | None:
    """The keys among which the client is asked to pick, if they are."""
    open_ones = case.slot(CHANGING)
    return open_ones if isinstance(open_ones, list) else None


def asked_again(case: Case) -> str | None:
    """The fact whose question is put again."""
    fact = case.slot(CHANGING)
    known = isinstance(fact, str) and fact in case.answers and case.answers.get(walk.SAVING) is True
    return fact if known and walk.SHARING not in case.answers else None


async def heard(case: Case) -> bool:
    """While sharing is asked for: whether the client says that something is to be changed, or picks what."""
    given = case.heard.entity("answer")[:1]
    keys = picking(case)
    if given == [CHANGE] or (keys is None and _says_wrong(case)):
        case.remember(CHANGING, list(await lines(case)))
        return True
    if keys is None:
        return False
    picked = str(given[0]) if given and given[0] in keys else await _named(case, keys)
    if picked is not None:
        await _change(case, picked)
        return True
    if given == [ALL_RIGHT] or case.heard.intent in ("affirm", "deny", "skip"):
        case.remember(CHANGING, AGAIN)  # a yes here is not one to sharing
        return True
    return False


async def _named(case: Case, keys: list[str]) -> str | None:
    """The one line that holds a word of the client's: "my age", "the housing one"."""
    said = set(fold(case.heard.text).split()) - _SAYS_NOTHING
    found = [key for key, words in (await lines(case)).items() if key in keys and said & set(fold(words).split())]
    return found[0] if len(found) == 1 and not case.heard.chosen else None


def _says_wrong(case: Case) -> bool:
    """ "that's wrong", or a yes with a condition ("yes but not my diagnosis"): what to leave out is asked then."""
    if case.heard.chosen:
        return False
    in_part = agrees_in_part(walk.SHARING, case.heard) and not steers(case.heard)
    return in_part or in_other_words("something_wrong", case.heard.text) is True


async def _change(case: Case, key: str) -> None:
    if key.startswith(_NEED):
        need = key.removeprefix(_NEED)
        await case.session.execute(delete(Need).where(Need.client_id == case.client.id, Need.need == need))
        case.say("utter_left_out", what=case.word(f"utter_title_need_{need}"))
        case.remember(CHANGING, AGAIN)
        return
    case.say("utter_change_intro")
    case.remember(CHANGING, _ASKED_BY.get(key, key))


async def changed(case: Case, fact: str) -> None:
    """The question was answered anew (or skipped): what it comes to, and back to the whole."""
    value = case.answers.get(fact)
    if value in (None, "", []):
        case.say("utter_left_out_all")
    elif _can_be_said(fact, value):
        case.say("utter_corrected", what=corrections.in_words(case, {fact: value}))
    case.remember(CHANGING, AGAIN)
    await corrections.what_it_means(case)


async def hand_over(case: Case) -> None:
    """Puts the client, who agreed to that, into the queue with what they chose: their appointment, else the program.

    A program without an appointment is asked to take them, unless they wait for an opening of it.
    """
    appointment = await booking.current(case.session, case.client.id, case.at)
    chosen = case.answers.get(walk.PROGRAM)
    program = appointment.program_id if appointment else None if chosen == walk.NO_PROGRAM else chosen
    if program and not appointment and await waitlist.standing(case.session, case.client.id, program) is None:
        await referrals.make(case.session, case.client.id, program, at=case.at)
    await handoff.to_people(
        case.session,
        case.client,
        case.conversation,
        reason="booked" if appointment else "referral",
        urgency=1,
        at=case.at,
        take_over=False,
        shared=True,
        program_id=program,
        appointment_id=appointment.id if appointment else None,
    )


async def chosen_anew(case: Case) -> None:
    """What was chosen after the client had agreed goes to staff, too."""
    if case.answers.get(walk.SHARING) is True:
        await hand_over(case)


async def ask_anew(case: Case) -> bool:
    """Each program that is to have a request is asked about; False: the client's request to this one stands."""
    program = str(case.answers[walk.PROGRAM])
    if case.answers.get(walk.SHARING) is True and await referrals.standing(case.session, case.client.id, program):
        return False
    await case.forget(walk.SHARING)
    return True

"""The form that walks a client from the first question to a booked intake.

Rasa's form has one slot, `step`. Which question it asks is worked out from the answers at every turn
(`casework.intake.walk`), so that an answer may come early, late, twice or together with others. A text that answers
nothing is given back to the rules (a question of the client's own, "why?", "go back"); after them the form goes on.
"""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions import asking, corrections, offered, passing_on
from actions.case import ASKED_TIMES, ASKING, FORM, LOST, QUIET, Case, CaseAction, Events
from actions.opening import being_moved, take_booking, take_opening
from actions.place import take_county
from actions.program import take_program
from casework import handoff, letters
from casework.conversations.tables import WEB
from casework.geography import UnknownPlace
from casework.intake import walk
from casework.reports.asking import asked
from casework.scheduling import booking
from casework.understanding import answers as understanding
from casework.understanding.interrupts import asks, interrupts
from casework.understanding.volunteered import volunteered
from casework.wording import has_wording

STEP = "step"
REQUESTED = "requested_slot"  # Rasa's own slot: without one its form is done
# Questions that may hurt: after the first of them that was answered a pause is offered, once.
HARD = ("inpatient_stays_24_months", "crisis_contacts_24_months", "diagnoses", "impairments")
STUCK = 4  # after so many times in a row a question is not asked again before other ways were offered
PAUSE_OFFERED = "pause_offered"  # slot
DONE = "done"


class ValidateIntakeForm(CaseAction):
    """Reads the answer to the open question, and anything else that was told with it."""

    named = f"validate_{FORM}"

    async def act(self, case: Case) -> Events:
        step = case.asking
        if step is None:
            return [SlotSet(STEP, None)] if await next_step(case) is not None else []
        heard = asking.by_number(case, step)
        apart = await offered.asks_after(case, heard)
        case.heard = case.heard if apart else heard
        told = await corrections.note(case, step)
        if apart and not told:
            return []  # a yes or a no to what was asked besides
        if step == walk.SHARING and not told and await passing_on.heard(case):
            return [SlotSet(STEP, await self._finished(case)), SlotSet(LOST, 0)]
        if told and step == walk.SHARING:
            # "no the zip is wrong its 60614": that no is about the ZIP. It is shown anew before it is asked again.
            case.remember(passing_on.CHANGING, passing_on.AGAIN)
            return [SlotSet(STEP, await self._finished(case)), SlotSet(LOST, 0)]
        if told and await next_step(case) != step:
            # What was told took the open question with it (another place: other programs).
            return [SlotSet(STEP, await self._finished(case)), SlotSet(LOST, 0)]
        try:
            taken = await self._take(case, step)
        except UnknownPlace as unknown:
            case.say("utter_military_zip" if unknown.military else "utter_unknown_zip")
            return [SlotSet(STEP, None), SlotSet(LOST, 0)]
        if taken and step == passing_on.asked_again(case):
            await passing_on.changed(case, step)
        if taken or told:
            return [SlotSet(STEP, await self._finished(case)), SlotSet(LOST, 0)]
        if self._explain(case, step):
            return [SlotSet(STEP, None), SlotSet(LOST, 0)]
        return []  # not an answer: the rules decide what it was

    def _explain(self, case: Case, step: str) -> bool:
        """What the question means, where that is asked; and why an answer to a later question must wait."""
        if case.heard.chosen:
            return False
        if understanding.asks_meaning(case.heard.text) and has_wording(f"utter_explain_{step}"):
            case.say(f"utter_explain_{step}")
            return True
        if step == walk.SAVING and volunteered(case.heard):
            case.say("utter_saving_first")
            return True
        return False

    async def _take(self, case: Case, step: str) -> bool:
        match step:
            case walk.COUNTY:
                return await take_county(case)
            case walk.PROGRAM:
                return await take_program(case)
            case walk.OPENING:
                return await take_opening(case)
            case walk.BOOKING:
                return await take_booking(case)
        if (
            not case.heard.chosen
            and understanding.asks_meaning(case.heard.text)
            and has_wording(f"utter_explain_{step}")
        ):
            return False
        plainly = step in volunteered(case.heard) and not asks(case.heard.text)
        if not plainly and interrupts(case.heard, step):
            return False
        answer = understanding.read(step, case.heard)
        if answer is None:
            return False
        if step == walk.SAVING:
            await self._saving(case, agreed=answer.value is True)
            return True
        if case.answers.get(walk.SAVING) is not True and step == "zip":
            await self._unsaved_zip(case, answer.value)
            return True
        await corrections.write_down(case, step, answer.value)
        if answer.left_open:
            case.say("utter_left_open")
        elif step in HARD and answer.value and not case.slot(PAUSE_OFFERED):
            case.say("utter_pause_offered")
            case.remember(PAUSE_OFFERED, True)
        if step == walk.NAME:
            case.client.name = answer.value
        if step == walk.SHARING:
            await self._share(case, agreed=answer.value is True)
        return True

    async def _saving(self, case: Case, *, agreed: bool) -> None:
        await case.record(walk.SAVING, agreed)
        if agreed:
            case.client.saving_agreed_at = case.client.saving_agreed_at or case.at
            case.say("utter_saving_agreed")
            await corrections.note_earlier(case)
        else:
            case.client.saving_refused_at = case.at
            case.say("utter_saving_refused")

    async def _unsaved_zip(self, case: Case, zip_code: str | None) -> None:
        """Without consent to saving: the places near a ZIP, told and not kept."""
        from actions.program import tell_unsaved

        await tell_unsaved(case, zip_code)
        await case.record("zip", None)

    async def _share(self, case: Case, *, agreed: bool) -> None:
        if agreed:
            await passing_on.hand_over(case)
            case.say("utter_shared")
        else:
            await handoff.take_back(case.session, case.client.id, at=case.at)
            case.say("utter_not_shared")

    async def _finished(self, case: Case) -> str | None:
        if await next_step(case) is not None:
            return None
        if case.answers.get(walk.SHARING) is True:
            await handoff.refresh_open(case.session, case.client.id)
        return DONE


class WalkedThrough(CaseAction):
    """The walk is done: what happens next, where something does, and how to change one's mind."""

    named = "action_walked_through"

    async def act(self, case: Case) -> Events:
        done = [SlotSet(ASKING, None), SlotSet(ASKED_TIMES, 0)]
        if case.slot(QUIET) == str(case.turn_id):
            return done
        booked = await booking.current(case.session, case.client.id, case.at) is not None
        if case.answers.get(walk.SAVING) is not True:
            case.say("utter_menu")  # nothing is kept, so nothing follows; what the line can do besides
        elif booked or case.answers.get(walk.SHARING) is True:
            case.say("utter_what_happens_next")
        if booked:
            case.say("utter_change_hint")
        if case.conversation.channel == WEB and case.answers.get(walk.SAVING) is True:
            case.say("utter_letter_link", link=letters.page_url(case.client.id, case.at))
        return done


async def next_step(case: Case) -> str | None:
    """The next question. An appointment ahead leaves out the choosing of one, unless it is being moved."""
    if fact := passing_on.asked_again(case):
        return fact
    appointment = await booking.current(case.session, case.client.id, case.at)
    return walk.next_step(case.answers, booked=appointment is not None and await being_moved(case) is None)


class AskStep(CaseAction):
    """Asks the next question: once in one wording, then in another; never twice in a row in the same words."""

    named = f"action_ask_{FORM}_{STEP}"

    async def act(self, case: Case) -> Events:
        step = await next_step(case)
        if step is None:
            return _nothing_left()
        if case.slot(QUIET) == str(case.turn_id):
            return []
        times = int(case.tracker.get_slot(ASKED_TIMES) or 0) if step == case.asking else 0
        if case.metadata.get("away") and len(case.answers) > 1 and case.heard.intent != "resume":
            case.say("utter_welcome_back")
        if times and times % STUCK == 0 and step not in (walk.PROGRAM, walk.OPENING, walk.BOOKING, walk.SAVING):
            case.say("utter_stuck")
            return [SlotSet(ASKING, step), SlotSet(ASKED_TIMES, times + 2)]  # the wordings go on taking turns
        events = await asking.ask(case, step, times)
        while (then := await next_step(case)) != step:  # there was nothing to choose from
            if then is None:
                return [*events, *_nothing_left()]
            step, times = then, 0
            events += await asking.ask(case, step, times)
        await asked(case.session, case.client.id, step, case.at)
        put = passing_on.picking(case) is None  # else what to change was asked in its place
        return [*events, SlotSet(ASKING, step), SlotSet(ASKED_TIMES, times + put)]


def _nothing_left() -> Events:
    """Ends the form, also where what was left was answered by other ways (an appointment that was kept, or made)."""
    return [SlotSet(ASKING, None), SlotSet(ASKED_TIMES, 0), SlotSet(REQUESTED, None)]

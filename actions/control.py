"""Steering the conversation: begin, why, back, repeat, menu, start over, pause, return, other language, a person.

Inside the form each of them ends by letting the form ask its question again, in other words than before.
"""

from __future__ import annotations

from rasa_sdk.events import ActiveLoop, AllSlotsReset, FollowupAction, SlotSet

from actions import corrections, offered
from actions.case import FORM, Case, CaseAction, Events
from actions.form import STEP, next_step
from casework import handoff, records
from casework.conversations.people import set_language
from casework.handoff import promise
from casework.intake import answers as told
from casework.intake import walk
from casework.scheduling import booking

SURE_OF_PERSON = 0.5  # below this the client is asked: the assistant falls silent once people have the conversation


def go_on(case: Case) -> Events:
    """Back to the open question, where there is one."""
    return [FollowupAction(FORM)] if case.in_form else []


async def begin(case: Case) -> Events:
    """Begins the walk or goes on with it; where it is through, what else the line can do."""
    if await next_step(case) is None:
        return await offer_menu(case)
    return [SlotSet(STEP, None), FollowupAction(FORM)]


async def corrected(case: Case) -> Events | None:
    """Outside the form: a correction is taken whatever else the text was read as. None where it holds none."""
    if case.in_form or not await corrections.note(case, None):
        return None
    return await begin(case) if await next_step(case) is not None else []


async def offer_menu(case: Case) -> Events:
    """What the line can do for this client now."""
    appointment = await booking.current(case.session, case.client.id, case.at)
    case.say("utter_menu_booked" if appointment else "utter_menu")
    return case.ask_nothing_more()


async def ask_saving_anew(case: Case) -> Events:
    """For somebody who did not want their answers saved and now asks for what needs them."""
    case.say("utter_needs_saving")
    await case.forget(walk.SAVING, "zip")
    return await begin(case)


class Open(CaseAction):
    """Starts the walk, or goes on with it; somebody who is through is told where things stand."""

    named = "action_open"

    async def act(self, case: Case) -> Events:
        told = await corrected(case)
        if await next_step(case) is not None:
            return await begin(case)
        if told is not None:
            return told
        if case.answers.get(walk.SAVING) is not True:
            if case.heard.intent == "find_program":
                await case.forget("zip")
                return await begin(case)
            return await (offer_menu(case) if case.heard.intent == "greet" else ask_saving_anew(case))
        if case.heard.intent == "check_eligibility":
            from actions.appointment import tell_again

            await tell_again(case)
            return []
        if case.heard.intent in ("find_program", "book_appointment", "find_case_manager"):
            appointment = await booking.current(case.session, case.client.id, case.at)
            if appointment is None:
                await case.forget(walk.PROGRAM, walk.OPENING, walk.BOOKING)
                return await begin(case)
        return await offer_menu(case)


class Why(CaseAction):
    named = "action_why"

    async def act(self, case: Case) -> Events:
        if case.asking is None:
            case.say("utter_why_default")
            return go_on(case)
        case.say(f"utter_why_{case.asking}" if case.asking not in _OWN else "utter_why_default")
        return go_on(case)


_OWN = (walk.PROGRAM, walk.OPENING, walk.BOOKING)


class GoBack(CaseAction):
    """Takes the last answer back and asks its question again."""

    named = "action_go_back"

    async def act(self, case: Case) -> Events:
        if (told_now := await corrected(case)) is not None:
            return told_now
        if case.asking == walk.BOOKING:
            await case.let_go_of_held()
        last = await told.last_asked(case.session, case.client.id)
        if last is None or last == walk.BOOKING:
            case.say("utter_nothing_to_go_back_to")
            return go_on(case)
        await case.forget(last, *walk.depends_on(last))
        if last == walk.SHARING:
            await handoff.take_back(case.session, case.client.id, at=case.at)
        case.say("utter_gone_back")
        return await begin(case)


class Repeat(CaseAction):
    """The question again, in other words; outside the form the last thing that was said."""

    named = "action_repeat"

    async def act(self, case: Case) -> Events:
        if case.in_form:
            return go_on(case)
        last = next(
            (e for e in reversed(case.tracker.events) if e.get("event") == "bot" and e.get("text")), {"text": None}
        )
        if last["text"]:
            case.tell(str(last["text"]))
        else:
            case.say("utter_menu")
        return []


class Menu(CaseAction):
    named = "action_menu"

    async def act(self, case: Case) -> Events:
        return await offer_menu(case)


class Restart(CaseAction):
    """Asked first: all answers are taken back (staff still see them); an appointment stands until it is called off."""

    named = "action_restart"

    async def act(self, case: Case) -> Events:
        if not case.heard.entity("answer") and len(case.answers) > 1:
            case.say("utter_ask_restart")
            return case.ask_nothing_more()
        await case.let_go_of_held()
        keep = case.answers.get(walk.SAVING)
        await told.forget_all(case.session, case.client.id, at=case.at)
        case.answers = {}
        await handoff.take_back(case.session, case.client.id, at=case.at)
        if keep is True:
            await case.record(walk.SAVING, True)
        case.say("utter_started_over")
        return await begin(case)


class Pause(CaseAction):
    """Everything is kept; any text brings them back to where they were."""

    named = "action_pause"

    async def act(self, case: Case) -> Events:
        case.say("utter_paused")
        return [SlotSet("paused", True), *case.ask_nothing_more()]


class Resume(CaseAction):
    """ "Where was I": what is known so far, then the open question."""

    named = "action_resume"

    async def act(self, case: Case) -> Events:
        left = walk.questions_left(case.answers)
        if len(case.answers) > 1 and await next_step(case) is not None:
            if left > 1 and case.answers.get(walk.SAVING) is True:
                case.say("utter_where_you_were", left=left)
            else:
                case.say("utter_nearly_there")
        return [SlotSet("paused", None), *await begin(case)]


class TalkToPerson(CaseAction):
    """A person is asked for: the conversation is people's from here, and the client is told what happens."""

    named = "action_talk_to_person"

    async def act(self, case: Case) -> Events:
        if not case.heard.chosen and case.heard.confidence < SURE_OF_PERSON:
            case.say("utter_ask_person")
            return case.ask_nothing_more()
        made = await handoff.to_people(
            case.session,
            case.client,
            case.conversation,
            reason="person_asked",
            urgency=2,
            at=case.at,
            turn_id=case.turn_id,
        )
        case.say("utter_person_comes")
        when = promise.in_words(made.promised_at, case.at, case.client.zone, case.language)
        if when:
            case.tell(when)
        return case.ask_nothing_more()


class Language(CaseAction):
    """The other language, from now on."""

    named = "action_switch_language"

    async def act(self, case: Case) -> Events:
        from casework.understanding.language import asked_for

        case.client.language = asked_for(case.heard.text) or ("en" if case.language == "es" else "es")
        await set_language(case.session, case.client.id, case.client.language)
        case.say("utter_language_switched")
        return [SlotSet("language", case.client.language), *(go_on(case) or await begin(case))]


class Erase(CaseAction):
    """Asks for a plain yes before anything is erased; asked for once more after that is one."""

    named = "action_ask_erase"

    async def act(self, case: Case) -> Events:
        if await offered.asked_just_now(case):
            return await EraseNow().act(case)
        case.say("utter_ask_erase")
        return case.ask_nothing_more()


class EraseNow(CaseAction):
    """Erases what was told and what was made of it, and asks staff to erase the rest: the messages, what staff wrote
    themselves. What of that the law wants kept is a person's to decide."""

    named = "action_erase"

    async def act(self, case: Case) -> Events:
        await case.let_go_of_held()
        await records.erase_told(case.session, case.client)
        case.answers = {}
        await handoff.take_back(case.session, case.client.id, at=case.at)
        await handoff.to_people(
            case.session,
            case.client,
            case.conversation,
            reason="erase_asked",
            urgency=2,
            at=case.at,
            take_over=False,
        )
        case.say("utter_erase_noted")
        kept = [SlotSet("welcomed", True), SlotSet("language", case.language)]
        return [ActiveLoop(None), AllSlotsReset(), *kept]


class Skip(CaseAction):
    """A skip where the form does not stand: of the question that was left open, if there is one."""

    named = "action_skip"

    async def act(self, case: Case) -> Events:
        if case.asking is not None and await next_step(case) is not None:
            return await begin(case)
        case.say("utter_nothing_to_skip")
        return await offer_menu(case)

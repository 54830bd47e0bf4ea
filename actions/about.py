"""Answering what clients ask and say besides: questions, needs, feelings, thanks, and what was not understood."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions import corrections, offered, passing_on, replies
from actions.appointment import Cancel
from actions.case import ASKING, LOST, Case, CaseAction, Events
from actions.control import EraseNow, begin, corrected, go_on, offer_menu
from actions.corrections import SURE
from actions.form import next_step
from actions.opening import tell_booked
from actions.program import tell_unsaved
from casework import handoff
from casework.directory import help_near
from casework.geography import UnknownPlace
from casework.intake import walk
from casework.intake.seeking import seeker
from casework.scheduling import waitlist
from casework.scheduling.errors import AppointmentClosed, OpeningGone, OpeningTaken
from casework.understanding.answers import read
from casework.understanding.interrupts import OFFER_ANSWERS, asks
from casework.understanding.yes_no import in_other_words

SURE_OUT = 0.60  # below this a text that seems to want something else may well be an answer that was not understood
_LISTS = (walk.PROGRAM, walk.OPENING, "diagnoses", "impairments", "payer")  # a bare yes says too little
SHORT = 3
_CHANCE = ("complaint", "express_distress", "bot_challenge")
_ASKABLE = ("faq_", "need_", "book_", "reschedule_", "cancel_", "find_", "check_", "talk_", "appointment_", "intake_")


class Answer(CaseAction):
    """A question about case management, answered in two short texts at most; then back to the open question."""

    named = "action_answer"

    async def act(self, case: Case) -> Events:
        if case.heard.confidence < SURE:
            return await unsure(case)
        case.say(f"utter_{case.heard.intent}")
        return [SlotSet(LOST, 0), *_on(case)]


def _on(case: Case) -> Events:
    """Inside the form the question again; outside an offer to begin, once."""
    if case.in_form:
        return go_on(case)
    if not case.answers:
        case.say("utter_offer_to_begin")
    return []


class NeedSaid(CaseAction):
    """A need: what helps now, and it goes onto the summary. Before the client agreed to saving nothing is promised:
    `corrections.note_earlier` brings it back once they did.
    """

    named = "action_need"

    async def act(self, case: Case) -> Events:
        if case.heard.confidence < SURE:
            return await unsure(case)
        need, besides = case.heard.intent.removeprefix("need_"), []
        if (near := await _help_near(case, need)) is not None:
            besides.append(near)
        if case.answers.get(walk.SAVING) is True:
            await corrections.put_need(case, need, case.turn_id)
            await handoff.refresh_open(case.session, case.client.id)
            besides.append(case.word(f"utter_noted_need_{need}"))
        now = case.word(f"utter_need_{need}")
        # Two texts where a place is named: one would be longer than phones show whole.
        for text in (now, " ".join(besides)) if near else (" ".join([now, *besides]),):
            case.tell(text)
        return [SlotSet(LOST, 0), *_on(case)]


async def _help_near(case: Case, need: str) -> str | None:
    """Who near the client's ZIP helps with this need, and their phone."""
    who = seeker(case.answers, case.language)
    found = await help_near(case.session, who, need) if who else None
    if found is None:
        return None
    number = replies.phone(found.intake_phone or found.phone)
    return case.word("utter_need_near", program=found.organization, phone=number)


class Say(CaseAction):
    """Answers that are one response, by intent."""

    named = "action_say"

    async def act(self, case: Case) -> Events:
        intent, sure = case.heard.intent, case.heard.confidence
        if intent in _CHANCE and sure < SURE:
            return await unsure(case)
        again = bool(case.tracker.get_slot(LOST))
        if intent == "out_of_scope" and case.in_form and (again or sure < SURE_OUT or _may_be_an_answer(case)):
            return await unsure(case)
        case.say(f"utter_{intent}")
        if intent == "complaint":
            await handoff.to_people(
                case.session, case.client, case.conversation, reason="complaint", urgency=2, at=case.at, take_over=False
            )
        if not case.in_form:
            if not case.answers and intent != "goodbye":
                case.say("utter_offer_to_begin")
            return [SlotSet(LOST, 0)]
        if intent != "goodbye":
            # The question stands; a list of choices after "thanks" would only crowd it out.
            case.say("utter_nudge")
        return [SlotSet(LOST, int(intent == "out_of_scope")), *case.ask_nothing_more()]


def _may_be_an_answer(case: Case) -> bool:
    """A word or two that ask nothing: where a question is open, it was meant as its answer."""
    return len(case.words.split()) < SHORT and not asks(case.words)


class NotUnderstood(CaseAction):
    """First which of two was meant; then what helps here; then a person. Never twice the same words."""

    named = "action_default_fallback"

    async def act(self, case: Case) -> Events:
        if (told := await corrected(case)) is not None:
            return told
        if (asked := await offered.ask_which(case)) is not None:
            return asked
        if case.heard.intent == "deny":
            if await answer_offer(case, accepts=False):
                return []
            if not case.in_form and case.asking is not None:
                return await begin(case)  # a no to the question that was left open
            if not case.in_form:
                case.say("utter_no_worries")
                return []
        return await unsure(case)


async def answer_offer(case: Case, *, accepts: bool, late: bool = False) -> bool:
    """The answer to an opening that came free and was offered; False where none is on offer, nor was of `late`."""
    entry = await waitlist.offered_to(case.session, case.client.id, case.at, late=late)
    if entry is None:
        return False
    try:
        booked = await waitlist.answer(case.session, entry.id, accepts=accepts, at=case.at)
    except (OpeningTaken, OpeningGone, AppointmentClosed):
        case.say("utter_waitlist_expired")
        return True
    if booked is None:
        case.say("utter_waitlist_passed")
    else:
        await tell_booked(case, booked)
        await passing_on.chosen_anew(case)
    return True


async def unsure(case: Case) -> Events:
    """What to do with a text that was not understood well enough."""
    if case.metadata.get("media") and not case.words:
        case.say("utter_picture")
        return [*go_on(case)]
    if not case.words.strip():
        case.say("utter_empty_text")
        return [*go_on(case)]
    lost = int(case.tracker.get_slot(LOST) or 0)
    if lost == 0:
        meant = _two_likeliest(case)
        if len(meant) == 2:
            case.say("utter_which_of_two", choices=meant)
            return [SlotSet(LOST, 1), *case.ask_nothing_more()]
    if case.in_form and lost < 2:
        # The question in other words says which forms of answer help. "Ok" after an explanation is no mistake.
        if case.heard.intent != "affirm":
            case.say("utter_missed_that")
        return [SlotSet(LOST, lost + 1), *go_on(case)]
    if lost < 2:
        case.say("utter_not_understood")
        return [SlotSet(LOST, lost + 1)]
    # Alone: its choices must be the last ones that the client sees.
    case.say("utter_offer_person_or_skip" if case.in_form else "utter_offer_person")
    return [SlotSet(LOST, 0), *case.ask_nothing_more()]


def _two_likeliest(case: Case) -> list[dict[str, str]]:
    """The two likeliest things that were meant, in words."""
    from casework.wording import NoWording

    choices: list[dict[str, str]] = []
    ranking = (case.tracker.latest_message.get("intent_ranking") or ())[:2]
    if case.in_form and (len(case.words.split()) < 3 or sum(float(each["confidence"]) for each in ranking) < SURE):
        return []  # short, or nothing stands out: more likely an answer that was not understood
    for ranked in ranking:
        name = str(ranked["name"])
        if not name.startswith(_ASKABLE):
            continue
        try:
            choices.append({"title": case.word(f"utter_title_{name}"), "payload": f"/{name}"})
        except NoWording:
            continue
        if len(choices) == 2:
            break
    return choices


_AGREED_TO: dict[str, type[CaseAction]] = {"cancel_appointment": Cancel, "delete_my_data": EraseNow}


async def _chose_of_offer(case: Case, answer: str) -> None:
    """A choice of an opening that came free, also while a question is open, and after the two hours."""
    if answer == "offer_leave":
        last = await waitlist.offered_to(case.session, case.client.id, case.at, late=True)
        await waitlist.leave(case.session, case.client.id, last.program_id if last else None, at=case.at)
        case.say("utter_waitlist_left")
    elif not await answer_offer(case, accepts=answer == "offer_yes", late=answer == "offer_yes"):
        case.say("utter_waitlist_expired")


class StartFromAnywhere(CaseAction):
    """A bare yes, or an answer, where nothing is open: an opening on offer is taken, else the walk goes on."""

    named = "action_go_on"

    async def act(self, case: Case) -> Events:
        answer = case.heard.entity("answer")[:1]
        if answer in OFFER_ANSWERS:
            await _chose_of_offer(case, answer[0])
            return go_on(case)
        if not case.in_form and await answer_offer(case, accepts=True):
            return go_on(case)
        if (action := _AGREED_TO.get(await offered.agreed_to(case) or "")) is not None:
            return await action().act(case)
        if (asked := await offered.ask_which(case)) is not None:
            return asked
        if case.in_form:  # it was no answer to the question that is open
            if case.heard.intent == "affirm" and case.asking in _LISTS and not case.tracker.get_slot(LOST):
                case.say("utter_which_number")
                return [SlotSet(LOST, 1), *case.ask_nothing_more()]
            return await unsure(case)
        if await next_step(case) is None:
            return await self._through(case)
        await corrected(case)
        return await begin(case)

    async def _through(self, case: Case) -> Events:
        """The walk is through: a correction is taken, a ZIP of somebody who wants nothing saved is looked up."""
        if case.answers.get(walk.SAVING) is not True:
            place = _place(case)
            if place is not None:
                await tell_unsaved(case, place)
                return []
        elif (told := await corrected(case)) is not None:
            return told
        if case.heard.intent == "affirm":
            if case.answers.get(walk.SHARING) is False and in_other_words(walk.SHARING, case.words):
                # "If you change your mind, text SHARE": the question is open again, and this is its answer.
                await case.forget(walk.SHARING)
                return [SlotSet(ASKING, walk.SHARING), *await begin(case)]
            return await offer_menu(case)
        return await unsure(case)


def _place(case: Case) -> str | None:
    try:
        answer = read("zip", case.heard)
    except UnknownPlace:
        return None
    return answer.value if answer else None

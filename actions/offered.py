"""The choices that the client was offered last, where they are not the open question's own.

A reminder, "shall I call it off?", "which one did you mean?": while they stand, a bare yes or no is said to them. One
that picks a choice ("Yes, call it off") comes as that choice; any other is asked after, and never answers the question
that is open besides.
"""

from __future__ import annotations

from sqlalchemy import func, or_, select

from actions.case import LOST, Case, Events
from casework.conversations.tables import OUT, Message
from casework.understanding.choices import chosen, fold
from casework.understanding.heard import Heard, of_choice
from casework.understanding.interrupts import CHOICE_ANSWERS
from casework.understanding.numbers import word_tables

_BARE = 4  # words: what is longer says what it is about
_OFTEN = 2  # in a row; then other ways are offered
_MENU = 4  # a list from so many choices on is a menu: a yes or a no is not said to it
Choices = list[dict[str, str]]


async def last(case: Case) -> Choices:
    """The choices under the message that this turn came after, whoever wrote it."""
    first = (
        select(func.min(Message.seq))
        .where(Message.conversation_id == case.conversation.id)
        .where(or_(Message.turn_id == case.turn_id, Message.id == case.turn_id))
        .scalar_subquery()
    )
    before = select(Message.choices).where(
        Message.conversation_id == case.conversation.id, Message.direction == OUT, Message.seq < first
    )
    return await case.session.scalar(before.order_by(Message.seq.desc()).limit(1)) or []


async def asks_after(case: Case, heard: Heard) -> Choices:
    """What a bare yes or no is said to, where that is not the open question; else nothing."""
    if case.heard.chosen or heard.intent not in ("affirm", "deny") or len(fold(heard.text).split()) > _BARE:
        return []
    choices = await last(case)
    apart = all(of_choice(each["payload"], "").intent not in CHOICE_ANSWERS for each in choices)
    return choices if apart and len(choices) < _MENU else []


async def ask_which(case: Case) -> Events | None:
    """Which of the choices is meant, where a bare yes or no leaves that open; None where it is no answer to them."""
    lost = int(case.tracker.get_slot(LOST) or 0)
    choices = await asks_after(case, case.heard) if lost < _OFTEN else []
    if not choices or (lost and case.heard.intent == "deny"):
        return None
    case.say("utter_which_number", choices=choices)
    case.remember(LOST, lost + 1)
    return case.ask_nothing_more()


async def agreed_to(case: Case) -> str | None:
    """The intent of the one choice that a yes picks, where the text is a yes with a few words more ("si quitela")."""
    choices = await asks_after(case, case.heard) if case.heard.intent == "affirm" and not _takes_back(case) else []
    payload = chosen("yes", choices)
    return None if payload is None else of_choice(payload, "").intent


def _takes_back(case: Case) -> bool:
    return bool(set(fold(case.heard.text).split()) & set(word_tables()["not_a_yes"]["words"]))


async def asked_just_now(case: Case) -> bool:
    """Whether what the client asks for was put to them just now as a question, and they ask for it again.

    "cancel it" after "shall I call it off?" is a yes; with a no or a "don't" in it it is none.
    """
    if _takes_back(case):
        return False
    return await _asked_about(case, case.heard.intent)


async def asked_to_call_off(case: Case) -> bool:
    """Whether the client was asked just now whether to call an appointment off."""
    return await _asked_about(case, "cancel_appointment")


async def _asked_about(case: Case, intent: str) -> bool:
    offered = (of_choice(each["payload"], "") for each in await last(case))
    return any(each.intent == intent and each.entity("answer") == ["yes"] for each in offered)


async def about(case: Case) -> list[str]:
    """The appointment that the choices were about which this turn came after (a reminder's, "shall I call it off?")."""
    offered = (of_choice(each["payload"], "") for each in await last(case))
    return list(dict.fromkeys(str(value) for each in offered for value in each.entity("appointment")))

"""What a client answers to their plan, and the question where they stand, read before the assistant's turn.

These work whoever has the conversation and whether or not the dialogue model is there: an agreement that got lost in a
person's queue would be a plan nobody begins with. Only whole, plain answers are read here (a choice that was offered,
its number, the words in `data/understanding/plan.toml`); everything else is the assistant's, or people's, to answer.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import handoff
from casework.conversations.tables import OUT, SYSTEM, Client, Conversation, Message
from casework.delivery import outbox
from casework.paths import DATA
from casework.road import moves, plans, progress, rules, tasks
from casework.road.rules import Given, NotAllowed
from casework.road.tables import Case
from casework.settings import get_settings
from casework.understanding.choices import chosen, fold
from casework.wording import say

SHOW, AGREE, CHANGE, STATUS = "show", "agree", "change", "status"
_PAYLOADS = {f'/intake_status{{"answer": "plan_{name}"}}': name for name in (SHOW, AGREE, CHANGE)}


@lru_cache
def _words() -> dict[str, str]:
    table = tomllib.loads((DATA / "understanding" / "plan.toml").read_text(encoding="utf-8"))
    return {fold(phrase): name for name in (AGREE, SHOW, CHANGE, STATUS) for phrase in table[name]["phrases"]}


async def act(
    session: AsyncSession, client: Client, conversation: Conversation, message: Message, *, at: datetime
) -> bool:
    """Does what the message asks for, if it is one of these; False where it is not."""
    case = await session.get(Case, client.id)
    if case is None:
        return False
    meant = await _meant(session, conversation, message, case)
    match meant:
        case "show":
            return await _show(session, client, conversation)
        case "agree":
            return await _agree(session, client, conversation, message, at)
        case "change":
            return await _change(session, client, conversation, message, at)
        case "status":
            if not await _where(session, client, conversation, at):
                words = await progress.before_intake(session, client, at)
                await outbox.put(session, client, conversation, words, author=SYSTEM)
            return True
    return False


async def _where(session: AsyncSession, client: Client, conversation: Conversation, at: datetime) -> bool:
    """Tells where things stand on the road; False before the intake."""
    told = await progress.status(session, client, at)
    for words, choices in told or ():
        await outbox.put(session, client, conversation, words, author=SYSTEM, choices=choices)
    return told is not None


async def _meant(session: AsyncSession, conversation: Conversation, message: Message, case: Case) -> str | None:
    if message.payload is not None:
        return _PAYLOADS.get(message.payload)
    word = _words().get(fold(message.text))
    if word == STATUS or (word is not None and case.stage == rules.PLAN_DRAFTED):
        return word
    if case.stage in (rules.SCREENING, rules.INTAKE_BOOKED):
        return None
    offered = await session.scalar(
        select(Message.choices)
        .where(Message.conversation_id == conversation.id, Message.direction == OUT, Message.seq < message.seq)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return _PAYLOADS.get(chosen(message.text, offered or []) or "")


async def _show(session: AsyncSession, client: Client, conversation: Conversation) -> bool:
    words = await progress.plan_in_words(session, client)
    if words is None:
        return False
    await outbox.put(session, client, conversation, words, author=SYSTEM)
    plan = await plans.open_plan(session, client.id)
    if plan is not None and plan.status == "offered":
        await _say(session, client, conversation, "utter_plan_agree")
    return True


async def _agree(
    session: AsyncSession, client: Client, conversation: Conversation, message: Message, at: datetime
) -> bool:
    try:
        await moves.change(
            session,
            client.id,
            rules.PLAN_DRAFTED,
            rules.PLAN_APPROVED,
            Given(),
            at,
            staff_id=None,
            message_id=message.id,
        )
    except NotAllowed:
        # Agreed to already, or taken back meanwhile: they are told where things stand instead.
        return await _where(session, client, conversation, at)
    await _say(session, client, conversation, "utter_plan_agreed")
    return True


async def _change(
    session: AsyncSession, client: Client, conversation: Conversation, message: Message, at: datetime
) -> bool:
    """The plan is a draft again, and a person reads what the client would change."""
    try:
        await moves.change(session, client.id, rules.PLAN_DRAFTED, rules.ASSESSED, Given(), at, staff_id=None)
    except NotAllowed:
        return False
    await tasks.open_one(session, client.id, "plan_change", tasks.today(at))
    await handoff.to_people(session, client, conversation, reason="plan_change", urgency=2, at=at, turn_id=message.id)
    await _say(session, client, conversation, "utter_plan_change")
    return True


async def _say(session: AsyncSession, client: Client, conversation: Conversation, response: str) -> None:
    wording = say(response, client.language, agency=get_settings().agency_name)
    await outbox.put(session, client, conversation, wording.text, author=SYSTEM, choices=wording.choices)

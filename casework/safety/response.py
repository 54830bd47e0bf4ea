"""What happens when a message shows danger, inside the transaction that stores the message.

    crisis    the resources leave ahead of everything else, a person is paged, the screening pauses; then the line
              stays with the client, whatever they answer, until they want to go on or staff release it
    concern   acknowledged once in a while, with 988 and a person offered; the conversation goes on
    none      noted

Nothing here asks for consent, an idle queue, the dialogue model or the assistant's ownership of the conversation.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import structlog
from sqlalchemy import Boolean, Table, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import handoff
from casework.conversations import people
from casework.conversations.tables import ASSISTANT, IN, PERSON, Client, Conversation, Message
from casework.delivery import keywords
from casework.handoff import presence
from casework.handoff.tables import Handoff
from casework.safety import alarms, answers, hours, resources, staying
from casework.safety.assess import Assessment, Reading
from casework.safety.beside import end
from casework.safety.levels import CONCERN, CRISIS, NONE
from casework.safety.tables import Alarm, SafetyAssessment
from casework.settings import get_settings
from casework.storage import notify

log = structlog.get_logger(__name__)

IN_A_ROW = timedelta(minutes=5)  # earlier texts of so long ago are read together with a new one
READ_WITH = 6  # ...at most so many
RUNNING_ON = timedelta(seconds=8)  # ...without question those of so long ago: one sentence in pieces
ALONE = 0.1  # ...and of those before that were answered only what sounded of danger by itself at least so much
SAME_WALL = timedelta(minutes=30)  # within it the full list of numbers is not said again
CONCERN_LASTS = timedelta(hours=12)  # ...and so long a concern is acknowledged once
SOON, NOW = 2, 3  # urgencies of the queue

_CRISIS_BEFORE = (
    select(func.coalesce(func.max(Message.seq), 0))
    .join(SafetyAssessment, SafetyAssessment.message_id == Message.id)
    .where(SafetyAssessment.conversation_id == bindparam("conversation"), SafetyAssessment.level == CRISIS)
    .scalar_subquery()
)
_BY_PERSON = (
    select(func.coalesce(func.max(Message.seq), 0))
    .where(Message.conversation_id == bindparam("conversation"), Message.author == PERSON)
    .scalar_subquery()
)
_UNANSWERED = or_(
    and_(bindparam("held", type_=Boolean), Message.seq > _BY_PERSON),
    Message.handled_at.is_(None),
    Message.created_at > bindparam("running_on"),
)
_JUST_BEFORE = (  # made once: every text that comes in asks it
    select(Message.text, _UNANSWERED)
    .outerjoin(SafetyAssessment, SafetyAssessment.message_id == Message.id)
    .where(
        Message.conversation_id == bindparam("conversation"),
        Message.direction == IN,
        Message.payload.is_(None),  # what was tapped is in our words
        Message.seq < bindparam("seq"),
        Message.seq > _CRISIS_BEFORE,
        Message.created_at > bindparam("in_a_row"),
        or_(_UNANSWERED, SafetyAssessment.score >= ALONE, SafetyAssessment.level != NONE),
    )
    .order_by(Message.seq.desc())
    .limit(READ_WITH)
)
_FOUND = insert(cast(Table, SafetyAssessment.__table__)).values(
    {
        name: bindparam(name)
        for name in ("message_id", "conversation_id", "level", "kinds", "score", "reasons", "model_version")
    }
)


@dataclass(frozen=True)
class Verdict:
    """`taken`: the message was answered here and is no business of keywords or the assistant."""

    level: str
    taken: bool


async def on_message(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    message: Message,
    reading: asyncio.Task[Reading],
    *,
    command: bool = False,
    at: datetime,
) -> Verdict:
    """Assesses one inbound message, the reading of which has begun, and does what its level asks for. Called for every
    message, in every state.

    `command`: it is one to the carrier or the line, which may have words of its own ("no more texts"). Like a choice
    that was offered ("I'm safe, go on") it is no worry then, but may be danger.
    """
    settled, since = await _just_before(session, conversation, message, at)
    ours = bool(settled or since) and await staying.offered(session, conversation, message)
    if ours:
        settled = since = ()  # the words are ours: "no im 35", "thats wrong", "None, it is right" are not one text
    found = await end(reading, since, settled)
    if found.level == CONCERN and (command or ours or await staying.offered(session, conversation, message)):
        found = replace(found, level=NONE, kinds=[], reasons=[*found.reasons, {"meant": "command or choice"}])
    await session.execute(_FOUND, {"message_id": message.id, "conversation_id": conversation.id, **vars(found)})
    # "ya estoy bien" is an answer to a line that asked; only there, and only whole short answers that the data lists.
    answered = conversation.safety == CRISIS and answers.understand(message.text) is not None
    if found.level == CRISIS and not answered:
        await _crisis(session, client, conversation, message, found, at)
        return Verdict(CRISIS, taken=True)
    if conversation.safety == CRISIS:
        return await _while_in_crisis(session, client, conversation, message, found.level, at)
    if found.level == CONCERN:
        await _concern(session, client, conversation, found, at)
    elif conversation.safety == CONCERN and _older(conversation.safety_since, CONCERN_LASTS, at):
        conversation.safety, conversation.safety_since = NONE, None
    return Verdict(found.level, taken=False)


async def release(session: AsyncSession, conversation: Conversation, staff_id: uuid.UUID, at: datetime) -> None:
    """Staff say that the danger is over: the screening may go on, the alarm is closed."""
    conversation.safety, conversation.safety_since = NONE, None
    alarm = await session.scalar(
        select(Alarm).where(Alarm.conversation_id == conversation.id, Alarm.status != alarms.CLOSED)
    )
    if alarm is not None:
        await alarms.close(session, alarm.id, staff_id, at)
    await notify(session, kind="safety", conversation=conversation.id)


async def _just_before(
    session: AsyncSession, conversation: Conversation, message: Message, at: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The client's texts of the last minutes, the oldest first: those that were answered, and those since then, for
    danger may be spread over several.

    Not those up to the last crisis: that was answered, and "im ok now" must not be read as a part of it. Nor those that
    answered a question and gave no reason for doubt: "idk", "none of your business" and "a person please" are three
    answers, and read as one text they sound like despair.
    """
    rows = await session.execute(
        _JUST_BEFORE,
        {
            "conversation": conversation.id,
            "seq": message.seq,
            "held": conversation.owner == PERSON,
            "in_a_row": at - IN_A_ROW,
            "running_on": at - RUNNING_ON,
        },
    )
    texts = [(text, bool(since)) for text, since in reversed(rows.all())]
    return tuple(text for text, since in texts if not since), tuple(text for text, since in texts if since)


async def _crisis(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    message: Message,
    found: Assessment,
    at: datetime,
) -> None:
    kinds = found.kinds
    veteran = await resources.is_veteran(session, client, message.text)
    response = resources.for_crisis(kinds, veteran=veteran)
    told = await _told_lately(session, conversation, message, response, veteran=veteran, at=at)
    if conversation.safety != CRISIS:
        conversation.safety, conversation.safety_since = CRISIS, at
    await _call_people(session, client, conversation, message, kinds, at)
    await staying.say_to(session, client, conversation, resources.AGAIN if told else response)
    if told or not people.reachable(client, conversation):
        return  # the carrier stops what is texted to who opted out, even now; what was said is kept
    conversation.safety_told_at = at
    if hours.closed(get_settings().agency_hours, at, get_settings().agency_holidays):
        await staying.say_to(session, client, conversation, resources.OUT_OF_HOURS, choices=False)


async def _call_people(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    message: Message,
    kinds: list[str],
    at: datetime,
) -> None:
    """Pages a person and puts the client at the head of the queue. The assistant keeps the conversation until
    somebody takes it: nobody in danger is left with silence.
    """
    await alarms.raise_alarm(session, conversation, message_id=message.id, level=CRISIS, kinds=kinds, at=at)
    try:
        async with session.begin_nested():
            await handoff.to_people(session, client, conversation, reason="crisis", urgency=NOW, at=at, take_over=False)
    except Exception:
        # The queue's row is for the record; the alarm and the reply must leave even if a summary cannot be made.
        log.exception("crisis_handoff_failed", conversation=str(conversation.id))


async def _told_lately(
    session: AsyncSession,
    conversation: Conversation,
    message: Message,
    response: str,
    *,
    veteran: bool,
    at: datetime,
) -> bool:
    """Whether these very resources were sent within SAME_WALL: other kinds of danger have other numbers."""
    if conversation.safety_told_at is None or _older(conversation.safety_told_at, SAME_WALL, at):
        return False
    earlier = await session.scalars(
        select(SafetyAssessment.kinds).where(
            SafetyAssessment.conversation_id == conversation.id,
            SafetyAssessment.level == CRISIS,
            SafetyAssessment.message_id != message.id,
            SafetyAssessment.created_at > at - SAME_WALL,
        )
    )
    return response in {resources.for_crisis(kinds, veteran=veteran) for kinds in earlier}


async def _while_in_crisis(
    session: AsyncSession, client: Client, conversation: Conversation, message: Message, level: str, at: datetime
) -> Verdict:
    """The client writes on in a crisis. STOP and START keep their meaning; a person who is there answers for themself;
    else the line stays with the client, whoever the conversation belongs to.
    """
    keyword = keywords.recognise(message.text)
    stopped = client.opted_out_at is not None
    if keyword and (keyword.name == "stop" or (stopped and keyword.name in ("start", "yes"))):
        if keyword.name != "stop" and conversation.channel == "sms":
            await staying.say_to(session, client, conversation, resources.STAYING, even_if_opted_out=True)
        return Verdict(level, taken=False)
    meaning = await staying.meaning(session, conversation, message)
    if meaning in (answers.NOT_SAFE, answers.PERSON):
        await _call_people(session, client, conversation, message, [], at)
    if await presence.is_there(session, conversation, at):
        return Verdict(level, taken=False)
    if meaning == answers.GO_ON:
        conversation.safety, conversation.safety_since = NONE, None
        if conversation.owner == PERSON:  # and nobody is there: they would go on with nobody
            conversation.owner, conversation.staff_id, conversation.owner_turn = ASSISTANT, None, None
            await presence.assistant_back(session, client, conversation, at)
        message.payload = staying.RESUME
        await notify(session, kind="safety", conversation=conversation.id)
        return Verdict(level, taken=False)
    await staying.say_to(session, client, conversation, staying.REPLIES[meaning])
    return Verdict(level, taken=True)


async def _concern(
    session: AsyncSession, client: Client, conversation: Conversation, found: Assessment, at: datetime
) -> None:
    await session.execute(
        update(Handoff)
        .where(Handoff.client_id == client.id, Handoff.status != "closed", Handoff.urgency < SOON)
        .values(urgency=SOON)
    )
    conversation.safety, conversation.safety_since = CONCERN, at
    await notify(session, kind="safety", conversation=conversation.id)
    if conversation.owner != ASSISTANT or not people.reachable(client, conversation):
        return
    if conversation.safety_told_at is None or _older(conversation.safety_told_at, CONCERN_LASTS, at):
        veteran = await resources.is_veteran(session, client, "")
        await staying.say_to(
            session, client, conversation, resources.for_concern(found.kinds, veteran=veteran), urgent=False
        )
        conversation.safety_told_at = at


def _older(moment: datetime | None, than: timedelta, at: datetime) -> bool:
    return moment is not None and at - moment >= than

"""The assistant's turn: what the client sent since the last one goes to the model, its answer into the outbox.

A turn may be run twice (a worker was killed in the middle); it must answer once. Three things keep that: which messages
make up a turn is written down before the model is asked (`turn_id`); the model answers a message id it has handled from
its own record; and a reply is unique by its turn and position.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, handoff
from casework.conversations import people
from casework.conversations.bot import Bot, Reply, Turn
from casework.conversations.tables import ASSISTANT, IN, OUT, SYSTEM, Client, Conversation, Message
from casework.delivery import outbox
from casework.handoff import promise
from casework.scheduling import booking
from casework.storage import Database, notify
from casework.understanding.choices import chosen
from casework.understanding.late import read_how_late, read_late
from casework.wording import say

log = structlog.get_logger(__name__)
AWAY = timedelta(hours=6)  # after so long a silence the client is welcomed back
GIVE_UP = timedelta(minutes=3)  # a turn that still fails after so long is people's: nobody is left in silence
LATE = "/running_late"
LATE_WITHIN = timedelta(hours=24)  # before the appointment: "late" texted earlier is about something else
GATHER_AT_MOST = timedelta(seconds=8)  # a text that goes on and on in pieces is answered after so long all the same


@dataclass(frozen=True)
class _Asked:
    turn: Turn
    message_ids: list[uuid.UUID]


async def take_turn(
    database: Database,
    bot: Bot,
    conversation_id: uuid.UUID,
    *,
    message_id: uuid.UUID | None = None,
    gather: timedelta = timedelta(0),
    tried_for: timedelta = timedelta(0),
    at: datetime | None = None,
) -> None:
    """Answers what is unanswered, if anything. Raises what stood in the way when it is to be tried again.

    `message_id` is the message whose job this is: while a newer one has come within `gather`, that one's own job will
    answer both. `tried_for` is how long the turn has been tried: after GIVE_UP the conversation goes to people.
    """
    at = at or clock.now()
    async with database.session() as session:
        asked = await _gather(session, conversation_id, at, message_id, gather)
    if asked is None:
        return
    try:
        replies = await bot.turn(asked.turn)
        async with database.session() as session:
            await _answer(session, conversation_id, asked, replies, at)
    except Exception:
        if tried_for < GIVE_UP:
            raise
        async with database.session() as session:
            await _give_up(session, conversation_id, asked, at)


async def give_up(database: Database, conversation_id: uuid.UUID, *, at: datetime | None = None) -> None:
    """Hands what is unanswered in the conversation to people, whatever it is; for a turn that cannot be tried again."""
    at = at or clock.now()
    async with database.session() as session:
        asked = await _gather(session, conversation_id, at)
        if asked is not None:
            await _give_up(session, conversation_id, asked, at)


async def resume(database: Database, bot: Bot, conversation_id: uuid.UUID) -> None:
    """Goes on where the client was, without a text of theirs to answer (they texted START after STOP).

    Answers what is unanswered first; else the newest inbound message becomes the turn, read as "where was I".
    """
    await take_turn(database, bot, conversation_id)
    async with database.session() as session:
        found = await people.by_id(session, conversation_id)
        if found is None or found[1].owner != ASSISTANT or found[1].safety == "crisis":
            return
        last = (
            await session.execute(
                select(Message.id)
                .where(Message.conversation_id == conversation_id, Message.direction == IN)
                .order_by(Message.seq.desc())
                .limit(1)
            )
        ).scalar_one_or_none()
        client, conversation = found
        if last is None:
            return
        turn = Turn(
            conversation_id,
            last,
            "/resume",
            client.language,
            {"turn": str(last), "channel": conversation.channel, "words": "", "media": 0, "away": False},
        )
    replies = await bot.turn(turn)
    async with database.session() as session:
        found = await _locked(session, conversation_id)
        if found is None or found[1].owner != ASSISTANT:
            return
        for position, reply in enumerate(replies):
            await outbox.put(
                session,
                found[0],
                found[1],
                reply.text,
                author=ASSISTANT,
                choices=reply.choices,
                in_reply_to=turn.message_id,
                position=position,
            )


async def _gather(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    at: datetime,
    message_id: uuid.UUID | None = None,
    gather: timedelta = timedelta(0),
) -> _Asked | None:
    """Fixes which messages this turn answers. None where there is nothing to answer, or not yet."""
    found = await people.by_id(session, conversation_id)
    if found is None:
        return None
    client, conversation = found
    waiting = list(
        (
            await session.execute(
                select(Message)
                .where(
                    Message.conversation_id == conversation_id, Message.direction == IN, Message.handled_at.is_(None)
                )
                .order_by(Message.seq)
            )
        ).scalars()
    )
    if not waiting:
        return None
    begun = next((m.turn_id for m in waiting if m.turn_id), None)
    # A turn that handed over itself and was broken off after that still owes its words.
    if conversation.owner != ASSISTANT and (begun is None or conversation.owner_turn != begun):
        _handled(waiting, at)
        return None
    if begun is None and _more_to_come(waiting, message_id, gather, at):
        return None
    pieces = [m for m in waiting if m.turn_id == begun] if begun else waiting
    turn_id = begun or pieces[-1].id
    for piece in pieces:
        piece.turn_id = turn_id
    offered = await _last_choices(session, conversation_id, pieces[0].seq)
    text = "\n".join(piece.text.strip() for piece in pieces if piece.text.strip())
    payload = pieces[-1].payload or chosen(text, offered) or await _late(session, client.id, text, offered, at)
    pause = await _silence_before(session, conversation_id, pieces[0])
    return _Asked(
        Turn(
            conversation_id,
            turn_id,
            payload or text,
            client.language,
            {
                "turn": str(turn_id),
                "channel": conversation.channel,
                "words": text,
                "media": sum(piece.media_count for piece in pieces),
                "away": bool(pause and pause > AWAY),
            },
        ),
        [piece.id for piece in pieces],
    )


async def _late(
    session: AsyncSession, client_id: uuid.UUID, text: str, offered: list[dict[str, str]], at: datetime
) -> str | None:
    """As a choice: that the client is running late, where they have an appointment for which that makes sense."""
    asked = any(choice["payload"].startswith(LATE) for choice in offered)
    late = read_how_late(text) if asked else read_late(text)
    if late is None:
        return None
    appointment = await booking.current(session, client_id, at)
    if appointment is None or appointment.starts_at - at > LATE_WITHIN:
        return None
    return LATE if late.minutes is None else LATE + json.dumps({"answer": str(late.minutes)})


def _more_to_come(waiting: list[Message], message_id: uuid.UUID | None, gather: timedelta, at: datetime) -> bool:
    """Whether to leave the turn to the job of a newer message, which has just come in and has one of its own."""
    newest = waiting[-1]
    if message_id is None or newest.id == message_id or newest.payload is not None:
        return False
    return at - newest.created_at < gather and at - waiting[0].created_at < GATHER_AT_MOST


async def _last_choices(session: AsyncSession, conversation_id: uuid.UUID, before: int) -> list[dict[str, str]]:
    """The choices that the client was last offered; an answer such as "2" is read against them."""
    rows = await session.execute(
        select(Message.choices)
        .where(Message.conversation_id == conversation_id, Message.direction == OUT, Message.seq < before)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return rows.scalar_one_or_none() or []


async def _silence_before(session: AsyncSession, conversation_id: uuid.UUID, first: Message) -> timedelta | None:
    previous = (
        await session.execute(
            select(Message.created_at)
            .where(Message.conversation_id == conversation_id, Message.direction == IN, Message.seq < first.seq)
            .order_by(Message.seq.desc())
            .limit(1)
        )
    ).scalar_one_or_none()
    return first.created_at - previous if previous else None


def _handled(messages: list[Message], at: datetime) -> None:
    for message in messages:
        message.handled_at, message.status = at, "handled"


async def _locked(session: AsyncSession, conversation_id: uuid.UUID) -> tuple[Client, Conversation] | None:
    """The conversation, its row locked: who owns it must not change between reading that and sending."""
    await session.execute(
        select(Conversation.id).where(Conversation.id == conversation_id).with_for_update(key_share=True)
    )
    return await people.by_id(session, conversation_id)


async def _answer(
    session: AsyncSession, conversation_id: uuid.UUID, asked: _Asked, replies: list[Reply], at: datetime
) -> None:
    found = await _locked(session, conversation_id)
    if found is None:
        return
    client, conversation = found
    done = await session.execute(
        update(Message)
        .where(Message.id.in_(asked.message_ids), Message.handled_at.is_(None))
        .values(handled_at=at, status="handled")
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        return  # another worker has answered this turn
    # A person took over, or danger was found, while the model was thinking: its words are kept, not sent.
    stays = conversation.owner == ASSISTANT or conversation.owner_turn == asked.turn.message_id
    if not replies and conversation.owner == ASSISTANT:
        # A gap in the dialogue; whoever wrote is not to find it out by silence.
        log.error("turn_without_words", conversation=str(conversation_id), message=str(asked.turn.message_id))
        wording = say("utter_out_of_scope", client.language)
        replies = [Reply(wording.text, list(wording.choices))]
    for position, reply in enumerate(replies):
        await outbox.put(
            session,
            client,
            conversation,
            reply.text,
            author=ASSISTANT,
            choices=reply.choices,
            in_reply_to=asked.turn.message_id,
            position=position,
            hold_back=not stays or conversation.safety == "crisis",
        )
    await notify(session, kind="message", conversation=conversation_id)


async def _give_up(session: AsyncSession, conversation_id: uuid.UUID, asked: _Asked, at: datetime) -> None:
    """The assistant cannot answer: the conversation is people's, and the client is told."""
    found = await _locked(session, conversation_id)
    if found is None:
        return
    client, conversation = found
    done = await session.execute(
        update(Message)
        .where(Message.id.in_(asked.message_ids), Message.handled_at.is_(None))
        .values(handled_at=at, status="handled")
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        return
    made = await handoff.to_people(
        session,
        client,
        conversation,
        reason="assistant_failed",
        urgency=2,
        at=at,
        turn_id=asked.turn.message_id,
    )
    when = promise.in_words(made.promised_at, at, client.zone, client.language)
    text = " ".join(filter(None, (say("utter_assistant_failed", client.language).text, when)))
    await outbox.put(session, client, conversation, text, author=SYSTEM)

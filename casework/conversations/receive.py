"""A message comes in: stored once, assessed for danger, then given to whoever answers it. All in one transaction.

The order is the promise: danger first, whatever else the message is or the conversation's state; then the keywords
that carriers and law give a meaning to (STOP, START, HELP); then a code that brings a web chat over, and the plain
answers to a plan that was offered; then the assistant's turn, unless a person has the conversation.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, jobs
from casework.conversations import joining, link_codes, waiting
from casework.conversations.tables import ASSISTANT, CLIENT, IN, SMS, Client, Conversation, Message
from casework.delivery import keywords
from casework.handoff import presence
from casework.road import replies
from casework.safety import beside
from casework.safety.assess import Reading
from casework.safety.response import on_message
from casework.storage import new_id, notify
from casework.understanding import language

LONGEST = 10_000  # characters kept of one message; SMS ends at 1,600, the web chat refuses more


@dataclass(frozen=True)
class Inbound:
    """A message as a channel hands it in.

    `provider_id` is Twilio's MessageSid, `client_key` the web client's own id: either makes a repetition known.
    `payload` is a choice as the model reads it; `opt_out` Twilio's OptOutType (STOP, START, HELP), where it sends one.
    """

    text: str
    provider_id: str | None = None
    client_key: uuid.UUID | None = None
    media_count: int = 0
    payload: str | None = None
    opt_out: str | None = None


@dataclass(frozen=True)
class Received:
    message_id: uuid.UUID
    repeated: bool


async def receive(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    inbound: Inbound,
    *,
    gather: timedelta = timedelta(0),
    reading: asyncio.Task[Reading] | None = None,
    at: datetime | None = None,
) -> Received:
    """Stores the message and sets in motion what answers it; a repetition changes nothing.

    `gather` is how long to wait for the rest of a text that comes in pieces; nothing more is expected after a number.
    `reading` is the text's, where it was begun before the client was looked up.
    """
    at = at or clock.now()
    reading = reading or beside.begin(inbound.text)
    message_id = new_id()
    message = await session.scalar(
        insert(Message)
        .values(
            id=message_id,
            conversation_id=conversation.id,
            direction=IN,
            author=CLIENT,
            text=inbound.text[:LONGEST],
            payload=inbound.payload,
            media_count=inbound.media_count,
            client_key=inbound.client_key,
            provider_id=inbound.provider_id,
            status="received",
        )
        .on_conflict_do_nothing()
        .returning(Message)
    )
    if message is None:
        return Received(await _known(session, conversation, inbound), repeated=True)
    news = {"kind": "message", "conversation": conversation.id}
    first = conversation.last_inbound_at is None
    # The row is locked and read anew: what was found or done while this message waited (danger, above all) must hold.
    await session.scalar(
        update(Conversation)
        .where(Conversation.id == conversation.id)
        .values(last_inbound_at=at)
        .returning(Conversation)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    language.follow(client, inbound.text, first=first)
    keyword = keywords.recognise(inbound.text, inbound.opt_out) if conversation.channel == SMS else None
    verdict = await on_message(session, client, conversation, message, reading, command=keyword is not None, at=at)
    if verdict.taken and keyword and keyword.answered and keyword.name == keywords.STOP:
        # The carrier has stopped texts to them already; what danger asked for stays queued: it decides about that.
        client.opted_out_at = client.opted_out_at or at
    code = link_codes.recognise(inbound.text) if conversation.channel == SMS and not verdict.taken else None
    if code is not None:
        await joining.act(session, client, conversation, message, code, at=at)
        message.handled_at, message.status = at, "handled"
    elif (
        verdict.taken
        or (keyword and await keywords.act(session, client, conversation, keyword, at=at))
        or await replies.act(session, client, conversation, message, at=at)
    ):
        message.handled_at, message.status = at, "handled"
    elif conversation.owner == ASSISTANT or await waiting.given_back(session, client, conversation, message, at):
        await jobs.defer(
            session,
            "turn",
            queue="turns",
            lock=f"conversation:{conversation.id}",
            priority=jobs.REPLY,
            at=at + gather if gather and _may_go_on(inbound) else None,
            notified=news,
            conversation_id=conversation.id,
            message_id=message_id,
        )
        return Received(message_id, repeated=False)
    else:
        message.handled_at, message.status = at, "handled"
        await presence.out_of_hours(session, client, conversation, at)
    await notify(session, **news)
    return Received(message_id, repeated=False)


def _may_go_on(inbound: Inbound) -> bool:
    """Whether more of it may follow: not after a tap, nor after a number alone (a choice, an age, a ZIP)."""
    return inbound.payload is None and not inbound.text.strip(" .").isdecimal()


async def _known(session: AsyncSession, conversation: Conversation, inbound: Inbound) -> uuid.UUID:
    same = (
        Message.provider_id == inbound.provider_id
        if inbound.provider_id
        else (Message.conversation_id == conversation.id) & (Message.client_key == inbound.client_key)
    )
    return (await session.execute(select(Message.id).where(same))).scalar_one()

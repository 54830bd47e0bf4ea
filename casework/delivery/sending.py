"""Handing one queued message to the SMS provider: once, whatever dies in the middle.

    queued -> sending -> sent
                      -> failed      the provider will never take it (a table says for which codes)
              sending -> queued      refused for now: tried again with growing pauses
    queued -> dropped                too old, opted out, a person took over, or danger was found meanwhile

`sending` is written before the provider is called. A message found in that state was being sent when something died,
or when no answer came: then the provider is asked what it has before anything is sent again. Two messages of the same
words are told apart by counting: what the provider has and another message of ours already stands for is not taken.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, handoff
from casework.conversations import people
from casework.conversations.tables import ASSISTANT, PERSON, Client, Conversation, Message
from casework.delivery import pace, sms_text
from casework.errors import GuidepostError
from casework.storage import Database, notify
from casework.wording import LANGUAGES

log = structlog.get_logger(__name__)
OPTED_OUT = 21610
TOO_OLD = timedelta(hours=12)  # a reply that late answers nobody; staff see it as not sent
PAUSES = (2, 10, 30, 120, 600, 1800)  # seconds before the next try
_CLOCKS_DIFFER = timedelta(minutes=2)  # between ours and the provider's


class ProviderRefused(GuidepostError):
    """The provider did not take a message.

    `code` is its error code, `passing` whether it may be tried again, `uncertain` whether it may have taken the
    message all the same (no answer, or an error of its own): then it is asked before anything is sent again.
    """

    def __init__(self, code: int | None, *, passing: bool, uncertain: bool = False) -> None:
        super().__init__(f"provider error {code}")
        self.code = code
        self.passing = passing
        self.uncertain = uncertain


class SmsProvider(Protocol):
    """What the outbox needs of whoever carries SMS. `sender` is the number (or service) that its rate belongs to."""

    sender: str

    async def send(self, *, to: str, body: str, message_id: uuid.UUID | None) -> str:
        """Sends, and returns the provider's id. Raises ProviderRefused. `message_id` comes back in callbacks."""
        ...

    async def find(self, *, to: str, bodies: Collection[str], since: datetime) -> list[str]:
        """The provider's ids of messages with one of these texts to this number since then, the oldest first."""
        ...


@dataclass(frozen=True)
class _Parcel:
    conversation_id: uuid.UUID
    to: str
    body: str
    bodies: frozenset[str]  # as it may have been composed before: the client's language may have changed
    created_at: datetime
    interrupted: bool
    may_go: bool


async def send(
    database: Database,
    provider: SmsProvider,
    message_id: uuid.UUID,
    *,
    per_second: float = 1_000.0,
    urgent: bool = False,
    even_if_opted_out: bool = False,
) -> timedelta | None:
    """Sends the message if it is still to be sent. Returns the pause before the next try, or None when settled."""
    async with database.session() as session:
        parcel = await _take(session, provider, message_id, per_second, urgent, even_if_opted_out)
    if parcel is None or isinstance(parcel, timedelta):
        return parcel
    try:
        sid = await _found(database, provider, parcel) if parcel.interrupted else None
        if sid is None and not parcel.may_go:
            async with database.session() as session:
                await _drop(session, message_id)
            return None
        sid = sid or await provider.send(to=parcel.to, body=parcel.body, message_id=message_id)
    except ProviderRefused as refusal:
        async with database.session() as session:
            return await _refused(session, message_id, refusal)
    async with database.session() as session:
        message = await session.get(Message, message_id, with_for_update=True)
        if message is not None:
            # Unique: where another message of the same words took this id meanwhile, this fails and is done again.
            message.provider_id, message.sent_at = message.provider_id or sid, clock.now()
            if message.status in ("queued", "sending"):  # a status callback may have been quicker
                message.status = "sent"
            await notify(session, kind="status", conversation=parcel.conversation_id)
    return None


async def give_up(session: AsyncSession, message_id: uuid.UUID) -> None:
    """The message cannot be sent for a reason of our own: it shows as failed, and people get the client."""
    message = await session.get(Message, message_id, with_for_update=True)
    if message is None or message.status not in ("queued", "sending"):
        return
    message.status = "failed"
    await _to_people(session, message)
    await notify(session, kind="status", conversation=message.conversation_id)


async def _take(
    session: AsyncSession,
    provider: SmsProvider,
    message_id: uuid.UUID,
    per_second: float,
    urgent: bool,
    even_if_opted_out: bool,
) -> _Parcel | timedelta | None:
    """What is to be sent; a pause where its number's turn has not come; None where there is nothing to send."""
    message = (
        await session.execute(select(Message).where(Message.id == message_id).with_for_update())
    ).scalar_one_or_none()
    if message is None or message.status not in ("queued", "sending"):
        return None
    if message.provider_id is not None:
        message.status = "sent"
        return None
    found = await people.by_id(session, message.conversation_id)
    if found is None or found[0].phone is None:
        message.status = "dropped"
        return None
    client, conversation = found
    interrupted = message.status == "sending"
    too_old = clock.now() - message.created_at > TOO_OLD
    may_go = not too_old and _may_go(message, client, conversation, even_if_opted_out)
    if not interrupted and not may_go:
        message.status = "dropped"
        if too_old:
            await _to_people(session, message)
        await notify(session, kind="status", conversation=message.conversation_id)
        return None
    wait = await pace.take(session, provider.sender, per_second, must=urgent)
    if wait is not None:
        return wait
    message.status, message.attempts = "sending", message.attempts + 1
    composed = {
        language: sms_text.compose(message.text, message.choices or (), language)
        for language in {*LANGUAGES, client.language}
    }
    return _Parcel(
        message.conversation_id,
        client.phone or "",
        composed[client.language],
        frozenset(composed.values()),
        message.created_at,
        interrupted,
        may_go,
    )


def _may_go(message: Message, client: Client, conversation: Conversation, even_if_opted_out: bool) -> bool:
    """Read again at the last moment: the client, staff and danger are quicker than a queue."""
    if client.opted_out_at is not None and not even_if_opted_out:
        return False
    if message.author != ASSISTANT:
        return True
    own_turn = message.in_reply_to is not None and conversation.owner_turn == message.in_reply_to
    return (conversation.owner != PERSON or own_turn) and conversation.safety != "crisis"


async def _found(database: Database, provider: SmsProvider, parcel: _Parcel) -> str | None:
    """The provider's id of the message if it has it: one that no other message of ours stands for."""
    sids = await provider.find(to=parcel.to, bodies=parcel.bodies, since=parcel.created_at - _CLOCKS_DIFFER)
    if not sids:
        return None
    async with database.session() as session:
        known = set(await session.scalars(select(Message.provider_id).where(Message.provider_id.in_(sids))))
    return next((sid for sid in sids if sid not in known), None)


async def _refused(session: AsyncSession, message_id: uuid.UUID, refusal: ProviderRefused) -> timedelta | None:
    message = await session.get(Message, message_id, with_for_update=True)
    if message is None or message.status != "sending":
        return None
    message.error_code = refusal.code
    if refusal.passing and message.attempts <= len(PAUSES):
        if not refusal.uncertain:
            message.status = "queued"
        return timedelta(seconds=PAUSES[message.attempts - 1])
    message.status = "failed"
    log.error("text_not_taken", message=str(message_id), code=refusal.code, attempts=message.attempts)
    if refusal.code == OPTED_OUT:
        found = await people.by_id(session, message.conversation_id)
        if found is not None and found[0].opted_out_at is None:
            found[0].opted_out_at = clock.now()
    await notify(session, kind="status", conversation=message.conversation_id)
    return None


async def _drop(session: AsyncSession, message_id: uuid.UUID) -> None:
    message = await session.get(Message, message_id, with_for_update=True)
    if message is not None and message.status == "sending":
        message.status = "dropped"
        await notify(session, kind="status", conversation=message.conversation_id)


async def _to_people(session: AsyncSession, message: Message) -> None:
    """The client waits for words that will not come: staff see them in the queue."""
    found = await people.by_id(session, message.conversation_id)
    if found is not None and found[0].opted_out_at is None:
        await handoff.to_people(session, *found, reason="assistant_failed", urgency=2, at=clock.now(), take_over=False)

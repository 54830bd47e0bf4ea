"""Handing one queued message to the SMS provider: once, whatever dies in the middle.

    queued -> sending -> sent
                      -> failed      the provider will never take it (a table says for which codes)
              sending -> queued      refused for now: tried again with growing pauses
    queued -> dropped                too old, opted out, a person took over, or danger was found meanwhile

`sending` is written before the provider is called. A message found in that state was being sent when something died,
or when no answer came: then the provider is asked what it has before anything is sent again, and while it cannot be
asked nothing is. Two messages of the same words are told apart by counting: what the provider has and another message
of ours already stands for is not taken. Whoever waits for words that will not come is put into the queue for people.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, handoff, jobs
from casework.conversations import people
from casework.conversations.tables import ASSISTANT, IN, PERSON, SYSTEM, Client, Conversation, Message
from casework.delivery import keywords, pace, sms_text
from casework.errors import GuidepostError
from casework.handoff import presence
from casework.handoff.queue import SOON
from casework.handoff.tables import Handoff
from casework.scheduling.quiet import is_quiet, next_waking
from casework.storage import Database, notify
from casework.wording import LANGUAGES

log = structlog.get_logger(__name__)
OPTED_OUT = 21610
TOO_OLD = timedelta(hours=12)  # a reply that late answers nobody; staff see it as not sent
PAUSES = (2, 10, 30, 120, 600, 1800)  # seconds before the next try
URGENT_PAUSE = 30  # ...at most, where danger is: what is said next waits for it
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
    too_old: bool
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
    except ProviderRefused as refusal:
        async with database.session() as session:
            return await _refused(session, message_id, refusal, urgent, asked=True)
    if sid is None and not parcel.may_go:
        async with database.session() as session:
            await _drop(session, message_id, parcel)
        return None
    try:
        sid = sid or await provider.send(to=parcel.to, body=parcel.body, message_id=message_id)
    except ProviderRefused as refusal:
        async with database.session() as session:
            return await _refused(session, message_id, refusal, urgent)
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
    await not_delivered(session, message, None)
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
            await not_delivered(session, message, None)
        await notify(session, kind="status", conversation=message.conversation_id)
        return None
    morning = None if urgent else await _morning(session, message, client)  # danger never waits for the day
    if morning is not None:
        # A job of its own, without a lock: what answers the client meanwhile must not stand behind it.
        await jobs.defer(session, "send_sms", queue="sms", at=morning, message_id=message.id)
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
        too_old,
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


async def _morning(session: AsyncSession, message: Message, client: Client) -> datetime | None:
    """When a text may go that was made by day, answers nobody, and would wake somebody now: it was tried again, or no
    worker ran. What is made at night is meant to go at night.
    """
    if message.author != SYSTEM:
        return None
    now, zone = clock.now(), await presence.zone_of(session, client)
    if not is_quiet(now, zone) or is_quiet(message.created_at, zone):
        return None
    answers = exists().where(
        Message.conversation_id == message.conversation_id,
        Message.direction == IN,
        Message.created_at > message.created_at - presence.ABOUT,
    )
    return None if await session.scalar(select(answers)) else next_waking(now, zone)


async def _found(database: Database, provider: SmsProvider, parcel: _Parcel) -> str | None:
    """The provider's id of the message if it has it: one that no other message of ours stands for."""
    sids = await provider.find(to=parcel.to, bodies=parcel.bodies, since=parcel.created_at - _CLOCKS_DIFFER)
    if not sids:
        return None
    async with database.session() as session:
        known = set(await session.scalars(select(Message.provider_id).where(Message.provider_id.in_(sids))))
    return next((sid for sid in sids if sid not in known), None)


async def _refused(
    session: AsyncSession, message_id: uuid.UUID, refusal: ProviderRefused, urgent: bool, *, asked: bool = False
) -> timedelta | None:
    """The pause before the next try. `asked`: what was refused is to say whether the text is out. It may be, whatever
    the reason was: then it is asked again, not sent again.
    """
    message = await session.get(Message, message_id, with_for_update=True)
    if message is None or message.status != "sending":
        return None
    message.error_code = refusal.code
    pause = _pause(message, urgent) if refusal.passing or asked else None
    if pause is not None:
        if not (refusal.uncertain or asked):
            message.status = "queued"
        return pause
    message.status = "failed"
    log.error("text_not_taken", message=str(message_id), code=refusal.code, attempts=message.attempts)
    await not_delivered(session, message, refusal.code)
    await notify(session, kind="status", conversation=message.conversation_id)
    return None


def _pause(message: Message, urgent: bool) -> timedelta | None:
    """Before the next try; None after the last one. Urgent texts are tried as long, but more often."""
    if urgent:
        over = clock.now() - message.created_at > timedelta(seconds=sum(PAUSES))
        seconds = min(PAUSES[min(message.attempts, len(PAUSES)) - 1], URGENT_PAUSE)
        return None if over else timedelta(seconds=seconds)
    return timedelta(seconds=PAUSES[message.attempts - 1]) if message.attempts <= len(PAUSES) else None


async def _drop(session: AsyncSession, message_id: uuid.UUID, parcel: _Parcel) -> None:
    message = await session.get(Message, message_id, with_for_update=True)
    if message is not None and message.status == "sending":
        message.status = "dropped"
        if parcel.too_old:
            await not_delivered(session, message, None)
        await notify(session, kind="status", conversation=message.conversation_id)


async def not_delivered(session: AsyncSession, message: Message, code: int | None) -> None:
    """The client waits for words that will not come: staff see them in the queue. Who opted out waits for none; where
    `code` says that they did, at the carrier, it is recorded.
    """
    found = await people.by_id(session, message.conversation_id)
    if found is None or found[0].opted_out_at is not None:
        return
    if code == OPTED_OUT:
        await keywords.opt_out(session, found[0], clock.now())
        return
    first_in_line = select(Handoff.id).where(
        Handoff.client_id == found[0].id, Handoff.status != "closed", Handoff.urgency > SOON
    )
    if await session.scalar(first_in_line) is None:  # in a crisis it says why they are there
        await handoff.to_people(session, *found, reason="not_delivered", urgency=SOON, at=clock.now(), take_over=False)

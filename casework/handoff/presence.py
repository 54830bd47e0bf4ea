"""Telling the client who is there: a person by name, that they left, that the assistant is back, that notes arrived.

Said where it matters to who reads it: at once while the client is about (they wrote within the hour) or it is day; else
with the person's first words. Never twice for the same person.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs, office
from casework.conversations import people
from casework.conversations.tables import PERSON, SMS, SYSTEM, Client, Conversation, Message
from casework.delivery import outbox
from casework.handoff import promise
from casework.handoff.tables import Handoff
from casework.moments import moment
from casework.scheduling.quiet import is_quiet, next_waking
from casework.settings import get_settings
from casework.staff.tables import Staff
from casework.wording import say

ABOUT = timedelta(hours=1)  # who wrote so lately is awake and about, whatever the hour: clients and staff
RECEIVED_AFTER = timedelta(minutes=2)  # a claim that was a slip is given back by then


async def introduce(
    session: AsyncSession, client: Client, conversation: Conversation, staff: Staff, at: datetime, *, now: bool = False
) -> None:
    """Says who is there, unless they know. `now`: the person's own words follow."""
    if conversation.introduced_id == staff.id or not (now or await may_speak(session, client, conversation, at)):
        return
    conversation.introduced_id = staff.id
    await _say(session, client, conversation, "utter_person_here", name=staff.name)


async def stepped_away(
    session: AsyncSession, client: Client, conversation: Conversation, handoff: Handoff, at: datetime
) -> None:
    """The client is back in the queue, and whom they were talking to, if anybody, is not there any more."""
    known, conversation.introduced_id = conversation.introduced_id, None
    if known is None:
        return
    staff = await session.get_one(Staff, known)
    handoff.promised_at = promise.due(handoff.urgency, at)
    when = promise.in_words(handoff.promised_at, at, client.zone, client.language) or ""
    if await may_speak(session, client, conversation, at):
        await _say(session, client, conversation, "utter_person_away", after=when, name=staff.name)


async def assistant_back(session: AsyncSession, client: Client, conversation: Conversation, at: datetime) -> None:
    """The assistant has the conversation again. Told where a person had been there for the client to see."""
    known, conversation.introduced_id = conversation.introduced_id, None
    if known is not None and await may_speak(session, client, conversation, at):
        await _say(session, client, conversation, "utter_assistant_back")


async def out_of_hours(session: AsyncSession, client: Client, conversation: Conversation, at: datetime) -> None:
    """A client writes to people while the office is closed: when it opens is said, once each time it is closed.

    Not while a person is answering all the same.
    """
    hours = office.current()
    opens = hours.next_open(at) if hours and not hours.is_open(at) else None
    if opens is None or hours is None:
        return
    if await session.scalar(select(_wrote(conversation, since=at - ABOUT))):
        return
    when = moment(opens, client.zone or hours.zone, client.language)
    once = uuid.uuid5(conversation.id, opens.isoformat())  # the same opening is told once
    text = say("utter_out_of_hours", client.language, moment=when).text
    await outbox.put(session, client, conversation, text, author=SYSTEM, in_reply_to=once, position=0)


async def received_later(session: AsyncSession, handoff: Handoff, at: datetime) -> None:
    """Somebody has taken the client on: that they have the notes is told in a moment, by day."""
    if handoff.shared_at is None or handoff.received_told_at is not None:
        return
    client = await session.get_one(Client, handoff.client_id)
    due = next_waking(at + RECEIVED_AFTER, await zone_of(session, client))
    await jobs.defer(session, "tell_received", at=due, handoff_id=handoff.id)


async def tell_received(session: AsyncSession, handoff_id: uuid.UUID, *, at: datetime) -> None:
    """The job `tell_received`: once for each handoff, while somebody has it and has not written themself."""
    handoff = await session.get(Handoff, handoff_id, with_for_update=True, populate_existing=True)
    if handoff is None or handoff.status != "claimed" or handoff.received_told_at or handoff.claimed_by is None:
        return
    who = await people.to_write_to(session, handoff.client_id)
    if who is None:
        return
    client, conversation = who
    zone = await zone_of(session, client)
    if is_quiet(at, zone):
        await jobs.defer(session, "tell_received", at=next_waking(at, zone), handoff_id=handoff.id)
        return
    handoff.received_told_at = at
    if conversation.introduced_id is not None:
        return  # they are talking with each other already
    staff = await session.get_one(Staff, handoff.claimed_by)
    await _say(session, client, conversation, "utter_notes_received", name=staff.name)


async def nobody_yet(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether it was the assistant that handed over, and no person has taken the client on or written since."""
    if conversation.owner != PERSON or conversation.owner_turn is None:
        return False
    taken = exists().where(Handoff.client_id == conversation.client_id, Handoff.status == "claimed")
    handed_over = await session.scalar(select(Message.seq).where(Message.id == conversation.owner_turn))
    written = exists().where(
        Message.conversation_id == conversation.id, Message.author == PERSON, Message.seq > (handed_over or 0)
    )
    return not await session.scalar(select(taken | written))


async def is_there(session: AsyncSession, conversation: Conversation, at: datetime) -> bool:
    """Whether a person is with the client now. That the conversation is people's is not enough: somebody must have
    taken the client on or written within the hour.
    """
    if conversation.owner != PERSON or await nobody_yet(session, conversation):
        return False
    since = at - ABOUT
    taken = exists().where(
        Handoff.client_id == conversation.client_id, Handoff.status == "claimed", Handoff.claimed_at > since
    )
    return bool(await session.scalar(select(taken | _wrote(conversation, since=since))))


def _wrote(conversation: Conversation, *, since: datetime) -> ColumnElement[bool]:
    return exists().where(
        Message.conversation_id == conversation.id, Message.author == PERSON, Message.created_at > since
    )


async def may_speak(session: AsyncSession, client: Client, conversation: Conversation, at: datetime) -> bool:
    """Whether something may be said that does not answer a text: by day, in a chat, or to somebody who is about."""
    if conversation.channel != SMS:
        return True
    last = conversation.last_inbound_at
    return bool(last and at - last < ABOUT) or not is_quiet(at, await zone_of(session, client))


async def zone_of(session: AsyncSession, client: Client) -> str:
    """By whose clock the client is not to be woken: their own, else their program's, else the office's."""
    from casework.road import progress

    return client.zone or await progress.zone_of(session, client.id)


async def _say(
    session: AsyncSession, client: Client, conversation: Conversation, response: str, *, after: str = "", **values: str
) -> None:
    text = say(response, client.language, agency=get_settings().agency_name, **values).text
    await outbox.put(session, client, conversation, f"{text} {after}".strip(), author=SYSTEM)

"""A web chat goes on by text: a one-time code, texted from the client's phone, moves it there.

The chat's conversation becomes the phone's: the same questions, the same place in them, the same people. What hung on
the chat's client (answers, agreements, appointments, the place in the queue) hangs on the phone's client from then on;
where both had an answer to the same question, the newer one holds. The web page is shown nothing more: whoever sits at
a shared computer next does not read what is texted.

A code is good once, for MINUTES, and only its blind index is kept. A phone that has texted TRIES wrong ones within an
hour is not heard with codes for the rest of it; 27 letters and digits in 8 places leave 2.8e11 to guess from.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Table, delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, jobs
from casework.conversations.link_codes import DIGITS, LETTERS
from casework.conversations.tables import (
    ASSISTANT,
    PERSON,
    SMS,
    SYSTEM,
    Client,
    Conversation,
    LinkCode,
    LinkTry,
    Message,
)
from casework.delivery import outbox
from casework.settings import Settings
from casework.staff.tables import AuditEvent
from casework.storage import blind_index, new_id, notify
from casework.wording import say

log = structlog.get_logger(__name__)
MINUTES = 15
TRIES = 5
_GRAVITY = ("none", "concern", "crisis")


def line_number(settings: Settings) -> str | None:
    """The number that clients text, if the line has one of its own (not only a messaging service's id)."""
    number = settings.twilio_from
    return number if number and number.startswith("+") else None


async def new_code(session: AsyncSession, conversation: Conversation, *, at: datetime | None = None) -> str:
    """A code for this chat, as `7KQ4-MX9P`; the one before it is good no more."""
    at = at or clock.now()
    while True:
        code = "".join(secrets.choice(LETTERS + DIGITS) for _ in range(8))
        if any(c in DIGITS for c in code) and any(c in LETTERS for c in code):
            break
    await session.execute(delete(LinkCode).where(LinkCode.conversation_id == conversation.id))
    session.add(
        LinkCode(
            id=new_id(),
            conversation_id=conversation.id,
            code_index=blind_index(code, "link-code"),
            expires_at=at + timedelta(minutes=MINUTES),
        )
    )
    await session.flush()
    return f"{code[:4]}-{code[4:]}"


async def act(
    session: AsyncSession, client: Client, conversation: Conversation, message: Message, code: str, *, at: datetime
) -> None:
    """What a text that looks like a code brings about: the chat moves here, or it is said why not."""
    await session.execute(
        delete(LinkTry).where(LinkTry.client_id == client.id, LinkTry.created_at < at - timedelta(hours=1))
    )
    tried = await session.scalar(select(func.count()).select_from(LinkTry).where(LinkTry.client_id == client.id))
    if (tried or 0) >= TRIES:
        return await _tell(session, client, conversation, "utter_link_too_many")
    chat = await _taken(session, code, at)
    if chat is None or chat.client_id == client.id:
        session.add(LinkTry(id=new_id(), client_id=client.id))
        return await _tell(session, client, conversation, "utter_link_unknown")
    other = await session.get_one(Client, chat.client_id)
    if client.opted_out_at is not None:
        # Nothing reaches this phone: the page that shows the code says what to do. The code itself is used up.
        await _tell(session, other, chat, "utter_link_stopped")
        return None
    try:
        async with session.begin_nested():
            await _merge(session, other, client, at)
    except IntegrityError:
        # Both are known to people in ways that only people can put together (two plans that were agreed, say).
        log.error("chat_not_joined", conversation=str(chat.id), other=str(conversation.id))
        return await _tell(session, client, conversation, "utter_link_unknown")
    _take_over(conversation, chat, client, at)
    message.conversation_id = chat.id
    await session.flush()
    await _delete_if_empty(session, conversation)
    await session.execute(delete(Client).where(Client.id == other.id))
    session.add(AuditEvent(action="client.joined", client_id=client.id, detail={"conversation": str(chat.id)}))
    await _tell(session, client, chat, "utter_link_joined")
    await notify(session, kind="message", conversation=chat.id)
    if chat.owner == ASSISTANT:
        await jobs.defer(
            session,
            "resume",
            queue="turns",
            lock=f"conversation:{chat.id}",
            priority=jobs.REPLY,
            conversation_id=chat.id,
        )
    return None


async def _taken(session: AsyncSession, code: str, at: datetime) -> Conversation | None:
    """The chat that this code is for; the code is used up. Of two phones that text it at once one gets it."""
    row = await session.execute(
        delete(LinkCode)
        .where(LinkCode.code_index == blind_index(code, "link-code"), LinkCode.expires_at > at)
        .returning(LinkCode.conversation_id)
    )
    conversation_id = row.scalar_one_or_none()
    if conversation_id is None:
        return None
    found = await session.get_one(Conversation, conversation_id, with_for_update=True)
    return found if found.channel != SMS else None


def _take_over(here: Conversation, chat: Conversation, client: Client, at: datetime) -> None:
    """The chat becomes this phone's conversation. What people and danger hold on either side, they go on holding."""
    chat.client_id = client.id
    chat.channel, chat.line, chat.session_index = SMS, here.line, None
    chat.joined_at = chat.last_inbound_at = at
    if _GRAVITY.index(here.safety) > _GRAVITY.index(chat.safety):
        chat.safety, chat.safety_since, chat.safety_told_at = here.safety, here.safety_since, here.safety_told_at
    if here.owner == PERSON:
        chat.owner, chat.staff_id = PERSON, here.staff_id or chat.staff_id


async def _merge(session: AsyncSession, chat: Client, phone: Client, at: datetime) -> None:
    """All that hangs on the chat's client hangs on the phone's from here on."""
    phone.name = chat.name or phone.name
    phone.contact = chat.contact or phone.contact
    phone.zone = chat.zone or phone.zone
    phone.language = chat.language
    if chat.saving_agreed_at or chat.saving_refused_at:  # what they said last about saving holds
        phone.saving_agreed_at, phone.saving_refused_at = chat.saving_agreed_at, chat.saving_refused_at
    await session.flush()
    who = {"chat": chat.id, "phone": phone.id, "at": at}
    for rule in _ONE_OF_TWO:
        await session.execute(text(rule), who)
    for table in _tables_of_clients():
        await session.execute(update(table).where(table.c.client_id == chat.id).values(client_id=phone.id))


# Of some things a client has one at a time; before the two clients become one, one of two is settled.
_ONE_OF_TWO = (
    # the newer of two answers to the same question holds
    "update answers old set superseded_at = :at from answers new where old.superseded_at is null"
    " and new.superseded_at is null and old.fact = new.fact and old.client_id in (:chat, :phone)"
    " and new.client_id in (:chat, :phone) and old.client_id <> new.client_id"
    " and (new.created_at, new.id) > (old.created_at, old.id)",
    "delete from needs mine using needs theirs where mine.client_id = :chat and theirs.client_id = :phone"
    " and mine.need = theirs.need",
    # the same program was asked twice for the same person
    "delete from referrals mine using referrals theirs where mine.client_id = :chat and theirs.client_id = :phone"
    " and mine.program_id = theirs.program_id and mine.status in ('made', 'sent', 'no_answer')"
    " and theirs.status in ('made', 'sent', 'no_answer')",
    # one place in the queue: the chat's, which goes on, as urgent as the graver of the two
    "update handoffs mine set urgency = greatest(mine.urgency, theirs.urgency) from handoffs theirs"
    " where mine.client_id = :chat and theirs.client_id = :phone and mine.status <> 'closed'"
    " and theirs.status <> 'closed'",
    "update handoffs theirs set status = 'closed', closed_at = :at from handoffs mine where mine.client_id = :chat"
    " and theirs.client_id = :phone and mine.status <> 'closed' and theirs.status <> 'closed'",
    # one place on the road: the one that was reached last; one open task of a kind; plans are numbered on
    "delete from cases older using cases newer where older.client_id in (:chat, :phone)"
    " and newer.client_id in (:chat, :phone) and older.client_id <> newer.client_id"
    " and (newer.since, newer.client_id) > (older.since, older.client_id)",
    "delete from case_tasks mine using case_tasks theirs where mine.client_id = :chat and theirs.client_id = :phone"
    " and mine.kind = theirs.kind and mine.kind <> 'other' and mine.status = 'open' and theirs.status = 'open'",
    "update service_plans set number = number + (select coalesce(max(number), 0) from service_plans"
    " where client_id = :phone) where client_id = :chat",
)


def _tables_of_clients() -> list[Table]:
    """Every table whose rows are a client's; conversations are moved one by one."""
    from casework.storage.tables import Base  # not at import: it imports the tables of every room

    return [
        table
        for table in Base.metadata.sorted_tables
        if "client_id" in table.c
        and table.c.client_id.foreign_keys
        and table.name not in ("conversations", "link_tries")
    ]


async def _delete_if_empty(session: AsyncSession, conversation: Conversation) -> None:
    """A conversation that consisted of the code alone is not kept beside the one that goes on."""
    left: Any = await session.scalar(
        select(func.count()).select_from(Message).where(Message.conversation_id == conversation.id)
    )
    if not left:
        await session.execute(delete(Conversation).where(Conversation.id == conversation.id))


async def _tell(session: AsyncSession, client: Client, conversation: Conversation, response: str) -> None:
    await outbox.put(session, client, conversation, say(response, client.language).text, author=SYSTEM)

"""Finding (or making) the client and the conversation that a message belongs to."""

from __future__ import annotations

import secrets
import uuid

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import SMS, WEB, Client, Conversation
from casework.storage import blind_index, new_id

# Made once: every text that comes in asks it.
_BY_INDEX = (
    select(Client, Conversation)
    .outerjoin(Conversation, (Conversation.client_id == Client.id) & (Conversation.channel == SMS))
    .where(Client.phone_index == bindparam("index"))
    .order_by(Conversation.joined_at.desc().nulls_last(), Conversation.created_at)
    .limit(1)
    .with_for_update(key_share=True, of=Client)
)


async def by_phone(session: AsyncSession, phone: str, line: str) -> tuple[Client, Conversation]:
    """The client with this number (E.164) and their SMS conversation; both are made at the first text.

    Two texts of a new number may arrive at once on two machines: the unique index decides, the loser reads.
    """
    index = blind_index(phone, "phone")
    found, made = await _by_index(session, index), None
    if found is None:
        made = await session.scalar(
            insert(Client)
            .values(id=new_id(), phone=phone, phone_index=index, language="en")
            .on_conflict_do_nothing()
            .returning(Client)
        )
        found = (made, None) if made is not None else await _by_index(session, index)
        assert found is not None
    client, conversation = found
    if conversation is None and made is None:
        # A client of the web chat, perhaps: another first text may have made it while this one waited for the lock.
        _, conversation = await _by_index(session, index) or found
    if conversation is None:
        conversation = Conversation(id=new_id(), client_id=client.id, channel=SMS, line=line)
        session.add(conversation)
        await session.flush()
    elif conversation.line != line:
        conversation.line = line
    return client, conversation


async def _by_index(session: AsyncSession, index: bytes) -> tuple[Client, Conversation | None] | None:
    """The client's row is locked: of two texts at once the second waits here, and finds what the first one made."""
    row = (await session.execute(_BY_INDEX, {"index": index})).one_or_none()
    return (row[0], row[1]) if row else None


async def new_web_session(session: AsyncSession, language: str) -> tuple[str, Client, Conversation]:
    """A new web chat: its token (256 bits, only its hash is kept), client and conversation."""
    token = secrets.token_urlsafe(32)
    client = Client(id=new_id(), language=language)
    session.add(client)
    await session.flush()
    conversation = Conversation(
        id=new_id(), client_id=client.id, channel=WEB, session_index=blind_index(token, "web-session")
    )
    session.add(conversation)
    await session.flush()
    return token, client, conversation


async def by_web_session(session: AsyncSession, token: str) -> tuple[Client, Conversation] | None:
    """The chat that this token opens, if any."""
    row = (
        await session.execute(
            select(Client, Conversation)
            .join(Conversation, Conversation.client_id == Client.id)
            .where(Conversation.session_index == blind_index(token, "web-session"))
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


async def by_id(session: AsyncSession, conversation_id: uuid.UUID) -> tuple[Client, Conversation] | None:
    """The conversation with this id and its client, if they have not been erased."""
    row = (
        await session.execute(
            select(Client, Conversation)
            .join(Conversation, Conversation.client_id == Client.id)
            .where(Conversation.id == conversation_id)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


async def set_language(session: AsyncSession, client_id: uuid.UUID, language: str) -> None:
    await session.execute(update(Client).where(Client.id == client_id).values(language=language))


async def to_write_to(session: AsyncSession, client_id: uuid.UUID) -> tuple[Client, Conversation] | None:
    """Where to write to the client: by text where they have not opted out of that, else in their web chat."""
    row = (
        await session.execute(
            select(Client, Conversation)
            .join(Conversation, Conversation.client_id == Client.id)
            .where(Client.id == client_id)
            .order_by(
                ((Conversation.channel == SMS) & Client.opted_out_at.is_(None)).desc(),
                Conversation.last_inbound_at.desc().nullslast(),
            )
            .limit(1)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def reachable(client: Client, conversation: Conversation) -> bool:
    """Whether what is said there gets to the client: a client who opted out of texts gets none."""
    return conversation.channel != SMS or client.opted_out_at is None

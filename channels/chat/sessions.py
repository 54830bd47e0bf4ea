"""Who is chatting: tokens, and the client and conversation behind one.

A page view alone stores nothing. `hello` without a token issues one that is only signed: 256 random bits and the start
of their HMAC. Client and conversation are made with the first message; from then on the token's hash is found in the
database, where any web process can look it up. The conversation's id follows from the token, so that a second tab with
the same token hears of the first message before there is anything to look up.

A token that was neither signed by this line nor is known to the database opens nothing: its page gets a new one. The
signature holds the origin of the page too: what another website has got hold of opens nothing there.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations import people
from casework.conversations.tables import WEB, Client, Conversation
from casework.settings import Settings
from casework.storage import blind_index, new_id

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,128}")
_SIGNATURE = 32  # hex digits: 128 bits


def _hmac(settings: Settings, purpose: str, text: str) -> str:
    return hmac.new(settings.secret(purpose).encode(), text.encode(), hashlib.sha256).hexdigest()


def new_token(settings: Settings, origin: str) -> str:
    body = secrets.token_urlsafe(32)
    return f"{body}.{_signature(settings, body, origin)}"


def issued(settings: Settings, token: str, origin: str) -> bool:
    """Whether this line made the token for a page of this origin (whatever has become of its conversation)."""
    body, _, signature = token.rpartition(".")
    return hmac.compare_digest(_signature(settings, body, origin).encode(), signature.encode())


def _signature(settings: Settings, body: str, origin: str) -> str:
    return _hmac(settings, "chat-token", f"{body} {origin.lower()}")[:_SIGNATURE]


async def opens(session: AsyncSession, settings: Settings, token: str, origin: str) -> bool:
    """Whether a page of this origin may go on with this token.

    A signed token is good where it was issued, unless its conversation goes on elsewhere. One without a signature was
    made by the service itself and is good where the database knows it.
    """
    if "." not in token:
        return await find(session, token) is not None
    if not issued(settings, token, origin):
        return False
    # In this order: a first message that is stored at this very moment must not look like a chat that went elsewhere.
    stored = await people.by_id(session, conversation_id(settings, token)) is not None
    return not stored or await find(session, token) is not None


def index(token: str) -> bytes:
    """What the database knows the token by."""
    return blind_index(token, "web-session")


def well_formed(token: str) -> bool:
    return _TOKEN.fullmatch(token) is not None


def conversation_id(settings: Settings, token: str) -> uuid.UUID:
    """The id that the conversation of a token issued here has, or will have once it is stored."""
    return uuid.UUID(bytes=bytes.fromhex(_hmac(settings, "chat-conversation", token))[:16], version=4)


async def find(session: AsyncSession, token: str) -> tuple[Client, Conversation] | None:
    return await people.by_web_session(session, token)


async def find_or_begin(
    session: AsyncSession, settings: Settings, token: str, language: str
) -> tuple[Client, Conversation]:
    """The chat of this token; client and conversation are made at its first message."""
    if found := await find(session, token):
        return found
    new = conversation_id(settings, token)
    # Two tabs may send the first message at once: the second waits here, then finds the first one's conversation.
    await session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(new.bytes[:8], signed=True))))
    if found := await find(session, token):
        return found
    client = Client(id=new_id(), language=language)
    session.add(client)
    await session.flush()
    conversation = Conversation(id=new, client_id=client.id, channel=WEB, session_index=index(token))
    session.add(conversation)
    await session.flush()
    return client, conversation

"""Clients, their conversations, and every message in both directions.

A conversation is one thread on one channel. Its owner is the assistant or a person (a member of staff); the owner is
read again before anything of the assistant's is sent. A message's life:

    inbound   received -> handled                       (handled: a turn or a keyword or a crisis reply took it)
    outbound  queued -> sending -> sent -> delivered | undelivered | failed
              queued -> dropped                         (opted out, too old, or a person took over meanwhile)

Status callbacks only ever move a message forward.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Id, Moment
from casework.storage.encryption import EncryptedJSON, EncryptedText

SMS, WEB = "sms", "web"
IN, OUT = "in", "out"
CLIENT, ASSISTANT, PERSON, SYSTEM = "client", "assistant", "person", "system"


class Client(Base):
    """A person who texts or chats. `phone` is E.164; `zone` an IANA time zone, known once a ZIP is."""

    __tablename__ = "clients"

    id: Mapped[Id]
    phone: Mapped[str | None] = mapped_column(EncryptedText)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str | None] = mapped_column(EncryptedText)
    contact: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True)  # how to reach them safely
    language: Mapped[str] = mapped_column(default="en")
    zone: Mapped[str | None]
    saving_agreed_at: Mapped[Moment | None]
    saving_refused_at: Mapped[Moment | None]
    opted_out_at: Mapped[Moment | None]
    created_at: Mapped[Created]


class Conversation(Base):
    """One thread with one client on one channel (`sms` or `web`)."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_client", "client_id"),)

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    channel: Mapped[str]
    line: Mapped[str | None]  # the line's own number that the client texts
    session_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    owner: Mapped[str] = mapped_column(default=ASSISTANT)
    owner_turn: Mapped[uuid.UUID | None]  # the turn in which the assistant itself handed over: its words still go out
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    introduced_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))  # whom the client was told is there
    safety: Mapped[str] = mapped_column(default="none")  # none, concern, crisis: crisis holds the screening
    safety_since: Mapped[Moment | None]
    safety_told_at: Mapped[Moment | None]  # when the resources were last sent: the wall of numbers is not repeated
    created_at: Mapped[Created]
    last_inbound_at: Mapped[Moment | None]
    joined_at: Mapped[Moment | None]  # when a web chat was taken on to the client's phone


class LinkCode(Base):
    """A one-time code that a web chat gave out; texted to the line from a phone, it moves the chat there.

    Only its blind index is kept. A conversation has at most one: a new one takes the place of the old.
    """

    __tablename__ = "link_codes"

    id: Mapped[Id]
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), unique=True)
    code_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[Moment]
    created_at: Mapped[Created]


class LinkTry(Base):
    """A text that looked like a code and was none: a phone may try only so often."""

    __tablename__ = "link_tries"
    __table_args__ = (Index("ix_link_tries_client", "client_id", "created_at"),)

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    created_at: Mapped[Created]


class ActionAnswer(Base):
    """What an action answered at a place of a turn: the events and responses, encrypted.

    Kept until the conversation's next turn. A turn that is tried again, because a process died before its end was
    stored, is answered by it: the action's changes to the case are done and would not be news a second time.
    """

    __tablename__ = "action_answers"
    __table_args__ = (Index("ix_action_answers_conversation", "conversation_id"),)

    turn_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)  # how many events of the turn the action was called after
    action: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    answer: Mapped[Any] = mapped_column(EncryptedJSON)  # {"heard", "events", "responses"}


class Message(Base):
    """One text in or out. `seq` orders a conversation's messages as they were stored."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_key"),
        UniqueConstraint("in_reply_to", "position"),
        Index("ix_messages_conversation_seq", "conversation_id", "seq"),
        Index(
            "ix_messages_unhandled",
            "conversation_id",
            "seq",
            postgresql_where=text("direction = 'in' and handled_at is null"),
        ),
        Index("ix_messages_unsent", "created_at", postgresql_where=text("status in ('queued', 'sending')")),
    )

    id: Mapped[Id]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    direction: Mapped[str]
    author: Mapped[str]
    text: Mapped[str] = mapped_column(EncryptedText)
    choices: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True)  # [{"title", "payload"}]
    payload: Mapped[str | None] = mapped_column(EncryptedText)  # the choice the client took, as the model reads it
    media_count: Mapped[int] = mapped_column(default=0)
    client_key: Mapped[uuid.UUID | None]  # the web client's own id for the message
    provider_id: Mapped[str | None] = mapped_column(unique=True)  # Twilio's MessageSid
    status: Mapped[str]
    error_code: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    turn_id: Mapped[uuid.UUID | None]  # inbound: the turn it belongs to (the id of that turn's last message)
    in_reply_to: Mapped[uuid.UUID | None]  # outbound: the turn it answers...
    position: Mapped[int | None]  # ...and which of its replies this is: a turn run twice replies once
    created_at: Mapped[Created]
    handled_at: Mapped[Moment | None]
    sent_at: Mapped[Moment | None]


class Answer(Base):
    """A fact of a client as it was told. The newest row of a fact without `superseded_at` is what holds.

    `value` is null where the client preferred not to say. `origin` is `said`, `worked_out` or `staff`.
    """

    __tablename__ = "answers"
    __table_args__ = (
        Index("uq_answers_current", "client_id", "fact", unique=True, postgresql_where=text("superseded_at is null")),
    )

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    fact: Mapped[str]
    value: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True)
    words: Mapped[str | None] = mapped_column(EncryptedText)  # the client's own
    origin: Mapped[str] = mapped_column(default="said")
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    created_at: Mapped[Created]
    superseded_at: Mapped[Moment | None]

"""What is handed to people: the handoff with its summary, screenings, needs, referrals.

open -> claimed -> closed
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Id, Moment
from casework.storage.encryption import EncryptedJSON


class ScreeningRecord(Base):
    """A screening as it was computed: the facts used, the policy's version, and the whole result."""

    __tablename__ = "screenings"
    __table_args__ = (Index("ix_screenings_client", "client_id", "created_at"),)

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    policy: Mapped[str]
    version: Mapped[str]
    facts: Mapped[Any] = mapped_column(EncryptedJSON)
    result: Mapped[Any] = mapped_column(EncryptedJSON)
    created_at: Mapped[Created]


class Need(Base):
    """Something the client said they need (housing, food, ...), for the summary."""

    __tablename__ = "needs"
    __table_args__ = (UniqueConstraint("client_id", "need"),)

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    need: Mapped[str]
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    created_at: Mapped[Created]


class Handoff(Base):
    """A client handed to people. `urgency` 3 is crisis, 2 a person was asked for or concern, 1 ordinary.

    `shared_at` is when the client agreed that the summary may be passed on, and empty again once they took that back;
    a crisis or a request for a person makes a handoff without it, and then staff see that it is missing. `promised_at`
    is until when the client may expect an answer; `answered_at` when a person first wrote. `calls` are the members of
    staff who were called while nobody had claimed it: [{"step", "staff", "at", "error"}]; `call_step` is the next
    call's number.
    """

    __tablename__ = "handoffs"
    __table_args__ = (
        Index("uq_handoffs_open", "client_id", unique=True, postgresql_where=text("status <> 'closed'")),
        Index("ix_handoffs_queue", "status", "urgency", "promised_at"),
        Index("ix_handoffs_client", "client_id"),
    )

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    program_id: Mapped[str | None] = mapped_column(ForeignKey("programs.id"))
    appointment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("appointments.id"))
    reason: Mapped[str]  # booked, referral, person_asked, crisis, concern, assistant_failed, not_delivered, ...
    urgency: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(default="open")
    summary: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True)
    shared_at: Mapped[Moment | None]
    claimed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    claimed_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]
    promised_at: Mapped[Moment | None]
    answered_at: Mapped[Moment | None]
    received_told_at: Mapped[Moment | None]  # when the client was told that somebody has their summary
    calls: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    call_step: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[Created]


class Referral(Base):
    """A request to a program's intake for somebody who agreed to it, where nothing can be booked online.

        made -> sent -> accepted | called_back | declined
                     -> no_answer -> sent ...
        made | no_answer -> withdrawn

    `status_by` is who of staff recorded it last. A client has one referral to a program that is not settled.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        Index(
            "uq_referrals_unsettled",
            "client_id",
            "program_id",
            unique=True,
            postgresql_where=text("status in ('made', 'sent', 'no_answer')"),
        ),
        Index("ix_referrals_client", "client_id", "created_at"),
    )

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"))
    status: Mapped[str] = mapped_column(default="made")
    status_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    agreed_at: Mapped[Moment]
    mail: Mapped[str | None]  # waiting, sent, refused; None: there is no e-mail, so it is a call to make
    mailed_at: Mapped[Moment | None]
    created_at: Mapped[Created]
    changed_at: Mapped[Moment | None]

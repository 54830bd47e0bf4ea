"""Every assessment of an inbound message, and the alarms that call a person.

alarm: open -> acknowledged -> closed
       acknowledged -> open        (the client writes something worse, and whoever acknowledged has had time to act)
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Id, Moment
from casework.storage.encryption import EncryptedJSON


class SafetyAssessment(Base):
    """What the detector said of one message, why, and what staff say of it (`mark`: none, concern, crisis)."""

    __tablename__ = "safety_assessments"
    __table_args__ = (Index("ix_safety_assessments_conversation", "conversation_id", "created_at"),)

    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    level: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(EncryptedJSON, default=list)
    score: Mapped[float]
    reasons: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True)
    model_version: Mapped[str]
    mark: Mapped[str | None]
    marked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    marked_at: Mapped[Moment | None]
    created_at: Mapped[Created]


class Alarm(Base):
    """A person is called; one alarm a conversation at a time. `step` is the next page to be sent: the on-call list is
    gone through again and again. `pages` records them: [{"step", "at", "target", "error"}]; `exhausted_at` says that
    every round went by without an answer.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        Index("ix_alarms_status", "status", "created_at"),
        Index("ix_alarms_client", "client_id"),
        Index("uq_alarms_open", "conversation_id", unique=True, postgresql_where=text("status <> 'closed'")),
    )

    id: Mapped[Id]
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    level: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(EncryptedJSON, default=list)
    status: Mapped[str] = mapped_column(default="open")
    step: Mapped[int] = mapped_column(default=0)
    pages: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    exhausted_at: Mapped[Moment | None]
    acknowledged_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    acknowledged_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]
    created_at: Mapped[Created]

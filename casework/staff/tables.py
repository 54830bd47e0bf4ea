"""Staff, their sign-ins, and the audit trail of what they read and change."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Id, Moment

ROLES = ("case_manager", "supervisor", "admin")


class Staff(Base):
    """A member of staff. `email` is kept in lower case; `role` is one of ROLES.

    `skills` are what they know most about: needs (housing, ...), veterans. `reach` is how they are called when a client
    waits: entries as in ON_CALL (`sms:+1...`, `email:...`, an https address); without any, their e-mail.
    """

    __tablename__ = "staff"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    languages: Mapped[list[str]] = mapped_column(JSONB, default=lambda: ["en"])
    skills: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    reach: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    active: Mapped[bool] = mapped_column(default=True)
    password_given: Mapped[bool] = mapped_column(default=False, server_default="false")  # by an admin: to be changed
    created_at: Mapped[Created]


class StaffSession(Base):
    """A sign-in. The cookie holds the token, the table only its hash."""

    __tablename__ = "staff_sessions"

    token_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]


class AuditEvent(Base):
    """Who read or changed which client's record, and when. `detail` holds ids and field names, never content."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_client", "client_id", "at"), Index("ix_audit_events_at", "at"))

    id: Mapped[Id]
    at: Mapped[Created]
    staff_id: Mapped[uuid.UUID | None]  # null: the service itself
    client_id: Mapped[uuid.UUID | None]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)

"""Where a client stands on the road, every move, the service plan, and what is to be done until when.

plan:  draft -> offered -> approved -> replaced       a new plan takes the approved one's place once it is approved
       offered -> draft                               taken back, or the client wants something changed
task:  open -> done | dropped
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Id, Moment
from casework.storage.encryption import EncryptedText


class Case(Base):
    """A client's place on the road: one of `rules.STAGES` or closed. A client has one from the first handoff on."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_stage", "stage", "since"),
        Index("ix_cases_case_manager", "case_manager_id", "stage", "since"),
    )

    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[str]
    since: Mapped[Moment]
    case_manager_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    reassess_on: Mapped[date | None]
    ended: Mapped[str | None]  # why it was closed: one of rules.ENDS
    created_at: Mapped[Created]


class Move(Base):
    """One step of a case. `by` is staff, client or service; `before` is what undoing it brings back."""

    __tablename__ = "case_moves"
    __table_args__ = (Index("ix_case_moves_client", "client_id", "at"),)

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    from_stage: Mapped[str]
    to_stage: Mapped[str]
    by: Mapped[str]
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    at: Mapped[Moment]
    told_at: Mapped[Moment | None]  # when the client was told
    undone_at: Mapped[Moment | None]
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))


class Plan(Base):
    """An individualized service plan. A client has at most one that is open (draft or offered)."""

    __tablename__ = "service_plans"
    __table_args__ = (
        UniqueConstraint("client_id", "number"),
        Index(
            "uq_service_plans_open", "client_id", unique=True, postgresql_where=text("status in ('draft', 'offered')")
        ),
    )

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    number: Mapped[int]
    status: Mapped[str] = mapped_column(default="draft")
    offered_at: Mapped[Moment | None]
    approved_at: Mapped[Moment | None]
    approved_by: Mapped[str | None]  # client (by message) or staff (who heard it in person)
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[Created]


class Goal(Base):
    """A goal of a plan: what, how it is known that it is reached, by when."""

    __tablename__ = "goals"
    __table_args__ = (Index("ix_goals_plan", "plan_id", "created_at"), Index("ix_goals_client", "client_id"))

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service_plans.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(EncryptedText)
    measure: Mapped[str | None] = mapped_column(EncryptedText)
    target_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="open")  # open, reached, dropped
    created_at: Mapped[Created]


class Service(Base):
    """What is done for a goal, and who does it."""

    __tablename__ = "plan_services"
    __table_args__ = (Index("ix_plan_services_goal", "goal_id"), Index("ix_plan_services_client", "client_id"))

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    goal_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goals.id", ondelete="CASCADE"))
    what: Mapped[str] = mapped_column(EncryptedText)
    who: Mapped[str | None] = mapped_column(EncryptedText)
    created_at: Mapped[Created]


class Task(Base):
    """Something to be done for a client until a day. `kind` is assessment, check_in, reassessment, plan_change, other.

    A client has one open task of each kind but other. `note` is staff's own words.
    """

    __tablename__ = "case_tasks"
    __table_args__ = (
        Index("ix_case_tasks_client", "client_id", "due_on"),
        Index("ix_case_tasks_due", "due_on", "client_id", postgresql_where=text("status = 'open'")),
        Index(
            "uq_case_tasks_kind",
            "client_id",
            "kind",
            unique=True,
            postgresql_where=text("status = 'open' and kind <> 'other'"),
        ),
    )

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    kind: Mapped[str]
    note: Mapped[str | None] = mapped_column(EncryptedText)
    due_on: Mapped[date]
    status: Mapped[str] = mapped_column(default="open")
    done_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    done_at: Mapped[Moment | None]
    reminded_at: Mapped[Moment | None]
    created_at: Mapped[Created]

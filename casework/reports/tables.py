"""What reports are read from: counts by day, and which question was put to whom."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Moment


class ReportCount(Base):
    """`n` of one thing on one day (of the agency's own calendar). `measure` and `key` are codes of `gathering.py`.

    Counts hold nobody's id. Those of days that are no longer counted anew outlive the erasure of who was counted.
    """

    __tablename__ = "report_counts"

    measure: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]


class ReportRun(Base):
    """The one row that says how fresh the counts are. `asked_at`: when newer ones were last asked for."""

    __tablename__ = "report_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[Moment | None]
    asked_at: Mapped[Moment | None]
    seconds: Mapped[float | None]


class QuestionAsked(Base):
    """A question of the walk that was put to a client: when first, and how often. Its name, never its answer."""

    __tablename__ = "questions_asked"

    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[Created]

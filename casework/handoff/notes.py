"""Internal notes on a client: for staff only. No part of the line sends them, and no summary or export holds them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from casework.staff.tables import Staff
from casework.storage.base import Base, Created, Id
from casework.storage.encryption import EncryptedText

LONGEST = 4_000
SHOWN = 50


class Note(Base):
    """A note, by one member of staff."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_client", "client_id", "created_at"),)

    id: Mapped[Id]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    text: Mapped[str] = mapped_column(EncryptedText)
    created_at: Mapped[Created]


@dataclass(frozen=True)
class Line:
    """A note and the name of who wrote it."""

    note: Note
    by: str


async def of_client(session: AsyncSession, client_id: uuid.UUID) -> list[Line]:
    """The newest first."""
    rows = await session.execute(
        select(Note, Staff.name)
        .join(Staff, Staff.id == Note.staff_id)
        .where(Note.client_id == client_id)
        .order_by(Note.created_at.desc())
        .limit(SHOWN)
    )
    return [Line(note, by) for note, by in rows]


async def find(session: AsyncSession, note_id: uuid.UUID) -> Note | None:
    return await session.get(Note, note_id)


def make(session: AsyncSession, client_id: uuid.UUID, staff_id: uuid.UUID, text: str, at: datetime) -> None:
    session.add(Note(client_id=client_id, staff_id=staff_id, text=text, created_at=at))

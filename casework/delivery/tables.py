"""How fast each sending number may go: one row a number, read and moved on by every worker."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Moment


class Pace(Base):
    """`free_at`: when the messages handed over so far would all be out, one after the other at the number's rate."""

    __tablename__ = "paces"

    sender: Mapped[str] = mapped_column(primary_key=True)  # the line's number or messaging service
    free_at: Mapped[Moment]

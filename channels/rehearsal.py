"""A text that nobody sent goes the whole way when a web process starts, and is undone.

Much is loaded at first use: the wording, phrase lists, the database's statements. That is more than a second, and the
first person in danger after a start would wait for it, with everybody behind them.
"""

from __future__ import annotations

import contextlib

import structlog
from sqlalchemy.exc import SQLAlchemyError

from casework.conversations import people
from casework.conversations.receive import Inbound, receive
from casework.logs import where
from casework.storage import Database

log = structlog.get_logger(__name__)
_NOBODY = "+12015550100"  # a number that is nobody's
_SAID = ("hi", "i want to kill myself", "estoy bien")


class _Undone(Exception):
    """Ends the rehearsal's transaction: nothing of it is kept, and nobody is told or paged."""


async def rehearse(database: Database) -> None:
    """Never keeps a process from starting: what goes wrong here is said, and would be again at the first text."""
    try:
        with contextlib.suppress(_Undone):
            async with database.session() as session:
                client, conversation = await people.by_phone(session, _NOBODY, _NOBODY)
                for text in _SAID:
                    await receive(session, client, conversation, Inbound(text, provider_id=f"rehearsal {text}"))
                    await session.flush()
                raise _Undone
    except (SQLAlchemyError, OSError) as error:
        log.warning("rehearsal_failed", **where(error))

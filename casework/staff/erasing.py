"""Erasing a client's record for good: a supervisor's deed, done in two steps. Part of the records."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from casework import records
from casework.conversations.tables import Client
from casework.staff import audit
from casework.staff.errors import CannotDo
from casework.staff.records import Records
from casework.storage import notify

WORD = "ERASE"  # typed by hand: one click too many erases nobody


@dataclass(frozen=True)
class Erasing(Records):
    """The records with the deed that ends one."""

    async def to_erase(self, client_id: uuid.UUID) -> Client:
        """Whose record it is. Raises NotFound."""
        await self._readable(client_id)
        await audit.reading(self.session, self.staff, client_id, self.at, goes_on=True)
        return await self.session.get_one(Client, client_id)

    async def erase(self, client_id: uuid.UUID, typed: str) -> None:
        """Deletes the client and all that hangs on them. Raises NotFound, CannotDo (not_typed, alarm_open)."""
        await self._readable(client_id)
        if typed.strip().upper() != WORD:
            raise CannotDo("not_typed")
        await self._no_open_alarm(client_id)
        await records.erase_client(self.session, client_id, by=self.staff.id)
        await notify(self.session, kind="queue", client=client_id)

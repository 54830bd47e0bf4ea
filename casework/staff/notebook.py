"""Notes on a client, and ready-made replies to put into an answer. Part of the records."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from casework.conversations.tables import Client
from casework.errors import NotFound
from casework.handoff import notes, ready_made
from casework.settings import get_settings
from casework.staff import audit
from casework.staff.errors import CannotDo, NotYours
from casework.staff.records import Records
from casework.staff.roles import leads


@dataclass(frozen=True)
class Ready:
    """A ready-made reply as it would be written to this client."""

    code: str
    title: str
    texts: dict[str, str]  # language -> text


@dataclass(frozen=True)
class Notebook(Records):
    """The records with notes and ready-made replies."""

    async def notes(self, client_id: uuid.UUID) -> list[notes.Line]:
        await self._readable(client_id)
        await audit.reading(self.session, self.staff, client_id, self.at, goes_on=True)
        return await notes.of_client(self.session, client_id)

    async def add_note(self, client_id: uuid.UUID, text: str) -> None:
        """Raises CannotDo: empty, note_long."""
        await self._readable(client_id)
        if not text.strip():
            raise CannotDo("empty")
        if len(text) > notes.LONGEST:
            raise CannotDo("note_long")
        notes.make(self.session, client_id, self.staff.id, text.strip(), self.at)
        audit.write(self.session, self.staff, "note.added", self.at, client_id=client_id)

    async def remove_note(self, note_id: uuid.UUID) -> uuid.UUID:
        """One's own, or as a supervisor anybody's. Returns the client's id. Raises NotFound, NotYours."""
        found = await notes.find(self.session, note_id)
        if found is None:
            raise NotFound("no such note")
        if found.staff_id != self.staff.id and not leads(self.staff.role):
            raise NotYours("a colleague wrote this note")
        await self.session.delete(found)
        audit.write(self.session, self.staff, "note.removed", self.at, client_id=found.client_id, note=str(note_id))
        return found.client_id

    async def ready_made(self, client_id: uuid.UUID) -> tuple[Client, Sequence[Ready]]:
        """The ready-made replies with this client's name and the agency's filled in."""
        await self._readable(client_id)
        client = await self.session.get_one(Client, client_id)
        settings = get_settings()
        values = {
            "name": client.name,
            "me": self.staff.name,
            "agency": settings.agency_name,
            "phone": settings.agency_phone,
        }
        return client, [
            Ready(
                each.code,
                each.title,
                {"en": ready_made.filled(each.text_en, values), "es": ready_made.filled(each.text_es, values)},
            )
            for each in await ready_made.everything(self.session)
        ]

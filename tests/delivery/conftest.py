"""A provider at the network's edge that does as it is told."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from casework.delivery.sending import ProviderRefused


@dataclass
class Provider:
    """`has` is what it took: (id, number, text). `does` says what happens to the next sends: None takes it, a
    ProviderRefused is raised, "lost" takes it and raises as if no answer had come. `finds` says the same of questions.
    """

    sender: str = "+16125550100"
    has: list[tuple[str, str, str]] = field(default_factory=list)
    does: list[ProviderRefused | str | None] = field(default_factory=list)
    finds: list[ProviderRefused | None] = field(default_factory=list)
    asked: int = 0

    async def send(self, *, to: str, body: str, message_id: uuid.UUID | None) -> str:
        then = self.does.pop(0) if self.does else None
        if isinstance(then, ProviderRefused):
            raise then
        sid = "SM" + uuid.uuid4().hex
        self.has.append((sid, to, body))
        if then == "lost":
            raise ProviderRefused(None, passing=True, uncertain=True)
        return sid

    async def find(self, *, to: str, bodies: Collection[str], since: datetime) -> list[str]:
        assert since < datetime.now(UTC)
        self.asked += 1
        if (then := self.finds.pop(0) if self.finds else None) is not None:
            raise then
        return [sid for sid, number, body in self.has if number == to and body in bodies]


@pytest.fixture
def provider() -> Provider:
    return Provider()

"""A real Postgres for the tests of delivery, and a provider at the network's edge that does as it is told."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

# Before anything reads the settings: keys are made in a folder of the tests' own.
_FOLDER = tempfile.TemporaryDirectory(prefix="guidepost-tests-")
os.environ["GUIDEPOST_DEMO"] = "1"
os.environ.setdefault("GUIDEPOST_DATA", _FOLDER.name)

from casework.delivery.sending import ProviderRefused  # noqa: E402
from casework.settings import get_settings  # noqa: E402
from casework.storage import Database, embedded  # noqa: E402
from casework.storage.engine import plain_url  # noqa: E402
from casework.storage.migrate import migrate  # noqa: E402

# What says which migrations were applied must stay.
_TABLES = "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The address of a fresh, migrated database."""
    get_settings.cache_clear()
    server, address = embedded.start(Path(_FOLDER.name) / "postgres", durable=False)
    url = embedded.create_database(address, "delivery_tests", fresh=True)
    migrate(url)
    yield url
    server.cleanup()


@pytest.fixture
def database(database_url: str) -> Database:
    """The empty database. Tests run what is async through `asyncio.run`, each in one event loop of its own."""
    with psycopg.connect(plain_url(database_url), autocommit=True) as connection:
        tables = ", ".join(name for (name,) in connection.execute(_TABLES))
        connection.execute(f"truncate {tables} restart identity cascade")
    return Database(database_url)


@dataclass
class Provider:
    """`has` is what it took: (id, number, text). `does` says what happens to the next sends: None takes it, a
    ProviderRefused is raised, "lost" takes it and raises as if no answer had come.
    """

    sender: str = "+16125550100"
    has: list[tuple[str, str, str]] = field(default_factory=list)
    does: list[ProviderRefused | str | None] = field(default_factory=list)
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
        return [sid for sid, number, body in self.has if number == to and body in bodies]


@pytest.fixture
def provider() -> Provider:
    return Provider()

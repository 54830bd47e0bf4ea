"""A real Postgres for the tests of what faces people: one database a session, emptied between tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

# Before anything reads the settings: keys are made in a folder of the tests' own.
_FOLDER = tempfile.TemporaryDirectory(prefix="guidepost-tests-")
os.environ["GUIDEPOST_DEMO"] = "1"
os.environ.setdefault("GUIDEPOST_DATA", _FOLDER.name)
os.environ.setdefault("XDG_RUNTIME_DIR", _FOLDER.name)  # the embedded server warns where there is none

from casework.settings import get_settings  # noqa: E402
from casework.storage import Database, embedded  # noqa: E402
from casework.storage.engine import plain_url  # noqa: E402
from casework.storage.migrate import migrate  # noqa: E402

# What says which migrations were applied must stay.
_TABLES = "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The address of a fresh, migrated database."""
    get_settings.cache_clear()
    server, address = embedded.start(Path(_FOLDER.name) / "postgres", durable=False)
    url = embedded.create_database(address, "channels_tests", fresh=True)
    migrate(url)
    yield url
    server.cleanup()


@pytest.fixture
def database(database_url: str) -> Database:
    """The empty database. Whoever uses it in an event loop closes it there."""
    with psycopg.connect(plain_url(database_url), autocommit=True) as connection:
        tables = ", ".join(name for (name,) in connection.execute(_TABLES))
        connection.execute(f"truncate {tables} restart identity cascade")
    return Database(database_url)

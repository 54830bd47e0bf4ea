"""What all tests stand on: settings of their own, a real Postgres, and one running line for those that text it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Before anything reads the settings: keys are made in a folder of the tests' own.
_FOLDER = tempfile.TemporaryDirectory(prefix="guidepost-tests-")
os.environ["GUIDEPOST_DEMO"] = "1"
os.environ["GUIDEPOST_DATA"] = _FOLDER.name
os.environ.setdefault("XDG_RUNTIME_DIR", _FOLDER.name)  # the embedded server warns where there is none

from casework.storage import Database, embedded  # noqa: E402
from casework.storage.engine import plain_url  # noqa: E402
from casework.storage.migrate import migrate  # noqa: E402

if TYPE_CHECKING:
    from tests.line.line import Running

# What says which migrations were applied must stay.
_TABLES = "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"


# Tests that share what takes long to start run in one process, one after the other. The largest of these groups is
# begun first; the rest fills what cores are left (`make test` runs two processes).
_TOGETHER = {"tests/conversations/": "the line", "tests/line/": "the line", "tests/bot/": "a model server"}
_ALONE = "tests/line/test_crash.py"  # has a line of its own


class Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_ALONE):
            return "0 crash"
        return next((group for folder, group in _TOGETHER.items() if nodeid.startswith(folder)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith((*_TOGETHER, _ALONE)))


def pytest_unconfigure() -> None:
    _FOLDER.cleanup()


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The address of a fresh, migrated database."""
    server, address = embedded.start(Path(_FOLDER.name) / "postgres", durable=False)
    url = embedded.create_database(address, "tests", fresh=True)
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


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Every process, the real model, a Twilio stand-in."""
    from tests.line.line import Running

    running = Running(tmp_path_factory.mktemp("line"))
    running.start()
    yield running
    running.close()

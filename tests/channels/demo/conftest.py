"""One web process with the demo for all tests of it, its database emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chat_pages import Chat, chat_server

from casework.storage import Database


@pytest.fixture(scope="session")
def demo(database_url: str) -> Iterator[Chat]:
    with chat_server(database_url) as server:
        yield server


@pytest.fixture
def server(demo: Chat, database: Database) -> Chat:
    """The running demo over an empty database, its phones without texts."""
    assert demo.app is not None
    demo.app.state.demo_carrier.phones._texts.clear()
    return demo

"""One web process for all tests of the chat, its database emptied before each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from chat_pages import Chat, Page, chat_page, chat_server

from casework.storage import Database


@pytest.fixture(scope="session")
def chat(database_url: str) -> Iterator[Chat]:
    with chat_server(database_url) as server:
        yield server


@pytest.fixture
def empty(database: Database) -> None:
    """An empty database."""


@pytest.fixture
async def page(chat: Chat, empty: None) -> AsyncIterator[Page]:
    """A page that has opened its socket and said nothing yet."""
    async with chat_page(chat) as opened:
        yield opened

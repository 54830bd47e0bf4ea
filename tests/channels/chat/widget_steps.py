"""What the tests of the widget do in a browser again and again, and the page that they do it on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import SIZES, new_page, sync_api
from chat_pages import Chat


@pytest.fixture
def opened(chromium: Any, chat: Chat, empty: None) -> Iterator[Any]:
    """The sample page with the chat opened."""
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.goto(f"{chat.url}/chat/demo")
    page.get_by_role("button", name="Chat with us").click()
    yield page
    assert page.wrong == []
    page.context.close()


def say(page: Any, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def sent(page: Any, text: str) -> None:
    """The text stands in the log and is not under way any more."""
    message = page.locator("guidepost-chat .m.client", has_text=text)
    sync_api.expect(message).to_have_count(1)
    sync_api.expect(message.locator(".state")).to_have_count(0)

"""The widget where the network is gone, slow or cut, and with what came meanwhile: nothing lost, nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import IN_A_BROWSER, SIZES, chromium, new_page, sync_api
from chat_pages import Chat, chat_server
from widget_steps import opened, say, sent

__all__ = ["chromium", "opened"]
pytestmark = IN_A_BROWSER


def test_what_is_typed_shows_at_once_and_is_sent_once_the_line_is_back(
    chromium: Any, database_url: str, empty: None
) -> None:
    with chat_server(database_url) as server:
        page = new_page(chromium, viewport=SIZES["desktop"])
        page.goto(f"{server.url}/chat/demo")
        page.get_by_role("button", name="Chat with us").click()
        say(page, "hello")
        sent(page, "hello")

        server.stop()
        say(page, "my first answer")
        say(page, "my second answer")
        sync_api.expect(page.locator("guidepost-chat .state")).to_have_text(["sending…", "sending…"])
        sync_api.expect(page.get_by_text("No connection.")).to_be_visible()
        server.replies("said meanwhile")

        server.start()
        sent(page, "my first answer")
        sent(page, "my second answer")
        sync_api.expect(page.get_by_text("said meanwhile")).to_have_count(1)
        assert [m.text for m in server.stored()] == [
            "hello",
            "said meanwhile",
            "my first answer",
            "my second answer",
        ]
        sync_api.expect(page.get_by_text("No connection.")).to_have_count(0)
        page.context.close()


def test_a_message_whose_ack_was_lost_is_sent_again_and_stored_once(chromium: Any, chat: Chat, empty: None) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    dropped: list[str] = []

    def between(route: Any) -> None:
        server = route.connect_to_server()

        def from_server(frame: str) -> None:
            if '"ack"' in frame and not dropped:
                dropped.append(frame)
                route.close()  # the line dies between storing and saying so
            else:
                route.send(frame)

        server.on_message(from_server)

    page.route_web_socket("**/chat/socket", between)
    page.goto(f"{chat.url}/chat/demo")
    page.get_by_role("button", name="Chat with us").click()
    say(page, "only once")

    sent(page, "only once")
    assert dropped
    assert [message.text for message in chat.stored()] == ["only once"]
    page.context.close()


def test_messages_that_come_while_the_chat_is_closed_are_counted_and_announced(opened: Any, chat: Chat) -> None:
    say(opened, "hi")
    sent(opened, "hi")
    opened.keyboard.press("Escape")
    chat.replies("one")
    chat.replies("two")

    sync_api.expect(opened.get_by_role("button", name="Chat with us, 2 new")).to_be_visible()
    sync_api.expect(opened.locator("guidepost-chat > p[role=status], guidepost-chat p.vh[role=status]")).to_have_text(
        "New message in the chat"
    )


def test_what_came_while_the_chat_was_closed_and_the_network_away_is_counted_too(opened: Any, chat: Chat) -> None:
    say(opened, "hi")
    sent(opened, "hi")
    opened.keyboard.press("Escape")
    opened.context.set_offline(True)
    chat.replies("one")
    opened.context.set_offline(False)

    sync_api.expect(opened.get_by_role("button", name="Chat with us, 1 new")).to_be_visible()
    opened.wrong.clear()  # the browser itself complains that it is offline


def test_two_tabs_of_one_chat_show_the_same(opened: Any, chat: Chat) -> None:
    say(opened, "from the first")
    sent(opened, "from the first")
    opened.get_by_role("button", name="Keep it", exact=True).click()
    with opened.context.expect_page() as news:
        # A duplicated tab: window.open copies the session storage.
        opened.evaluate("window.open('/chat/demo')")
    second = news.value
    second.get_by_role("button", name="Chat with us").click()
    sent(second, "from the first")
    say(second, "from the second")
    sent(opened, "from the second")
    chat.replies("to both")
    for page in (opened, second):
        sync_api.expect(page.get_by_text("to both")).to_have_count(1)


@pytest.mark.parametrize("blocked", ["closed at once", "never answered"])
def test_where_no_websocket_gets_through_the_chat_polls(chromium: Any, chat: Chat, empty: None, blocked: str) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.route_web_socket("**/chat/socket", lambda route: route.close() if blocked == "closed at once" else None)
    page.goto(f"{chat.url}/chat/demo")
    page.get_by_role("button", name="Chat with us").click()
    say(page, "hello over http")
    sent(page, "hello over http")
    page.get_by_role("button", name="Keep it", exact=True).click()

    chat.replies("Do you have Medicaid?", choices=(("Yes, I do", "/affirm"),))
    page.get_by_role("button", name="Yes, I do").click()
    sent(page, "Yes, I do")
    chat.replies("Thank you.")
    sync_api.expect(page.get_by_text("Thank you.")).to_have_count(1)
    assert [m.text for m in chat.stored()] == ["hello over http", "Do you have Medicaid?", "Yes, I do", "Thank you."]

    page.reload()
    page.get_by_role("button", name="Chat with us").click()
    sync_api.expect(page.get_by_text("Thank you.")).to_have_count(1)
    page.context.close()


def test_a_network_that_is_cut_in_the_middle_loses_nothing(opened: Any, chat: Chat) -> None:
    say(opened, "before")
    sent(opened, "before")
    opened.context.set_offline(True)
    say(opened, "during")
    sync_api.expect(opened.get_by_text("No connection.")).to_be_visible()
    chat.replies("said meanwhile")
    opened.context.set_offline(False)

    sent(opened, "during")
    sync_api.expect(opened.get_by_text("said meanwhile")).to_have_count(1)
    assert sorted(m.text for m in chat.stored()) == ["before", "during", "said meanwhile"]
    opened.wrong.clear()  # the browser itself complains that it is offline

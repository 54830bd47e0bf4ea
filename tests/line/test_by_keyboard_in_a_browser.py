"""The website's chat over the real line, in a real browser: from "hi" to a booked appointment by keyboard alone."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.channels.browsing import IN_A_BROWSER, SIZES, chromium, new_page, sync_api
from tests.line.killing import find
from tests.line.line import Running
from tests.line.test_the_way_through import answer_to, signed_in, whole_queue

__all__ = ["chromium"]
pytestmark = [pytest.mark.line, *IN_A_BROWSER]
FOCUSED = "document.activeElement.shadowRoot && document.activeElement.shadowRoot.activeElement"
ANSWERED = """(before) => {
    const log = document.querySelector("guidepost-chat").shadowRoot;
    const said = log.querySelectorAll(".m:not(.client)").length, waits = log.querySelector(".state");
    const typing = !log.querySelector(".typing").hidden;
    return said > before && !waits && !typing ? said : 0;
}"""


class ByKeyboard:
    """A person with a keyboard and a screen, and no mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.messages = page.locator("guidepost-chat .m:not(.client)")

    def opens(self) -> None:
        for _ in range(8):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(f"({FOCUSED})?.className === 'launch'"):
                break
        self.page.keyboard.press("Enter")
        assert self.page.evaluate(f"({FOCUSED}).tagName") == "TEXTAREA"

    def says(self, text: str) -> str:
        """Types it; returns what the line answered."""
        before = self.messages.count()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        return self.hears(before)

    def chooses_the_first(self) -> str:
        """Goes back from the input to the choices and takes the first of them."""
        before = self.messages.count()
        choices = self.page.locator("guidepost-chat .log .choices button").count()
        for _ in range(choices):
            self.page.keyboard.press("Shift+Tab")
        self.page.keyboard.press("Enter")
        assert self.page.evaluate(f"({FOCUSED}).tagName") == "TEXTAREA", "the focus comes back to the input"
        return self.hears(before)

    def hears(self, before: int) -> str:
        self.page.wait_for_function(ANSWERED, arg=before, timeout=30_000)
        said = -1
        while said != (said := self.messages.count()):
            self.page.wait_for_timeout(500)  # an answer of several messages is heard to its end
        return "\n".join(self.messages.all_inner_texts()[before:])


def stored(line: Running) -> tuple[int, int]:
    """How many messages of the newest chat came in and went out."""
    with psycopg.connect(line.database_url) as connection:
        row = connection.execute(
            "select count(*) filter (where direction = 'in'), count(*) filter (where direction = 'out') from messages"
            " where status <> 'dropped' and conversation_id ="
            " (select id from conversations where channel = 'web' order by created_at desc limit 1)"
        ).fetchone()
    assert row
    return row[0], row[1]


@pytest.mark.parametrize(("size", "trouble"), [("desktop", "the network is cut"), ("phone", "the web is killed")])
def test_from_hi_to_a_booked_appointment_by_keyboard_whatever_happens_in_between(
    chromium: Any, line: Running, size: str, trouble: str
) -> None:
    page = new_page(chromium, viewport=SIZES[size])
    page.goto(f"{line.base}/chat/demo")
    person = ByKeyboard(page)
    person.opens()
    name = {"desktop": "Kim", "phone": "Sasha"}[size]
    said, everything, texts, happened = person.says("hi"), "", 0, False
    page.keyboard.press("Shift+Tab")  # the question whether to keep the chat: "Don't keep it" is the nearer
    page.keyboard.press("Enter")
    while "What comes next" not in said:
        everything, texts = everything + said, texts + 1
        assert texts < 25, everything
        answer = answer_to(said)
        if answer == "yes" and page.locator("guidepost-chat .log .choices button").count():
            said = person.chooses_the_first()
        elif answer == "34" and trouble == "the network is cut":
            before = person.messages.count()
            page.context.set_offline(True)
            page.keyboard.type(answer)
            page.keyboard.press("Enter")
            sync_api.expect(page.locator("guidepost-chat .state")).to_have_count(1)
            page.context.set_offline(False)
            said, happened = person.hears(before), True
        elif answer == "the first one" and trouble == "the web is killed":  # as they take a time
            before, web = person.messages.count(), find(line, "web")
            assert web
            page.keyboard.type(answer)
            web.kill()
            page.keyboard.press("Enter")
            said = person.hears(before)
            assert find(line, "web") != web
            happened = True
        else:
            said = person.says(name if answer == "Dana" else answer)
    assert happened, trouble
    assert "Booked:" in everything + said
    shown = (page.locator("guidepost-chat .m.client").count(), person.messages.count())
    assert shown[0] == texts + 1, "each of their messages is there once"
    came, went = stored(line)
    assert shown == (came, went + 1), "the page shows what the line knows, no more and no less, and the greeting"
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]
    with signed_in(line) as browser:
        assert name in whole_queue(browser)
    page.context.close()

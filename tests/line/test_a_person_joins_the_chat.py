"""A person joins a website's chat and leaves it again: told live and to screen readers, also after a drop."""

from __future__ import annotations

import re
import uuid
from typing import Any

import httpx
import psycopg
import pytest

from tests.channels.browsing import IN_A_BROWSER, SIZES, chromium, new_page, sync_api
from tests.line.line import Running
from tests.line.test_by_keyboard_in_a_browser import ByKeyboard
from tests.line.test_the_way_through import signed_in

__all__ = ["chromium"]
pytestmark = [pytest.mark.line, *IN_A_BROWSER]
# What a screen reader says of itself: whatever is added to the log while that is a live region.
LISTEN = """() => {
    const log = document.querySelector("guidepost-chat").shadowRoot.querySelector("[role=log]");
    window.heard = [];
    new MutationObserver((changes) => {
        if (log.getAttribute("aria-live") === "polite")
            for (const change of changes) for (const added of change.addedNodes) window.heard.push(added.textContent);
    }).observe(log, {childList: true});
}"""
WORDS = {
    "en": {
        "asks": "i want to talk to a person", "here": "is with you now. This is a person.", "staff": "Staff member:",
        "back": "the automated assistant is back", "keep": "Keep it", "launch": "Chat with us", "notice": "Notice:",
        "then": "what is a case manager", "answer": "case manager",
    },
    "es": {
        "asks": "quiero hablar con una persona", "here": "est\u00e1 con usted ahora. Es una persona.",
        "staff": "Persona del equipo:", "back": "vuelve el asistente autom\u00e1tico", "keep": "Conservar",
        "launch": "Chatee con nosotros", "notice": "Aviso:", "then": "qu\u00e9 es un administrador de casos",
        "answer": "administrador de casos",
    },
}  # fmt: skip


def does(staff: httpx.Client, client: str, step: str, **form: str) -> None:
    csrf = re.search(r'name="csrf" value="([^"]+)"', staff.get(f"/console/people/{client}").text)
    assert csrf
    answer = staff.post(f"/console/people/{client}/{step}", data={"csrf": csrf[1], **form})
    assert "refused=" not in str(answer.url), answer.url


@pytest.mark.parametrize("language", ["en", "es"])
def test_who_is_there_is_told_live_and_to_screen_readers_also_after_a_drop(
    chromium: Any, line: Running, language: str
) -> None:
    words = WORDS[language]
    page = new_page(chromium, viewport=SIZES["phone"])
    page.goto(f"{line.base}/chat/demo?lang={language}")
    person = ByKeyboard(page)
    person.opens()
    person.says(words["asks"])
    page.get_by_role("button", name=words["keep"], exact=True).click()
    with psycopg.connect(line.database_url) as connection:
        row = connection.execute("select client_id from handoffs order by created_at desc limit 1").fetchone()
        name = connection.execute("select name from staff where email = 'demo@guidepost.example'").fetchone()
    assert row
    assert name
    client = str(row[0])
    page.evaluate(LISTEN)

    def shows(text: str) -> Any:
        found = page.locator("guidepost-chat .m", has_text=text)
        sync_api.expect(found).to_have_count(1)
        return found

    def hears(text: str) -> str:
        said = [each for each in page.evaluate("window.heard") if text in each]
        assert len(said) == 1, page.evaluate("window.heard")
        return str(said[0])

    with signed_in(line) as staff:
        does(staff, client, "take-over")
        shows(words["here"])
        said = hears(words["here"])
        assert name[0] in said
        assert said.startswith(words["notice"])

        does(staff, client, "typing")
        sync_api.expect(page.locator("guidepost-chat .typing")).to_be_visible()

        page.context.set_offline(True)
        does(staff, client, "reply", text="I am here.", key=str(uuid.uuid4()))
        page.context.set_offline(False)
        shows("I am here.")
        assert hears("I am here.").startswith(words["staff"]), "what came during a drop is read out, and who says it"

        page.reload()
        page.get_by_role("button", name=words["launch"]).click()
        shows(words["here"])
        shows("I am here.")
        sync_api.expect(page.locator("guidepost-chat [role=log]")).to_have_attribute("aria-live", "polite")
        page.evaluate(LISTEN)
        does(staff, client, "give-back")
        shows(words["back"])
        hears(words["back"])
    assert words["answer"] in person.says(words["then"]), "the assistant answers again"
    page.context.close()

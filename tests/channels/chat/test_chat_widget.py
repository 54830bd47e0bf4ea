"""The embeddable chat in a real browser: for everybody, by keyboard, over a bad network, and safe to close."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest
from browsing import IN_A_BROWSER, SIZES, chromium, new_page, picture, sync_api, violations
from chat_pages import Chat, chat_server
from fastapi.responses import HTMLResponse
from widget_steps import opened, say, sent

__all__ = ["chromium", "opened"]
pytestmark = IN_A_BROWSER


def storage(page: Any) -> list[int]:
    return list(page.evaluate("[sessionStorage.length, localStorage.length, document.cookie.length]"))


def test_the_element_is_one_small_file(chat: Chat) -> None:
    answer = httpx.get(f"{chat.url}/chat/widget.js", headers={"Accept-Encoding": "gzip"})

    assert int(answer.headers["content-length"]) <= 12 * 1024
    assert len(gzip.compress(answer.content)) <= 12 * 1024
    assert answer.headers["content-type"].startswith("text/javascript")
    again = httpx.get(f"{chat.url}/chat/widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_stands_in_the_way_of_people_with_disabilities(
    chromium: Any, chat: Chat, empty: None, language: str, scheme: str, size: str
) -> None:
    page = new_page(chromium, viewport=SIZES[size], color_scheme=scheme)
    page.goto(f"{chat.url}/chat/demo?lang={language}")
    launch = page.locator("guidepost-chat button.launch")
    assert launch.inner_text() == {"en": "Chat with us", "es": "Chatee con nosotros"}[language]
    assert violations(page) == []
    picture(page, f"chat-closed-{size}-{scheme}-{language}")

    launch.click()
    page.locator("guidepost-chat textarea").fill(
        {"en": "Hi, my brother needs help", "es": "Hola, necesito ayuda"}[language]
    )
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("guidepost-chat .m.client .state")).to_have_count(0)
    said = {"en": ("Do you have Medicaid?", "Yes"), "es": ("¿Tiene Medicaid?", "Sí")}[language]
    chat.replies(said[0], choices=((said[1], "/affirm"), ("No", "/deny")))
    chat.replies("Dana, Bend CMHC: (612) 555-0100", author="person")
    sync_api.expect(page.locator("guidepost-chat .m.person")).to_have_count(1)

    assert violations(page) == []
    picture(page, f"chat-open-{size}-{scheme}-{language}")
    assert "988" in page.locator("guidepost-chat .crisis").inner_text()
    assert page.wrong == []
    page.context.close()


def test_targets_are_large_enough_to_touch(opened: Any, chat: Chat) -> None:
    say(opened, "hi")
    sent(opened, "hi")
    chat.replies("Yes or no?", choices=(("Y", "/affirm"), ("N", "/deny")))
    sync_api.expect(opened.get_by_role("button", name="Y", exact=True)).to_be_visible()

    boxes = [button.bounding_box() for button in opened.locator("guidepost-chat .panel button").all()]
    assert all(box["width"] >= 24 and box["height"] >= 24 for box in boxes if box)


@pytest.mark.parametrize("viewport", [{"width": 640, "height": 430}, {"width": 320, "height": 480}])
def test_enlarged_to_200_per_cent_all_of_it_can_be_reached(
    chromium: Any, chat: Chat, empty: None, viewport: dict[str, int]
) -> None:
    """A window of 1280 x 860 at 200%, and the smallest that WCAG's reflow asks for."""
    page = new_page(chromium, viewport=viewport)
    page.goto(f"{chat.url}/chat/demo")
    page.get_by_role("button", name="Chat with us").click()
    for part in (page.get_by_role("button", name="Leave quickly"), page.get_by_role("button", name="Send")):
        box = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= viewport["width"]
        assert box["y"] + box["height"] <= viewport["height"]
    page.context.close()


def test_by_keyboard_alone(chromium: Any, chat: Chat, empty: None) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.goto(f"{chat.url}/chat/demo")
    focused = "document.activeElement.shadowRoot && document.activeElement.shadowRoot.activeElement"
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate(f"({focused})?.className === 'launch'"):
            break
    page.keyboard.press("Enter")
    assert page.evaluate(f"({focused}).tagName") == "TEXTAREA"

    page.keyboard.type("hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    sent(page, "hello")
    assert [message.text for message in chat.stored()] == ["hello\nsecond line"]

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # nothing is kept of this chat
    chat.replies("Yes or no?", choices=(("Yes", "/affirm"), ("No", "/deny")))
    sync_api.expect(page.get_by_role("button", name="No", exact=True)).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # the last choice, right before the input
    sent(page, "No")
    assert chat.stored()[-1].payload == "/deny"
    sync_api.expect(page.get_by_role("button", name="Yes")).to_have_count(0)
    assert page.evaluate(f"({focused}).tagName") == "TEXTAREA"

    page.keyboard.press("Escape")
    assert page.evaluate(f"({focused}).className") == "launch"
    page.context.close()


def test_after_a_reload_the_chat_goes_on_where_it_was(opened: Any, chat: Chat) -> None:
    say(opened, "i need housing")
    sent(opened, "i need housing")
    assert storage(opened) == [0, 0, 0]
    opened.get_by_role("button", name="Keep it", exact=True).click()
    chat.replies("We can look for that.")
    opened.reload()
    opened.get_by_role("button", name="Chat with us").click()

    sync_api.expect(opened.locator("guidepost-chat .log p")).to_have_count(3)  # the greeting and both
    sync_api.expect(opened.get_by_text("We can look for that.")).to_be_visible()
    assert storage(opened) == [1, 0, 0]


def test_whoever_does_not_agree_leaves_nothing_in_the_browser(opened: Any) -> None:
    say(opened, "hi")
    sent(opened, "hi")
    opened.get_by_role("button", name="Don't keep it").click()
    sync_api.expect(opened.get_by_role("group", name="Keep this chat")).to_have_count(0)
    assert storage(opened) == [0, 0, 0]

    opened.reload()
    opened.get_by_role("button", name="Chat with us").click()
    sync_api.expect(opened.locator("guidepost-chat .m.client")).to_have_count(0)


def test_a_page_that_is_not_used_keeps_nothing_in_the_browser_and_opens_no_connection(
    chromium: Any, chat: Chat
) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    sockets: list[Any] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.goto(f"{chat.url}/chat/demo")
    page.wait_for_timeout(300)
    assert sockets == []

    page.get_by_role("button", name="Chat with us").click()
    page.wait_for_timeout(300)
    assert len(sockets) == 1
    assert storage(page) == [0, 0, 0]
    page.context.close()


@pytest.mark.parametrize("way", ["the button", "Escape three times"])
def test_quick_exit_leaves_at_once_and_leaves_nothing(chromium: Any, chat: Chat, empty: None, way: str) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.context.route("https://www.weather.gov/**", lambda route: route.fulfill(body="sunny"))
    page.goto("about:blank")
    page.goto(f"{chat.url}/chat/demo")
    page.get_by_role("button", name="Chat with us").click()
    say(page, "something private")
    sent(page, "something private")
    page.get_by_role("button", name="Keep it", exact=True).click()
    assert storage(page) == [1, 0, 0]

    if way == "the button":
        page.get_by_role("button", name="Leave quickly").click()
    else:
        for _ in range(3):
            page.keyboard.press("Escape")
    page.wait_for_url("https://www.weather.gov/")

    page.go_back()
    assert page.url == "about:blank"
    page.goto(f"{chat.url}/chat/demo")
    assert storage(page) == [0, 0, 0]
    page.get_by_role("button", name="Chat with us").click()
    page.wait_for_timeout(300)
    sync_api.expect(page.get_by_text("something private")).to_have_count(0)
    page.context.close()


def test_escape_alone_closes_and_leads_nobody_away(opened: Any, chat: Chat) -> None:
    opened.keyboard.press("Escape")
    opened.wait_for_timeout(2_100)
    for _ in range(4):  # the page's own business, the chat being closed
        opened.keyboard.press("Escape")
    opened.wait_for_timeout(200)

    assert opened.url == f"{chat.url}/chat/demo"
    sync_api.expect(opened.get_by_role("button", name="Chat with us")).to_be_focused()


def test_what_was_said_can_be_saved_as_a_text_file(opened: Any, chat: Chat) -> None:
    say(opened, "i need housing")
    sent(opened, "i need housing")
    chat.replies("We can look for that.")
    sync_api.expect(opened.get_by_text("We can look for that.")).to_have_count(1)
    opened.get_by_role("button", name="More", exact=True).click()
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Save this chat").click()

    saved = download.value.path().read_text(encoding="utf-8")
    assert "You: i need housing" in saved
    assert "Assistant: We can look for that." in saved
    assert "988" in saved
    assert download.value.suggested_filename == "chat.txt"


def test_a_long_address_is_cut_on_screen_and_whole_where_it_leads_and_is_saved(opened: Any, chat: Chat) -> None:
    address = "https://line.example/yours/" + "x0" * 40
    say(opened, "hi")
    sent(opened, "hi")
    chat.replies(f"Your letter is here: {address}")
    link = opened.get_by_role("link", name="line.example")
    sync_api.expect(link).to_have_attribute("href", address)
    log, box = opened.get_by_role("log").bounding_box(), link.bounding_box()
    assert box["x"] + box["width"] <= log["x"] + 0.9 * log["width"]
    assert box["height"] < 40, "one line"
    picture(opened, "chat-long-address")
    opened.get_by_role("button", name="More", exact=True).click()
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Save this chat").click()
    assert address in download.value.path().read_text(encoding="utf-8")


def test_printing_prints_the_chat_and_not_the_page_around_it(chromium: Any, chat: Chat, empty: None) -> None:
    page = new_page(chromium, viewport=SIZES["desktop"])
    page.context.add_init_script("window.print = () => { top.printed = document.body.innerText; }")
    page.goto(f"{chat.url}/chat/demo")
    page.get_by_role("button", name="Chat with us").click()
    say(page, "i need housing")
    sent(page, "i need housing")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Print this chat").click()

    printed = page.evaluate("top.printed")
    assert "You: i need housing" in printed
    assert "To put it on your page" not in printed
    page.context.close()


def test_a_chat_that_was_taken_on_to_a_phone_says_so_and_shows_nothing_new(opened: Any, chat: Chat) -> None:
    say(opened, "i need housing")
    sent(opened, "i need housing")
    opened.get_by_role("button", name="Keep it", exact=True).click()
    opened.get_by_role("button", name="More", exact=True).click()
    opened.get_by_role("button", name="Go on by text").click()
    code = opened.locator("guidepost-chat .code").inner_text()
    sms = opened.get_by_role("link", name="Open my texts").get_attribute("href")
    assert sms == f"sms:+16125550100?&body={code}"
    assert violations(opened) == []

    answer = httpx.post(f"{chat.url}/demo/phone/send", json={"number": "+16125550142", "text": code})
    assert answer.status_code == 202
    sync_api.expect(opened.get_by_text("This chat goes on by text, on your phone.")).to_be_visible()
    assert storage(opened) == [0, 0, 0]
    chat.replies("only for the phone")
    opened.wait_for_timeout(400)
    sync_api.expect(opened.get_by_text("only for the phone")).to_have_count(0)

    say(opened, "somebody else at this computer")
    sent(opened, "somebody else at this computer")
    sync_api.expect(opened.get_by_text("i need housing")).to_have_count(0)


def test_a_refused_message_says_why_and_stays_visible(opened: Any) -> None:
    opened.evaluate(
        "document.querySelector('guidepost-chat').shadowRoot.querySelector('textarea').removeAttribute('maxlength')"
    )
    say(opened, "\u200b")

    sync_api.expect(opened.locator("guidepost-chat .state.bad")).to_contain_text("Your message is empty")


def test_pages_can_drive_it_by_attributes_events_and_methods(opened: Any) -> None:
    told = opened.evaluate(
        """async () => {
            const chat = document.querySelector("guidepost-chat"), told = [];
            for (const name of ["open", "close", "message"])
                document.addEventListener("guidepost-" + name, (e) => told.push([name, JSON.stringify(e.detail)]));
            chat.close(); chat.open(); chat.send("by the page");
            chat.setAttribute("accent", "#5b2a86"); chat.setAttribute("heading", "Ask us");
            await new Promise((done) => setTimeout(done, 500));
            return told;
        }"""
    )
    assert [name for name, _ in told] == ["close", "open"]
    sent(opened, "by the page")
    sync_api.expect(opened.get_by_role("heading", name="Ask us")).to_have_css("color", "rgb(255, 255, 255)")
    header = opened.locator("guidepost-chat header")
    sync_api.expect(header).to_have_css("background-color", "rgb(91, 42, 134)")


def test_it_speaks_the_language_of_the_page_even_when_that_changes(opened: Any) -> None:
    opened.evaluate("document.documentElement.lang = 'es'")

    sync_api.expect(opened.get_by_role("button", name="Salir rápido")).to_be_visible()
    sync_api.expect(opened.get_by_label("Su mensaje")).to_be_visible()


def test_it_works_on_a_page_of_another_origin_under_a_strict_policy(
    chromium: Any, database_url: str, empty: None
) -> None:
    with chat_server(database_url, allowed_origins=[]) as server, chat_server(database_url) as site:
        server.settings.allowed_origins.append(site.url)
        page = new_page(chromium, viewport=SIZES["desktop"])
        policy = (
            f"default-src 'none'; script-src {server.url}; connect-src {server.url.replace('http', 'ws')} {server.url};"
            " require-trusted-types-for 'script'"
        )
        html = (
            '<!doctype html><html lang="en"><title>t</title>'
            f'<script src="{server.url}/chat/widget.js" defer></script><guidepost-chat></guidepost-chat>'
        )
        assert site.app is not None
        site.app.add_api_route(
            "/page", lambda: HTMLResponse(html, headers={"Content-Security-Policy": policy}), response_model=None
        )
        page.goto(f"{site.url}/page")
        page.get_by_role("button", name="Chat with us").click()
        say(page, "from elsewhere")
        sent(page, "from elsewhere")
        assert [text for text in page.wrong if "favicon" not in text] == []
        page.context.close()

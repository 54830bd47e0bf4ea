"""The summary by e-mail: to whoever asks for it and nobody else, and nothing of the address stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from browsing import IN_A_BROWSER, SIZES, chromium, new_page, picture, sync_api, violations
from chat_pages import Chat, Page, chat_page, chat_server
from chat_server import in_one_transaction
from inbox import Inbox, inbox
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from casework import clock
from casework.conversations.tables import Client
from casework.intake import answers
from casework.storage.engine import plain_url

__all__ = ["chromium", "inbox"]
pytestmark = pytest.mark.anyio
ADDRESS = "kim.sample@post.example"
TOLD = {"saving": True, "zip": "55401", "age": 34, "diagnoses": ["schizophrenia"], "payer": "medicaid"}
HEALTH = ("case manage", "health", "schizo", "mental", "crisis", "admin", "caso", "salud", "guidepost")


@pytest.fixture
def line(inbox: Inbox, empty: None, database_url: str) -> Iterator[Chat]:
    """A line that has a mail server."""
    del inbox, empty
    with chat_server(database_url) as server:
        yield server


def tells(server: Chat, language: str = "en", **told: Any) -> None:
    """The only client has answered these questions."""

    async def step(session: AsyncSession) -> None:
        client = (await session.scalars(select(Client))).one()
        client.language = language
        for fact, value in (told or TOLD).items():
            await answers.record(session, client.id, fact, value, at=clock.now())

    in_one_transaction(server.database_url, step)


def asks(server: Chat, token: str | None, address: str = ADDRESS, language: str = "en", **headers: str) -> Any:
    asked = {"session": token, "language": language, "address": address}
    return httpx.post(f"{server.url}/chat/mail", json=asked, headers=headers, timeout=20)


async def begun(server: Chat, page: Page, language: str = "en") -> str:
    welcome = await page.hello(language=language)
    assert [len(text) > 0 for text in welcome["mail"]["says"]] == [True] * 4
    await page.say("hi")
    return str(page.token)


def anywhere(database_url: str, words: str) -> list[str]:
    """The tables in which these words stand."""
    with psycopg.connect(plain_url(database_url)) as connection:
        tables = connection.execute(
            "select quote_ident(tablename) from pg_tables where schemaname = 'public'"
        ).fetchall()
        found = f"select exists (select 1 from {{}} t where t::text ilike '%{words}%')"
        return [name for (name,) in tables if connection.execute(found.format(name)).fetchone() == (True,)]  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_summary_is_mailed_neutrally_and_the_address_is_forgotten(
    line: Chat, inbox: Inbox, database_url: str, language: str
) -> None:
    async with chat_page(line) as page:
        token = await begun(line, page, language)
    tells(line, language)
    with capture_logs() as logs:
        answer = asks(line, token, f" {ADDRESS} ", language)

    assert (answer.status_code, answer.json()["sent"]) == (200, True)
    (message,) = inbox.messages
    assert message["To"] == ADDRESS
    body, attached = message.get_body(("plain",)), next(message.iter_attachments())
    assert body is not None
    for seen in (message["Subject"], body.get_content(), attached.get_filename()):
        assert not [word for word in HEALTH if word in str(seen).lower()], "a list of mails tells nothing of health"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content().startswith(b"%PDF-")
    assert "post.example" not in str(logs)
    assert [entry["event"] for entry in logs if "letter" in entry["event"]] == ["letter_mailed"]
    assert anywhere(database_url, "post.example") == []
    assert anywhere(database_url, "client.letter_mailed") == ["audit_events"], "that it was asked for is written down"


NO_ADDRESSES = (
    "", "kim", "kim@", "@post.example", "kim@post", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example",
    "Kim <kim@post.example>", "k m@post.example", "kim@post..example", "kim@pöst.example", "k" * 250 + "@post.example",
)  # fmt: skip


async def test_what_is_no_address_is_said_to_be_none(line: Chat, inbox: Inbox) -> None:
    async with chat_page(line) as page:
        token = await begun(line, page)
    tells(line)
    answered = {address: asks(line, token, address) for address in NO_ADDRESSES}
    assert [address for address, answer in answered.items() if answer.status_code != 400] == []
    assert all("name@example.org" in answer.json()["text"] for answer in answered.values())
    assert inbox.messages == []


async def test_nobody_gets_a_letter_that_there_is_not_or_that_is_another_s(line: Chat, inbox: Inbox) -> None:
    async with chat_page(line) as page:
        token = await begun(line, page)
        assert asks(line, token).status_code == 404, "nothing was answered yet"
        tells(line, saving=False)
        assert "no summary yet" in asks(line, token).json()["text"]
        tells(line, saving=True)
        for other in (None, "x", "x" * 60, token[:-1] + ("0" if token[-1] != "0" else "1")):
            assert asks(line, other).status_code in (400, 404)
        assert asks(line, token, Origin="https://elsewhere.example").status_code == 403
        line.settings.allowed_origins.append("https://elsewhere.example")
        assert asks(line, token, Origin="https://elsewhere.example").status_code == 404, "a token is its own site's"
        for wrong in (b"", b"[]", b"{", b'{"session": 1, "address": 2}', b"x" * 9000):
            assert httpx.post(f"{line.url}/chat/mail", content=wrong).status_code == 400
    assert inbox.messages == []


async def test_what_the_mail_server_says_is_told_and_a_fourth_mail_in_an_hour_is_not_sent(
    line: Chat, inbox: Inbox
) -> None:
    async with chat_page(line) as page:
        token = await begun(line, page)
    tells(line)
    told = []
    for said in ("451 come again", "550 no such box", "250 OK", "250 OK"):
        inbox.answer = said
        answer = asks(line, token)
        told.append((answer.status_code, answer.json()["text"].split(".")[0]))
    assert told == [
        (503, "It could not be sent just now"),
        (422, "That address takes no mail from us"),
        (200, "Sent"),
        (429, "That was sent a few times already"),
    ]
    assert len(inbox.messages) == 1


async def test_a_line_without_a_mail_server_does_not_offer_it(chat: Chat, page: Page) -> None:
    welcome = await page.hello()
    assert welcome["mail"] is None
    await page.say("hi")
    tells(chat)
    assert asks(chat, page.token).status_code == 404


@IN_A_BROWSER[0]
@IN_A_BROWSER[1]
@pytest.mark.parametrize(
    ("language", "size", "scheme", "words"),
    [
        ("en", "desktop", "light", ("Chat with us", "More", "E-mail my summary", "E-mail address", "Yes, send it")),
        ("es", "phone", "dark",
         ("Chatee con nosotros", "Más", "Enviar mi resumen por correo", "Correo electrónico", "Sí, enviarlo")),
    ],
)  # fmt: skip
def test_in_the_chat_by_keyboard(
    chromium: Any, line: Chat, inbox: Inbox, language: str, size: str, scheme: str, words: tuple[str, ...]
) -> None:
    launch, more, button, label, send = words
    page = new_page(chromium, viewport=SIZES[size], color_scheme=scheme)
    page.goto(f"{line.url}/chat/demo?lang={language}")
    page.get_by_role("button", name=launch).click()
    page.locator("guidepost-chat textarea").fill("hi")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("guidepost-chat .m.client .state")).to_have_count(0)
    tells(line, language)

    page.get_by_role("button", name=more, exact=True).click()
    page.get_by_role("button", name=button).press("Enter")
    sync_api.expect(page.get_by_label(label)).to_be_focused()
    assert violations(page) == []
    picture(page, f"chat-mail-{size}-{scheme}-{language}")
    page.keyboard.type("kim")
    page.keyboard.press("Enter")
    status = page.locator("guidepost-chat .more [role=status]")
    sync_api.expect(status).to_contain_text("example.org")
    page.get_by_label(label).fill(ADDRESS)
    page.get_by_role("button", name=send).click()
    sync_api.expect(status).to_contain_text({"en": "Sent.", "es": "Enviado."}[language])
    sync_api.expect(page.get_by_label(label)).to_be_hidden()
    sync_api.expect(page.get_by_role("button", name=button)).to_be_focused()
    assert page.locator("guidepost-chat input").input_value() == ""
    picture(page, f"chat-mailed-{size}-{scheme}-{language}")
    assert len(inbox.messages) == 1
    assert [text for text in page.wrong if "400" not in text] == []  # the browser itself names the refused try
    page.context.close()

"""A client's own page and letter, and the same for staff: who has the address sees them, nobody else."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from browsing import CHROMIUM, SIZES, new_page, picture, sync_api, violations
from fastapi import FastAPI

from casework import clock
from casework.conversations.tables import Client
from casework.directory.tables import Program
from casework.geography import find
from casework.intake import answers
from casework.letters import links
from casework.settings import get_settings
from casework.storage import Database, new_id
from channels import yours

TOLD = {"saving": True, "zip": "55401", "age": 34, "veteran": False, "payer": "medicaid", "program": "p1",
        "inpatient_stays_24_months": 2}  # fmt: skip


def a_program(number: int, north: float) -> Program:
    here = find("55401")
    return Program(
        id=f"p{number}", organization=f"Loring <Bend> & Friends {number}", name="Case Management", kind="cmhc",
        description={}, city="Minneapolis", state="MN", zip="55401", street="100 Sample St", source="test",
        latitude=here.latitude + north, longitude=here.longitude + north / 2, zone="America/Chicago",
        intake_phone="+16125550102", age_min=18, payers=["medicaid"], services=["case_management"],
    )  # fmt: skip


def somebody(database_url: str, language: str = "en", **told: Any) -> uuid.UUID:
    """A client who went as far as choosing a program."""
    client_id = new_id()

    async def fill() -> None:
        database = Database(database_url)
        async with database.session() as session:
            session.add(Client(id=client_id, language=language, name="Dana Ruiz"))
            session.add_all(a_program(number, north) for number, north in enumerate((0.03, -0.3, 0.8), 1))
            await session.flush()
            for fact, value in (told or TOLD).items():
                await answers.record(session, client_id, fact, value, at=clock.now())
        await database.close()

    asyncio.run(fill())
    return client_id


class Line:
    """The page's addresses, asked one at a time."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            app = FastAPI()
            app.state.database, app.state.settings = Database(self.database_url), get_settings()
            app.include_router(yours.router)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.example") as client:
                reply = await client.get(path)
            await app.state.database.close()
            return reply

        return asyncio.run(ask())


@pytest.fixture
def line(database: Database, database_url: str) -> Line:
    del database  # it is emptied
    return Line(database_url)


@pytest.mark.parametrize(("language", "title"), [("en", "Programs near you"), ("es", "Programas cerca de usted")])
def test_the_page_shows_where_programs_lie_as_a_picture_and_as_a_table(
    line: Line, database_url: str, language: str, title: str
) -> None:
    token = links.make_link(somebody(database_url, language), clock.now())
    page = line.get(f"/yours/{token}")
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert title in page.text
    assert page.text.count("<tr><td>") == 3
    assert 'role="img"' in page.text
    assert "Loring &lt;Bend&gt; &amp; Friends 1" in page.text
    assert "Dana" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in page.headers["cache-control"]
    letter = line.get(f"/yours/{token}/letter.pdf")
    assert letter.headers["content-type"] == "application/pdf"
    assert letter.content.startswith(b"%PDF-")


@pytest.mark.parametrize("wrong", ["nonsense", "nonsense.nonsense", "%00", "." * 900])
def test_an_address_that_is_none_of_ours_shows_nothing(line: Line, wrong: str) -> None:
    for where in (f"/yours/{wrong}", f"/yours/{wrong}/letter.pdf"):
        page = line.get(where)
        assert page.status_code == 404
        assert "988" in page.text


def test_the_address_ends_with_the_client(line: Line, database_url: str) -> None:
    del database_url
    gone = links.make_link(uuid.uuid4(), clock.now())
    assert line.get(f"/yours/{gone}").status_code == 404
    assert line.get(f"/yours/{gone}/letter.pdf").status_code == 404


def test_who_wants_nothing_kept_has_no_letter(line: Line, database_url: str) -> None:
    token = links.make_link(somebody(database_url, saving=False, zip=None), clock.now())
    page = line.get(f"/yours/{token}")
    assert page.status_code == 200
    assert "letter.pdf" not in page.text
    assert line.get(f"/yours/{token}/letter.pdf").status_code == 404


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; `apt-get install chromium` runs this test")
def test_the_page_is_for_everybody_on_phone_and_desktop_light_and_dark(line: Line, database_url: str) -> None:
    token = links.make_link(somebody(database_url), clock.now())

    # Asked beforehand: the browser's driver has an event loop running in this thread.
    replies = {path: line.get(path) for path in (f"/yours/{token}", "/yours/page.css")}

    def answer(route: Any) -> None:
        reply = replies[route.request.url.removeprefix("http://line.example")]
        route.fulfill(status=reply.status_code, headers=dict(reply.headers), body=reply.content)

    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        for size, scheme in (("phone", "dark"), ("desktop", "light")):
            page = new_page(chromium, viewport=SIZES[size], color_scheme=scheme, bypass_csp=True)
            page.route("**/*", answer)
            page.goto(f"http://line.example/yours/{token}")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
            picture(page, f"yours-{size}-{scheme}", full_page=True)
        chromium.close()

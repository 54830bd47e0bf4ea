"""The console in a real browser: live, by keyboard, and for everybody (WCAG 2.2 AA by axe, light and dark)."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from console_people import a_text, people_on_the_road, somebody_asking, somebody_booked, somebody_in_danger
from console_week import a_week
from serving import in_database, served
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework import staff as staffing
from casework.conversations.tables import Conversation, Message
from casework.storage import Database, notify

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; `apt-get install chromium` runs these tests"),
]
PASSWORD = "a long enough password"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES = os.environ.get("GUIDEPOST_PICTURES")  # a folder: screenshots are kept there
SIZES = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def address(database: Database, database_url: str) -> Iterator[str]:
    async def staff(session: AsyncSession) -> None:
        await staffing.add(session, "dana@agency.example", "Dana Ruiz", "supervisor", PASSWORD)
        await staffing.add(session, "eli@agency.example", "Eli Noor", "case_manager", PASSWORD)

    in_database(database_url, staff)
    with served(database_url) as found:
        yield found


def signed_in(chromium, address: str, email: str = "dana@agency.example", **options: object):  # type: ignore[no-untyped-def]
    """A page of a fresh browser profile, past the sign-in; errors of scripts and of the CSP fail the test."""
    context = chromium.new_context(timezone_id="America/Chicago", locale="en-US", **options)
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/console")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/console")
    return page


def test_a_handoff_arrives_without_reloading_is_claimed_once_and_answered(chromium, address, database_url) -> None:  # type: ignore[no-untyped-def]
    dana = signed_in(chromium, address)
    eli = signed_in(chromium, address, "eli@agency.example")
    sync_api.expect(dana.get_by_text("Nobody is waiting")).to_be_visible()
    dana.evaluate("window.here = true")
    client_id = in_database(database_url, somebody_asking)
    for page in (dana, eli):
        sync_api.expect(page.get_by_role("link", name="Rosa Vega")).to_be_visible()
    assert dana.evaluate("window.here"), "the page was loaded anew"

    dana.get_by_role("button", name="Claim").click()
    sync_api.expect(dana.get_by_text("You have this client now")).to_be_visible()
    sync_api.expect(eli.locator(".deed")).to_have_text("Dana Ruiz")

    dana.get_by_label(re.compile("Reply by")).fill("Hola Rosa, soy Dana.")
    dana.keyboard.press("Control+Enter")
    sync_api.expect(dana.get_by_role("log").get_by_text("Hola Rosa, soy Dana.")).to_be_visible()
    sync_api.expect(dana.get_by_text("You answer; the assistant is silent.")).to_be_visible()

    async def answers(session: AsyncSession) -> str:
        conversation = (await session.scalars(select(Conversation))).one()
        await a_text(session, conversation, "gracias, aqui estoy", minutes=0)
        await notify(session, kind="message", conversation=conversation.id)
        sent = (await session.scalars(select(Message).where(Message.author == "person"))).one()
        return f"{conversation.owner} {sent.text}"

    dana.get_by_label(re.compile("Reply by")).fill("half a sent")
    assert in_database(database_url, answers) == "person Hola Rosa, soy Dana."
    sync_api.expect(dana.get_by_role("log").get_by_text("gracias, aqui estoy")).to_be_visible()
    assert dana.get_by_label(re.compile("Reply by")).input_value() == "half a sent"  # live updates leave drafts alone

    dana.get_by_role("button", name="Give back to the assistant").click()
    sync_api.expect(dana.get_by_text("The assistant answers.", exact=False).first).to_be_visible()
    assert client_id
    assert dana.wrong == eli.wrong == []


def test_an_alarm_shows_on_an_open_page_until_it_is_acknowledged(chromium, address, database_url) -> None:  # type: ignore[no-untyped-def]
    page = signed_in(chromium, address)
    in_database(database_url, somebody_in_danger)
    page.get_by_role("link", name="Look now").click()
    sync_api.expect(page.get_by_text("suicide").first).to_be_visible()
    page.get_by_role("link", name="See the message").click()
    sync_api.expect(page.locator(".msg.found")).to_contain_text("gave my dog away")
    sync_api.expect(page).to_have_title(re.compile("crisis alarm"))
    page.get_by_role("button", name="I am looking after this").click()
    sync_api.expect(page.get_by_text("being looked after by Dana Ruiz")).to_be_visible()
    sync_api.expect(page.locator("[data-alarms]")).to_have_count(0)
    assert page.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_for_everybody(chromium, address, database_url, scheme: str) -> None:  # type: ignore[no-untyped-def]
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    ana = in_database(database_url, somebody_booked)
    rosa = in_database(database_url, somebody_asking)
    jo = in_database(database_url, somebody_in_danger).client_id
    ahead = in_database(database_url, a_week)
    mia = in_database(database_url, people_on_the_road)
    found: dict[str, object] = {}
    for size, viewport in SIZES.items():
        page = signed_in(chromium, address, color_scheme=scheme, viewport=viewport)
        pages = {
            "queue": "/console",
            "queue-empty": "/console?view=mine",
            "person": f"/console/people/{ana}",
            "person-web": f"/console/people/{rosa}?refused=taken",
            "person-alarm": f"/console/people/{jo}?told=claimed",
            "board": "/console/board",
            "board-column": "/console/board?stage=monitoring&view=overdue",
            "person-road": f"/console/people/{mia}",
            "plan": f"/console/people/{mia}/plan?refused=unmeasured",
            "me": "/console/me?told=me_saved",
            "calendar": "/console/calendar",
            "referrals": "/console/referrals",
            "appointment": f"/console/appointments/{ahead}",
            "openings": f"/console/people/{rosa}/openings",
            "erase": f"/console/people/{rosa}/erase",
            "hours": "/console/availability?refused=not_hours&about=noon",
            "audit": "/console/audit",
            "problem": "/console/people/nobody",
            "sign-in": "/console/sign-in",
        }
        for name, path in pages.items():
            page.goto(address + path)
            report = axe.run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}})
            if report.violations_count:
                found[f"{name} {size}"] = report.generate_report()
            if PICTURES:
                target = Path(PICTURES) / f"console-{name}-{size}-{scheme}.png"
                page.screenshot(path=str(target), full_page=size == "phone")
            wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide, f"{name} scrolls sideways on the {size}"
            empty = page.evaluate(
                "document.documentElement.scrollHeight"
                " - Math.max(innerHeight, document.querySelector('main').getBoundingClientRect().bottom + scrollY)"
            )
            assert empty < 100, f"{name} goes on below its end on the {size}: {empty} pixels of nothing"
        page.context.close()
    assert not found, "\n".join(f"{name}: {report}" for name, report in found.items())


def test_the_week_is_walked_by_keyboard_and_leads_to_the_person(  # type: ignore[no-untyped-def]
    chromium, address, database_url, monkeypatch
) -> None:
    wednesday = datetime(2026, 11, 25, 18, 10, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: wednesday)
    in_database(database_url, a_week)
    page = signed_in(chromium, address, viewport={"width": 1280, "height": 940})
    page.get_by_role("link", name="Calendar").focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table")
    sync_api.expect(table.get_by_role("columnheader")).to_have_count(6)
    sync_api.expect(table.get_by_role("rowheader").first).to_have_text("9 AM")
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / "console-calendar.png"))
    page.get_by_role("link", name="Week after").focus()
    page.keyboard.press("Enter")
    sync_api.expect(table.get_by_text("Rosa Vega")).to_have_count(0)
    page.get_by_role("link", name="This week").press("Enter")
    table.get_by_role("link", name=re.compile("Rosa Vega")).press("Enter")
    sync_api.expect(page.get_by_role("heading", name="Rosa Vega")).to_be_visible()
    assert page.wrong == []

"""Reports and administration in a real browser: for everybody (WCAG 2.2 AA by axe), by keyboard, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from console_people import a_program, somebody_asking, somebody_booked, somebody_in_danger
from serving import in_database, served
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, reports
from casework import staff as staffing
from casework.directory.importing import runs
from casework.handoff import ready_made
from casework.reports.asking import asked
from casework.storage import Database
from tests.channels.browsing import (  # noqa: F401 - `chromium` is a fixture
    IN_A_BROWSER,
    SIZES,
    chromium,
    new_page,
    picture,
    sync_api,
    violations,
)

pytestmark = IN_A_BROWSER
PASSWORD = "a long enough password"


@pytest.fixture
def address(database: Database, database_url: str) -> Iterator[str]:

    async def fill(session: AsyncSession) -> None:
        alex = await staffing.add(session, "alex@agency.example", "Alex Kim", "admin", PASSWORD)
        await staffing.add(session, "dana@agency.example", "Dana Ruiz", "case_manager", PASSWORD)
        await a_program(session)
        ana = await somebody_booked(session)
        await asked(session, ana, "zip", clock.now())
        await somebody_in_danger(session)
        await ready_made.add_starters(session)
        done = await runs.ask(session, alex, "hsds", clock.now(), file="services.json", content=b"")
        refusals = [{"row": 2, "reason": "the state is not one of the United States"}]
        counts = {"read": 2, "added": 1, "updated": 0, "unchanged": 0, "refused": 1, "conflicts": 0}
        done.status, done.report = "done", {"kind": "hsds", **counts, "refusals": refusals, "notes": []}
        await session.flush()
        await reports.gather(session, clock.now())

    in_database(database_url, fill)
    with served(database_url) as found:
        yield found


def signed_in(chromium: Any, address: str, **options: Any) -> Any:  # noqa: F811
    page = new_page(chromium, **options)
    page.goto(f"{address}/console")
    page.get_by_label("E-mail").fill("alex@agency.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/console")
    return page


PAGES = {
    "reports": "/console/reports",
    "reports-answers": "/console/reports?part=answers",
    "reports-intakes": "/console/reports?part=intakes",
    "reports-places": "/console/reports?part=places",
    "reports-staff": "/console/reports?part=staff",
    "reports-shared": "/console/reports?share=1",
    "admin": "/console/admin",
    "admin-staff": "/console/admin/staff?refused=last_admin",
    "admin-programs": "/console/admin/programs",
    "admin-program": "/console/admin/programs/sample-mn-01",
    "admin-replies": "/console/admin/replies",
    "admin-agency": "/console/admin/agency",
    "admin-policies": "/console/admin/policies",
    "admin-imports": "/console/admin/imports",
    "password": "/console/me/password?refused=wrong_password",
}


@pytest.mark.parametrize(("scheme", "size"), [("light", "phone"), ("dark", "desktop")])
def test_reports_and_administration_are_for_everybody(chromium: Any, address: str, scheme: str, size: str) -> None:  # noqa: F811
    page = signed_in(chromium, address, color_scheme=scheme, viewport=SIZES[size])
    found: dict[str, object] = {}
    for name, path in PAGES.items():
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        if wrong := violations(page):
            found[name] = wrong
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found[f"{name} scrolls sideways"] = True
        picture(page, f"console-{name}-{size}-{scheme}", full_page=True)
    assert found == {}
    assert page.wrong == []


def test_a_ready_made_reply_is_typed_by_its_name_and_a_note_stays_apart(
    chromium: Any,  # noqa: F811
    address: str,
    database_url: str,
) -> None:
    rosa = in_database(database_url, somebody_asking)
    page = signed_in(chromium, address)
    page.goto(f"{address}/console/people/{rosa}")
    sync_api.expect(page.get_by_label("Ready-made reply")).to_be_visible()
    box = page.get_by_label(re.compile("Reply by"))
    box.focus()
    page.keyboard.type("/hello")
    page.keyboard.press("Tab")
    sync_api.expect(box).to_have_value(re.compile("Hola Rosa Vega, soy Alex Kim, de .*Soy una persona"))
    sync_api.expect(page.locator("#news")).to_have_text(re.compile("put in"))
    box.fill("/nothing")
    page.keyboard.press("Tab")
    sync_api.expect(box).to_have_value("/nothing")  # no reply of that name: Tab goes on as ever
    box.fill("Un momento.")
    page.get_by_label("Ready-made reply").select_option(label="May I call you? (/call)", timeout=3000)
    sync_api.expect(box).to_have_value(re.compile(r"Un momento\. ¿Le ayudaría hablar\?"))

    page.get_by_label("New note").fill("prefers mornings")
    page.get_by_role("button", name="Keep the note").click()
    sync_api.expect(page.locator("#notes-card").get_by_text("prefers mornings")).to_be_visible()
    sync_api.expect(page.get_by_role("log").get_by_text("prefers mornings")).to_have_count(0)
    assert violations(page) == []
    picture(page, "console-person-notes", full_page=True)
    assert page.wrong == []

"""A handoff over the real line: two browsers, a phone, the assistant; and the whole road to monitoring."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from casework.staff.passwords import hashed
from tests.line.line import Running
from tests.line.standin import Phone

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.line,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; `apt-get install chromium` runs these tests"),
]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        yield browser
        browser.close()


def signed_in(chromium: Any, line: Running, name: str, email: str) -> Any:
    with psycopg.connect(line.database_url) as connection:
        connection.execute(
            "insert into staff (id, email, name, role, password_hash, languages, active)"
            " values (gen_random_uuid(), %s, %s, 'case_manager', %s, '[\"en\"]', true) on conflict do nothing",
            [email, name, hashed(PASSWORD)],
        )
    page = chromium.new_context(timezone_id="America/Chicago", locale="en-US").new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(f"{line.base}/console")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{line.base}/console")
    return page


def heard(phone: Phone, words: str) -> str:
    """What came to the phone until these words were among it."""
    said, deadline = "", time.monotonic() + 20
    while words not in said:
        assert time.monotonic() < deadline, f"{words!r} did not come, but: {said}"
        said += "\n".join(phone.answers(within=2.0))
    return said


def test_two_browsers_race_one_claims_answers_and_gives_back_and_the_road_leads_to_monitoring(
    chromium: Any, line: Running
) -> None:
    pages = [
        signed_in(chromium, line, "Dana Ruiz", "dana@agency.example"),
        signed_in(chromium, line, "Eli Noor", "eli@agency.example"),
    ]
    for page in pages:
        page.evaluate("window.here = true")
    phone = line.phone()
    phone.text("i want to talk to a person")
    with psycopg.connect(line.database_url) as connection:
        client = connection.execute("select client_id from handoffs order by created_at desc limit 1").fetchone()
    assert client
    link = f'a[href="/console/people/{client[0]}"]'
    for page in pages:
        sync_api.expect(page.locator(link)).to_be_visible()
        assert page.evaluate("window.here"), "the page was loaded anew"

    at = time.time() * 1000 + 1500
    race = f"""(at) => setTimeout(() => document.querySelector(
        'button[formaction="/console/people/{client[0]}/claim"]').click(), at - Date.now())"""
    for page in pages:
        page.evaluate(race, at)
    for page in pages:
        page.wait_for_url(re.compile(r"/people/.*(told|refused)="))
    won = [page for page in pages if "told=claimed" in page.url]
    lost = [page for page in pages if "refused=taken" in page.url]
    assert len(won) == len(lost) == 1
    sync_api.expect(lost[0].get_by_role("alert")).to_contain_text("was quicker: this client is claimed")
    mine = won[0]

    mine.get_by_label(re.compile("Reply by")).fill("Hi, I am here. What is going on?")
    sync_api.expect(mine.locator("#parts")).to_have_text("32 characters, 1 SMS part")
    mine.keyboard.press("Control+Enter")
    said = heard(phone, "What is going on?")
    assert re.search(r"(Dana Ruiz|Eli Noor) from .* is with you now", said)
    sync_api.expect(mine.get_by_role("log").locator(".delivery").last).to_have_text(re.compile("sent|delivered"))
    phone.send("what is a case manager")
    sync_api.expect(mine.get_by_role("log").get_by_text("what is a case manager")).to_be_visible()
    assert phone.answers(within=2.0) == [], "the assistant spoke while a person had the conversation"

    _to_monitoring(mine, phone, f"{line.base}/console/people/{client[0]}")
    mine.get_by_role("button", name="Give back to the assistant").click()
    assert "automated assistant is back" in heard(phone, "assistant is back")
    assert "case manager" in phone.text("what is a case manager")
    assert [page.wrong for page in pages] == [[], []]


def _to_monitoring(page: Any, phone: Phone, address: str) -> None:
    """Every stage, the plan approved by the client's own text."""
    page.get_by_role("button", name="Intake booked elsewhere").click()
    page.get_by_role("button", name="Assessment done").click()
    page.get_by_role("link", name="Write the service plan").click()
    page.get_by_label("Goal", exact=True).fill("Keep my apartment")
    page.get_by_label("Reached when").fill("Rent is paid three months in a row")
    page.get_by_role("button", name="Add the goal").click()
    page.get_by_label("What is done").fill("Rent help form")
    page.get_by_role("button", name="Add service").click()
    page.get_by_role("button", name="Offer the plan to the client").click()
    phone.send("show me my plan")
    assert "Keep my apartment" in heard(phone, "Does this fit?")
    assert page.locator(".road [aria-current=step]").inner_text().endswith("Plan with the client")
    phone.send("I agree")
    heard(phone, "Your yes is noted")
    sync_api.expect(page.locator(".road [aria-current=step]")).to_contain_text("Plan approved")
    page.get_by_role("button", name="Assign the case manager").click()
    today = datetime.now(UTC).date()
    page.get_by_label("First check-in").fill((today + timedelta(10)).isoformat())
    page.get_by_role("button", name="Begin monitoring").click()
    sync_api.expect(page.locator(".road [aria-current=step]")).to_contain_text("Monitoring")
    sync_api.expect(page.get_by_text("Check in with the client due")).to_be_visible()
    page.goto(address)

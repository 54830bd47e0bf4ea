"""Who gets in, and what every answer of the console carries."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx
import pytest
from console_people import somebody_booked
from fastapi import FastAPI
from fastapi.routing import APIRoute

from casework import clock
from casework import staff as staffing
from casework.staff.errors import BadAccount, TooManyTries
from casework.staff.roles import PUBLIC, ROUTES
from casework.staff.tables import AuditEvent
from casework.storage import Database, new_id
from channels.console import router
from channels.console.door import COOKIE, ConsoleRoute, admit
from tests.bench.console import NO_PAGE, pages

PASSWORD = "a long enough password"
pytestmark = pytest.mark.anyio

CONSOLE_ROUTES = [route for route in router.routes if isinstance(route, APIRoute)]


def test_every_route_is_in_the_table_of_roles_and_behind_the_door() -> None:
    assert len(CONSOLE_ROUTES) == len(router.routes)
    assert {route.name for route in CONSOLE_ROUTES} == set(ROUTES) | set(PUBLIC)
    assert not set(ROUTES) & set(PUBLIC)
    for route in CONSOLE_ROUTES:
        assert isinstance(route, ConsoleRoute)
        assert admit in [dependency.dependency for dependency in route.dependencies], route.name


def _address(route: APIRoute) -> str:
    ids = {name: new_id() for name in re.findall(r"{(\w+_id)}", route.path)}
    return route.path.format(**ids, name="console.css", status="sent", what="drop")


def test_every_page_of_the_console_is_timed_by_the_bench() -> None:
    paths = [path.partition("?")[0] for _, path in pages(new_id(), new_id(), "from=2026-01-01&to=2026-01-31")]
    untimed = [
        route.name
        for route in CONSOLE_ROUTES
        if "GET" in route.methods and route.name not in NO_PAGE and not any(map(route.path_regex.match, paths))
    ]
    assert untimed == []


@pytest.mark.parametrize("route", [r for r in CONSOLE_ROUTES if r.name not in PUBLIC], ids=lambda route: route.name)
async def test_a_stranger_is_sent_to_the_sign_in_page(stranger: httpx.AsyncClient, route: APIRoute) -> None:
    answer = await stranger.request(next(iter(route.methods)), _address(route))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in")


async def test_a_strangers_fragment_takes_the_whole_page_to_the_sign_in(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/console/queue/rows", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/console/sign-in")


async def test_the_right_password_opens_the_page_that_was_asked_for(
    stranger: httpx.AsyncClient, database: Database
) -> None:
    async with database.session() as session:
        await staffing.add(session, "Dana@Agency.example", "Dana Ruiz", "case_manager", PASSWORD)
    page = await stranger.get("/console/sign-in?next=/console?view=mine")
    assert 'value="/console?view=mine"' in page.text
    answer = await stranger.post(
        "/console/sign-in", data={"email": " dana@agency.EXAMPLE", "password": PASSWORD, "next": "/console?view=mine"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/console?view=mine")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await stranger.get("/console")).status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://bad.example", "//bad.example", "/consolex", "/console\\..", "/demo", ""]
)
async def test_signing_in_never_leads_out_of_the_console(
    stranger: httpx.AsyncClient, database: Database, elsewhere: str
) -> None:
    async with database.session() as session:
        await staffing.add(session, "dana@agency.example", "Dana Ruiz", "case_manager", PASSWORD)
    form = {"email": "dana@agency.example", "password": PASSWORD, "next": elsewhere}
    assert (await stranger.post("/console/sign-in", data=form)).headers["location"] == "/console"


async def test_a_wrong_password_and_an_unknown_e_mail_look_the_same(
    stranger: httpx.AsyncClient, database: Database
) -> None:
    async with database.session() as session:
        await staffing.add(session, "dana@agency.example", "Dana Ruiz", "case_manager", PASSWORD)
    for email in ("dana@agency.example", "nobody@agency.example"):
        answer = await stranger.post("/console/sign-in", data={"email": email, "password": "not this one"})
        assert answer.status_code == 401
        assert "do not fit together" in answer.text
        assert COOKIE not in answer.cookies


async def test_after_ten_failures_even_the_right_password_waits_a_quarter_of_an_hour(database: Database) -> None:
    at = clock.now()
    async with database.session() as session:
        await staffing.add(session, "dana@agency.example", "Dana Ruiz", "case_manager", PASSWORD)
        await staffing.add(session, "eli@agency.example", "Eli Noor", "case_manager", PASSWORD)
    for _ in range(10):
        async with database.session() as session:
            assert await staffing.sign_in(session, "dana@agency.example", "wrong", at, address="192.0.2.1") is None
    async with database.session() as session:
        with pytest.raises(TooManyTries):
            await staffing.sign_in(session, "dana@agency.example", PASSWORD, at, address="192.0.2.9")
        with pytest.raises(TooManyTries):  # another e-mail from the same address
            await staffing.sign_in(session, "eli@agency.example", PASSWORD, at, address="192.0.2.1")
    async with database.session() as session:
        assert await staffing.sign_in(session, "eli@agency.example", PASSWORD, at, address="192.0.2.9")
    async with database.session() as session:
        later = at + timedelta(minutes=16)
        assert await staffing.sign_in(session, "dana@agency.example", PASSWORD, later, address="192.0.2.1")
    await database.close()


async def test_the_page_says_so_when_sign_in_is_closed_for_a_while(stranger: httpx.AsyncClient) -> None:
    for _ in range(10):
        await stranger.post("/console/sign-in", data={"email": "x@agency.example", "password": "wrong"})
    answer = await stranger.post("/console/sign-in", data={"email": "x@agency.example", "password": "wrong"})
    assert answer.status_code == 429
    assert "quarter of an hour" in answer.text


async def test_a_session_ends_by_sign_out_after_twelve_hours_and_with_the_account(database: Database) -> None:
    at = clock.now()
    async with database.session() as session:
        staff = await staffing.add(session, "dana@agency.example", "Dana Ruiz", "case_manager", PASSWORD)
        first = await staffing.sign_in(session, "dana@agency.example", PASSWORD, at)
        second = await staffing.sign_in(session, "dana@agency.example", PASSWORD, at)
        assert await staffing.who(session, first, at + timedelta(hours=11)) == staff
        assert await staffing.who(session, first, at + timedelta(hours=12)) is None
        assert first is not None
        await staffing.sign_out(session, first, at)
        assert await staffing.who(session, first, at) is None
        assert await staffing.who(session, second, at) == staff
        staff.active = False
        await session.flush()
        assert await staffing.who(session, second, at) is None
        assert await staffing.sign_in(session, "dana@agency.example", PASSWORD, at) is None
    await database.close()


@pytest.mark.parametrize(
    ("email", "role", "password"),
    [("no-mail", "admin", PASSWORD), ("a@b.example", "owner", PASSWORD), ("a@b.example", "admin", "short")],
)
async def test_an_account_that_cannot_be_is_refused(database: Database, email: str, role: str, password: str) -> None:
    async with database.session() as session:
        with pytest.raises(BadAccount):
            await staffing.add(session, email, "A", role, password)
    await database.close()


async def test_a_form_without_its_token_changes_nothing(app: FastAPI, database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        client_id = await somebody_booked(session)
    dana = await sign_in()
    for form in ({}, {"csrf": "made up"}):
        answer = await dana.post(f"/console/people/{client_id}/claim", data=form)
        assert answer.status_code == 403
    elsewhere = await dana.post(
        f"/console/people/{client_id}/claim", data={"csrf": dana.csrf}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert elsewhere.status_code == 403
    assert "Claim" in (await dana.get(f"/console/people/{client_id}")).text


async def test_signing_out_ends_the_session(sign_in) -> None:  # type: ignore[no-untyped-def]
    dana = await sign_in()
    token = dana.cookies[COOKIE]
    assert (await dana.post("/console/sign-out", data={"csrf": dana.csrf})).status_code == 303
    dana.cookies.set(COOKIE, token)
    assert (await dana.get("/console")).status_code == 303


async def test_the_trail_is_for_supervisors(sign_in) -> None:  # type: ignore[no-untyped-def]
    dana = await sign_in()
    assert (await dana.get("/console/audit")).status_code == 403
    assert "/console/audit" not in (await dana.get("/console")).text
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    assert "Signed in" in (await boss.get("/console/audit")).text


async def test_the_trail_leaves_nothing_out_between_two_pages(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    at = clock.now() - timedelta(days=1)
    async with database.session() as session:
        rows = [AuditEvent(id=new_id(), at=at, action="person.read", client_id=new_id(), detail={}) for _ in range(150)]
        session.add_all(rows)
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    page = (await boss.get("/console/audit")).text
    earlier = re.search(r'href="([^"]+)">Earlier', page)
    assert earlier
    page += (await boss.get(html.unescape(earlier[1]))).text
    assert all(f"/console/people/{row.client_id}" in page for row in rows)


async def test_every_page_forbids_foreign_and_inline_scripts_and_is_not_kept(sign_in) -> None:  # type: ignore[no-untyped-def]
    dana = await sign_in()
    for path in ("/console", "/console/sign-in", f"/console/people/{new_id()}", "/console/audit"):
        answer = await dana.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script>" not in answer.text
        assert " style=" not in answer.text


async def test_a_full_queue_page_is_under_60_kb_over_the_wire(  # type: ignore[no-untyped-def]
    stranger: httpx.AsyncClient, database: Database, sign_in
) -> None:
    async with database.session() as session:
        for number in range(32):
            await somebody_booked(session, name=f"Client {number}", phone=f"+161255501{number:02}", seat=number)
    dana = await sign_in()
    page = await dana.get("/console")
    assert "After these" in page.text
    total = len(page.content)
    for name in ("console.css", "console.js", "alarm.js", "htmx.js", "icon.svg"):
        answer = await stranger.get(f"/console/static/{name}", headers={"Accept-Encoding": "gzip"})
        total += int(answer.headers["content-length"])
    assert total < 60_000
    rest = await dana.get("/console?start=30")
    missing = [number for number in range(32) if f"Client {number}<" not in page.text + rest.text]
    assert not missing, "the page after shows the others"
    assert "Before these" in rest.text
    assert "After these" not in rest.text


async def test_no_other_file_than_the_consoles_own_is_served(stranger: httpx.AsyncClient) -> None:
    for name in ("labels.toml", "..%2Flabels.toml", "routes.py"):
        assert (await stranger.get(f"/console/static/{name}")).status_code == 404

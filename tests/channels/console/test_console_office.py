"""Administration, notes and ready-made replies: who may do what, what is kept, what becomes of those concerned."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from console_people import a_program, somebody_asking, somebody_booked
from sqlalchemy import select

from casework import agency, clock
from casework import staff as staffing
from casework.conversations.tables import Client, Message
from casework.directory.importing import runs
from casework.directory.importing.runs import ImportRequest
from casework.directory.tables import Program
from casework.directory.upkeep import BadFact, read
from casework.handoff.notes import Note
from casework.handoff.ready_made import filled
from casework.handoff.tables import Handoff
from casework.settings import get_settings
from casework.staff.tables import AuditEvent, Staff
from casework.storage import Database

pytestmark = pytest.mark.anyio


async def admin(sign_in):  # type: ignore[no-untyped-def]
    return await sign_in("alex@agency.example", "Alex Kim", role="admin")


async def post(browser, where: str, **data: object):  # type: ignore[no-untyped-def]
    answer = await browser.post(f"/console{where}", data={"csrf": browser.csrf, **data})
    return await browser.get(answer.headers["location"]) if answer.status_code == 303 else answer


async def actions(database: Database) -> list[str]:
    async with database.session() as session:
        return list((await session.scalars(select(AuditEvent.action).order_by(AuditEvent.at))).all())


# Notes


async def test_a_note_is_seen_by_staff_and_goes_nowhere_else(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    dana, eli = await sign_in(), await sign_in("eli@agency.example", "Eli Noor")
    secret = "her brother must not know <b>"
    assert "Noted" in (await post(dana, f"/people/{ana}/notes", text=secret)).text
    shown = (await eli.get(f"/console/people/{ana}/notes", headers={"HX-Request": "true"})).text
    assert "her brother must not know &lt;b&gt;" in shown
    assert "<html" not in shown
    for path in ("summary", "transcript", "summary.fhir.json"):
        assert "brother" not in (await eli.get(f"/console/people/{ana}/{path}")).text
    async with database.session() as session:
        note = (await session.scalars(select(Note))).one()
        assert all("brother" not in text for text in await session.scalars(select(Message.text)))
    assert "A colleague wrote this note" in (await post(eli, f"/notes/{note.id}/remove", client=str(ana))).text
    assert "The note is gone" in (await post(dana, f"/notes/{note.id}/remove", client=str(ana))).text
    refused = await post(dana, f"/people/{ana}/notes", text="x" * 4_001)
    assert refused.status_code == 409
    assert "x" * 4_001 in refused.text  # nothing written is lost
    assert {"note.added", "note.removed"} <= set(await actions(database))


async def test_notes_go_with_the_client(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
    await post(await sign_in(), f"/people/{ana}/notes", text="call before noon")
    async with database.session() as session:
        await session.delete(await session.get_one(Client, ana))
        await session.flush()
        assert (await session.scalars(select(Note))).all() == []


# Ready-made replies


def test_what_is_not_known_leaves_no_hole_in_a_reply() -> None:
    assert filled("Hi {name}, this is {me}.", {"name": None, "me": "Dana"}) == "Hi, this is Dana."
    assert filled("Bye for now, {name}. Call {phone}", {"name": "Ana", "phone": None}) == "Bye for now, Ana. Call"
    assert filled("That's all, {name}. Bye", {}) == "That's all. Bye"


async def test_ready_made_replies_are_kept_in_both_languages_and_offered_in_the_clients(  # type: ignore[no-untyped-def]
    database: Database, sign_in
) -> None:
    async with database.session() as session:
        rosa = await somebody_asking(session)
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    dana = await sign_in()
    assert (await dana.get("/console/admin/replies")).status_code == 403
    assert "Are you safe?" in (await post(boss, "/admin/replies/starters")).text
    mine = {"code": "/bus", "title": "The bus", "text_en": "Take the 5, {name}.", "text_es": "Tome el 5, {name}."}
    assert "The bus" in (await post(boss, "/admin/replies", **mine)).text
    for wrong, why in (
        ({"code": "b u s"}, "letters, digits or hyphens"),
        ({"text_es": " "}, "words in both languages"),
        ({"text_en": "Dear {first}"}, "can stand in curly brackets"),
        ({}, "another reply has this name"),
    ):
        page = await post(boss, "/admin/replies", **{**mine, **wrong})
        assert page.status_code == 409
        assert why in page.text
        assert "Take the 5" in page.text or "Dear" in page.text
    offered = (await dana.get(f"/console/people/{rosa}/ready-made")).text
    assert offered.index("Tome el 5, Rosa Vega.") < offered.index("Take the 5, Rosa Vega.")
    found = re.search(r"replies/([0-9a-f-]{36})/remove", (await boss.get("/console/admin/replies")).text)
    assert found
    assert "Removed" in (await post(boss, f"/admin/replies/{found[1]}/remove")).text


# Staff


async def test_an_account_is_made_with_a_password_shown_once_and_changed_by_its_owner(  # type: ignore[no-untyped-def]
    database: Database, sign_in, stranger
) -> None:
    alex = await admin(sign_in)
    page = await post(
        alex, "/admin/staff", email="nia@agency.example", name="Nia Cole", role="case_manager", languages=["en", "es"]
    )
    password = re.search(r'class="secret">([^<]+)<', page.text)
    assert password
    assert password[1] not in (await alex.get("/console/admin/staff")).text
    assert (
        "there is an account"
        in (await post(alex, "/admin/staff", email="nia@agency.example", name="Nia", role="admin")).text
    )
    signed = await stranger.post("/console/sign-in", data={"email": "nia@agency.example", "password": password[1]})
    stranger.csrf = staffing.csrf_token(signed.cookies["guidepost_staff"])
    assert "An administrator knows your password" in (await stranger.get("/console")).text
    assert "not your password now" in (await post(stranger, "/me/password", now="guess", new="my own long words")).text
    assert "too short" in (await post(stranger, "/me/password", now=password[1], new="short")).text
    assert (
        "Your password is changed"
        in (await post(stranger, "/me/password", now=password[1], new="my own long words")).text
    )
    assert "An administrator knows" not in (await stranger.get("/console")).text
    async with database.session() as session:
        assert await staffing.sign_in(session, "nia@agency.example", "my own long words", clock.now())
        nia = (await session.scalars(select(Staff).where(Staff.email == "nia@agency.example"))).one()
    await post(alex, f"/admin/staff/{nia.id}/reset")
    assert (await stranger.get("/console")).status_code == 303  # signed out
    told = await post(
        alex,
        f"/admin/staff/{nia.id}",
        name="Nia Cole",
        role="supervisor",
        languages=["es"],
        skills=["housing", "magic"],
        reach="sms:+16125550199",
    )
    assert "Saved." in told.text
    async with database.session() as session:
        nia = await session.get_one(Staff, nia.id)
    assert (nia.role, nia.languages, nia.skills, nia.reach) == ("supervisor", ["es"], ["housing"], ["sms:+16125550199"])
    assert (
        "how somebody is called"
        in (await post(alex, f"/admin/staff/{nia.id}", name="Nia", role="supervisor", reach="call me")).text
    )


async def test_who_is_disabled_is_out_and_leaves_nobody_behind(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        rosa = await somebody_asking(session)
    alex, dana = await admin(sign_in), await sign_in()
    await post(dana, f"/people/{rosa}/take-over")
    async with database.session() as session:
        ids = {each.email: each.id for each in (await session.scalars(select(Staff))).all()}
    page = await post(alex, f"/admin/staff/{ids['dana@agency.example']}/disable")
    assert "Their clients are back in the queue" in page.text
    assert (await dana.get("/console")).status_code == 303
    async with database.session() as session:
        handoff = (await session.scalars(select(Handoff))).one()
        assert (handoff.status, handoff.claimed_by) == ("open", None)
    mine = ids["alex@agency.example"]
    assert "cannot disable yourself" in (await post(alex, f"/admin/staff/{mine}/disable")).text
    refused = await post(alex, f"/admin/staff/{mine}", name="Alex", role="supervisor")
    assert "nobody else could administrate" in refused.text
    await post(alex, f"/admin/staff/{ids['dana@agency.example']}/enable")
    assert {"staff.disabled", "staff.enabled", "handoff.released"} <= set(await actions(database))


async def test_accounts_imports_and_the_agency_are_for_administrators(sign_in) -> None:  # type: ignore[no-untyped-def]
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    hub = (await boss.get("/console/admin")).text
    for path in ("staff", "agency", "imports"):
        assert (await boss.get(f"/console/admin/{path}")).status_code == 403
        assert f"/console/admin/{path}" not in hub
    for path in ("programs", "replies", "policies"):
        assert (await boss.get(f"/console/admin/{path}")).status_code == 200
    assert "Pennsylvania" in (await boss.get("/console/admin/policies")).text


# Programs


@pytest.mark.parametrize(
    ("fact", "given", "kept"),
    [
        ("intake_phone", "(612) 555-0199", "+16125550199"),
        (
            "hours",
            "mon 8:00-12:00, 13:00-16:30; tue closed",
            {"mon": [["08:00", "12:00"], ["13:00", "16:30"]], "tue": []},
        ),
        ("payers", "Medicaid, uninsured", ["medicaid", "uninsured"]),
        ("age_max", "", None),
        ("wait_days", "10.5", 10.5),
        ("veterans_only", "yes", True),
        ("website", "agency.example", "https://agency.example"),
    ],
)
def test_a_fact_is_kept_in_one_form_however_it_is_written(fact: str, given: str, kept: object) -> None:
    assert read(fact, given) == kept


@pytest.mark.parametrize(
    ("fact", "given"),
    [
        ("intake_phone", "ask at the desk"), ("hours", "always"), ("hours", "mon 17:00-08:00"), ("payers", "gold"),
        ("zip", "ABC"), ("age_min", "old"), ("organization", " "), ("wait_days", "-1"), ("email", "nobody"),
    ],
)  # fmt: skip
def test_a_fact_that_cannot_be_read_is_refused_by_its_name(fact: str, given: str) -> None:
    with pytest.raises(BadFact, match=fact):
        read(fact, given)


async def test_a_call_to_a_program_is_written_down_fact_by_fact(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        await a_program(session)
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    assert "Loring Bend" in (await boss.get("/console/admin/programs")).text
    assert "Loring Bend" not in (await boss.get("/console/admin/programs?view=all&q=Duluth")).text
    path = "/admin/programs/sample-mn-01"
    page = (await boss.get(f"/console{path}")).text
    assert page.count("call to check") >= 5
    saved = await post(boss, path, intake_phone="612-555-0177", zip="55806", checked=["hours", "payers"])
    assert "Saved." in saved.text
    assert "by Sam Okoro, changed by staff" in saved.text
    async with database.session() as session:
        program = await session.get_one(Program, "sample-mn-01")
        assert (program.intake_phone, program.zip) == ("+16125550177", "55806")
        assert program.latitude > 46  # Duluth
        assert {"intake_phone", "zip", "latitude"} <= set(program.edited)
    refused = await post(boss, path, intake_phone="none of it", street="12 Elm St")
    assert refused.status_code == 409
    assert "12 Elm St" in refused.text
    await post(boss, path, checked=["intake_phone", "phone", "hours", "payers", "zip", "wait_days"])
    assert "Loring Bend" not in (await boss.get("/console/admin/programs")).text
    assert (await boss.get("/console/admin/programs/no-such")).status_code == 404


# The agency


async def test_the_agencys_words_reach_every_part_and_can_be_taken_back(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    settings = get_settings()
    before = settings.agency_name
    alex = await admin(sign_in)
    half = "Mon-Fri 08:00-17:00; Sat mornings America/Chicago"
    wrong = await post(alex, "/admin/agency", name="River Line", hours=half)
    assert wrong.status_code == 409
    assert "River Line" in wrong.text
    assert "This part cannot be read: <strong>Sat mornings</strong>" in wrong.text
    given = {
        "name": "River Line",
        "phone": "612-555-0150",
        "hours": "Mon-Fri 08:00-12:00; Mon-Fri 13:00-17:00 America/Chicago",
        "holidays": "2026-12-25",
    }
    try:
        page = (await post(alex, "/admin/agency", **given)).text
        assert "Saved" in page
        assert "<dt>Monday</dt><dd>08:00-12:00, 13:00-17:00</dd>" in page
        assert "<dt>Sunday</dt><dd>closed</dd>" in page
        assert re.search(r'<blockquote lang="en">(Our office is closed|You get an answer)', page)
        assert '<blockquote lang="es">' in page
        assert (settings.agency_name, settings.agency_phone) == ("River Line", "+16125550150")
        other = get_settings().model_copy(update={"agency_name": before})  # another process, which reads them by itself
        async with database.session() as session:
            agency.apply(other, await agency.written(session))
        assert (other.agency_name, other.agency_holidays) == ("River Line", ["2026-12-25"])
    finally:
        await post(alex, "/admin/agency")
    assert settings.agency_name == before


# Imports


async def test_an_import_is_queued_done_shown_with_its_refusals_and_undone(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    alex = await admin(sign_in)
    assert "Choose a file" in (await post(alex, "/admin/imports", kind="hsds")).text
    place = {
        "address_1": "1 Elm",
        "city": "Minneapolis",
        "state_province": "MN",
        "postal_code": "55401",
        "country": "US",
    }
    there = {"id": "l1", "addresses": [{"address_type": "physical", **place}]}
    service = {
        "id": "s1",
        "name": "Case management",
        "status": "active",
        "organization": {"id": "o1", "name": "Bend Mental Health"},
        "service_at_locations": [{"id": "a1", "location": there}],
    }
    rows = json.dumps([service, {"id": "s2", "name": "Nowhere"}])
    answer = await alex.post(
        "/console/admin/imports",
        data={"csrf": alex.csrf, "kind": "hsds", "verified_on": "2026-11-01"},
        files={"file": ("../services.json", rows.encode(), "application/json")},
    )
    assert answer.headers["location"].endswith("told=import_asked")
    assert "Waits for its turn" in (await alex.get("/console/admin/imports")).text
    await _run_all(database)
    page = (await alex.get("/console/admin/imports")).text
    assert "services.json" in page
    assert "../" not in page
    assert "Refused rows (1)" in page, page
    async with database.session() as session:
        request = (await session.scalars(select(ImportRequest))).one()
        assert (request.status, request.content, request.report["added"]) == ("done", None, 1)
    await post(alex, "/admin/imports/undo")
    await _run_all(database)
    assert "1 removed" in (await alex.get("/console/admin/imports")).text
    await post(alex, "/admin/imports", kind="samhsa", path="/no/such/file.xlsx")
    await _run_all(database)
    assert "Nothing was taken: there is no file" in (await alex.get("/console/admin/imports")).text


async def _run_all(database: Database) -> None:
    """What the worker does with the jobs."""
    async with database.session() as session:
        waiting = (await session.scalars(select(ImportRequest.id).where(ImportRequest.status == "waiting"))).all()
    assert waiting
    for request_id in waiting:
        await runs.run(database, uuid.UUID(str(request_id)))

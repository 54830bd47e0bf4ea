"""What a partner's system reads: HSDS by the standard's own schemas, FHIR by its models, openings by SMART's rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fhir.resources.R4B import get_fhir_model_class
from jsonschema import Draft202012Validator
from pydantic import SecretStr
from referencing import Registry, Resource
from sqlalchemy import select

from casework.directory import exporting
from casework.directory.importing import import_file
from casework.directory.tables import Program
from casework.paths import ROOT
from casework.scheduling.tables import Calendar, WeeklyHours
from casework.settings import get_settings
from casework.storage import Database, new_id
from channels import directory
from channels.app import create_app

pytestmark = pytest.mark.anyio

SCHEMAS = ROOT.parent / "shared" / "data" / "hsds" / "schema-3.0"
TOKEN = "a token of the partner's"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def program(name: str, **more: Any) -> Program:
    values: dict[str, Any] = {
        "organization": "Bend Center", "name": "Case Management", "kind": "cmhc", "city": "Minneapolis", "state": "MN",
        "zip": "55401", "street": "1 Main St", "latitude": 44.98, "longitude": -93.27, "zone": "America/Chicago",
        "description": {"en": "Case managers for adults."}, "phone": "+16125550101", "intake_phone": "+16125550102",
        "intake_extension": "3", "email": "a@example.org", "website": "https://example.org", "age_min": 18,
        "service_counties": ["27053"], "payers": ["medicaid"], "languages": ["en", "es"], "services": ["act"],
        "telehealth": True,
        "hours": {"mon": [["08:00", "12:00"], ["13:00", "24:00"]], "tue": [["00:00", "24:00"]], "sun": []},
        "wait_days": 12.0, "source": "test", "source_id": name,
    }  # fmt: skip
    return Program(id=name, **(values | more))


@pytest.fixture
async def partner(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's system, without a token unless it shows one. Three programs of two organizations are on the list."""
    app = FastAPI()
    app.state.database = database
    app.state.settings = get_settings().model_copy(update={"partner_token": SecretStr(TOKEN)})
    app.include_router(directory.router)
    async with database.session() as session:
        session.add_all([
            program("one"),
            program("two", hours=None, zip="55101", city="Saint Paul", latitude=44.95, longitude=-93.09, kind="ccbhc"),
            program("three", organization="Duluth House", city="Duluth", latitude=46.8, longitude=-92.1, street=None),
            program("closed", active=False),
        ])  # fmt: skip
        await session.flush()
        calendar = Calendar(id=new_id(), program_id="one", name="Desk", kind="phone", minutes=60, horizon_days=28)
        session.add(calendar)
        await session.flush()
        session.add_all(
            WeeklyHours(calendar_id=calendar.id, weekday=day, opens=time(9), closes=time(12)) for day in range(7)
        )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.example") as client:
        yield client
    await database.close()


def by_the_standard(kind: str, thing: Any) -> None:
    """Validates against the standard's schema; strict about fields it does not know."""
    if not SCHEMAS.exists():
        pytest.skip("the standard's schemas are not beside the project")
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    registry: Any = Registry().with_resources(
        (name, Resource.from_contents(schema | {"$id": name}, default_specification=_draft()))
        for name, schema in schemas.items()
    )
    validator = Draft202012Validator(
        schemas[f"{kind}.json"], registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(thing)] == []
    unknown = set(thing) - set(schemas[f"{kind}.json"]["properties"])
    assert unknown <= {"service", "services"}  # nested the other way round, as the API has it


def _draft() -> Any:
    from referencing.jsonschema import DRAFT202012

    return DRAFT202012


async def get(partner: httpx.AsyncClient, path: str, status: int = 200, **headers: str) -> Any:
    reply = await partner.get(path, headers=headers)
    assert reply.status_code == status, reply.text
    return reply.json()


async def test_services_come_a_page_at_a_time(partner: httpx.AsyncClient) -> None:
    first = await get(partner, "/directory/services?per_page=2")
    assert {key: first[key] for key in first if key != "contents"} == {
        "total_items": 3, "total_pages": 2, "page_number": 1, "size": 2, "first_page": True, "last_page": False,
        "empty": False,
    }  # fmt: skip
    last = await get(partner, "/directory/services?per_page=2&page=2")
    assert (last["size"], last["first_page"], last["last_page"]) == (1, False, True)
    beyond = await get(partner, "/directory/services?page=9")
    assert (beyond["empty"], beyond["contents"]) == (True, [])
    ids = {each["id"] for each in first["contents"] + last["contents"]}
    assert len(ids) == 3
    for each in first["contents"]:
        by_the_standard("service", each)
    for wrong in ("page=0", "per_page=101", "per_page=x"):
        await get(partner, f"/directory/services?{wrong}", 422)


async def test_a_service_is_told_whole_and_as_the_standard_has_it(partner: httpx.AsyncClient) -> None:
    for each in (await get(partner, "/directory/services?full=true"))["contents"]:
        by_the_standard("service", each)
        whole = await get(partner, f"/directory/services/{each['id']}")
        assert whole == each
    (one,) = (await get(partner, "/directory/services?search=saint%20paul"))["contents"]
    whole = await get(partner, f"/directory/services/{one['id']}")
    assert {each["number"] for each in whole["phones"]} == {"+16125550101", "+16125550102"}
    assert whole["service_areas"][0]["name"] == "Hennepin County, MN"
    assert {each["value"] for each in whole["attributes"]} == {"ccbhc", "act", "telehealth", "medicaid"}
    await get(partner, "/directory/services/nonsense", 404)
    await get(partner, f"/directory/services/{new_id()}", 404)


async def test_organizations_locations_and_services_at_locations_hang_together(partner: httpx.AsyncClient) -> None:
    organizations = (await get(partner, "/directory/organizations"))["contents"]
    assert [each["name"] for each in organizations] == ["Bend Center", "Duluth House"]
    bend = await get(partner, f"/directory/organizations/{organizations[0]['id']}")
    assert len(bend["services"]) == len(bend["locations"]) == 2
    by_the_standard("organization", bend)
    of_bend = await get(partner, f"/directory/services?organization_id={bend['id']}")
    assert {each["id"] for each in of_bend["contents"]} == {each["id"] for each in bend["services"]}
    for each in (await get(partner, "/directory/locations"))["contents"]:
        by_the_standard("location", each)
        assert await get(partner, f"/directory/locations/{each['id']}") == each
    for each in (await get(partner, "/directory/service_at_locations?full=true"))["contents"]:
        by_the_standard("service_at_location", each)
        assert await get(partner, f"/directory/service_at_locations/{each['id']}") == each
    near = await get(partner, "/directory/service_at_locations?postcode=55401&proximity=30000")
    assert near["total_items"] == 2
    await get(partner, "/directory/service_at_locations?postcode=00000", 422)


async def test_what_changed_and_what_carries_a_term_can_be_asked_for(partner: httpx.AsyncClient) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert (await get(partner, f"/directory/services?modified_after={tomorrow}"))["empty"]
    assert (await get(partner, "/directory/services?modified_after=2020-01-01"))["total_items"] == 3
    whole = (await get(partner, "/directory/services?full=true&search=paul"))["contents"][0]
    terms = {each["value"]: each["taxonomy_term"]["id"] for each in whole["attributes"]}
    assert (await get(partner, f"/directory/services?taxonomy_term_id={terms['ccbhc']}"))["total_items"] == 1
    assert (await get(partner, f"/directory/services?taxonomy_term_id={terms['act']}"))["total_items"] == 3
    assert (await get(partner, "/directory/services?taxonomy_term_id=none"))["empty"]
    minimal = (await get(partner, "/directory/services?minimal=true"))["contents"][0]
    assert set(minimal) == {"id", "last_modified"}


async def test_the_root_says_which_standard_it_is(partner: httpx.AsyncClient) -> None:
    about = await get(partner, "/directory")
    assert about["version"] == "3.1"
    document = await get(partner, "/directory/openapi.json")
    assert {"/directory/services", "/directory/services/{name}"} <= set(document["paths"])
    assert all(set(methods) == {"get"} for methods in document["paths"].values())


@pytest.mark.parametrize("path", ["/fhir/Location", "/fhir/metadata", "/slots/$bulk-publish", "/slots/slots.ndjson"])
async def test_without_the_partners_token_nothing_is_told(partner: httpx.AsyncClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        reply = await partner.get(path, headers=headers)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == "Bearer"


async def test_without_a_token_set_up_nobody_is_a_partner(partner: httpx.AsyncClient) -> None:
    app = partner._transport.app  # type: ignore[attr-defined]
    app.state.settings = app.state.settings.model_copy(update={"partner_token": None})
    assert (await partner.get("/fhir/Location", headers={"Authorization": "Bearer "})).status_code == 401


@pytest.mark.parametrize("kind", ["Organization", "Location", "HealthcareService"])
async def test_fhir_resources_are_what_their_models_take(partner: httpx.AsyncClient, kind: str) -> None:
    bundle = await get(partner, f"/fhir/{kind}?_count=2", **BEARER)
    get_fhir_model_class("Bundle").model_validate(bundle)
    assert bundle["total"] == (2 if kind == "Organization" else 3)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        get_fhir_model_class(kind).model_validate(resource)
        _codes_are_from_their_value_sets(resource)
        assert await get(partner, f"/fhir/{kind}/{resource['id']}", **BEARER) == resource


def _codes_are_from_their_value_sets(resource: dict[str, Any]) -> None:
    days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
    for each in resource.get("hoursOfOperation", []) + resource.get("availableTime", []):
        assert set(each["daysOfWeek"]) <= days
    for each in resource.get("telecom", []):
        assert each["system"] in {"phone", "fax", "email", "pager", "url", "sms", "other"}
        assert each.get("use", "work") == "work"
    if resource["resourceType"] == "Location":
        assert resource["status"] in {"active", "suspended", "inactive"}
        assert resource["mode"] in {"instance", "kind"}
        assert resource["address"]["type"] in {"postal", "physical", "both"}


async def test_fhir_searches_page_and_say_what_they_do_not_know(partner: httpx.AsyncClient) -> None:
    first = await get(partner, "/fhir/Location?_count=2", **BEARER)
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = await get(partner, following[following.index("/fhir") :], **BEARER)
    assert len(first["entry"]) + len(second["entry"]) == 3
    in_saint_paul = await get(partner, "/fhir/Location?address-postalcode=55101&address-state=MN&name=bend", **BEARER)
    assert in_saint_paul["total"] == 1
    for path, status in (
        ("/fhir/Patient", 404),
        ("/fhir/Location/none", 404),
        ("/fhir/Organization?address-state=MN", 400),
    ):
        outcome = await get(partner, path, status, **BEARER)
        get_fhir_model_class("OperationOutcome").model_validate(outcome)
    get_fhir_model_class("CapabilityStatement").model_validate(await get(partner, "/fhir/metadata", **BEARER))


async def test_free_openings_are_published_as_smart_scheduling_links(partner: httpx.AsyncClient) -> None:
    reply = await partner.get("/slots/$bulk-publish", headers=BEARER)
    manifest = reply.json()
    assert "max-age" in reply.headers["cache-control"]
    assert manifest["request"].endswith("/slots/$bulk-publish")
    files: dict[str, list[dict[str, Any]]] = {}
    for output in manifest["output"]:
        assert output["extension"] == {"state": ["MN"]}
        answer = await partner.get(output["url"][output["url"].index("/slots") :], headers=BEARER)
        files[output["type"]] = [json.loads(line) for line in answer.text.splitlines()]
        for each in files[output["type"]]:
            get_fhir_model_class(output["type"]).model_validate(each)
    (location,), (schedule,) = files["Location"], files["Schedule"]
    assert schedule["actor"][0]["reference"] == f"Location/{location['id']}"
    assert len(files["Slot"]) > 20
    for slot in files["Slot"]:
        assert slot["schedule"]["reference"] == f"Schedule/{schedule['id']}"
        assert slot["status"] == "free"
        assert datetime.fromisoformat(slot["start"]).hour in (9, 10, 11)  # in the program's own zone
        assert len(slot["id"]) <= 64
    assert (await partner.get("/slots/other.ndjson", headers=BEARER)).status_code == 404


async def test_what_is_exported_is_read_again_as_it_was(partner: httpx.AsyncClient, tmp_path: Path) -> None:
    database: Database = partner._transport.app.state.database  # type: ignore[attr-defined]
    async with database.session() as session:
        assert await exporting.export(session, "hsds", str(tmp_path / "a.json")) == {"services": 3}
        counts = await exporting.export(session, "fhir", str(tmp_path / "a.ndjson"))
        assert counts == {"Organization": 2, "Location": 3, "HealthcareService": 3}
        counts = await exporting.export(session, "slots", str(tmp_path / "slots"))
        assert (counts["Location"], counts["Schedule"]) == (1, 1)
    assert {path.name for path in (tmp_path / "slots").iterdir()} == {
        "$bulk-publish", "locations.ndjson", "schedules.ndjson", "slots.ndjson",
    }  # fmt: skip
    async with database.session() as session:
        report = await import_file(session, "hsds", str(tmp_path / "a.json"))
        assert (report.added, report.refused) == (3, 0)
        rows = await session.execute(select(Program).where(Program.active, Program.organization == "Bend Center"))
        by_zip: dict[str, list[Program]] = {}
        for each in rows.scalars():
            by_zip.setdefault(each.zip, []).append(each)
    for pair in by_zip.values():
        before, after = sorted(pair, key=lambda each: each.source, reverse=True)
        assert (before.source, after.source) == ("test", "hsds")
        for name in ("organization", "name", "kind", "phone", "intake_phone", "intake_extension", "street", "city",
                     "zip", "latitude", "longitude", "zone", "service_counties", "age_min", "age_max", "payers",
                     "languages", "services", "telehealth", "description", "website", "email"):  # fmt: skip
            assert getattr(after, name) == getattr(before, name), name
        assert (after.hours or {}).get("mon") == (before.hours or {}).get("mon")


async def test_what_cannot_be_written_is_said(database: Database, tmp_path: Path) -> None:
    async with database.session() as session:
        with pytest.raises(exporting.CannotExport, match="cannot write"):
            await exporting.export(session, "hsds", str(tmp_path / "no" / "such" / "folder.json"))
        with pytest.raises(exporting.CannotExport, match="not a format"):
            await exporting.export(session, "xml", str(tmp_path / "a"))
    await database.close()


async def test_a_character_that_no_database_takes_is_the_senders_mistake(database: Database) -> None:
    app = create_app(get_settings())
    app.state.database = database
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://line.example") as client:
        assert (await client.get("/directory/services", params={"search": "a\0b"})).status_code == 400
        form = {"email": "a\0b@agency.example", "password": "a long enough password"}
        assert (await client.post("/console/sign-in", data=form)).status_code == 400
    await database.close()

"""The summary as a file: what another agency gets, and that nobody's is made without their consent."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode
from importlib import import_module
from typing import Any

import pytest
from console_people import a_text, ago, somebody_asking, somebody_booked
from pydantic import BaseModel
from sqlalchemy import select

from casework import handoff
from casework.conversations.tables import Client, Conversation
from casework.directory.tables import Program
from casework.handoff import referrals
from casework.handoff.tables import Handoff
from casework.intake import answers, walk
from casework.staff.tables import AuditEvent
from casework.storage import Database

pytestmark = pytest.mark.anyio
WANTED = {
    "Patient", "QuestionnaireResponse", "ServiceRequest", "Task", "Appointment", "Communication", "Consent",
    "Organization", "HealthcareService",
}  # fmt: skip
# hl7.org/fhir/R4B/valueset-task-status.html and valueset-task-intent.html
LONG_LISTS = {
    ("Task", "status"): (
        "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold",
        "failed", "completed", "entered-in-error",
    ),
    ("Task", "intent"): (
        "unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order",
        "option",
    ),
    ("ServiceRequest", "intent"): (
        "proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order", "instance-order",
        "option",
    ),
}  # fmt: skip


def outside_their_value_sets(given: BaseModel, where: str = "") -> list[str]:
    """Codes that FHIR does not know, anywhere in a resource: the models name the value sets and do not enforce them."""
    wrong = []
    for name, field in type(given).model_fields.items():
        value = getattr(given, name)
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        allowed = extra.get("enum_values")
        if allowed and "+" in allowed:  # the model leaves off where the list is long
            allowed = LONG_LISTS[type(given).__name__, name]
        for each in value if isinstance(value, list) else [value]:
            if allowed and each is not None and each not in allowed:
                wrong.append(f"{where}.{name} = {each}")
            if isinstance(each, BaseModel):
                wrong += outside_their_value_sets(each, f"{where}.{name}")
    return wrong


def checked(bundle: dict[str, Any]) -> list[str]:
    """The resource types of a bundle in which everything is valid R4B and every reference leads somewhere."""
    models = {name: getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name) for name in (*WANTED, "Bundle")}
    whole = models["Bundle"].model_validate(bundle)
    wrong = outside_their_value_sets(whole, "Bundle")
    known = {entry["fullUrl"] for entry in bundle["entry"]}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        made = models[resource["resourceType"]].model_validate(resource)
        wrong += outside_their_value_sets(made, resource["resourceType"])
    assert wrong == []
    assert "[]" not in str(bundle), "FHIR knows no empty lists"
    assert set(re.findall(r"urn:uuid:[0-9a-f-]{36}", str(bundle))) <= known
    return [entry["resource"]["resourceType"] for entry in bundle["entry"]]


def of(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)  # type: ignore[no-any-return]


async def test_the_bundle_is_valid_fhir_and_says_what_the_page_says(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
        await answers.record(session, ana, "impairments", [], at=ago(2))  # "none of these"
    dana = await sign_in()
    answer = await dana.get(f"/console/people/{ana}/summary.fhir.json")
    assert answer.headers["content-type"].startswith("application/fhir+json")
    bundle = answer.json()
    assert set(checked(bundle)) == WANTED
    assert of(bundle, "Patient")["name"] == [{"use": "usual", "text": "Ana Reyes"}]
    assert of(bundle, "Appointment")["status"] == "booked"
    assert of(bundle, "Task")["status"] == "requested"
    given = {item["linkId"]: item for item in of(bundle, "QuestionnaireResponse")["item"]}
    assert given["diagnoses"]["answer"] == [{"valueCoding": {"code": "bipolar", "display": "bipolar disorder"}}]
    assert given["impairments"]["answer"] == [{"valueCoding": {"code": "none", "display": "none"}}]
    assert given["inpatient_stays_24_months"]["answer"] == [{"valueInteger": 2}]
    assert given["crisis_contacts_24_months"]["extension"][0]["valueCode"] == "asked-declined"
    assert "keep my apartment" in of(bundle, "Communication")["payload"][0]["contentString"]
    async with database.session() as session:
        forms = await session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "summary.exported"))
        assert [detail["form"] for detail in forms] == ["fhir"]


@pytest.mark.parametrize("status", ["attended", "no_show", "cancelled"])
@pytest.mark.parametrize("urgency", [2, 3])
async def test_every_state_of_a_case_has_a_code_of_fhir(database: Database, sign_in, status: str, urgency: int) -> None:  # type: ignore[no-untyped-def]
    from casework.scheduling.tables import Appointment

    async with database.session() as session:
        ana = await somebody_booked(session)
        (await session.scalars(select(Appointment))).one().status = status
        handoff = (await session.scalars(select(Handoff))).one()
        handoff.urgency, handoff.status = urgency, "closed" if urgency == 3 else "claimed"
    dana = await sign_in()
    assert "Appointment" in checked((await dana.get(f"/console/people/{ana}/summary.fhir.json")).json())


async def test_somebody_who_said_almost_nothing_makes_a_valid_bundle_too(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        rosa = await somebody_asking(session)
        (await session.scalars(select(Handoff))).one().shared_at = ago(1)
        await answers.record(session, rosa, walk.SHARING, True, at=ago(1))
        (await session.get_one(Client, rosa)).name = None
    dana = await sign_in()
    kinds = checked((await dana.get(f"/console/people/{rosa}/summary.fhir.json")).json())
    assert "Appointment" not in kinds
    assert (await dana.get(f"/console/people/{rosa}/summary.pdf")).content.startswith(b"%PDF")


def words_of(pdf: bytes) -> str:
    """The text of a PDF of ours."""
    shown = []
    for stream in re.findall(rb"stream\r?\n(.*?)~?>?endstream", pdf, re.S):
        try:
            content = zlib.decompress(a85decode(stream.strip()))
        except (ValueError, zlib.error):
            continue
        shown += re.findall(rb"\((.*?)(?<!\\)\) Tj", content, re.S)
    return b" ".join(shown).decode("cp1252", "replace")


async def test_the_pdf_says_what_the_page_says(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        ana = await somebody_booked(session)
        conversation = (await session.scalars(select(Conversation))).one()
        await a_text(session, conversation, "thank you 🙂 <b>María</b>", minutes=1)
    dana = await sign_in()
    answer = await dana.get(f"/console/people/{ana}/summary.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    text = words_of(answer.content)
    for part in ("Ana Reyes", "keep my apartment", "bipolar disorder", "Diagnosis", "Not asked", "Confidential"):
        assert part in text, part


async def test_of_who_took_their_yes_back_no_file_is_made_and_no_referral_is_recorded(
    database: Database,
    sign_in,  # type: ignore[no-untyped-def]
) -> None:
    async with database.session() as session:
        ana = await somebody_booked(session)
        await referrals.make(session, ana, (await session.scalars(select(Program.id))).one(), at=ago(2))
        await answers.record(session, ana, walk.SHARING, False, at=ago(1))
        await handoff.take_back(session, ana, at=ago(1))
    dana = await sign_in()
    for name in ("summary.pdf", "summary.fhir.json"):
        assert (await dana.get(f"/console/people/{ana}/{name}")).headers["location"].endswith("refused=not_shared")
    page = (await dana.get(f"/console/people/{ana}")).text
    assert "Said no to sharing this summary" in page
    assert "The client took it back" in page
    assert "They accepted" not in page


async def test_without_consent_no_file_is_made(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        rosa = await somebody_asking(session)
    dana = await sign_in()
    for name in ("summary.pdf", "summary.fhir.json"):
        answer = await dana.get(f"/console/people/{rosa}/{name}")
        assert answer.headers["location"].endswith("refused=not_shared")
        assert name not in (await dana.get(f"/console/people/{rosa}?refused=not_shared")).text
    assert (
        "has not agreed that the summary is shared"
        in (await dana.get(f"/console/people/{rosa}?refused=not_shared")).text
    )

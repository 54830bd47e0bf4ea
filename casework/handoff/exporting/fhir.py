"""A handoff as a FHIR R4B bundle of type `collection`: Patient, Consent, QuestionnaireResponse, ServiceRequest, Task,
Appointments, Communications (the client's own words), and the Organizations and HealthcareService they name. Pure.

Value sets are FHIR's own (hl7.org/fhir/R4B). What a client preferred not to say, or was not asked, is said with FHIR's
data-absent-reason. What the pre-screen came to is a note on the request: a person decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from casework.directory.exporting.fhir import healthcare_service, organization
from casework.directory.exporting.ids import uuid_of

if TYPE_CHECKING:
    from casework.directory.tables import Program
    from casework.staff.reading import Booking, Person

Resource = dict[str, Any]
Label = Callable[[str, object], str]

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
TERMS = "http://terminology.hl7.org/CodeSystem"
PRIORITY = {1: "routine", 2: "urgent", 3: "stat"}  # request-priority
TASK = {"open": "requested", "claimed": "accepted", "closed": "completed"}  # task-status
APPOINTMENT = {"booked": "booked", "attended": "fulfilled", "no_show": "noshow", "cancelled": "cancelled"}
_COMING = {"booked": "accepted", "attended": "accepted", "no_show": "accepted", "cancelled": "declined"}


def bundle(person: Person, *, agency: str, label: Label, at: datetime) -> Resource:
    """The bundle of a client who agreed to be passed on. `label(group, code)` is what codes are called in English."""
    resources = list(_resources(person, agency, label, at))
    return {
        "resourceType": "Bundle",
        "id": str(person.handoff.id) if person.handoff else str(person.client.id),
        "type": "collection",
        "timestamp": at.isoformat(),
        "entry": [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in resources],
    }


def _resources(person: Person, agency: str, label: Label, at: datetime) -> Iterator[Resource]:
    here = {"resourceType": "Organization", "id": uuid_of("organization", agency), "active": True, "name": agency}
    yield here
    programs = {each.id: each for each in (person.program, *(booking.program for booking in person.bookings)) if each}
    organizations = {here["id"]}
    for program in programs.values():
        made = organization(program)
        if made["id"] not in organizations:
            organizations.add(made["id"])
            yield made
        yield _service(program)
    patient = _patient(person)
    yield patient
    consent = _consent(person, here)
    if consent:
        yield consent
    response = _response(person, label, at)
    yield response
    request = _request(person, here, response, label, at)
    yield request
    if person.handoff:
        yield _task(person, here, request, label)
    for booking in person.bookings:
        if booking.appointment.status in APPOINTMENT:
            yield _appointment(person, booking, request, label)
    for message in person.own_words:
        yield {
            "resourceType": "Communication",
            "id": str(message.id),
            "status": "completed",
            "category": [{"text": "In the client's own words"}],
            "subject": _to(patient),
            "sender": _to(patient),
            "recipient": [_to(here)],
            "sent": message.created_at.isoformat(),
            "payload": [{"contentString": message.text}],
        }


def _to(resource: Resource, display: str | None = None) -> Resource:
    found = {"reference": f"urn:uuid:{resource['id']}", "type": resource["resourceType"]}
    return {**found, "display": display} if display else found


def _service(program: Program) -> Resource:
    """The directory's own resource, pointing inside this bundle."""
    made = healthcare_service(program)
    made["providedBy"] = {"reference": f"urn:uuid:{uuid_of('organization', program.organization)}"}
    made.pop("location", None)  # its address is the directory's to tell
    return made


def _said(person: Person) -> dict[str, Any]:
    return {line["fact"]: line["value"] for line in person.summary["said"]}


def _patient(person: Person) -> Resource:
    client, facts = person.client, _said(person)
    made: Resource = {
        "resourceType": "Patient",
        "id": str(client.id),
        "active": True,
        "communication": [
            {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": client.language}]}, "preferred": True}
        ],
    }
    if client.name:
        made["name"] = [{"use": "usual", "text": client.name}]
    if client.phone:
        made["telecom"] = [{"system": "sms", "value": client.phone, "use": "mobile"}]
    if facts.get("zip"):
        made["address"] = [{"use": "home", "postalCode": str(facts["zip"]), "country": "US"}]
    return made


def _consent(person: Person, here: Resource) -> Resource | None:
    handoff = person.handoff
    if handoff is None or handoff.shared_at is None:
        return None
    return {
        "resourceType": "Consent",
        "id": str(uuid.uuid5(handoff.id, "consent")),
        "status": "active",
        "scope": {"coding": [{"system": f"{TERMS}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"urn:uuid:{person.client.id}", "type": "Patient"},
        "dateTime": handoff.shared_at.isoformat(),
        "organization": [_to(here)],
        "policyRule": {"coding": [{"system": f"{TERMS}/v3-ActCode", "code": "OPTIN"}]},
        "provision": {"type": "permit", "purpose": [{"system": f"{TERMS}/v3-ActReason", "code": "COC"}]},
    }


def _response(person: Person, label: Label, at: datetime) -> Resource:
    summary = person.summary
    items: list[Resource] = [
        {"linkId": line["fact"], "text": label("fact", line["fact"]), "answer": list(_answers(line["value"], label))}
        for line in (*summary["said"], *summary["found"])
    ]
    for facts, why in ((summary["preferred_not_to_say"], "asked-declined"), (summary["not_asked"], "not-asked")):
        items += [
            {"linkId": fact, "text": label("fact", fact), "extension": [{"url": ABSENT, "valueCode": why}]}
            for fact in facts
        ]
    made: Resource = {
        "resourceType": "QuestionnaireResponse",
        "id": str(uuid.uuid5(person.client.id, "answers")),
        "status": "in-progress" if summary["not_asked"] else "completed",
        "subject": {"reference": f"urn:uuid:{person.client.id}", "type": "Patient"},
        "authored": (person.screened_at or at).isoformat(),
        "source": {"reference": f"urn:uuid:{person.client.id}", "type": "Patient"},
    }
    if person.screening:
        made["questionnaire"] = f"urn:guidepost:screening:{person.screening['policy']}|{person.screening['version']}"
    return {**made, "item": items} if items else made


def _answers(value: Any, label: Label) -> Iterator[Resource]:
    """A fact's value as answers, one each of a list; an empty one was answered, too: with "none"."""
    for each in (value or ["none"]) if isinstance(value, list) else [value]:
        match each:
            case bool():
                yield {"valueBoolean": each}
            case int():
                yield {"valueInteger": each}
            case float():
                yield {"valueDecimal": each}
            case dict():  # a hospital stay
                yield {"valueString": f"{each.get('admitted', 'not known')} to {each.get('discharged') or 'not known'}"}
            case str() if each.islower():
                yield {"valueCoding": {"code": each, "display": label("value", each)}}
            case _:
                yield {"valueString": str(each)}


def _request(person: Person, here: Resource, response: Resource, label: Label, at: datetime) -> Resource:
    handoff = person.handoff
    made: Resource = {
        "resourceType": "ServiceRequest",
        "id": str(uuid.uuid5(person.client.id, "case management")),
        "status": "completed" if handoff and handoff.status == "closed" else "active",
        "intent": "proposal",
        "priority": PRIORITY[handoff.urgency if handoff else 1],
        "category": [{"text": "Mental health"}],
        "code": {"text": "Mental health case management"},
        "subject": {"reference": f"urn:uuid:{person.client.id}", "type": "Patient"},
        "authoredOn": (handoff.created_at if handoff else at).isoformat(),
        "requester": _to(here),
        "supportingInfo": [_to(response)],
    }
    if person.program:
        made["performer"] = [
            {
                "reference": f"urn:uuid:{uuid_of('service', person.program.id)}",
                "type": "HealthcareService",
                "display": person.program.name,
            }
        ]
    if person.needs:
        made["reasonCode"] = [{"text": label("need", need.need)} for need in person.needs]
    if person.screening:
        lines = [
            f"{label('criterion', each['id'])}: {label('met', each['status']).lower()}. {each['because']}"
            for each in person.screening["criteria"]
        ]
        told = f"Pre-screen by software: {label('outcome', person.screening['outcome'])}. A person decides."
        made["note"] = [{"text": "\n".join((told, *lines))}]
    return made


def _task(person: Person, here: Resource, request: Resource, label: Label) -> Resource:
    handoff = person.handoff
    assert handoff is not None
    made: Resource = {
        "resourceType": "Task",
        "id": str(handoff.id),
        "status": TASK[handoff.status],
        "intent": "order",
        "priority": PRIORITY[handoff.urgency],
        "code": {"text": "Take on the client"},
        "description": label("reason", handoff.reason),
        "focus": _to(request),
        "for": {"reference": f"urn:uuid:{person.client.id}", "type": "Patient"},
        "authoredOn": handoff.created_at.isoformat(),
        "lastModified": (handoff.closed_at or handoff.claimed_at or handoff.created_at).isoformat(),
        "requester": _to(here),
    }
    if person.claimed_by:
        made["owner"] = {"display": person.claimed_by.name}
    return made


def _appointment(person: Person, booking: Booking, request: Resource, label: Label) -> Resource:
    made = booking.appointment
    resource: Resource = {
        "resourceType": "Appointment",
        "id": str(made.id),
        "status": APPOINTMENT[made.status],
        "appointmentType": {"text": f"Intake {label('kind', made.kind)}"},
        "start": made.starts_at.isoformat(),
        "end": made.ends_at.isoformat(),
        "created": made.created_at.isoformat(),
        "basedOn": [_to(request)],
        "participant": [
            {
                "actor": {"reference": f"urn:uuid:{person.client.id}", "type": "Patient"},
                "status": _COMING[made.status],
            },
            {
                "actor": {
                    "reference": f"urn:uuid:{uuid_of('service', booking.program.id)}",
                    "type": "HealthcareService",
                    "display": booking.program.name,
                },
                "status": "accepted",
            },
        ],
    }
    if made.status == "cancelled":
        resource["cancelationReason"] = {
            "text": f"Cancelled by {label('cancelled_by', made.cancelled_by or 'service')}"
        }
    return resource

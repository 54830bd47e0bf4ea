"""The summary: what a case manager reads in 20 seconds, and where each line comes from.

What was said, what was worked out and what was not asked are kept apart. `messages` names the message each of them
came from. Texts of the summary are the client's own words and coded values; their labels are the console's.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.conversations.tables import Answer, Client
from casework.errors import GuidepostError
from casework.handoff.tables import Handoff, Need, ScreeningRecord
from casework.intake import policies, walk
from casework.safety.tables import Alarm
from casework.scheduling.tables import Appointment

# What a screening may ask of everybody: what is missing of it is shown as "not asked".
ASKED_OF_ALL = (
    "zip",
    "age",
    "veteran",
    "in_hospital_now",
    "diagnoses",
    "diagnosed_by_professional",
    "inpatient_stays_24_months",
    "crisis_contacts_24_months",
    "impairments",
    "payer",
)
_STEPS = (*walk.STEPS, walk.COUNTIES)
WORKED_OUT = "worked_out"


async def summarise(session: AsyncSession, client_id: Any) -> dict[str, Any]:
    """The summary as data.

    `said`: what the client told, each with value, words, message and origin; `found`: what was worked out of that (a
    county from a ZIP), in the same shape. `preferred_not_to_say`, `not_asked` and `still_to_ask` are names of facts;
    what is still to ask could change the screening's outcome, and is not asked either. `messages`: the message in
    which each fact, and each step of the walk (name, sharing, booking ...), was told. `agreed`: their yes or no to
    saving and to sharing, as far as they were asked. `worked_out`, `needs`, `alarms`.
    """
    client = await session.get_one(Client, client_id)
    answers = (
        await session.execute(
            select(Answer)
            .where(Answer.client_id == client_id, Answer.superseded_at.is_(None))
            .order_by(Answer.created_at)
        )
    ).scalars()
    told = {answer.fact: answer for answer in answers}
    facts = {fact: answer for fact, answer in told.items() if fact not in _STEPS}
    known = [_line(answer) for answer in facts.values() if answer.value is not None]
    open_ones = _still_to_ask({fact: answer.value for fact, answer in told.items()})
    needs = (await session.execute(select(Need).where(Need.client_id == client_id).order_by(Need.created_at))).scalars()
    alarms = (
        await session.execute(select(Alarm).where(Alarm.client_id == client_id).order_by(Alarm.created_at.desc()))
    ).scalars()
    screening = (
        await session.execute(
            select(ScreeningRecord)
            .where(ScreeningRecord.client_id == client_id)
            .order_by(ScreeningRecord.created_at.desc())
            .limit(1)
        )
    ).scalar_one_or_none()
    return {
        "name": client.name,
        "language": client.language,
        "said": [line for line in known if line["origin"] != WORKED_OUT],
        "found": [line for line in known if line["origin"] == WORKED_OUT],
        "preferred_not_to_say": [fact for fact, answer in facts.items() if answer.value is None],
        "not_asked": [fact for fact in dict.fromkeys((*ASKED_OF_ALL, *open_ones)) if fact not in facts],
        "still_to_ask": open_ones,
        "messages": {fact: str(answer.message_id) for fact, answer in told.items() if answer.message_id},
        "agreed": {step: told[step].value for step in (walk.SAVING, walk.SHARING) if step in told},
        "worked_out": screening.result if screening else None,
        "needs": [need.need for need in needs],
        "alarms": [{"level": a.level, "kinds": a.kinds, "at": a.created_at.isoformat()} for a in alarms],
    }


def _line(answer: Answer) -> dict[str, Any]:
    return {
        "fact": answer.fact,
        "value": answer.value,
        "words": answer.words,
        "message": str(answer.message_id) if answer.message_id else None,
        "origin": answer.origin,
    }


_worked_out: OrderedDict[bytes, list[str]] = OrderedDict()  # by digest: what clients said is not kept in memory
_KEPT = 512


def _still_to_ask(told: dict[str, Any]) -> list[str]:
    """What the policies of this client still want to know, as the walk would ask it.

    Worked out by trying answers (some 20 ms), so it is kept for the same answers on the same day: an open page asks
    at every message.
    """
    answers = {walk.SAVING: True, **told}
    try:
        by = [(each.id, each.version) for each in policies.chosen(walk.facts(answers))]
        key = hashlib.sha256(json.dumps([str(clock.now().date()), by, answers], sort_keys=True).encode()).digest()
        if key not in _worked_out:
            _worked_out[key] = walk.questions(answers, programs=False)
    except GuidepostError:  # an agency's own policy that cannot be read stops no summary
        return []
    else:
        while len(_worked_out) > _KEPT:
            _worked_out.popitem(last=False)
        return list(_worked_out[key])


async def refresh(session: AsyncSession, handoff: Handoff) -> None:
    """Writes the summary as it is now onto the handoff, and the appointment it is about."""
    await session.flush()
    if handoff.appointment_id is None:
        handoff.appointment_id = (
            await session.execute(
                select(Appointment.id)
                .where(Appointment.client_id == handoff.client_id, Appointment.status == "booked")
                .order_by(Appointment.starts_at)
                .limit(1)
            )
        ).scalar_one_or_none()
    handoff.summary = await summarise(session, handoff.client_id)


async def refresh_open(session: AsyncSession, client_id: Any) -> None:
    """Brings the summary of the client's open handoff up to date, if there is one."""
    handoff = (
        await session.execute(select(Handoff).where(Handoff.client_id == client_id, Handoff.status != "closed"))
    ).scalar_one_or_none()
    if handoff is not None:
        await refresh(session, handoff)

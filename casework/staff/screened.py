"""A client's screenings as staff read them: the newest whole and in English, the other policies', the earlier ones."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import screening
from casework.errors import GuidepostError
from casework.handoff.tables import ScreeningRecord
from casework.intake import policies

_EARLIER = 5
# Worked out of the ZIP that was told: who looks for where it came from is led there.
_FROM_ZIP = frozenset(("county", "miles_to_va"))


@dataclass(frozen=True)
class Earlier:
    """A screening that another took the place of."""

    at: datetime
    policy: str
    version: str
    outcome: str


@dataclass(frozen=True)
class Screened:
    """`result` and each of `others` are as `guidepost screen` prints them, with the policy's `title` and, at each
    criterion, `facts`: the names of the facts it rests on. `older`: the policy has changed since."""

    result: dict[str, Any]
    at: datetime
    others: Sequence[dict[str, Any]] = field(default_factory=tuple)
    earlier: Sequence[Earlier] = field(default_factory=tuple)
    older: bool = False


async def of_client(session: AsyncSession, client_id: uuid.UUID) -> Screened | None:
    """None before the first screening."""
    records = (
        (
            await session.execute(
                select(ScreeningRecord)
                .where(ScreeningRecord.client_id == client_id)
                .order_by(ScreeningRecord.created_at.desc(), ScreeningRecord.id.desc())
                .limit(1 + _EARLIER)
            )
        )
        .scalars()
        .all()
    )
    if not records:
        return None
    newest, *before = records
    facts = {"as_of": newest.result.get("as_of") or newest.created_at.date().isoformat(), **newest.facts}
    return Screened(
        result=_in_english(newest.result, facts),
        at=newest.created_at,
        others=[_in_english(each, facts) for each in newest.result.get("also") or ()],
        earlier=[Earlier(each.created_at, each.policy, each.version, str(each.result["outcome"])) for each in before],
        older=any(_changed(each) for each in (newest.result, *(newest.result.get("also") or ()))),
    )


def _policy(result: Mapping[str, Any]) -> screening.Policy | None:
    """The policy as it is today; None where it is gone or cannot be read."""
    try:
        return policies.load(str(result["policy"]))
    except GuidepostError:
        return None


def _changed(result: Mapping[str, Any]) -> bool:
    policy = _policy(result)
    return policy is None or policy.version != result["version"]


def _in_english(kept: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The kept result; its reasons in the staff's language where the same policy still gives the same answer."""
    policy = _policy(kept)
    shown = kept
    if policy is not None:
        try:
            again = screening.screen(facts, policy, language="en").to_json()
            shown = again if _decided(again) == _decided(kept) else kept
        except GuidepostError:
            pass
    rests_on = {each.id: each.test.facts for each in policy.criteria} if policy else {}
    criteria = [
        {**each, "facts": sorted(_with_zip(rests_on.get(each["id"], frozenset())))} for each in shown["criteria"]
    ]
    return {**shown, "criteria": criteria, "title": policy.title["en"] if policy else str(kept["policy"])}


def _with_zip(facts: frozenset[str]) -> frozenset[str]:
    return facts | {"zip"} if facts & _FROM_ZIP else facts


def _decided(result: Mapping[str, Any]) -> tuple[Any, ...]:
    statuses = [(criterion["id"], criterion["status"]) for criterion in result["criteria"]]
    return result["version"], result["outcome"], statuses

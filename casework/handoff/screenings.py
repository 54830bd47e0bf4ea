"""Keeping what a screening came to: the facts used, the client's words, the policy's version, the result."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.handoff.tables import ScreeningRecord
from casework.intake import policies
from casework.screening import Screening
from casework.storage import new_id


async def _last(session: AsyncSession, client_id: uuid.UUID) -> ScreeningRecord | None:
    found: ScreeningRecord | None = (
        await session.execute(
            select(ScreeningRecord)
            .where(ScreeningRecord.client_id == client_id)
            .order_by(ScreeningRecord.created_at.desc())
            .limit(1)
        )
    ).scalar_one_or_none()
    return found


async def last_kept(session: AsyncSession, client_id: uuid.UUID) -> tuple[str, str] | None:
    """The outcome that was worked out last (likely, possible or unlikely) and its policy; None before the first."""
    last = await _last(session, client_id)
    return None if last is None else (str(last.result["outcome"]), last.policy)


async def keep(
    session: AsyncSession,
    client_id: uuid.UUID,
    facts: dict[str, Any],
    result: Screening,
    others: Sequence[Screening] = (),
    *,
    words: dict[str, str] | None = None,
    at: datetime,
) -> bool:
    """Stores the screening unless the last one says the same. True where there is something new to tell.

    `others` are the same facts by the client's other policies, kept beside it under `also`; `words` is what the client
    wrote, by fact; `at` dates it, and is the day that windows of time end on when it is run again.
    """
    last = await _last(session, client_id)
    also = [(other.policy, other.version) for other in others]
    if last is not None and (last.facts, last.policy, last.version, _also(last)) == (
        facts,
        result.policy,
        result.version,
        also,
    ):
        return False
    session.add(
        ScreeningRecord(
            id=new_id(),
            client_id=client_id,
            policy=result.policy,
            version=result.version,
            facts=facts,
            result={
                **result.to_json(),
                "also": [other.to_json() for other in others],
                "words": words or {},
                "as_of": at.date().isoformat(),
            },
        )
    )
    await session.flush()
    return True


def _also(record: ScreeningRecord) -> list[tuple[str, str]]:
    return [(each["policy"], each["version"]) for each in record.result.get("also") or ()]


@dataclass(frozen=True)
class Again:
    """One kept screening run again. `before` and `now` are (policy, version, outcome, criteria by id)."""

    client_id: uuid.UUID
    before: tuple[str, str, str, dict[str, str]]
    now: tuple[str, str, str, dict[str, str]]

    @property
    def differs(self) -> bool:
        return self.before != self.now

    def to_json(self) -> dict[str, object]:
        names = ("policy", "version", "outcome", "criteria")
        return {
            "client": str(self.client_id),
            "differs": self.differs,
            "before": dict(zip(names, self.before, strict=True)),
            "now": dict(zip(names, self.now, strict=True)),
        }


async def run_again(
    session: AsyncSession, client_id: uuid.UUID | None = None, *, save: bool = False, at: datetime
) -> list[Again]:
    """Runs the newest screening of one client, or of all, by the policies as they are today: the same facts, the same
    day. `save` keeps those that come out otherwise as new screenings; what was told before stays beside them."""
    newest = select(ScreeningRecord.id).distinct(ScreeningRecord.client_id)
    if client_id is not None:
        newest = newest.where(ScreeningRecord.client_id == client_id)
    ids = newest.order_by(ScreeningRecord.client_id, ScreeningRecord.created_at.desc())
    found = (await session.execute(select(ScreeningRecord).where(ScreeningRecord.id.in_(ids)))).scalars().all()
    done = []
    for record in found:
        as_of = record.result.get("as_of") or record.created_at.date().isoformat()
        today = policies.screen({"as_of": as_of, **record.facts})
        before = (record.policy, record.version, str(record.result["outcome"]), _statuses(record.result))
        best = today.best.to_json()
        now = (today.best.policy, today.best.version, str(best["outcome"]), _statuses(best))
        done.append(Again(record.client_id, before, now))
        if save and before != now:
            words = record.result.get("words")
            await keep(session, record.client_id, record.facts, today.best, today.others, words=words, at=at)
    return done


def _statuses(result: Mapping[str, Any]) -> dict[str, str]:
    return {each["id"]: each["status"] for each in result["criteria"]}

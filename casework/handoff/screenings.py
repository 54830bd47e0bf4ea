"""Keeping what a screening came to: the facts used, the policy's version, the result."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.handoff.tables import ScreeningRecord
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


async def last_outcome(session: AsyncSession, client_id: uuid.UUID) -> str | None:
    """The outcome that was worked out last: likely, possible or unlikely; None before the first."""
    last = await _last(session, client_id)
    return None if last is None else str(last.result["outcome"])


async def keep(
    session: AsyncSession,
    client_id: uuid.UUID,
    facts: dict[str, Any],
    result: Screening,
    others: Sequence[Screening] = (),
) -> bool:
    """Stores the screening unless the last one says the same. True where there is something new to tell.

    `others` are the same facts by the rules of the client's state or the VA, kept beside it under `also`.
    """
    last = await _last(session, client_id)
    if last is not None and (last.facts, last.policy, last.version) == (facts, result.policy, result.version):
        return False
    session.add(
        ScreeningRecord(
            id=new_id(),
            client_id=client_id,
            policy=result.policy,
            version=result.version,
            facts=facts,
            result={**result.to_json(), "also": [other.to_json() for other in others]},
        )
    )
    await session.flush()
    return True

"""An opening came free: whoever waits for the program is to hear of it, by day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.directory.tables import Program
from casework.scheduling.quiet import next_waking
from casework.scheduling.tables import Waiting


async def call_waiting(session: AsyncSession, program_id: str, at: datetime) -> bool:
    """Defers the offer to the program's waiting list, if anybody is on it; in quiet hours, until they are over."""
    zone = await session.scalar(
        select(Program.zone)
        .join(Waiting, Waiting.program_id == Program.id)
        .where(Program.id == program_id, Waiting.status == "waiting")
        .limit(1)
    )
    if zone is None:
        return False
    await jobs.defer(
        session, "waitlist_offer", lock=f"waitlist:{program_id}", at=next_waking(at, zone), program_id=program_id
    )
    return True

"""What one client does with appointments is one thing after the other: an advisory lock until the transaction's end."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.errors import NotFound
from casework.scheduling.tables import Appointment


async def lock_client(session: AsyncSession, client_id: uuid.UUID) -> None:
    """From here to the end of the transaction nobody else changes what this client has or waits for."""
    await session.execute(select(func.pg_advisory_xact_lock(_lock_number(client_id))))


async def try_lock_client(session: AsyncSession, client_id: uuid.UUID) -> bool:
    """The same without waiting; False where somebody else has it."""
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(_lock_number(client_id)))))


def _lock_number(client_id: uuid.UUID) -> Any:
    return func.hashtextextended(f"appointments:{client_id}", 0)


async def locked(session: AsyncSession, appointment_id: uuid.UUID) -> Appointment:
    """The appointment as it is now, with its client locked. Raises NotFound."""
    client_id = await session.scalar(select(Appointment.client_id).where(Appointment.id == appointment_id))
    if client_id is None:
        raise NotFound("there is no such appointment")
    await lock_client(session, client_id)
    return await own(session, appointment_id, client_id)


async def own(session: AsyncSession, appointment_id: uuid.UUID, client_id: uuid.UUID) -> Appointment:
    """The client's appointment as it is now, for a caller that has locked the client. Raises NotFound."""
    found = await session.scalar(
        select(Appointment)
        .where(Appointment.id == appointment_id, Appointment.client_id == client_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("there is no such appointment")
    return found

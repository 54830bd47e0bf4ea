"""Alarms: a person is called, then the next, until somebody acknowledges.

The pages that go out carry a link and nothing of the client's: they land on private phones and in mailboxes. With no
on-call list set the console's own alarm is all there is, and the alarm says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock, jobs
from casework.conversations.tables import Conversation
from casework.errors import NotFound
from casework.safety.levels import in_order
from casework.safety.tables import Alarm
from casework.settings import get_settings
from casework.storage import Database, new_id, notify
from casework.wording import say

OPEN, ACKNOWLEDGED, CLOSED = "open", "acknowledged", "closed"
ROUNDS = 10  # times through the on-call list before the pages stop; the console's alarm stays
TIME_TO_ACT = timedelta(minutes=10)  # after an acknowledgement, before a worse message calls again


class Notifier(Protocol):
    """Sends one page. `target` is an entry of ON_CALL: `sms:+1...`, `email:...` or an https address of a webhook."""

    async def send(self, target: str, text: str) -> None: ...


async def raise_alarm(
    session: AsyncSession,
    conversation: Conversation,
    *,
    message_id: uuid.UUID | None,
    level: str,
    kinds: Sequence[str],
    at: datetime,
) -> Alarm:
    """Opens the conversation's alarm and defers its first page, or brings the one that is open up to date.

    An alarm that was acknowledged a while ago, or whose pages ran out, calls again.
    """
    opened = (
        await session.execute(
            insert(Alarm)
            .values(
                id=new_id(),
                conversation_id=conversation.id,
                client_id=conversation.client_id,
                message_id=message_id,
                level=level,
                kinds=list(kinds),
                status=OPEN,
                step=0,
                pages=[],
                created_at=at,
            )
            .on_conflict_do_nothing(index_elements=["conversation_id"], index_where=text("status <> 'closed'"))
            .returning(Alarm.id)
        )
    ).scalar_one_or_none()
    alarm = (
        await session.execute(
            select(Alarm)
            .where(Alarm.conversation_id == conversation.id, Alarm.status != CLOSED)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).scalar_one()
    if opened is not None:
        await _defer_page(session, alarm, at=None)
    else:
        alarm.message_id, alarm.level = message_id or alarm.message_id, level
        alarm.kinds = in_order([*alarm.kinds, *kinds])
        forgotten = alarm.acknowledged_at is not None and at - alarm.acknowledged_at >= TIME_TO_ACT
        if alarm.status == ACKNOWLEDGED and forgotten:
            alarm.status, alarm.acknowledged_by, alarm.acknowledged_at = OPEN, None, None
            await _call_again(session, alarm)
        elif alarm.status == OPEN and alarm.exhausted_at is not None:
            await _call_again(session, alarm)
    await session.flush()
    await notify(session, kind="alarm", alarm=alarm.id, conversation=conversation.id)
    return alarm


async def _call_again(session: AsyncSession, alarm: Alarm) -> None:
    # The next multiple of a large number keeps the steps rising, so that a page still waiting in the queue is stale.
    alarm.step = _first_of_next_call(alarm.step)
    alarm.exhausted_at = None
    await _defer_page(session, alarm, at=None)


_CALL = 1_000  # steps kept for one calling; ROUNDS times any on-call list stays below


def _first_of_next_call(step: int) -> int:
    return (step // _CALL + 1) * _CALL


async def _defer_page(session: AsyncSession, alarm: Alarm, *, at: datetime | None) -> None:
    await jobs.defer(session, "page", queue="crisis", priority=jobs.CRISIS, at=at, alarm_id=alarm.id, step=alarm.step)


async def page(
    database: Database, notifier: Notifier, alarm_id: uuid.UUID | str, step: int, *, at: datetime | None = None
) -> None:
    """The job "page": sends the page of this step and defers the next, which calls the next person on the list.

    A page is sent before it is recorded: a worker killed in between sends it twice rather than never. One that cannot
    be sent is recorded with its error, and the next person is called at once.
    """
    at = at or clock.now()
    settings = get_settings()
    alarm_id = uuid.UUID(str(alarm_id))
    async with database.session() as session:
        alarm = await session.get(Alarm, alarm_id)
        if alarm is None or alarm.status != OPEN or alarm.step != step or alarm.exhausted_at:
            return  # answered, closed, erased, or paged already
    targets = settings.on_call
    target = targets[step % _CALL % len(targets)] if targets else None
    error = None if target else "no on-call list is set"
    if target:
        link = f"{settings.base_url}/console?alarm={alarm_id}"
        try:
            await notifier.send(target, say("utter_safety_page", "en", agency=settings.agency_name, link=link).text)
        except Exception as failure:  # noqa: BLE001 - whatever it was, the next person must be called
            error = f"{type(failure).__name__}: {failure}"[:300]
    async with database.session() as session:
        alarm = (
            await session.execute(select(Alarm).where(Alarm.id == alarm_id).with_for_update())
        ).scalar_one_or_none()
        if alarm is None or alarm.step != step:
            return
        alarm.pages = [*alarm.pages, {"step": step, "at": at.isoformat(), "target": target, "error": error}]
        alarm.step = step + 1
        if not targets or alarm.step % _CALL >= ROUNDS * len(targets):
            alarm.exhausted_at = at
        elif alarm.status == OPEN:
            someone_left = alarm.step % _CALL % len(targets) != 0
            wait = timedelta(0) if error and someone_left else timedelta(minutes=settings.on_call_minutes)
            await _defer_page(session, alarm, at=at + wait)
        await notify(session, kind="alarm", alarm=alarm.id, conversation=alarm.conversation_id)


async def acknowledge(session: AsyncSession, alarm_id: uuid.UUID, staff_id: uuid.UUID, at: datetime) -> Alarm:
    """A member of staff has seen it and takes care of it; nobody further is called. Raises NotFound."""
    alarm = await _locked(session, alarm_id)
    if alarm.status == OPEN:
        alarm.status, alarm.acknowledged_by, alarm.acknowledged_at = ACKNOWLEDGED, staff_id, at
        await notify(session, kind="alarm", alarm=alarm.id, conversation=alarm.conversation_id)
    return alarm


async def close(session: AsyncSession, alarm_id: uuid.UUID, staff_id: uuid.UUID, at: datetime) -> Alarm:
    """The danger is over, or it was a false alarm; a later crisis opens a new one. Raises NotFound."""
    alarm = await _locked(session, alarm_id)
    if alarm.status != CLOSED:
        if alarm.acknowledged_at is None:
            alarm.acknowledged_by, alarm.acknowledged_at = staff_id, at
        alarm.status, alarm.closed_at = CLOSED, at
        await notify(session, kind="alarm", alarm=alarm.id, conversation=alarm.conversation_id)
    return alarm


async def waiting(session: AsyncSession) -> Sequence[Alarm]:
    """The alarms that nobody has acknowledged, the oldest first: what the console sounds for."""
    return (await session.scalars(select(Alarm).where(Alarm.status == OPEN).order_by(Alarm.created_at))).all()


async def count_waiting(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Alarm).where(Alarm.status == OPEN)) or 0


async def _locked(session: AsyncSession, alarm_id: uuid.UUID) -> Alarm:
    alarm = (await session.execute(select(Alarm).where(Alarm.id == alarm_id).with_for_update())).scalar_one_or_none()
    if alarm is None:
        raise NotFound("There is no such alarm.")
    return alarm

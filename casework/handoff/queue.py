"""The queue of clients that people take on. A client has one open handoff; later reasons raise its urgency."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import PERSON, Client, Conversation
from casework.handoff import promise
from casework.handoff.summary import refresh, refresh_open
from casework.handoff.tables import Handoff
from casework.storage import new_id, notify

ORDINARY, SOON, CRISIS = 1, 2, 3
_COMES = frozenset(("booked", "referral", "person_asked"))  # by these a client whose case was closed comes back


async def to_people(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    *,
    reason: str,
    urgency: int,
    at: datetime,
    turn_id: uuid.UUID | None = None,
    take_over: bool = True,
    shared: bool = False,
    program_id: str | None = None,
    appointment_id: uuid.UUID | None = None,
) -> Handoff:
    """Puts the client into the queue, or raises the urgency of the handoff that is open.

    `reason` is booked, referral, person_asked, crisis, concern, assistant_failed or not_delivered. `take_over` gives
    the conversation to people: the assistant is silent until staff release it; `turn_id` is the turn in which that
    happens by itself: its words still go out, and with CONTINUE the assistant goes on until somebody comes. `shared`:
    the client agreed that the summary may be passed on.
    """
    from casework import road  # these read handoffs themselves
    from casework.handoff import calling

    open_one = select(Handoff.urgency).where(Handoff.client_id == client.id, Handoff.status != "closed")
    was = await session.scalar(open_one) or 0
    await session.execute(
        insert(Handoff)
        .values(
            id=new_id(),
            client_id=client.id,
            conversation_id=conversation.id,
            reason=reason,
            urgency=urgency,
            status="open",
        )
        .on_conflict_do_update(
            index_elements=["client_id"],
            index_where=text("status <> 'closed'"),
            set_={
                "urgency": func.greatest(Handoff.urgency, urgency),
                "conversation_id": conversation.id,
                "reason": reason,
            },
        )
    )
    handoff = (
        await session.execute(
            select(Handoff)
            .where(Handoff.client_id == client.id, Handoff.status != "closed")
            .execution_options(populate_existing=True)
        )
    ).scalar_one()
    if handoff.promised_at is None or urgency > was:
        handoff.promised_at = promise.due(handoff.urgency, at)
        await calling.begin(session, handoff, at)
    if shared and handoff.shared_at is None:
        handoff.shared_at = at
    if program_id:
        handoff.program_id = program_id
    if appointment_id:
        handoff.appointment_id = appointment_id
    if take_over and conversation.owner != PERSON:
        conversation.owner, conversation.owner_turn = PERSON, turn_id
    await refresh(session, handoff)
    await road.set_out(session, client.id, at, comes=reason in _COMES)
    await notify(session, kind="queue", handoff=handoff.id)
    return handoff


async def take_back(session: AsyncSession, client_id: uuid.UUID, *, at: datetime) -> None:
    """The client does not, or no longer, agree that anything is passed on: staff see that, and no program is asked.

    What was closed stays as it was: it says what was agreed to then.
    """
    from casework.handoff import referrals

    await session.execute(
        update(Handoff).where(Handoff.client_id == client_id, Handoff.status != "closed").values(shared_at=None)
    )
    await referrals.withdraw(session, client_id, at=at)
    await refresh_open(session, client_id)

"""Looking for what nobody is working on: a message that waits and has no job any more.

Every message has its job from the transaction that stored it. This is for the day when a job was lost all the same (it
ran out of tries, somebody deleted it, a backup was restored): the message is picked up again, and it is said.
"""

from __future__ import annotations

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.delivery import outbox

log = structlog.get_logger(__name__)

_UNANSWERED = text("""
select distinct m.conversation_id from messages m
where m.direction = 'in' and m.handled_at is null and m.created_at < now() - interval '1 minute'
    and not exists (select 1 from procrastinate_jobs j
        where j.status in ('todo', 'doing') and j.lock = 'conversation:' || m.conversation_id)
limit 100
""")
_UNSENT = text("""
select m.id, m.conversation_id, c.safety = 'crisis' and m.author = 'system' as urgent
from messages m join conversations c on c.id = m.conversation_id
where m.direction = 'out' and m.status in ('queued', 'sending') and c.channel = 'sms'
    and m.created_at < now() - interval '1 minute'
    and not exists (select 1 from procrastinate_jobs j
        where j.status in ('todo', 'doing') and j.task_name = 'send_sms' and j.args ->> 'message_id' = m.id::text)
order by m.seq
limit 100
""")


async def pick_up(session: AsyncSession) -> tuple[int, int]:
    """Defers the missing jobs; how many turns and how many texts were picked up."""
    conversations = list(await session.scalars(_UNANSWERED))
    for conversation_id in conversations:
        log.error("turn_picked_up_again", conversation=str(conversation_id))
        await jobs.defer(
            session,
            "turn",
            queue="turns",
            lock=f"conversation:{conversation_id}",
            priority=jobs.REPLY,
            conversation_id=conversation_id,
        )
    unsent = list(await session.execute(_UNSENT))
    for message_id, conversation_id, urgent in unsent:
        log.error("text_picked_up_again", message=str(message_id))
        await outbox.defer_sending(session, conversation_id, message_id, urgent=urgent)
    return len(conversations), len(unsent)

"""Tasks that are due at a moment of their own: reminders, waiting lists, paging, and the housekeeping of holds."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import structlog
from procrastinate import App, JobContext

from casework import clock, records, reports
from casework.directory.importing import runs
from casework.handoff import calling, presence
from casework.road import progress
from casework.safety import alarms
from casework.scheduling import booking, telling
from channels import referring, reminding
from channels.lanes import Retry
from channels.mail import Mailer
from channels.paging import Notifier

if TYPE_CHECKING:
    from channels.worker import Parts

log = structlog.get_logger(__name__)
_RETRY = Retry(tries=40, wait=5, longest=60)
_MAIL_RETRY = Retry(tries=40, wait=10, longest=300)  # of which `referring.TRIES` are for a server that is away
_PAGE_RETRY = Retry(tries=200, wait=1, longest=5)
_PURGED_AT_ONCE = 20


def register(app: App, parts: Parts) -> None:
    """Adds these tasks to the worker's app."""
    notifier, mailer = Notifier(parts.settings, parts.twilio), Mailer(parts.settings)

    @app.task(name="page", queue="crisis", retry=_PAGE_RETRY)
    async def page(alarm_id: str, step: int) -> None:
        await alarms.page(parts.database, notifier, uuid.UUID(alarm_id), step)

    @app.task(name="remind", queue="default", retry=_RETRY)
    async def remind(reminder_id: str) -> None:
        async with parts.database.session() as session:
            await reminding.remind(session, uuid.UUID(reminder_id), at=clock.now())

    @app.task(name="waitlist_offer", queue="default", retry=_RETRY)
    async def waitlist_offer(program_id: str) -> None:
        async with parts.database.session() as session:
            await reminding.offer_waiting(session, program_id, at=clock.now())

    @app.task(name="waitlist_expire", queue="default", retry=_RETRY)
    async def waitlist_expire(waiting_id: str) -> None:
        async with parts.database.session() as session:
            await reminding.end_offer(session, uuid.UUID(waiting_id), at=clock.now())

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="look_at_waitlists", queue="default", queueing_lock="look_at_waitlists")
    async def look_at_waitlists(timestamp: int) -> None:  # noqa: ARG001
        # New hours, or a new day, bring openings that nobody gave up.
        async with parts.database.session() as session:
            programs = await reminding.waited_for(session, at=clock.now())
        for program_id in programs:
            async with parts.database.session() as session:
                await reminding.offer_waiting(session, program_id, at=clock.now())

    @app.task(name="tell_appointment", queue="default", retry=_RETRY)
    async def tell_appointment(appointment_id: str, change: telling.Change) -> None:
        async with parts.database.session() as session:
            await reminding.tell_appointment(session, uuid.UUID(appointment_id), change, at=clock.now())

    @app.task(name="tell_progress", queue="default", retry=_RETRY)
    async def tell_progress(move_id: str) -> None:
        async with parts.database.session() as session:
            await progress.tell(session, uuid.UUID(move_id), at=clock.now())

    @app.task(name="remind_task", queue="default", retry=_RETRY)
    async def remind_task(task_id: str) -> None:
        await calling.remind_task(parts.database, notifier, uuid.UUID(task_id), at=clock.now())

    @app.task(name="call_staff", queue="default", retry=_RETRY)
    async def call_staff(handoff_id: str, step: int) -> None:
        await calling.call(parts.database, notifier, uuid.UUID(handoff_id), step, at=clock.now())

    @app.task(name="tell_colleague", queue="default", retry=_RETRY)
    async def tell_colleague(staff_id: str) -> None:
        await calling.tell_colleague(parts.database, notifier, uuid.UUID(staff_id))

    @app.task(name="tell_received", queue="default", retry=_RETRY)
    async def tell_received(handoff_id: str) -> None:
        async with parts.database.session() as session:
            await presence.tell_received(session, uuid.UUID(handoff_id), at=clock.now())

    @app.task(name="mail_referral", queue="default", retry=_MAIL_RETRY, pass_context=True)
    async def mail_referral(context: JobContext, referral_id: str) -> None:
        async with parts.database.session() as session:
            await referring.mail(
                session,
                mailer,
                parts.settings,
                uuid.UUID(referral_id),
                tries=context.job.attempts,
                at=clock.now(),
            )

    @app.task(name="tell_referral", queue="default", retry=_RETRY)
    async def tell_referral(referral_id: str, status: str) -> None:
        async with parts.database.session() as session:
            await reminding.tell_referral(session, uuid.UUID(referral_id), status, at=clock.now())

    @app.task(name=reports.gathering.JOB, queue="default", retry=_RETRY)
    async def gather_reports(days: int) -> None:
        async with parts.database.session() as session:
            await reports.gather(session, clock.now(), days=days)

    @app.task(name=runs.JOB, queue="default", retry=_RETRY)
    async def import_directory(request_id: str) -> None:
        await runs.run(parts.database, uuid.UUID(request_id))

    @app.periodic(cron="40 */6 * * *")
    @app.task(name="gather_reports_again", queue="default", queueing_lock="gather_reports_again")
    async def gather_reports_again(timestamp: int) -> None:  # noqa: ARG001
        async with parts.database.session() as session:
            await reports.gather(session, clock.now(), days=reports.gathering.DAYS_AGAIN)

    @app.periodic(cron="20 */6 * * *")
    @app.task(name="purge", queue="default", retry=_RETRY, queueing_lock="purge")
    async def purge(timestamp: int) -> None:  # noqa: ARG001
        await _purge(parts)

    @app.periodic(cron="* * * * *")
    @app.task(name="end_holds", queue="default", queueing_lock="end_holds")
    async def end_holds(timestamp: int) -> None:  # noqa: ARG001
        async with parts.database.session() as session:
            await booking.expire_holds(session, clock.now())


async def _purge(parts: Parts) -> None:
    """Erases who has been silent for RETENTION_DAYS, a few in a transaction: the first time may find years of them."""
    days, erased = parts.settings.retention_days, 0
    while days:
        async with parts.database.session() as session:
            count = await records.purge(session, days, limit=_PURGED_AT_ONCE)
        erased += count
        if not count:
            break
    if erased:
        log.info("purged", clients=erased)

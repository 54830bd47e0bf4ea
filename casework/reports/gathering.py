"""From the records to counts by day. Every query over records is here; it runs in a job, a few times an hour.

    stage        how far each client got (0 texted, 1 agreed to saving, 2 answered a question, 3 screened, 4 booked or
                 referred, 5 came to the intake), on the day of their first message
    asked        questions put to them; `stopped`: the last one, never answered, and silence for a day since
    need         what they need; `area`, `far`: the three-digit ZIP area they live in, and that no program is near
    answer       from a conversation's first message to its first answer: a range of SECONDS, or none
    claim        from handoff to claim, as urgency:range;  alarm: from a crisis alarm to its acknowledgement
    wait         from a client's first message to the day of their intake appointment: a range of DAYS
    appointment  kind:outcome of appointments that are over, on their own day
    staff        action:staff id, on the day of the deed

What happened to the clients of a day goes on changing for weeks, so the last DAYS_AGAIN days are counted anew each
night, and the last few more often. Older counts stay as they are: they outlive the erasure of those counted.
"""

from __future__ import annotations

import asyncio
import math
import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.directory.tables import Program
from casework.geography import UnknownPlace, find, nearest_miles
from casework.reports.arithmetic import DAYS, SECONDS
from casework.reports.tables import ReportCount, ReportRun
from casework.safety.hours import zone_of
from casework.settings import get_settings
from casework.storage import notify
from casework.storage.encryption import EncryptedJSON

JOB = "gather_reports"
DAYS_AGAIN = 120
NEWS_DAYS = 14
NEAR_MILES = 30.0  # a place without a program within this is one where a program is missing
STALE = timedelta(minutes=5)
DEEDS = {
    "handoff.claimed": "claimed",
    "conversation.replied": "replied",
    "alarm.acknowledged": "alarms",
    "appointment.attended": "intakes",
    "appointment.no_show": "intakes",
}
_LATEST = 7_170_020  # advisory lock: one at a time counts
_BATCH = 500
_STEPS = "('saving', 'program', 'opening', 'booking', 'sharing', 'name')"

# The clients of the days that are counted, with the channel they came by first.
_PEOPLE = """
create temporary table report_people on commit drop as
select c.id, (c.created_at at time zone :zone)::date as day, c.language, c.created_at,
    c.saving_agreed_at is not null as agreed, coalesce(first.channel, 'sms') as channel, first.last_inbound_at
from clients c
left join lateral (
    select v.channel, max(v.last_inbound_at) over () as last_inbound_at from conversations v
    where v.client_id = c.id order by v.created_at limit 1
) first on true
where c.created_at >= :since
"""

_ZIPS = """
select w.value, p.day, p.channel, p.language from report_people p
join answers w on w.client_id = p.id and w.fact = 'zip' and w.superseded_at is null and w.value is not null
"""

_COUNTS = {
    "stage": """
        select day, channel, language, case
            when exists (select 1 from appointments a where a.client_id = p.id and a.status = 'attended') then 5
            when exists (select 1 from appointments a where a.client_id = p.id
                and a.status in ('booked', 'no_show', 'cancelled', 'moved'))
              or exists (select 1 from referrals r where r.client_id = p.id) then 4
            when exists (select 1 from screenings s where s.client_id = p.id) then 3
            when exists (select 1 from answers w where w.client_id = p.id and w.superseded_at is null
                and w.fact not in {steps}) then 2
            when agreed then 1 else 0 end::text as key
        from report_people p
    """,
    "asked": "select p.day, p.channel, p.language, q.question as key from report_people p"
    " join questions_asked q on q.client_id = p.id",
    "stopped": """
        select day, channel, language, key from (
            select distinct on (p.id) p.id, p.day, p.channel, p.language, q.question as key, p.last_inbound_at
            from report_people p join questions_asked q on q.client_id = p.id
            order by p.id, q.asked_at desc
        ) last
        where last_inbound_at < :now - interval '1 day' and not exists (
            select 1 from answers w where w.client_id = last.id and w.superseded_at is null and w.fact = last.key)
    """,
    "need": "select p.day, p.channel, p.language, n.need as key from report_people p"
    " join needs n on n.client_id = p.id",
    "answer": """
        select (v.created_at at time zone :zone)::date as day, v.channel, c.language,
            coalesce(width_bucket(extract(epoch from o.at - i.created_at)::float8, cast(:seconds as float8[]))::text,
                'none') as key
        from conversations v join clients c on c.id = v.client_id
        join lateral (select m.created_at, m.seq from messages m
            where m.conversation_id = v.id and m.direction = 'in' order by m.seq limit 1) i on true
        left join lateral (select greatest(m.created_at, i.created_at) as at from messages m
            where m.conversation_id = v.id and m.direction = 'out' and m.seq > i.seq and m.status <> 'dropped'
            order by m.seq limit 1) o on true
        where v.created_at >= :since
    """,
    "claim": """
        select (h.created_at at time zone :zone)::date as day, v.channel, c.language, h.urgency || ':' ||
            case when h.claimed_at is null then 'none' else width_bucket(extract(epoch from
                greatest(h.claimed_at - h.created_at, interval '0'))::float8, cast(:seconds as float8[]))::text end
        from handoffs h join conversations v on v.id = h.conversation_id join clients c on c.id = h.client_id
        where h.created_at >= :since
    """,
    "alarm": """
        select (a.created_at at time zone :zone)::date as day, v.channel, c.language,
            case when a.acknowledged_at is null then 'none' else width_bucket(extract(epoch from
                greatest(a.acknowledged_at - a.created_at, interval '0'))::float8,
                cast(:seconds as float8[]))::text end
        from alarms a join conversations v on v.id = a.conversation_id join clients c on c.id = a.client_id
        where a.created_at >= :since
    """,
    "wait": """
        select (a.starts_at at time zone :zone)::date as day, coalesce(v.channel, 'sms'), c.language,
            width_bucket(extract(epoch from greatest(a.starts_at - c.created_at, interval '0'))::float8 / 86400,
                cast(:days as float8[]))::text as key
        from appointments a join clients c on c.id = a.client_id left join conversations v on v.id = a.conversation_id
        where a.starts_at >= :since and a.status in ('booked', 'attended', 'no_show')
    """,
    "appointment": """
        select (a.starts_at at time zone :zone)::date as day, coalesce(v.channel, 'sms'), c.language,
            a.kind || ':' || case a.status when 'booked' then 'not_recorded'
                when 'cancelled' then case a.cancelled_by when 'client' then 'client' else 'staff' end
                else a.status end as key
        from appointments a join clients c on c.id = a.client_id left join conversations v on v.id = a.conversation_id
        where a.starts_at >= :since and a.starts_at < :now
            and a.status in ('booked', 'attended', 'no_show', 'cancelled')
    """,
    "staff": """
        select (e.at at time zone :zone)::date as day, '' as channel, '' as language,
            d.deed || ':' || e.staff_id as key
        from audit_events e join (select * from unnest(cast(:actions as text[]), cast(:deeds as text[])))
            d(action, deed) on d.action = e.action
        where e.at >= :since and e.staff_id is not null
    """,
}


def zone() -> str:
    """The zone whose days are counted: that of the agency's hours."""
    return zone_of(get_settings().agency_hours) or "UTC"


async def ask_for_news(session: AsyncSession, at: datetime) -> bool:
    """Asks for fresher counts where the last are older than STALE. True while they are being worked out."""
    run = (
        await session.execute(
            insert(ReportRun)
            .values(id=1, asked_at=at)
            .on_conflict_do_update(
                index_elements=["id"],
                set_={"asked_at": at},
                where=func.coalesce(ReportRun.made_at, at - 2 * STALE).__lt__(at - STALE)
                & (func.coalesce(ReportRun.asked_at, at - 2 * STALE) < at - timedelta(minutes=2)),
            )
            .returning(ReportRun.id)
        )
    ).scalar_one_or_none()
    if run is not None:
        await jobs.defer(session, JOB, lock=JOB, days=NEWS_DAYS)
        return True
    found = await session.get(ReportRun, 1, populate_existing=True)
    return (
        found is not None and found.asked_at is not None and (found.made_at is None or found.made_at < found.asked_at)
    )


async def gather(session: AsyncSession, at: datetime, *, days: int | None = None) -> None:
    """Counts the last `days` days anew; the first time, or without `days`, all there are."""
    began = time.monotonic()
    await session.execute(select(func.pg_advisory_xact_lock(_LATEST)))
    known = await session.get(ReportRun, 1)
    if known is None or known.made_at is None:
        days = None
    here = ZoneInfo(zone())
    first = date(2000, 1, 1) if days is None else at.astimezone(here).date() - timedelta(days=days)
    since = datetime(first.year, first.month, first.day, tzinfo=here)
    given = {
        "zone": here.key,
        "since": since,
        "now": at,
        "seconds": [float(each) for each in SECONDS],
        "days": [float(each) for each in DAYS],
        "actions": list(DEEDS),
        "deeds": list(DEEDS.values()),
    }
    await session.execute(text("delete from report_counts where day >= :first"), {"first": first})
    await session.execute(text("drop table if exists report_people"))
    await session.execute(text(_PEOPLE), given)
    await session.execute(text("create index on report_people (id)"))
    await session.execute(text("analyze report_people"))
    for measure, rows in _COUNTS.items():
        counted = (
            "insert into report_counts (measure, day, channel, language, key, n)"  # noqa: S608 - our own texts
            f" select :measure, x.day, x.channel, x.language, x.key, count(*) from ({rows.format(steps=_STEPS)})"
            " x(day, channel, language, key) group by x.day, x.channel, x.language, x.key"
        )
        await session.execute(text(counted), given | {"measure": measure})
    await _places(session)
    made = {"made_at": at, "seconds": round(time.monotonic() - began, 2)}
    await session.execute(
        insert(ReportRun).values(id=1, **made).on_conflict_do_update(index_elements=["id"], set_=made)
    )
    await notify(session, kind="reports")


async def _places(session: AsyncSession) -> None:
    """ZIPs are encrypted: they are read here, a few hundred at a time, and only their areas are counted."""
    spots = (await session.execute(select(Program.latitude, Program.longitude).where(Program.active))).tuples().all()
    people = await session.stream(text(_ZIPS).columns(value=EncryptedJSON))
    counts: dict[tuple[str, date, str, str, str], int] = {}
    far: dict[str, bool | None] = {}
    async for rows in people.partitions(_BATCH):
        new = sorted({str(value) for value, *_ in rows} - far.keys())
        known = {code: place for code in new if (place := _place(code))}
        miles = nearest_miles(list(known.values()), list(spots))
        far |= dict.fromkeys(new) | {code: m > NEAR_MILES for code, m in zip(known, miles, strict=True)}
        for value, day, channel, language in rows:
            if far[str(value)] is None:
                continue
            for measure in ("area", "far") if far[str(value)] else ("area",):
                key = (measure, day, channel, language, str(value)[:3])
                counts[key] = counts.get(key, 0) + 1
        await asyncio.sleep(0)  # turns of the same process go on meanwhile
    names = ("measure", "day", "channel", "language", "key")
    found = [dict(zip(names, key, strict=True)) | {"n": n} for key, n in counts.items()]
    for start in range(0, len(found), _BATCH):
        await session.execute(insert(ReportCount), found[start : start + _BATCH])


def _place(code: str) -> tuple[float, float] | None:
    try:
        place = find(code)
    except UnknownPlace:
        return None
    return None if math.isnan(place.latitude) else (place.latitude, place.longitude)

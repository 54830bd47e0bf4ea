"""How long the console's pages take on the server with 50,000 conversations and 500,000 messages, and their size.

`rows()` fills an embedded Postgres of its own, made for the run, counts the reports once as the worker does, and asks
for each page over ASGI (no network): p50 and p95 in milliseconds, kB of the page packed by gzip, and packed with the
style sheets and scripts it needs (what a browser with an empty cache is sent behind a proxy that packs).
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import statistics
import tempfile
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

CLIENTS, MESSAGES_EACH, DAYS, STAFF, ROUNDS, TURNED_OVER = 50_000, 10, 400, 25, 25, 4

# A client writes on one of the last DAYS days; how far they get follows from a hash of their number.
_FILL = """
create temporary table people as select n, gen_random_uuid() as id, gen_random_uuid() as conversation,
    now() - (n * %(days)s::float8 / %(clients)s) * interval '1 day' as at,
    case when n %% 3 = 0 then 'web' else 'sms' end as channel, case when n %% 5 = 0 then 'es' else 'en' end as language,
    case when n %% 10 < 3 then 0 when n %% 10 < 4 then 1 when n %% 10 < 5 then 2 when n %% 10 < 7 then 3
        when n %% 10 < 9 then 4 else 5 end as stage, abs(hashtext(n::text)) as h
from generate_series(1, %(clients)s) n;
insert into staff (id, email, name, role, password_hash, languages, active)
select md5('staff' || n)::uuid, 'staff' || n || '@agency.example', 'Case Manager ' || n,
    case when n = 1 then 'admin' else 'case_manager' end, '-', '["en"]', true from generate_series(1, %(staff)s) n;
insert into clients (id, name, phone, phone_index, language, zone, saving_agreed_at, created_at)
select id, %(name)s, %(phone)s, decode(md5(id::text), 'hex'), language, 'America/Chicago',
    case when stage > 0 then at end, at from people;
insert into conversations (id, client_id, channel, owner, safety, created_at, last_inbound_at)
select conversation, id, channel, 'assistant', 'none', at, at + interval '1 hour' from people;
insert into messages (id, conversation_id, direction, author, text, media_count, status, attempts, created_at,
    handled_at)
select gen_random_uuid(), p.conversation, case when k %% 2 = 1 then 'in' else 'out' end,
    case when k %% 2 = 1 then 'client' else 'assistant' end, %(text)s, 0,
    case when k %% 2 = 1 then 'handled' else 'delivered' end, 0,
    p.at + ((k - 1) / 2 * 300 + (k - 1) %% 2 * (2 + h %% 20)) * interval '1 second', p.at
from people p, generate_series(1, %(each)s) k order by p.at, k;
insert into questions_asked (client_id, question, times, asked_at)
select p.id, q.name, 1, p.at + q.place * interval '1 minute' from people p,
    unnest(array['saving','zip','age','veteran','in_hospital_now','diagnoses','payer','program','opening','sharing'])
    with ordinality q(name, place) where q.place <= 1 + p.stage * 2;
insert into answers (id, client_id, fact, value, origin, created_at)
select gen_random_uuid(), q.client_id, q.question,
    case q.question when 'zip' then (cast(%(zips)s as bytea[]))[1 + p.h %% %(zip_count)s]
        when 'age' then %(age)s when 'payer' then %(payer)s when 'diagnoses' then %(diagnoses)s
        when 'program' then %(program)s else %(yes)s end, 'said',
    q.asked_at from questions_asked q join people p on p.id = q.client_id
where not (p.stage between 1 and 3 and q.asked_at = p.at + (1 + p.stage * 2) * interval '1 minute');
insert into screenings (id, client_id, policy, version, facts, result, created_at)
select gen_random_uuid(), id, 'default', '2026-11-22', %(facts)s, %(result)s, at from people where stage >= 3;
insert into needs (id, client_id, need, created_at)
select gen_random_uuid(), id, (array['housing','food','job','benefits','transport','medication','therapy'])[1 + h %% 7],
    at from people where stage >= 1;
insert into programs (id, organization, name, kind, description, city, state, zip, latitude, longitude, place_from,
    zone, service_counties, age_min, veterans_only, payers, languages, telehealth, services, active, sample, source,
    edited, verified_on, phone)
select 'bench-' || n, 'Organization ' || n, 'Program ' || n, 'cmhc', '{}', 'Minneapolis', 'MN', '55401',
    26 + random() * 21, -120 + random() * 45, 'source', 'America/Chicago', '[]', 0, false, '[]', '["en"]', false, '[]',
    true, false, 'bench', '[]', current_date - (n %% 700), '+16125550101' from generate_series(1, 12000) n;
insert into calendars (id, program_id, name, kind, minutes, buffer, capacity, lead_hours, horizon_days, languages,
    active)
select md5('cal' || n)::uuid, 'bench-' || n, 'Intake desk', (array['phone','video','in_person'])[1 + n %% 3], 45,
    15, 1, 24, 28, '["en"]', true from generate_series(1, 50) n;
alter table appointments drop constraint one_client_a_seat;
insert into weekly_hours (id, calendar_id, weekday, opens, closes)
select gen_random_uuid(), id, day, '09:00', '17:00' from calendars, generate_series(0, 4) day;
insert into appointments (id, client_id, conversation_id, program_id, calendar_id, seat, kind, starts_at, ends_at,
    busy_until, status, created_at)
select gen_random_uuid(), id, conversation, 'bench-' || (1 + n %% 50), md5('cal' || (1 + n %% 50))::uuid, 0, 'phone',
    at + (3 + h %% 12) * interval '1 day', at + (3 + h %% 12) * interval '1 day' + interval '45 minutes',
    at + (3 + h %% 12) * interval '1 day' + interval '1 hour',
    case when at + (3 + h %% 12) * interval '1 day' > now() then 'booked' when stage = 5 then 'attended'
        when n %% 4 = 0 then 'no_show' else 'cancelled' end, at from people where stage >= 4;
insert into handoffs (id, client_id, conversation_id, reason, urgency, status, claimed_by, claimed_at, closed_at,
    shared_at, summary, created_at)
select gen_random_uuid(), id, conversation, 'booked', 1 + (n %% 25 = 7)::int + (n %% 50 = 7)::int,
    case when n < 300 then 'open' when n < 900 then 'claimed' else 'closed' end,
    case when n >= 300 then md5('staff' || (1 + n %% %(staff)s))::uuid end,
    case when n >= 300 then at + h %% 7200 * interval '1 second' end,
    case when n >= 900 then at + interval '2 days' end, at, %(result)s, at from people where stage >= 4 or n %% 25 = 7;
insert into referrals (id, client_id, program_id, status, agreed_at, created_at)
select gen_random_uuid(), id, 'bench-' || (1 + n %% 50),
    (array['made','sent','no_answer','accepted','declined'])[1 + n %% 5], at, at from people where stage >= 4;
insert into notes (id, client_id, staff_id, text, created_at)
select gen_random_uuid(), id, md5('staff' || (1 + n %% %(staff)s))::uuid, %(text)s, at + k * interval '1 hour'
from people, generate_series(1, 3) k where stage >= 4;
insert into ready_made_replies (id, code, title, text_en, text_es, created_at)
select gen_random_uuid(), 'reply-' || n, 'Reply ' || n, repeat('A sentence to a client. ', 6),
    repeat('Una frase para un cliente. ', 6), now() from generate_series(1, 30) n;
insert into import_requests (id, kind, file, staff_id, status, read, report, created_at)
select gen_random_uuid(), 'samhsa', 'directory.csv', md5('staff1')::uuid, 'done', 12000,
    '{"read": 12000, "added": 40, "updated": 300, "unchanged": 11600, "refused": 60, "conflicts": 3, "refusals": [],
     "notes": []}',
    now() - n * interval '1 day'
from generate_series(1, 40) n;
insert into cases (client_id, stage, since, case_manager_id, created_at)
select id, case when n > 6000 then 'closed' else (array['screening','intake_booked','assessed','plan_drafted',
        'plan_approved','assigned','monitoring','monitoring','monitoring'])[1 + n %% 9] end, at,
    case when n %% 9 >= 5 then md5('staff' || (1 + n %% %(staff)s))::uuid end, at
from people where stage >= 4 or n %% 25 = 7;
insert into case_tasks (id, client_id, kind, due_on, status, created_at)
select gen_random_uuid(), c.client_id, kind, current_date - 3 + (abs(hashtext(c.client_id::text)) %% 60),
    'open', c.since
from cases c, unnest(array['check_in', 'reassessment']) kind where c.stage = 'monitoring';
insert into alarms (id, conversation_id, client_id, level, kinds, status, step, pages, acknowledged_by,
    acknowledged_at, closed_at, created_at)
select gen_random_uuid(), conversation, id, 'crisis', %(kinds)s, 'closed', 0, '[]',
    md5('staff' || (1 + n %% %(staff)s))::uuid, at + h %% 400 * interval '1 second', at + interval '1 day', at
from people where n %% 50 = 7;
insert into audit_events (id, at, staff_id, client_id, action, detail)
select gen_random_uuid(), p.at + k * interval '1 minute', md5('staff' || (1 + p.n %% %(staff)s))::uuid, p.id,
    (array['person.read','handoff.claimed','person.read','conversation.replied'])[k], '{}'
from people p, generate_series(1, 4) k where stage >= 4;
alter table appointments add constraint one_client_a_seat
    exclude using gist (calendar_id with =, seat with =, during with &&) where (false);
"""


def rows() -> list[dict[str, Any]]:
    """`{"what", "p50_ms", "p95_ms", "kB", "kB_all"}` a row; rows without times say how long the job itself took."""
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-") as folder:
        os.environ.setdefault("GUIDEPOST_DEMO", "1")
        os.environ.setdefault("GUIDEPOST_DATA", folder)
        from casework.storage import embedded
        from casework.storage.migrate import migrate

        server, url = embedded.start(Path(folder) / "postgres", durable=False)
        try:
            migrate(url)
            fill(url)
            return asyncio.run(_measure(url))
        finally:
            server.cleanup()


def fill(url: str) -> None:
    """Puts the people of _FILL into an empty, migrated database."""
    from casework import screening
    from casework.geography import zips
    from casework.storage.encryption import EncryptedJSON, EncryptedText
    from casework.storage.engine import plain_url

    text, json = EncryptedText(), EncryptedJSON()

    def written(value: Any) -> bytes | None:
        return json.process_bind_param(value, None)  # type: ignore[arg-type]

    places = [place.zip for place in zips.everywhere()][::97]
    facts = {"zip": "55401", "age": 34, "diagnoses": ["bipolar"], "payer": "medicaid"}
    given = {
        "clients": CLIENTS,
        "each": MESSAGES_EACH,
        "days": DAYS,
        "staff": STAFF,
        "name": text.process_bind_param("Sam Invented", None),  # type: ignore[arg-type]
        "phone": text.process_bind_param("+16125550142", None),  # type: ignore[arg-type]
        "text": text.process_bind_param("i need help to keep my apartment and see a doctor", None),  # type: ignore[arg-type]
        "zips": [written(code) for code in places],
        "zip_count": len(places),
        "yes": written(True),
        "age": written(34),
        "payer": written("medicaid"),
        "diagnoses": written(["bipolar"]),
        "program": written("bench-7"),
        "facts": written(facts),
        "kinds": written(["suicide"]),
        "result": written(screening.screen(facts).to_json()),
    }
    with psycopg.connect(plain_url(url), autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(_FILL, given)
        connection.execute("vacuum analyze")


async def _measure(url: str) -> list[dict[str, Any]]:
    import httpx
    from fastapi import FastAPI
    from sqlalchemy import text

    from casework import clock, reports
    from casework import staff as staffing
    from casework.settings import get_settings
    from casework.staff.signing_in import session_index
    from casework.staff.tables import StaffSession
    from casework.storage import Database
    from channels import console
    from channels.console.door import COOKIE
    from channels.live import Live

    database = Database(url)
    at = clock.now()
    measured: list[dict[str, Any]] = []
    for what, days in (("reports counted, all days", None), ("reports counted, 14 days", 14)):
        began = time.perf_counter()
        async with database.session() as session:
            await reports.gather(session, at, days=days)
        measured.append({"what": what, "seconds": round(time.perf_counter() - began, 2)})
    async with database.session() as session:
        await session.execute(text("analyze report_counts"))
        boss = (await session.execute(text("select id from staff where role = 'admin'"))).scalar_one()
        person, appointment = (
            await session.execute(
                text(
                    "select a.client_id, a.id from appointments a join handoffs h using (client_id)"
                    " where h.status = 'claimed' and a.status = 'booked' limit 1"
                )
            )
        ).one()
        # The one whose page is read: everything came from a message, and may be passed on.
        await session.execute(text("update handoffs set shared_at = now() where client_id = :id"), {"id": person})
        await session.execute(
            text(
                "update answers a set message_id = (select m.id from messages m join conversations c"
                " on c.id = m.conversation_id where c.client_id = a.client_id and m.direction = 'in'"
                " order by m.seq limit 1) where client_id = :id"
            ),
            {"id": person},
        )
        session.add(
            StaffSession(
                token_index=session_index("bench"), staff_id=boss, created_at=at, expires_at=at + timedelta(hours=9)
            )
        )
    app = FastAPI()
    app.state.database, app.state.live, app.state.settings = database, Live(), get_settings()
    console.mount(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.example") as client:
        client.cookies.set(COOKIE, "bench")
        assert staffing.csrf_token("bench")
        year = f"from={(at - timedelta(days=364)).date().isoformat()}&to={at.date().isoformat()}"
        for what, path in pages(person, appointment, year):
            measured.append(await _page(client, what, path))
    await database.close()
    return measured


# No page: a stream that stays open, and the style sheets and scripts, whose size is told with each page.
NO_PAGE = frozenset(("console_events", "console_static"))


def pages(person: uuid.UUID, appointment: uuid.UUID, year: str) -> list[tuple[str, str]]:
    """Every GET route of the console at least once, as (what, path). `year` is a range of days as a query."""
    return [
        ("sign in", "/console/sign-in"),
        ("one's password: a page that reads nothing but who one is", "/console/me/password"),
        ("one's own page", "/console/me"),
        ("queue", "/console"),
        ("queue, all", "/console?view=all"),
        ("queue, for me", "/console?view=fits"),
        ("queue, refreshed", "/console/queue/rows"),
        ("alarms", "/console/alarms"),
        ("person", f"/console/people/{person}"),
        ("person, summary refreshed", f"/console/people/{person}/summary"),
        ("person, road refreshed", f"/console/people/{person}/road"),
        ("person, messages refreshed", f"/console/people/{person}/transcript"),
        ("erasing a person's record", f"/console/people/{person}/erase"),
        ("notes on a person", f"/console/people/{person}/notes"),
        ("ready-made replies for a person", f"/console/people/{person}/ready-made"),
        ("openings for a person", f"/console/people/{person}/openings"),
        ("programs near a person", f"/console/people/{person}/where"),
        ("service plan", f"/console/people/{person}/plan"),
        ("file: letter, PDF", f"/console/people/{person}/letter.pdf"),
        ("file: summary, PDF", f"/console/people/{person}/summary.pdf"),
        ("file: summary, FHIR", f"/console/people/{person}/summary.fhir.json"),
        ("board", "/console/board"),
        ("board, mine", "/console/board?view=mine"),
        ("board, overdue", "/console/board?view=overdue"),
        ("board, one column", "/console/board?stage=monitoring"),
        ("board, refreshed", "/console/board/columns"),
        ("calendar", "/console/calendar"),
        ("appointment", f"/console/appointments/{appointment}"),
        ("referrals", "/console/referrals"),
        ("hours", "/console/availability"),
        ("administration", "/console/admin"),
        ("staff", "/console/admin/staff"),
        ("programs to call", "/console/admin/programs"),
        ("programs found by name", "/console/admin/programs?view=all&q=organization"),
        ("a program's facts", "/console/admin/programs/bench-7"),
        ("ready-made replies", "/console/admin/replies"),
        ("the agency", "/console/admin/agency"),
        ("policies", "/console/admin/policies"),
        ("imports", "/console/admin/imports"),
        ("audit", "/console/audit"),
        *((f"reports, {part}, 30 days", f"/console/reports?part={part}") for part in ("way", "answers", "places")),
        *(
            (f"reports, {part}, a year", f"/console/reports?part={part}&{year}")
            for part in ("way", "answers", "intakes", "places", "staff")
        ),
        ("reports, way, a year, to share", f"/console/reports?part=way&{year}&share=1"),
        ("reports, places, a year, to share", f"/console/reports?part=places&{year}&share=1"),
        ("file: a report's table, CSV", f"/console/reports/funnel.csv?{year}"),
    ]


async def _page(client: Any, what: str, path: str) -> dict[str, Any]:
    took = []
    for number in range(-TURNED_OVER, ROUNDS):
        began = time.perf_counter()
        answer = await client.get(path)
        if number >= 0:
            took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    cuts = statistics.quantiles(took, n=20)
    packed = len(gzip.compress(answer.content))
    files = 0
    for name in set(re.findall(r'(?:src|href)="(/console/static/[^"]+)"', answer.text)):
        files += len(gzip.compress((await client.get(name)).content))
    return {
        "what": what,
        "p50_ms": round(cuts[9], 1),
        "p95_ms": round(cuts[18], 1),
        "kB": round(packed / 1000, 1),
        "kB_all": round((packed + files) / 1000, 1),
    }


if __name__ == "__main__":
    for row in rows():
        print(row)

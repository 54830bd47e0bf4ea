"""The week's calendar, appointments and referrals as staff see and change them."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from console_people import a_client, a_program, somebody_booked, told
from sqlalchemy import delete, select, text

from casework import clock
from casework.conversations.tables import Client, Conversation, Message
from casework.directory.tables import Program
from casework.handoff import referrals
from casework.handoff.tables import Handoff, Referral
from casework.intake import answers
from casework.scheduling.tables import Appointment, Block, Calendar, DateHours, WeeklyHours
from casework.staff.tables import AuditEvent
from casework.storage import Database, new_id
from channels import reminding

pytestmark = pytest.mark.anyio
CHICAGO = ZoneInfo("America/Chicago")


def words(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


async def press(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    answer = await browser.post(path, data={"csrf": browser.csrf, **form})  # type: ignore[attr-defined]
    return await browser.get(answer.headers["location"]) if answer.status_code == 303 else answer


async def booked(database: Database, *, hours_ahead: float | None = None) -> tuple[uuid.UUID, uuid.UUID]:
    """Somebody with an appointment at a calendar with hours; `(client, appointment)`."""
    async with database.session() as session:
        client_id = await somebody_booked(session)
        calendar = (await session.scalars(select(Calendar))).one()
        session.add_all(
            WeeklyHours(calendar_id=calendar.id, weekday=day, opens=time(9), closes=time(17)) for day in range(7)
        )
        appointment = (await session.scalars(select(Appointment))).one()
        if hours_ahead is not None:
            appointment.starts_at = datetime.now(UTC) + timedelta(hours=hours_ahead)
            appointment.ends_at = appointment.busy_until = appointment.starts_at + timedelta(minutes=45)
        return client_id, appointment.id


async def jobs_of(database: Database, task: str) -> list[dict[str, str]]:
    async with database.session() as session:
        rows = await session.execute(text("select args from procrastinate_jobs where task_name = :t"), {"t": task})
        return list(rows.scalars())


async def state(database: Database, appointment_id: uuid.UUID) -> str:
    async with database.session() as session:
        return (await session.get_one(Appointment, appointment_id)).status


async def test_the_week_shows_who_comes_what_is_open_and_whose_names_were_read_is_written_down(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    client_id, _ = await booked(database)
    async with database.session() as session:
        calendar = (await session.scalars(select(Calendar))).one()
        calendar.horizon_days = 365 * 5
        begins = datetime(2030, 1, 8, 10, tzinfo=CHICAGO)
        session.add(Block(calendar_id=calendar.id, starts_at=begins, ends_at=begins + timedelta(hours=2)))
    dana = await sign_in()
    page = await dana.get("/console/calendar?week=2030-01-09")
    # Two years ahead at most: a slip in the address is this week.
    assert "Ana Reyes" not in page.text
    async with database.session() as session:
        appointment = (await session.scalars(select(Appointment))).one()
        near = datetime.now(CHICAGO) + timedelta(days=14)
        near = near.replace(hour=14, minute=30, second=0, microsecond=0)
        appointment.starts_at, appointment.ends_at = near, near + timedelta(minutes=45)
        appointment.busy_until = appointment.ends_at
        away = near.replace(hour=10, minute=0)
        session.add(Block(calendar_id=calendar.id, starts_at=away, ends_at=away + timedelta(hours=1)))
    page = await dana.get(f"/console/calendar?week={near.date()}")
    assert f'href="/console/people/{client_id}"' in page.text
    assert "2:30–3:15 Ana Reyes" in words(page)
    assert "Away: Intake desk" in words(page)
    assert "times in America/Chicago" in words(page)
    assert "1 booked" in words(page)
    assert re.search(r"Open \d+:\d\d", words(page))
    assert page.text.count('<th scope="row">') == 8  # 9 to 17
    async with database.session() as session:
        read = (await session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "calendar.read"))).all()
    assert {"clients": [str(client_id)]} in read
    monday = near.date() - timedelta(days=near.weekday())
    for days in (-7, 7):
        assert f"week={monday + timedelta(days=days)}" in page.text


async def test_who_was_never_handed_over_stays_without_a_name_but_not_without_an_outcome(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    _, appointment_id = await booked(database, hours_ahead=-1)
    async with database.session() as session:
        await session.delete((await session.scalars(select(Handoff))).one())
    dana = await sign_in()
    page = await dana.get("/console/calendar")
    if "Name not shared" not in page.text:  # an hour ago may be in the week before
        page = await dana.get(f"/console/calendar?week={date.today() - timedelta(days=1)}")  # noqa: DTZ011
    assert "Name not shared" in page.text
    assert "Ana Reyes" not in page.text
    page = await press(dana, f"/console/appointments/{appointment_id}/attended")
    assert "Recorded: they came" in page.text
    assert "Ana Reyes" not in page.text
    assert await state(database, appointment_id) == "attended"


async def test_a_no_show_gets_one_kind_message_and_books_again_with_one_reply(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    client_id, appointment_id = await booked(database, hours_ahead=-2)
    async with database.session() as session:
        conversation = (await session.scalars(select(Conversation))).one()
        client = await session.get_one(Client, client_id)
        said = (await session.scalars(select(Message).limit(1))).one()
        for fact, value in (("saving", True), ("program", "sample-mn-01"), ("opening", "x"), ("booking", True)):
            await told(session, client, said, fact, value, None)
    dana = await sign_in()
    assert "They did not come" in (await dana.get(f"/console/people/{client_id}")).text
    for _ in range(2):
        page = await press(dana, f"/console/appointments/{appointment_id}/no-show")
    assert "Recorded: they did not come" in page.text
    (job,) = await jobs_of(database, "tell_appointment")
    assert job == {"appointment_id": str(appointment_id), "change": "no_show"}
    noon = datetime.now(CHICAGO).replace(hour=12)
    async with database.session() as session:
        await reminding.tell_appointment(session, appointment_id, "no_show", at=noon.replace(hour=23))
        assert not (await session.scalars(select(Message).where(Message.author == "system"))).all()
        await reminding.tell_appointment(session, appointment_id, "no_show", at=noon)
        (sent,) = (await session.scalars(select(Message).where(Message.author == "system"))).all()
        assert "that's OK" in sent.text
        assert sent.conversation_id == conversation.id
        assert [choice["payload"] for choice in sent.choices] == ["/book_appointment", "/pause"]
        # The walk is open again where a time is chosen, with the same program.
        left = await answers.current(session, client_id)
        assert left["program"] == "sample-mn-01"
        assert "opening" not in left
        assert "booking" not in left
    # Corrected: they did come.
    await press(dana, f"/console/appointments/{appointment_id}/attended")
    assert await state(database, appointment_id) == "attended"
    async with database.session() as session:
        await reminding.tell_appointment(session, appointment_id, "no_show", at=noon)
        assert len((await session.scalars(select(Message).where(Message.author == "system"))).all()) == 1


async def test_what_is_still_ahead_cannot_be_marked(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    _, appointment_id = await booked(database, hours_ahead=30)
    dana = await sign_in()
    page = await press(dana, f"/console/appointments/{appointment_id}/no-show")
    assert "cannot be done to this appointment now" in page.text
    assert await state(database, appointment_id) == "booked"


async def test_an_appointment_is_moved_to_an_opening_and_cancelled_and_the_client_is_told(
    database: Database, sign_in
) -> None:  # type: ignore[no-untyped-def]
    client_id, appointment_id = await booked(database, hours_ahead=50)
    dana = await sign_in()
    page = await dana.get(f"/console/appointments/{appointment_id}")
    refs = re.findall(r'name="opening" value="([^"]+)"', page.text)
    key = re.search(r'name="key" value="([^"]+)"', page.text)
    assert len(refs) > 3
    assert key
    for _ in range(2):  # a double click
        page = await press(dana, f"/console/appointments/{appointment_id}/move", opening=refs[2], key=key[1])
    assert "Moved. The client will be told." in page.text
    assert await state(database, appointment_id) == "moved"
    async with database.session() as session:
        new = (await session.scalars(select(Appointment).where(Appointment.status == "booked"))).one()
        handoff = (await session.scalars(select(Handoff))).one()
        assert handoff.appointment_id == new.id
    assert [job["change"] for job in await jobs_of(database, "tell_appointment")] == ["moved"]
    page = await press(dana, f"/console/appointments/{new.id}/cancel")
    assert "Cancelled. The client will be told." in page.text
    noon = datetime.now(CHICAGO).replace(hour=12)
    async with database.session() as session:
        await reminding.tell_appointment(session, new.id, "moved", at=noon)  # overtaken: not said
        await reminding.tell_appointment(session, new.id, "cancelled", at=noon)
        (sent,) = (await session.scalars(select(Message).where(Message.author == "system"))).all()
        assert "won't take place" in sent.text
        actions = (await session.scalars(select(AuditEvent.action).where(AuditEvent.client_id == client_id))).all()
    assert {"appointment.moved", "appointment.cancelled"} <= set(actions)


async def test_staff_book_for_a_client_once(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    client_id, appointment_id = await booked(database, hours_ahead=50)
    dana = await sign_in()
    await press(dana, f"/console/appointments/{appointment_id}/cancel")
    page = await dana.get(f"/console/people/{client_id}/openings")
    refs = re.findall(r'name="opening" value="([^"]+)"', page.text)
    for ref in refs[:2]:  # the second form has a key of its own
        page = await press(dana, f"/console/people/{client_id}/book", opening=ref, key=str(new_id()))
    assert "has an appointment with this program already" in page.text
    async with database.session() as session:
        (new,) = (await session.scalars(select(Appointment).where(Appointment.status == "booked"))).all()
        assert new.conversation_id is not None
        assert new.client_id == client_id
    page = await press(dana, f"/console/people/{client_id}/book", opening="nonsense", key=str(new_id()))
    assert 'role="alert"' in page.text


async def test_a_colleagues_client_is_a_supervisors_to_change_only(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    client_id, appointment_id = await booked(database, hours_ahead=50)
    dana = await sign_in()
    await press(dana, f"/console/people/{client_id}/claim")
    eli = await sign_in("eli@agency.example", "Eli Noor")
    page = await press(eli, f"/console/appointments/{appointment_id}/cancel")
    assert "A colleague has this client" in page.text
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    assert "Cancelled" in (await press(boss, f"/console/appointments/{appointment_id}/cancel")).text


async def test_a_referral_is_tracked_until_it_is_answered_and_the_client_is_told(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    client_id, _ = await booked(database)
    async with database.session() as session:
        for _ in range(2):  # agreed to twice, asked for once
            await referrals.make(session, client_id, "sample-mn-01", at=datetime.now(UTC))
        referral = (await session.scalars(select(Referral))).one()
    dana = await sign_in()
    assert "To be sent to the program" in words(await dana.get(f"/console/people/{client_id}"))
    for answer, says in (("sent", "waiting for an answer"), ("no_answer", "No answer yet"), ("accepted", "will take")):
        page = await press(dana, f"/console/referrals/{referral.id}/{answer}", client=str(client_id))
        assert says in words(page)
    assert [job["status"] for job in await jobs_of(database, "tell_referral")] == ["sent", "no_answer", "accepted"]
    noon = datetime.now(CHICAGO).replace(hour=12)
    async with database.session() as session:
        for job in ("sent", "accepted"):  # what is no longer so is not said
            await reminding.tell_referral(session, referral.id, job, at=noon)
        (sent,) = (await session.scalars(select(Message).where(Message.author == "system"))).all()
        assert "said yes" in sent.text
        assert "(612) 555-0102" in sent.text
    assert (await press(dana, f"/console/referrals/{referral.id}/made", client=str(client_id))).status_code == 422
    async with database.session() as session:  # they ask the program anew
        await referrals.make(session, client_id, "sample-mn-01", at=datetime.now(UTC))
    page = await press(dana, f"/console/referrals/{referral.id}/no_answer", client=str(client_id))
    assert "There is a newer request to this program" in words(page)


async def test_hours_dates_and_time_away_are_a_supervisors_to_change(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        program, calendar = await a_program(session)
    dana = await sign_in()
    assert (await dana.get("/console/availability")).status_code == 403
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    base = {"program": program.id, "name": "Intake desk", "kind": "video", "minutes": "30", "buffer": "15"}
    base |= {
        "capacity": "2",
        "lead_hours": "12",
        "horizon_days": "40",
        "languages": "es",
        "active": "on",
        "clinician": "Dana Fox",
    }
    days = {"day_0": "9-12, 1pm-5:30 pm", "day_2": "10:00-11:30"}
    page = await press(boss, f"/console/calendars/{calendar.id}", **base, **days)
    assert "Saved." in page.text
    assert 'value="09:00-12:00, 13:00-17:30"' in page.text
    for wrong, why in (
        ({"day_0": "morning"}, "These are no hours"),
        ({"day_0": "9-12, 11-13"}, "overlap"),
        ({"capacity": "0"}, "capacity 1-50"),
        ({"kind": "fax"}, "how clients are seen"),
    ):
        page = await press(boss, f"/console/calendars/{calendar.id}", **(base | days | wrong))
        assert why in words(page)
    path = f"/console/calendars/{calendar.id}"
    day = str(date.today() + timedelta(days=20))  # noqa: DTZ011
    await press(boss, f"{path}/dates", program=program.id, day=day, hours="", note="Holiday")
    page = await press(boss, f"{path}/dates", program=program.id, day=day, hours="10-12", note="Half day")
    assert "10:00-12:00" in page.text
    away = {"begins": f"{day}T09:00", "ends": f"{day}T11:00"}
    page = await press(boss, f"{path}/blocks", program=program.id, note="Training", **away)
    assert "Training" in page.text
    page = await press(boss, f"{path}/blocks", program=program.id, begins=away["ends"], ends=away["begins"])
    assert "must end after it begins" in page.text
    page = await press(boss, f"{path}/blocks", program=program.id, begins=away["begins"], ends="9999-12-31T23:59")
    assert "within the next ten years" in page.text
    async with database.session() as session:
        kept = await session.get_one(Calendar, calendar.id)
        assert (kept.kind, kept.minutes, kept.capacity, kept.languages) == ("video", 30, 2, ["es"])
        assert kept.clinician == "Dana Fox"
        assert len((await session.scalars(select(WeeklyHours))).all()) == 3
        assert [d.note for d in (await session.scalars(select(DateHours))).all()] == ["Half day"]
        (block,) = (await session.scalars(select(Block))).all()
        assert block.starts_at.astimezone(CHICAGO).hour == 9
    await press(boss, f"{path}/blocks/{block.id}/remove", program=program.id)
    await press(boss, f"{path}/dates/clear", program=program.id, day=day)
    page = await press(boss, "/console/availability", **(base | {"name": "Second desk", "new": "1"}))
    assert "Second desk" in page.text
    async with database.session() as session:
        assert not (await session.scalars(select(Block))).all()
        assert not (await session.scalars(select(DateHours))).all()
        actions = set((await session.scalars(select(AuditEvent.action))).all())
    assert {"calendar.changed", "calendar.date_set", "calendar.blocked", "calendar.added"} <= actions


async def test_a_client_who_is_not_staffs_to_read_cannot_be_booked_for(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    async with database.session() as session:
        await a_program(session)
        client, _ = await a_client(session, "Kim Park")
    dana = await sign_in()
    assert (await dana.get(f"/console/people/{client.id}/openings")).status_code == 404
    page = await press(dana, f"/console/people/{client.id}/book", opening="x-1", key=str(new_id()))
    assert page.status_code == 404


async def test_staff_note_that_somebody_is_late_and_see_it_wherever_they_look(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    client_id, appointment_id = await booked(database, hours_ahead=1)
    browser = await sign_in()
    page = f"/console/appointments/{appointment_id}"
    assert "Running late, about 20 minutes" in words(await press(browser, f"{page}/late", minutes="20"))
    its_week = (datetime.now(CHICAGO) + timedelta(hours=1)).date()
    for seen in ("/console", f"/console/calendar?week={its_week}", f"/console/people/{client_id}"):
        assert "running late, about 20 minutes" in words(await browser.get(seen)).lower(), seen
    assert "not known how much" in words(await press(browser, f"{page}/late"))
    refused = await browser.post(f"{page}/late", data={"csrf": browser.csrf, "minutes": "1000"})
    assert refused.status_code == 422
    async with database.session() as session:
        (await session.get_one(Appointment, appointment_id)).status = "cancelled"
    assert "cannot be done" in words(await press(browser, f"{page}/late", minutes="5"))
    async with database.session() as session:
        noted = await session.scalars(select(AuditEvent).where(AuditEvent.action == "appointment.late"))
        assert [each.client_id for each in noted] == [client_id, client_id]
    await database.close()


async def test_calls_to_make_stand_before_what_waits_and_an_answer_takes_them_off_the_list(
    database: Database,
    sign_in,  # type: ignore[no-untyped-def]
) -> None:
    client_id, _ = await booked(database)
    async with database.session() as session:
        program_id = await session.scalar(select(Calendar.program_id))
        await referrals.make(session, client_id, str(program_id), at=datetime.now(UTC))
    browser = await sign_in()
    listed = words(await browser.get("/console/referrals"))
    assert "Calls to make (1)" in listed
    assert "Ana Reyes" in listed
    assert "(612) 555-0102" in listed
    async with database.session() as session:
        referral = (await session.scalars(select(Referral))).one()
    await press(browser, f"/console/referrals/{referral.id}/sent", client=str(client_id))
    assert "Waiting for an answer (1)" in words(await browser.get("/console/referrals"))
    await press(browser, f"/console/referrals/{referral.id}/no_answer", client=str(client_id))
    assert "Calls to make (1)" in words(await browser.get("/console/referrals"))
    await press(browser, f"/console/referrals/{referral.id}/accepted", client=str(client_id))
    assert "No referral waits" in words(await browser.get("/console/referrals"))
    await database.close()


async def test_the_calendar_opens_where_the_next_appointment_is_and_on_a_free_weekend_at_the_week_to_come(
    database: Database, sign_in, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    now = datetime.now(CHICAGO)
    sunday = now.replace(hour=12) + timedelta(days=13 - now.weekday())
    monkeypatch.setattr(clock, "now", lambda: sunday.astimezone(UTC))
    await booked(database, hours_ahead=24 * 30)
    async with database.session() as session:
        await session.execute(delete(WeeklyHours).where(WeeklyHours.weekday >= 5))
        given = {
            "name": "Intake",
            "kind": "cmhc",
            "city": "Duluth",
            "state": "MN",
            "zip": "55802",
            "zone": "America/Chicago",
        }
        place = {"latitude": 46.8, "longitude": -92.1, "source": "sample", "sample": True}
        session.add(Program(id="first-by-name", organization="A Center (sample)", **given, **place))
        await session.flush()
        session.add(Calendar(program_id="first-by-name", name="Desk", kind="phone", minutes=45))
    page = await (await sign_in()).get("/console/calendar")
    assert re.search(r'<option value="sample-mn-01"[^>]*selected', page.text)
    monday = sunday.date() + timedelta(days=1)
    assert f"Mon {monday.day} {monday:%b} {monday.year} to Fri" in words(page)

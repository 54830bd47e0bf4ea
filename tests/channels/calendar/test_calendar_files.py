"""Calendar files: read strictly, as the standard says, and open to those with the address only."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from casework.scheduling import links
from casework.scheduling.tables import Appointment
from casework.storage import Database, new_id
from channels.calendar import ics

sys.path.insert(0, str(Path(__file__).parents[1] / "console"))
from console_people import somebody_booked

pytestmark = pytest.mark.anyio
Component = tuple[str, list[tuple[str, str]], list["Component"]]  # type: ignore[misc]
_LINE = re.compile(r"([A-Z-]+)((?:;[A-Z-]+=[^;:]+)*):(.*)")


def parsed(text: str) -> Component:
    """The calendar, by the grammar of RFC 5545: CRLF, 75 octets, folding, nesting, no stray control character."""
    assert text.endswith("\r\n")
    raw = text[:-2].split("\r\n")
    for line in raw:
        assert "\n" not in line
        assert "\r" not in line
        assert len(line.encode()) <= 75, line
        assert all(each >= " " or each == "\t" for each in line)
    lines: list[str] = []
    for line in raw:
        if line.startswith(" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    stack: list[Component] = [("", [], [])]
    for line in lines:
        match = _LINE.fullmatch(line)
        assert match, line
        name, value = match[1], match[3]
        if name == "BEGIN":
            stack.append((value, [], []))
        elif name == "END":
            done = stack.pop()
            assert done[0] == value
            stack[-1][2].append(done)
        else:
            stack[-1][1].append((name, value))
    assert len(stack) == 1
    (calendar,) = stack[0][2]
    assert calendar[0] == "VCALENDAR"
    found = dict(calendar[1])
    assert found["VERSION"] == "2.0"
    assert found["PRODID"]
    for event in calendar[2]:
        names = [name for name, _ in event[1]]
        assert event[0] == "VEVENT"
        for once in ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "SEQUENCE", "CREATED"):
            assert names.count(once) == 1, once
        values = dict(event[1])
        for moment in ("DTSTAMP", "DTSTART", "DTEND", "CREATED", "LAST-MODIFIED"):
            assert re.fullmatch(r"\d{8}T\d{6}Z", values[moment])
        assert values["DTSTART"] < values["DTEND"]
        assert values["STATUS"] in ("TENTATIVE", "CONFIRMED", "CANCELLED")
        assert int(values["SEQUENCE"]) >= 0
        for alarm in event[2]:
            assert {name for name, _ in alarm[1]} == {"ACTION", "TRIGGER", "DESCRIPTION"}
    return calendar


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def event(**more: object) -> ics.Event:
    at = datetime(2026, 11, 24, 15, tzinfo=UTC)
    values = {
        "uid": "a@line.example",
        "title": "Appointment",
        "starts_at": at,
        "ends_at": at + timedelta(minutes=45),
        "created_at": at - timedelta(days=3),
        "changed_at": at - timedelta(days=2),
    } | more
    return ics.Event(**values)  # type: ignore[arg-type]


async def test_any_text_comes_back_as_it_was_written() -> None:
    title = "Cita, «Niño»; a\\b\nzweite Zeile " + "ñandú 🦩 " * 30
    _, _, (found,) = parsed(ics.write([event(title=title, location="12 Main St; Suite 3, Ely")]))
    values = dict(found[1])
    assert unescaped(values["SUMMARY"]) == title
    assert unescaped(values["LOCATION"]) == "12 Main St; Suite 3, Ely"


async def test_control_characters_and_new_properties_cannot_be_smuggled_in() -> None:
    _, _, (found,) = parsed(ics.write([event(title="A\r\nATTENDEE:mailto:x@y\x00\x1b")]))
    assert not [name for name, _ in found[1] if name == "ATTENDEE"]


async def test_the_clients_file_says_when_and_nothing_of_what_for(database: Database, web: httpx.AsyncClient) -> None:
    async with database.session() as session:
        await somebody_booked(session)
        appointment = (await session.scalars(select(Appointment))).one()
    address = links.appointment_url(appointment.id)
    answer = await web.get(address[address.index("/calendar") :])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    _, _, (found,) = parsed(answer.text)
    values = dict(found[1])
    assert values["DTSTART"] == "20300107T203000Z"
    assert values["DTEND"] == "20300107T211500Z"
    assert values["STATUS"] == "CONFIRMED"
    for word in ("mental", "health", "case", "intake", "Ana", "Loring"):
        assert word.lower() not in answer.text.lower().replace("calscale", "")


async def test_a_cancelled_appointment_is_cancelled_in_the_file_and_a_moved_one_shows_its_new_time(
    database: Database, web: httpx.AsyncClient
) -> None:
    async with database.session() as session:
        await somebody_booked(session)
        old = (await session.scalars(select(Appointment))).one()
        address = links.appointment_url(old.id)
        path = address[address.index("/calendar") :]
        fields = ("client_id", "program_id", "calendar_id", "kind")
        new = Appointment(id=new_id(), **{name: getattr(old, name) for name in fields}, status="booked")
        new.starts_at, new.ends_at = old.starts_at + timedelta(days=1), old.ends_at + timedelta(days=1)
        new.busy_until, new.moved_from, old.status = new.ends_at, old.id, "moved"
        old.created_at, old.changed_at = old.created_at - timedelta(days=3), old.created_at
        new.created_at = new.changed_at = old.changed_at + timedelta(minutes=1)
        session.add(new)
    before = dict(parsed((await web.get(path)).text)[2][0][1])
    assert before["DTSTART"] == "20300108T203000Z"
    assert before["UID"].startswith(str(old.id))  # the same entry in the client's calendar
    assert int(before["SEQUENCE"]) == 3 * 24 * 3600 + 60  # a calendar takes no version with a lower number
    fresh = links.appointment_url(new.id)
    assert dict(parsed((await web.get(fresh[fresh.index("/calendar") :])).text)[2][0][1]) == before, "no second entry"
    async with database.session() as session:
        (await session.get_one(Appointment, new.id)).status = "cancelled"
    assert dict(parsed((await web.get(path)).text)[2][0][1])["STATUS"] == "CANCELLED"


async def test_a_programs_feed_holds_times_and_no_names(database: Database, web: httpx.AsyncClient) -> None:
    async with database.session() as session:
        await somebody_booked(session)
        appointment = (await session.scalars(select(Appointment))).one()
        appointment.starts_at = datetime.now(UTC) + timedelta(days=3)
        appointment.ends_at = appointment.busy_until = appointment.starts_at + timedelta(minutes=45)
    address = links.feed_url("sample-mn-01")
    answer = await web.get(address[address.index("/calendar") :])
    _, head, events = parsed(answer.text)
    assert dict(head)["REFRESH-INTERVAL" if "REFRESH-INTERVAL" in dict(head) else "NAME"]
    (found,) = events
    values = dict(found[1])
    assert values["SUMMARY"] == "Intake: Intake desk"
    assert values["URL"].endswith(f"/console/appointments/{appointment.id}")
    assert "Ana" not in answer.text
    assert "Reyes" not in answer.text


async def test_an_address_that_is_not_ours_opens_nothing(database: Database, web: httpx.AsyncClient) -> None:
    async with database.session() as session:
        await somebody_booked(session)
        appointment = (await session.scalars(select(Appointment))).one()
    mine = links.appointment_url(appointment.id)
    token = mine.rsplit("/", 1)[1].removesuffix(".ics")
    feed = links.feed_url("sample-mn-01").rsplit("/", 1)[1].removesuffix(".ics")
    for wrong in (token[:-1] + ("a" if token[-1] != "a" else "b"), token.split(".")[0], "", ".", "%00.x", "ñ.ñ", feed):
        assert (await web.get(f"/calendar/appointment/{wrong}.ics")).status_code == 404
    for wrong in (token, feed[:-1], "c2FtcGxlLW1uLTAx.", "c2FtcGxlLW1uLTAx"):
        assert (await web.get(f"/calendar/feed/{wrong}.ics")).status_code == 404
    assert links.read_appointment(token) == appointment.id
    assert links.read_feed(feed) == "sample-mn-01"

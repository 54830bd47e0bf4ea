"""Reports: what is counted of invented people, who may see it, and what a shared version keeps back."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from console_people import NOW, a_client, a_handoff, a_text, ago, somebody_booked, somebody_in_danger, told
from sqlalchemy import select

from casework import clock, reports
from casework.reports.asking import asked
from casework.safety import alarms
from casework.storage import Database

pytestmark = pytest.mark.anyio


async def _a_day(database: Database) -> None:
    """Ana went the whole way, Jo raised an alarm, and seven stopped at their ZIP two days ago."""
    async with database.session() as session:
        ana = await somebody_booked(session)
        for question in ("saving", "zip", "diagnoses"):
            await asked(session, ana, question, ago(30))
        await somebody_in_danger(session)
        for number in range(7):
            client, conversation = await a_client(session, None, phone=f"+161255501{number:02}", language="es")
            conversation.last_inbound_at = NOW - timedelta(days=2)
            text = await a_text(session, conversation, "hola", minutes=30)
            await a_text(session, conversation, "Hola.", author="assistant", minutes=29)
            await asked(session, client.id, "saving", ago(29))
            await asked(session, client.id, "zip", ago(28))
            await told(session, client, text, "saving", True, None)
            if number == 0:
                await a_handoff(session, client, conversation, reason="person_asked", urgency=2)


async def _numbers(boss, name: str, **query: str) -> dict[str, list[str]]:  # type: ignore[no-untyped-def]
    answer = await boss.get(f"/console/reports/{name}.csv", params=query)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    return {row[0]: row[1:] for row in csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))}


async def test_the_first_page_asks_for_the_count_and_the_next_shows_it(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    await _a_day(database)
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    assert "being counted for the first time" in (await boss.get("/console/reports")).text
    async with database.session() as session:
        await reports.gather(session, clock.now())
    page = (await boss.get("/console/reports")).text
    assert "Wrote to the line" in page
    for part in ("answers", "places"):
        assert 'role="img"' in (await boss.get(f"/console/reports?part={part}")).text
    for part in ("intakes", "staff"):
        assert "Nothing was counted in these days" in (await boss.get(f"/console/reports?part={part}")).text

    funnel = await _numbers(boss, "funnel")
    assert [
        funnel[row][0] for row in ("Wrote to the line", "Screened", "Booked or referred", "Came to the intake")
    ] == [
        "9",
        "1",
        "1",
        "0",
    ]
    stopped = await _numbers(boss, "stopped")
    assert stopped["ZIP code"] == ["0", "7", "0", "0", "7"]
    assert stopped["Diagnosis"][-1] == "0"  # answered
    places = await _numbers(boss, "places")
    assert next(value for name, value in places.items() if name.startswith("554xx")) == ["0", "1", "1"]
    claims = await _numbers(boss, "claim")
    assert claims["Not claimed"] == ["1", "1", "1", "3"]
    assert (await _numbers(boss, "funnel", language="es"))["Wrote to the line"] == ["7"]


async def test_what_happens_later_moves_the_count_of_the_same_day(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    await _a_day(database)
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    async with database.session() as session:
        await reports.gather(session, clock.now())
    assert (await _numbers(boss, "alarms"))["Nobody yet"] == ["1"]
    async with database.session() as session:
        open_alarm = (await session.scalars(select(alarms.Alarm))).one()
        open_alarm.acknowledged_at = open_alarm.created_at + timedelta(seconds=90)
        await reports.gather(session, clock.now(), days=14)
    numbers = await _numbers(boss, "alarms")
    assert (numbers["1 to 2 minutes"], numbers["Nobody yet"], numbers["All"]) == (["1"], ["0"], ["1"])


async def test_a_shared_version_has_no_small_numbers_and_no_staff(  # type: ignore[no-untyped-def]
    database: Database, sign_in, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _a_day(database)
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    async with database.session() as session:
        await reports.gather(session, clock.now())
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=40))  # the month of the texts is over
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")  # the first session is over, too
    until = (NOW + timedelta(days=31)).date().isoformat()
    everything = {"from": NOW.date().isoformat(), "to": until, "share": "1"}
    funnel = await _numbers(boss, "funnel", **everything)
    assert funnel["Wrote to the line"] == ["9"]
    assert funnel["Screened"] == ["<5"]
    over_time = await _numbers(boss, "over_time", **everything)
    months = [row for row in over_time if re.fullmatch(r"[A-Z][a-z]{2} \d{4}", row)]
    assert set(over_time) - {*months} <= {"New people over time", "All"}  # no day beside the month that it is of
    assert ["<5", "hidden", "9"] in over_time.values()
    page = (await boss.get("/console/reports", params={"part": "places", **everything})).text
    assert "&lt;5" in page
    assert (await boss.get("/console/reports/workload.csv", params=everything)).status_code == 404
    assert "Work by member of staff" not in (await boss.get("/console/reports?part=staff&share=1")).text


async def test_reports_are_for_supervisors_and_written_down(database: Database, sign_in) -> None:  # type: ignore[no-untyped-def]
    dana = await sign_in()
    assert (await dana.get("/console/reports")).status_code == 403
    assert (await dana.get("/console/reports/funnel.csv")).status_code == 403
    boss = await sign_in("sam@agency.example", "Sam Okoro", role="supervisor")
    assert (await boss.get("/console/reports/nothing.csv")).status_code == 404
    assert (await boss.get("/console/reports?from=yesterday&to=")).status_code == 200
    await boss.get("/console/reports/needs.csv?share=1")
    trail = (await boss.get("/console/audit")).text
    assert "Saved a report" in trail
    assert "shared" in trail

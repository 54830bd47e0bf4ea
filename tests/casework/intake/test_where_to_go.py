"""The walk from the ZIP to the programs: the county where it matters, the outcome in words, why a program is shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from casework.directory.tables import Program
from casework.geography.tables import ZipCounty
from casework.handoff.screenings import run_again
from casework.handoff.tables import ScreeningRecord
from casework.intake import answers
from casework.storage import Database
from tests.casework.directory.directory_helpers import NOW, add, add_calendar, program, work
from tests.casework.intake.walker import Walker

HENNEPIN, RAMSEY = "27053", "27123"
# Answered already: nothing is left to ask before the programs.
THROUGH = {
    "zip": "55401", "age": 34, "veteran": False, "in_hospital_now": False, "inpatient_stays_24_months": 2,
    "payer": "medicaid",
}  # fmt: skip


def directory(database: Database, *programs: Program, calendars: tuple[tuple[str, dict[str, Any]], ...] = ()) -> None:
    async def fill(session: Any) -> None:
        await add(session, *programs)
        for name, how in calendars:
            await add_calendar(session, name, **how)

    work(database, fill)


def split_zip(database: Database) -> None:
    """55401 in two counties, and a program for one of them."""

    async def fill(session: Any) -> None:
        rows = [{"zip": "55401", "county": HENNEPIN, "share": 0.7}, {"zip": "55401", "county": RAMSEY, "share": 0.3}]
        await session.execute(insert(ZipCounty), rows)
        await add(session, program("hennepin", 0.01, service_counties=[HENNEPIN]))
        await add(session, program("ramsey", 0.2, service_counties=[RAMSEY]))

    work(database, fill)


@pytest.mark.parametrize("reply", ["2", "ramsey", "Ramsey County i think"])
def test_a_zip_in_two_counties_asks_which_and_sends_the_client_where_they_are_served(
    database: Database, reply: str
) -> None:
    split_zip(database)
    someone = Walker(database)
    said = someone.walk("55401")
    assert "more than one county" in said
    assert [each["title"] for each in someone.choices] == ["Hennepin County", "Ramsey County", "Not sure"]
    rest = {name: value for name, value in THROUGH.items() if name != "zip"}
    other = Walker(database, **rest)
    said = other.walk("55401", reply)
    assert "1 Ramsey" in said, said
    assert "serves your county" in said
    told = other.after(lambda session: answers.current(session, other.client_id))
    assert told["county"] == "Ramsey County"


def test_not_knowing_the_county_is_fine(database: Database) -> None:
    split_zip(database)
    rest = {name: value for name, value in THROUGH.items() if name != "zip"}
    assert "Which one would you like" in Walker(database, **rest).walk("55401", ("not sure", "skip"))


def test_a_zip_in_one_county_asks_nothing_and_keeps_the_county(database: Database) -> None:
    directory(database, program("hennepin", 0.01, service_counties=[HENNEPIN]))
    someone = Walker(database)
    assert "How old" in someone.walk("55402")
    told = someone.after(lambda session: answers.current(session, someone.client_id))
    assert told["county"] == "Hennepin County"


def test_the_outcome_says_by_whose_rules_and_each_criterion_in_words(database: Database) -> None:
    directory(database, program("near", 0.01))
    said = Walker(database, **THROUGH).walk()
    assert "By the rules of: Minnesota adult case management." in said
    assert "+ You told us of 2 hospital stays in the last 24 months." in said
    assert "+ You told us you live in Minnesota." in said


def test_the_outcome_in_spanish(database: Database) -> None:
    directory(database, program("near", 0.01, languages=["en", "es"]))
    said = Walker(database, "es", **THROUGH).walk()
    assert "Según las reglas de: Manejo de casos para adultos de Minnesota." in said
    assert "+ Nos habló de 2 hospitalizaciones en los últimos 24 meses." in said
    assert "el más cercano que acepta Medicaid, habla español" in said


def test_every_program_says_why_it_is_shown(database: Database) -> None:
    programs = [
        program("near", 0.01, service_counties=[HENNEPIN]),
        program("private", 0.4, payers=["private"], kind="other"),
        program("elders", 0.2, kind="older_adult", age_min=60),
    ]
    directory(database, *programs)
    said = Walker(database, **(THROUGH | {"age": 67})).walk()
    near, elders, private = (line for line in said.splitlines() if " mi: " in line)
    assert near.endswith("nearest that takes Medicaid, serves your county, community center")
    assert "takes Medicaid, for older adults" in elders
    assert "Private, 28 mi: " in private
    assert "Medicaid" not in private


def test_when_the_nearest_is_full_the_nearest_with_room_stands_beside_it(database: Database) -> None:
    directory(
        database,
        program("full", 0.01),
        program("room", 0.3),
        calendars=(("full", {"full": True}), ("room", {})),
    )
    said = Walker(database, **THROUGH).walk()
    assert "full right now" in next(line for line in said.splitlines() if line.startswith("1 Full"))
    assert "has room, community center, opening" in next(
        line for line in said.splitlines() if line.startswith("2 Room")
    )


def test_a_veteran_sees_the_va_and_the_community(database: Database) -> None:
    va = program("va", 0.9, kind="va", veterans_only=True, payers=["va"])
    va.name = "VA medical center"
    directory(database, *(program(f"town {n}", 0.01 * n) for n in range(1, 5)), va)
    someone = Walker(database, **{name: value for name, value in THROUGH.items() if name != "veteran"})
    said = someone.walk(("yes", "affirm"))
    assert "for veterans" in said
    assert "nearest that takes Medicaid" in said
    told = someone.after(lambda session: answers.current(session, someone.client_id))
    assert told["miles_to_va"] == pytest.approx(62.2, abs=0.5)


def test_far_from_everything_one_by_phone_or_video_is_among_them(database: Database) -> None:
    far = [program(f"far {n}", 1.5 + n * 0.05) for n in range(3)]
    directory(database, *far, program("screen", 2.4, telehealth=True))
    assert "by phone or video" in Walker(database, **THROUGH).walk()


def test_what_was_screened_keeps_the_clients_words_and_can_be_run_again(database: Database) -> None:
    directory(database, program("near", 0.01))
    someone = Walker(
        database, **{name: value for name, value in THROUGH.items() if name != "inpatient_stays_24_months"}
    )
    someone.walk("like 2 times i think")

    async def kept(session: Any) -> ScreeningRecord:
        rows = select(ScreeningRecord).where(ScreeningRecord.client_id == someone.client_id)
        return (await session.execute(rows)).scalar_one()

    record = someone.after(kept)
    assert (record.policy, record.result["outcome"]) == ("mn", "likely")
    assert record.result["words"] == {"inpatient_stays_24_months": "like 2 times i think"}
    assert record.facts["inpatient_stays_24_months"] == 2
    (same,) = someone.after(lambda session: run_again(session, someone.client_id, at=NOW))
    assert not same.differs

    async def older(session: Any) -> None:
        old = (await session.execute(select(ScreeningRecord))).scalar_one()
        old.version = "2020-01-01"

    someone.after(older)
    (other,) = someone.after(lambda session: run_again(session, save=True, at=NOW))
    assert other.differs
    assert other.before[1:3] == ("2020-01-01", "likely")
    assert len(someone.after(lambda session: run_again(session, at=NOW))) == 1

"""What a person is shown: the nearest programs that would take them, and why."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest
from directory_helpers import NOW, add, add_calendar, program, work
from sqlalchemy.ext.asyncio import AsyncSession

from casework import geography
from casework.directory import Found, Seeker, nearest
from casework.storage import Database
from casework.storage.engine import plain_url
from tests.bench import directory as bench

HERE = geography.find("55401")  # downtown Minneapolis, Hennepin County
HENNEPIN, RAMSEY = "27053", "27123"


def shown(database: Database, *programs: Any, limit: int = 3, calendars: Any = (), **about: Any) -> list[Found]:
    async def fill(session: AsyncSession) -> None:
        await add(session, *programs)
        for name, how in calendars:
            await add_calendar(session, name, **how)

    async def find(session: AsyncSession) -> list[Found]:
        return await nearest(session, Seeker(**({"place": HERE} | about)), limit=limit, at=NOW)

    found: list[Found] = work(database, fill, find)
    return found


def names(found: list[Found]) -> list[str]:
    return [each.program.id for each in found]


def test_the_nearest_comes_first_and_says_so(database: Database) -> None:
    found = shown(database, program("far", 0.4), program("near", 0.05), program("middle", 0.2))
    assert names(found) == ["near", "middle", "far"]
    assert found[0].miles == pytest.approx(3.45, abs=0.1)
    assert "nearest" in found[0].because
    assert "nearest" not in found[1].because


def test_a_place_that_takes_their_insurance_comes_before_a_nearer_one_that_does_not(database: Database) -> None:
    found = shown(database, program("private", 0.05, payers=["private"]), program("public", 0.3), payer="medicaid")
    assert names(found) == ["public", "private"]
    assert "payer_medicaid" in found[0].because


def test_a_program_that_serves_other_counties_comes_after_the_one_of_their_own(database: Database) -> None:
    found = shown(
        database,
        program("over the river", 0.02, service_counties=[RAMSEY]),
        program("own county", 0.5, service_counties=[HENNEPIN]),
    )
    assert names(found) == ["own county", "over the river"]
    assert "area" in found[0].because
    assert "outside_area" in found[1].because


def test_the_county_a_person_names_counts_more_than_their_zips(database: Database) -> None:
    found = shown(
        database,
        program("ramsey", 0.02, service_counties=[RAMSEY]),
        program("hennepin", 0.01, service_counties=[HENNEPIN]),
        county=RAMSEY,
    )
    assert names(found)[0] == "ramsey"


def test_nobody_is_sent_where_their_age_is_not_taken(database: Database) -> None:
    programs = [program("children", 0.01, kind="child", age_min=0, age_max=17), program("adults", 0.2)]
    assert names(shown(database, *programs, age=30)) == ["adults"]


def test_a_child_is_shown_the_childrens_program(database: Database) -> None:
    programs = [program("children", 0.3, kind="child", age_min=0, age_max=17), program("adults", 0.01)]
    found = shown(database, *programs, age=12)
    assert names(found) == ["children"]
    assert "child" in found[0].because


def test_a_program_that_speaks_their_language_comes_before_a_nearer_one(database: Database) -> None:
    found = shown(database, program("english", 0.01), program("spanish", 0.1, languages=["en", "es"]), language="es")
    assert names(found)[0] == "spanish"
    assert "language" in found[0].because


def test_case_management_comes_before_a_clinic_that_offers_none(database: Database) -> None:
    clinic = program("clinic", 0.01, kind="other", services=["outpatient"])
    found = shown(database, clinic, program("managers", 0.2, kind="other"))
    assert names(found) == ["managers", "clinic"]


def test_a_veteran_sees_the_va_and_the_community(database: Database) -> None:
    near = [program(f"town {number}", 0.01 * number) for number in range(1, 6)]
    va = program("va", 0.9, kind="va", veterans_only=True, payers=["va"])
    found = shown(database, *near, va, veteran=True)
    assert "va" in names(found)
    assert len(found) == 3
    assert any(each.program.kind != "va" for each in found)


def test_somebody_who_is_no_veteran_is_not_sent_to_the_va(database: Database) -> None:
    assert names(shown(database, program("va", 0.01, kind="va", veterans_only=True), program("town", 1.0))) == ["town"]


def test_when_the_best_is_full_the_nearest_with_room_stands_beside_it(database: Database) -> None:
    programs = [program("full", 0.01), program("phone", 0.4), program("full too", 0.5), program("room", 0.9)]
    calendars = [("full", {"full": True}), ("full too", {"full": True}), ("room", {})]
    found = shown(database, *programs, limit=2, calendars=calendars)
    assert names(found) == ["full", "room"]
    assert found[0].full
    assert "full" in found[0].because
    assert "room" in found[1].because
    assert found[1].opening is not None


def test_an_opening_this_week_beats_a_slightly_nearer_place_with_a_long_wait(database: Database) -> None:
    programs = [program("later", 0.01), program("soon", 0.06)]
    found = shown(database, *programs, calendars=[("later", {"lead_hours": 24 * 20}), ("soon", {})])
    assert names(found) == ["soon", "later"]
    assert "soon" in found[0].because


def test_beyond_200_miles_only_what_can_be_reached_by_phone_or_video_in_the_state_is_shown(database: Database) -> None:
    programs = [
        program("too far", 4.0),
        program("by video", 3.9, telehealth=True),
        program("other state", 3.5, telehealth=True, state="ND"),
    ]
    found = shown(database, *programs)
    assert names(found) == ["by video"]
    assert "telehealth" in found[0].because


def test_where_all_is_far_one_by_phone_or_video_is_among_them(database: Database) -> None:
    far = [program(f"far {number}", 1.5 + number * 0.05) for number in range(3)]
    found = shown(database, *far, program("by video", 2.4, telehealth=True))
    assert names(found) == ["far 0", "far 1", "by video"]


def test_programs_off_the_list_are_not_shown(database: Database) -> None:
    assert shown(database, program("closed", active=False)) == []


def test_over_the_date_line_the_nearest_is_still_found(database: Database) -> None:
    adak = geography.find("99546")
    over = program("shemya", latitude=adak.latitude, longitude=179.9, state="AK")
    found = shown(database, over, program("minneapolis"), place=adak)
    assert names(found) == ["shemya"]


@pytest.mark.parametrize("indexed", [True, False], ids=["with the index", "without cube"])
def test_what_is_found_equals_a_ranking_of_the_whole_directory(
    database: Database, database_url: str, *, indexed: bool
) -> None:
    chance = random.Random(7)
    people = bench.seekers(chance, 60)

    async def find(session: AsyncSession) -> list[list[str]]:
        return [names(await nearest(session, who, limit=3, at=bench.NOW)) for who in people]

    async def everything(_: AsyncSession) -> tuple[bench.BruteForce, list[list[str]]]:
        await bench.fill(database, chance, 1500, 60)
        truth = await bench.brute_force(database)
        async with database.session() as session:
            return truth, await find(session)

    with psycopg.connect(plain_url(database_url), autocommit=True) as connection:
        definition = connection.execute("select pg_get_indexdef('ix_programs_on_earth'::regclass)").fetchone()
        assert definition
        if not indexed:
            connection.execute("drop index ix_programs_on_earth")
        try:
            truth, found = work(database, everything)
        finally:
            if not indexed:
                connection.execute(definition[0])
    assert sum(map(len, found)) > 100
    assert found == [truth.best(who, 3) for who in people]


def test_the_brute_force_of_the_benchmark_leaves_nothing_out(database: Database) -> None:
    from casework.directory.ranking import rank

    chance = random.Random(3)
    people = bench.seekers(chance, 5)

    async def truth(_: AsyncSession) -> bench.BruteForce:
        await bench.fill(database, chance, 400, 20)
        return await bench.brute_force(database)

    brute: bench.BruteForce = work(database, truth)
    for who in people:
        plain = rank(brute._all, who, 3, openings=brute._openings, at=bench.NOW)
        assert [each.id for each in plain] == brute.best(who, 3)

"""ZIPs that lie in several counties: the crosswalk is read, and it is known when the county matters."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from casework import geography
from casework.directory import county_matters, miles_to_va
from casework.geography import crosswalk
from casework.geography.counties import county_name
from casework.storage import Database
from tests.casework.directory.directory_helpers import add, program, public, work

HEADER = ("ZIP", "COUNTY", "RES_RATIO", "BUS_RATIO", "OTH_RATIO", "TOT_RATIO")
HENNEPIN, RAMSEY, ANOKA = "27053", "27123", "27003"


def sheet(path: Path, *rows: tuple[Any, ...], header: tuple[str, ...] = HEADER) -> Path:
    book = Workbook()
    for line in (header, *rows):
        book.active.append(list(line))
    book.save(path / "ZIP_COUNTY.xlsx")
    return path / "ZIP_COUNTY.xlsx"


def test_a_zip_of_several_counties_names_them_most_homes_first(database: Database, tmp_path: Path) -> None:
    file = sheet(
        tmp_path,
        ("55401", HENNEPIN, 0.3, 1, 1, 0.4),
        ("55401", RAMSEY, 0.69, 1, 1, 0.6),
        ("55401", ANOKA, 0.01, 0, 0, 0.01),
    )
    here, other = geography.find("55401"), geography.find("55402")

    async def both(session: Any) -> tuple[list[str], list[str]]:
        return await geography.counties_of(session, here), await geography.counties_of(session, other)

    found = work(database, lambda session: crosswalk.take(session, file), both)
    assert found == ([RAMSEY, HENNEPIN], [HENNEPIN])


def test_a_second_run_changes_nothing_and_bad_rows_are_refused_with_their_reason(
    database: Database, tmp_path: Path
) -> None:
    file = sheet(
        tmp_path,
        (501, "36103", 0, 1, 0, 1),
        ("55401", HENNEPIN, 1, 1, 1, 1),
        ("x", HENNEPIN, 1, 1, 1, 1),
        ("55401", "99999", 1, 1, 1, 1),
        ("55401", RAMSEY, "much", 1, 1, 1),
        ("55401", HENNEPIN, 1, 1, 1, 1),
    )
    first = work(database, lambda session: crosswalk.take(session, file))
    again = work(database, lambda session: crosswalk.take(session, file))
    assert (first["read"], first["added"], first["refused"]) == (6, 2, 4)
    assert [each["row"] for each in first["refusals"]] == [4, 5, 6, 7]
    assert "no such county" in first["refusals"][1]["reason"]
    assert (again["added"], again["updated"], again["unchanged"], again["removed"]) == (0, 0, 2, 0)


@pytest.mark.parametrize("broken", ["no spreadsheet", "columns missing"])
def test_a_file_that_is_none_is_refused_whole(database: Database, tmp_path: Path, broken: str) -> None:
    if broken == "no spreadsheet":
        file = tmp_path / "ZIP_COUNTY.xlsx"
        file.write_text("ZIP,COUNTY\n", encoding="utf-8")
    else:
        file = sheet(tmp_path, ("55401", HENNEPIN), header=("ZIP", "COUNTY"))
    with pytest.raises(crosswalk.BadCrosswalk, match="ZIP_COUNTY"):
        work(database, lambda session: crosswalk.take(session, file))


def test_huds_own_crosswalk_is_read() -> None:
    read = [row for _, row in islice(crosswalk.rows(public("geo", "ZIP_COUNTY.xlsx")), 3000)]
    refused = [row for row in read if isinstance(row, str)]
    assert len(read) == 3000
    assert refused == []
    assert ("00601", "72113", pytest.approx(0.1602, abs=1e-4)) in read


def test_the_county_matters_where_a_program_near_serves_only_one_of_them(database: Database) -> None:
    here = geography.find("55401")

    async def asked(session: Any) -> list[bool]:
        pairs = ([HENNEPIN, RAMSEY], [HENNEPIN, ANOKA], [HENNEPIN])
        return [await county_matters(session, here, each) for each in pairs]

    both = program("both", 0.1, service_counties=[HENNEPIN, RAMSEY])
    far = program("far away", 3.0, service_counties=[RAMSEY])
    found = work(database, lambda session: add(session, both, far, program("anyone", 0.1)), asked)
    assert found == [False, True, False]


def test_the_nearest_va_hospital_is_measured_and_clinics_are_none(database: Database) -> None:
    near, hospital = program("clinic", 0.1, kind="va"), program("hospital", 1.0, kind="va")
    near.name, hospital.name = "VA clinic", "VA medical center"
    here = geography.find("55401")
    found = work(database, lambda session: add(session, near, hospital), lambda session: miles_to_va(session, here))
    assert found == pytest.approx(69.1, abs=0.5)
    assert county_name(HENNEPIN) == "Hennepin County, MN"

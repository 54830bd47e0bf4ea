"""What somebody who imports a directory gets: counts that add up, reasons for refusals, staff's words kept, undo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from directory_helpers import add_calendar, public, work
from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.importing import BadFile, Report, import_file, undo_last
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.storage import Database

COLUMNS = ("name1", "name2", "street1", "street2", "city", "state", "zip", "phone", "intake1", "service_code_info")
GOOD = ("Bend Center", "Main Clinic", "1 Main St", None, "Minneapolis", "MN", "55401", "612-555-0101",
        "612-555-0102 x3",
        "MH * OP * CMHC * TELE * WI * MD MC SS * SE VET SMI * ADLT SNR YAD * SP F37 * ACT CM ICM SH")  # fmt: skip


def sheet(path: Path, *rows: tuple[Any, ...], columns: tuple[str, ...] = COLUMNS) -> str:
    book = Workbook()
    assert book.active is not None
    book.active.title = "Facilities List"
    for row in (columns, *rows):
        book.active.append(row)
    book.save(path)
    return str(path)


def taking(kind: str, path: str) -> Any:
    async def step(session: AsyncSession) -> Report:
        return await import_file(session, kind, path)

    return step


def adding_up(report: Report) -> bool:
    return report.read == report.added + report.updated + report.unchanged + report.refused


async def programs(session: AsyncSession) -> list[Program]:
    return list((await session.execute(select(Program).order_by(Program.id))).scalars())


def test_a_facility_of_samhsa_becomes_a_program_a_person_can_be_sent_to(database: Database, tmp_path: Path) -> None:
    path = sheet(tmp_path / "directory_2022.xlsx", GOOD)
    (found,) = work(database, taking("samhsa", path), programs)
    assert (found.organization, found.name, found.kind) == ("Bend Center", "Main Clinic", "cmhc")
    assert (found.phone, found.intake_phone, found.intake_extension) == ("+16125550101", "+16125550102", "3")
    assert (found.zone, found.place_from, found.state) == ("America/Chicago", "zip", "MN")
    assert found.payers == ["medicaid", "medicare", "uninsured"]
    assert found.languages == ["en", "es", "hmn"]
    assert {"case_management", "intensive_case_management", "act", "crisis"} <= set(found.services)
    assert (found.telehealth, found.age_min, found.age_max) == (True, 18, None)
    assert (str(found.verified_on), found.source) == ("2022-01-01", "samhsa")


def test_codes_are_read_only_where_codes_stand(database: Database, tmp_path: Path) -> None:
    # MD and MC are states and words elsewhere; a seniors' group (SE) is no payer.
    row = ("VAHC Clinic", "MD", "MC Street", None, "Baltimore", "MD", "21201", None, None, "MH * OP * OMH * PI * SE")
    (found,) = work(database, taking("samhsa", sheet(tmp_path / "a.xlsx", row)), programs)
    assert (found.kind, found.payers, found.veterans_only) == ("other", ["private"], False)


def test_importing_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", GOOD, GOOD, (None, *GOOD[1:]), ("Lost", *GOOD[1:6], "99999", *GOOD[7:]))
    first = work(database, taking("samhsa", path))
    second = work(database, taking("samhsa", path))
    assert (first.read, first.added, first.refused) == (4, 1, 3)
    assert [each["row"] for each in first.refusals] == [3, 4, 5]
    assert [each["reason"][:25] for each in first.refusals] == [
        "the same program as row 2",
        "there is no name",
        "cannot be placed: there i",
    ]
    assert (second.added, second.updated, second.unchanged, second.refused) == (0, 0, 1, 3)
    assert adding_up(first)
    assert adding_up(second)


def test_what_staff_wrote_by_hand_is_kept_and_the_difference_is_told(database: Database, tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", GOOD)

    async def edit(session: AsyncSession) -> None:
        (found,) = await programs(session)
        found.phone, found.edited = "+16125559999", ["phone"]

    newer = sheet(tmp_path / "b.xlsx", (*GOOD[:4], "Saint Paul", *GOOD[5:]))
    report = work(database, taking("samhsa", path), edit, taking("samhsa", newer))
    (found,) = work(database, programs)
    assert (found.phone, found.city) == ("+16125559999", "Saint Paul")
    assert (report.updated, report.conflicts) == (1, 1)
    assert "kept as staff wrote it: phone" in [each["note"] for each in report.notes]
    again = work(database, taking("samhsa", newer))
    assert (again.updated, again.unchanged, again.conflicts) == (0, 1, 1)


def test_an_older_file_does_not_overwrite_what_was_verified_later(database: Database, tmp_path: Path) -> None:
    new = sheet(tmp_path / "list_2024.xlsx", GOOD)
    old = sheet(tmp_path / "list_2022.xlsx", (*GOOD[:4], "Saint Paul", *GOOD[5:]))
    report = work(database, taking("samhsa", new), taking("samhsa", old))
    (found,) = work(database, programs)
    assert (found.city, report.unchanged) == ("Minneapolis", 1)
    assert "verified it later" in report.notes[0]["note"]


def test_an_import_can_be_undone(database: Database, tmp_path: Path) -> None:
    first = sheet(tmp_path / "a.xlsx", GOOD)
    other = ("Other", *GOOD[1:])
    third = ("Third", *GOOD[1:])
    second = sheet(tmp_path / "b.xlsx", (*GOOD[:4], "Saint Paul", *GOOD[5:]), other, third)

    async def book_at_third(session: AsyncSession) -> None:
        (name,) = [each.id for each in await programs(session) if each.organization == "Third"]
        await add_calendar(session, name)

    work(database, taking("samhsa", first), taking("samhsa", second), book_at_third, taking("samhsa", second))
    undone = work(database, undo_last)
    left = {each.organization: each for each in work(database, programs)}
    assert (undone["removed"], undone["taken_off_the_list"], undone["restored"]) == (1, 1, 1)
    assert set(left) == {"Bend Center", "Third"}
    assert left["Bend Center"].city == "Minneapolis"
    assert not left["Third"].active  # a calendar hangs on it
    work(database, undo_last)
    assert {each.organization for each in work(database, programs)} == {"Third"}
    with pytest.raises(NotFound):
        work(database, undo_last)


def test_findtreatment_names_the_same_facility_as_the_directory(database: Database, tmp_path: Path) -> None:
    row = dict(zip(COLUMNS, GOOD, strict=True)) | {
        "latitude": "-93.2683",
        "longitude": "44.9835",
        "type_facility": "MH",
        "services": [
            {"f1": "Facility Type", "f2": "FT", "f3": "Community mental health center"},
            {"f1": "Payment", "f2": "PAY", "f3": "Medicaid; Private health insurance"},
            {"f1": "Ancillary", "f2": "AS", "f3": "Case management service; Supported housing"},
            {"f1": "Other Languages", "f2": "OL", "f3": "Hmong"},
        ],
    }
    page = {"page": 1, "totalPages": 1, "recordCount": 3, "rows": [row, row | {"name1": "B", "services": None}, "junk"]}
    (tmp_path / "page.json").write_text(json.dumps(page))
    report = work(database, taking("samhsa", sheet(tmp_path / "a.xlsx", GOOD)),
                  taking("findtreatment", str(tmp_path / "page.json")))  # fmt: skip
    assert (report.read, report.updated, report.added, report.refused) == (3, 1, 1, 1)
    found = {each.organization: each for each in work(database, programs)}["Bend Center"]
    assert (found.kind, found.payers, found.place_from) == ("cmhc", ["medicaid", "private"], "mended")
    assert (found.languages, found.services) == (["en", "hmn"], ["case_management", "supported_housing"])
    assert found.longitude == -93.2683


def test_a_va_place_from_either_source_is_one_program(database: Database, tmp_path: Path) -> None:
    vast = tmp_path / "vast.csv"
    vast.write_text(
        "StationNo,StationName,CITY,ST,ZIP,LAT,LON,STA_PHONE,S_ABBR,Mobile,POD,Monday,Sunday,Address1,ExtractDate\n"
        "675GA,Viera VA Clinic,Viera,FL,32940,28.25,-80.73,321-637-3788 x,HCC,0,A,730AM-430PM,-,2900 Way,5-20-2020\n"
        "1MV,Bus,Viera,FL,32940,28.25,-80.73,null,MVCTR,1,A,-,-,null,5-20-2020\n"
        "9X,Old,Viera,FL,32940,28.25,-80.73,null,VTCR,0,T,-,-,null,5-20-2020\n"
    )
    (tmp_path / "clinical-services.csv").write_text(
        "Sta6a,PrimaryStopCode,AvgWaitTimeNew\n675GA,502,12.5\n675GA,552,3\n675GA,203,9\n"
    )
    (tmp_path / "v1.json").write_text(json.dumps({"data": [{"id": "vha_675GA", "attributes": {
        "name": "Viera VA Clinic", "facilityType": "va_health_facility", "lat": 28.2552, "long": -80.739,
        "address": {"physical": {"zip": "32940-8007", "city": "Viera", "state": "FL", "address1": "2900 Veterans Way"}},
        "phone": {"main": "321-637-3788", "mentalHealthClinic": "321-637-3788"},
        "hours": {"monday": "24/7", "sunday": "Closed"}, "mobile": False, "operatingStatus": {"code": "CLOSED"},
        "services": {"health": [{"name": "Mental health", "serviceId": "mentalHealth"}], "lastUpdated": "2022-03-02"},
    }}]}))  # fmt: skip
    first = work(database, taking("va-vast", str(vast)))
    (found,) = work(database, programs)
    assert (first.read, first.added, first.refused) == (3, 1, 2)
    assert [each["reason"] for each in first.refusals] == [
        "a mobile site: it has no fixed place to go to",
        "the site is not active",
    ]
    assert (found.kind, found.veterans_only, found.wait_days) == ("va", True, 12.5)
    assert found.services == ["case_management", "intensive_case_management", "outpatient"]
    assert found.hours == {"mon": [["07:30", "16:30"]], "sun": []}
    second = work(database, taking("va-api", str(tmp_path / "v1.json")))
    (found,) = work(database, programs)
    assert (second.updated, second.added) == (1, 0)
    assert (found.source, found.active, found.hours["mon"]) == ("va-api", False, [["00:00", "24:00"]])


@pytest.mark.parametrize(
    ("kind", "name", "content", "why"),
    [
        ("samhsa", "a.xlsx", "not a spreadsheet", "is not an .xlsx"),
        ("va-vast", "vast.csv", "StationNo,Name\n1,2\n", "lacks the columns"),
        ("va-vast", "vast.csv", "\x00\xff", "lacks the columns|cannot be read"),
        ("findtreatment", "a.json", '{"rows": [{"name1": "A"}, {"na', "breaks at line 1"),
        ("findtreatment", "a.json", "{}", "holds no list"),
        ("va-api", "a.json", "<html>", "holds no list"),
        ("hsds", "a.json", "{", "not whole JSON"),
        ("hsds", "a.json", "[" * 100_000, "not whole JSON|breaks"),
        ("dbase", "a.dbf", "", "not a format"),
        ("samhsa", "", "", "is not an .xlsx"),
    ],
)
def test_a_broken_file_is_refused_whole_with_the_reason(
    database: Database, tmp_path: Path, kind: str, name: str, content: str, why: str
) -> None:
    if name:
        (tmp_path / name).write_text(content, encoding="latin-1")
    with pytest.raises(BadFile, match=why):
        work(database, taking(kind, str(tmp_path / name)))
    assert work(database, programs) == []


def test_a_file_that_is_not_there_is_said_so(database: Database) -> None:
    with pytest.raises(BadFile, match="there is no file"):
        work(database, taking("hsds", "/nowhere/at/all.json"))


def test_a_sheet_without_its_columns_is_refused_by_name(database: Database, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="lacks the columns zip, service_code_info"):
        work(database, taking("samhsa", sheet(tmp_path / "a.xlsx", columns=(*COLUMNS[:6], *COLUMNS[7:9]))))


HSDS_PLACED = {"addresses": [{"address_1": "1 Main", "city": "Minneapolis", "state_province": "MN",
                              "postal_code": "55401", "country": "US", "address_type": "physical"}]}  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["service_full.json", "service_at_location_full.json", "organization_full.json", "tabular.json", "csv"],
)
def test_the_standards_own_samples_are_read_and_their_junk_is_not_trusted(database: Database, path: str) -> None:
    report: Report = work(database, taking("hsds", str(public("hsds", "examples", path))))
    assert (report.read, report.refused) == (1, 1)
    assert "latitude 100, longitude 101 is not trusted" in report.refusals[0]["reason"]
    assert work(database, programs) == []


def test_the_standards_sample_with_a_true_address_becomes_a_program(database: Database, tmp_path: Path) -> None:
    sample = json.loads(public("hsds", "examples", "service_full.json").read_text())
    sample["service_at_locations"][0]["location"] |= HSDS_PLACED
    (tmp_path / "a.json").write_text(json.dumps(sample))
    report = work(database, taking("hsds", str(tmp_path / "a.json")))
    (found,) = work(database, programs)
    assert report.added == 1
    assert (found.organization, found.name) == ("Example Organization Inc.", "Community Counselling")
    assert (found.age_min, found.age_max, found.place_from, found.phone) == (12, None, "zip", None)
    assert found.hours == {"thu": [["10:00", "18:00"]], "fri": [["10:00", "18:00"]]}
    assert {"coordinates not trusted (latitude 100, longitude 101); placed at its ZIP",
            "phone left out: not a US number"} <= {each["note"] for each in report.notes}  # fmt: skip


def test_the_whole_national_directory_imports_and_a_second_time_changes_nothing(database: Database) -> None:
    path = str(public("samhsa", "National_Directory_MH_Facilities_2022.xlsx"))
    first, second = work(database, taking("samhsa", path)), work(database, taking("samhsa", path))
    assert (first.read, first.added, first.refused) == (9037, 9032, 5)
    assert all("the same program as row" in each["reason"] for each in first.refusals)
    assert (second.added, second.updated, second.unchanged) == (0, 0, 9032)


def test_the_va_s_own_files_import(database: Database) -> None:
    vast = work(database, taking("va-vast", str(public("va", "vast.csv"))))
    assert vast.read == 1695
    assert vast.refused == 142
    assert adding_up(vast)
    assert work(database, taking("va-vast", str(public("va", "vast.csv")))).unchanged == vast.added
    for name in ("v1-all.json", "v1-search-state.json", "v1-search-zip.json", "v0-search-state-geojson.json"):
        report = work(database, taking("va-api", str(public("va", name))))
        assert adding_up(report)
        assert report.refused == 0

"""What directories write in many ways comes out in one; what cannot be read is left out, never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from casework.directory.importing import tidy
from casework.directory.importing.places import where
from casework.directory.importing.records import Refused


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("800-951-4357", ("+18009514357", None)),
        ("(612) 555-0101", ("+16125550101", None)),
        ("207-623-5792 x", ("+12076235792", None)),
        ("207-623-8411 x5688", ("+12076238411", "5688")),
        ("800-273-TALK", ("+18002738255", None)),
        ('"+44 1234 234567"', (None, None)),
        ("555-1234", (None, None)),
        ("null", (None, None)),
        (None, (None, None)),
        ("call us", (None, None)),
    ],
)
def test_phones_are_e164_with_their_extension(given: Any, kept: tuple[str | None, str | None]) -> None:
    assert tidy.phone(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("55401", "55401"),
        (2210, "02210"),
        (2210.0, "02210"),
        ("601", "00601"),
        ("02210-2303", "02210"),
        ("022102303", "02210"),
        ("22102303", "02210"),
        ("ABC 1234", None),
        ("", None),
        ("12", None),
    ],
)
def test_zips_get_their_lost_zeros_back(given: Any, kept: str | None) -> None:
    assert tidy.zip5(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("800AM-430PM", [["08:00", "16:30"]]),
        ("8:30AM-7:00PM", [["08:30", "19:00"]]),
        ("1130AM-1200AM", [["11:30", "24:00"]]),
        ("24/7", [["00:00", "24:00"]]),
    ],
)
def test_hours_are_read_as_the_va_writes_them(given: str, kept: list[list[str]]) -> None:
    assert tidy.hours({"Monday": given, "sunday": "Closed", "Saturday": "-"}) == (
        {"mon": kept, "sat": [], "sun": []},
        [],
    )


@pytest.mark.parametrize("given", ["AM-PM", "by appointment", "1300AM-200PM", "500PM-800AM"])
def test_hours_that_cannot_be_read_are_not_known_rather_than_closed(given: str) -> None:
    assert tidy.hours({"monday": given, "tuesday": "800AM-430PM"}) == ({"tue": [["08:00", "16:30"]]}, ["mon"])


def test_a_place_keeps_its_own_coordinates_and_takes_its_zips_time_zone() -> None:
    # The VA says New York for Pensacola; clocks there show Chicago's time.
    place = where("32507-1000", "Pensacola", "FL", 30.4004, -87.2929)
    assert (place.place_from, place.zone, place.zip) == ("source", "America/Chicago", "32507")


@pytest.mark.parametrize(
    ("latitude", "longitude", "note"),
    [
        (-93.2683, 44.9835, "swapped"),
        ("44.9835", "93.2683", "lost its minus"),
        (93.2683, 44.9835, "swapped, and a lost minus"),
    ],
)
def test_coordinates_that_were_swapped_or_lost_their_minus_are_mended(latitude: Any, longitude: Any, note: str) -> None:
    place = where("55401", "Minneapolis", "MN", latitude, longitude)
    assert (place.latitude, place.longitude) == (44.9835, -93.2683)
    assert place.place_from == "mended"
    assert note in place.notes[0]


@pytest.mark.parametrize(("latitude", "longitude"), [(100, 101), (44.9835, -83.0), ("x", "y"), (90, 200)])
def test_coordinates_far_from_their_zip_are_not_trusted_and_it_is_said(latitude: Any, longitude: Any) -> None:
    place = where("55401", "Minneapolis", "MN", latitude, longitude)
    assert place.place_from == "zip"
    assert (place.latitude, place.longitude) == (44.9835, -93.2683)
    assert "not trusted" in place.notes[0]


def test_without_coordinates_the_zip_says_where() -> None:
    for latitude, longitude in (("null", ""), (None, None), (float("nan"), 1.0), (0, 0)):
        place = where(55401, None, "Minnesota", latitude, longitude)
        assert (place.place_from, place.city, place.state, place.notes) == ("zip", "Minneapolis", "MN", ())


@pytest.mark.parametrize(
    ("zip_code", "state", "why"),
    [
        ("ABC 1234", "MyState", "'ABC 1234' is not a ZIP"),
        ("00000", "MN", "there is no ZIP 00000"),
        (None, "MN", "there is no ZIP"),
        ("09012", "AE", "military"),
        ("55401", "AL", "lies in MN"),
        ("55401", "Nowhere", "not one of the United States"),
    ],
)
def test_a_row_that_lies_nowhere_is_refused_with_the_reason(zip_code: Any, state: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        where(zip_code, "Somewhere", state, None, None)


def test_a_place_known_by_its_coordinates_alone_gets_the_zip_around_it() -> None:
    place = where(None, None, None, 44.9835, -93.2683)
    assert (place.zip, place.state, place.place_from) == ("55401", "MN", "source")


def test_a_link_gets_its_scheme_and_nonsense_is_left_out() -> None:
    assert tidy.link("www.example.org") == "https://www.example.org"
    assert tidy.link("http://example.org/a") == "http://example.org/a"
    assert tidy.link("javascript:alert(1).x") is None
    assert tidy.link("see our page") is None
    assert tidy.email("a@b.org") == "a@b.org"
    assert tidy.email("ask the front desk") is None

"""The picture of where programs lie, and the table that says the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from directory_helpers import program

from casework import geography
from casework.directory import Found, where_it_lies
from casework.directory.picture import bearing, compass

HERE = geography.find("55401")


def found(*places: tuple[str, float, float]) -> list[Found]:
    made = [program(name, north, east) for name, north, east in places]
    centre = (HERE.latitude, HERE.longitude)
    return [Found(each, geography.miles(centre, (each.latitude, each.longitude))) for each in made]


def test_the_table_says_how_far_and_in_which_direction() -> None:
    picture = where_it_lies(HERE, found(("north", 0.2, 0.0), ("east", 0.0, 0.2), ("here", 0.0, 0.0)))
    assert [(row["name"], row["direction"]) for row in picture.rows] == [
        ("North", "n"),
        ("East", "e"),
        ("Here", "here"),
    ]
    assert picture.rows[0]["miles"] == pytest.approx(13.8, abs=0.1)
    assert "<caption>Where the programs lie from Minneapolis, MN 55401</caption>" in picture.table
    assert "right here" in picture.table


def test_the_picture_is_whole_xml_and_fetches_nothing() -> None:
    picture = where_it_lies(HERE, found(("<b>&", 0.2, 0.1)))
    root = ET.fromstring(picture.svg)
    assert root.tag.endswith("svg")
    assert "href" not in picture.svg
    assert "<b>" not in picture.table.replace("<tbody>", "")
    assert picture.svg.count("http") == 1  # its own namespace


def test_programs_at_one_place_are_drawn_beside_one_another() -> None:
    picture = where_it_lies(HERE, found(("a", 0.1, 0.1), ("b", 0.1, 0.1), ("c", 0.1, 0.1)))
    spots = {(each.get("cx"), each.get("cy")) for each in ET.fromstring(picture.svg) if each.get("fill") == "#0b5394"}
    assert len(spots) == 3


def test_it_speaks_spanish() -> None:
    assert "norte" in where_it_lies(HERE, found(("north", 0.2, 0.0)), "es").table


def test_without_programs_there_is_still_a_picture() -> None:
    assert where_it_lies(HERE, []).rows == []


def test_bearings_follow_the_shortest_way() -> None:
    assert compass(bearing((52.0, 179.0), (52.0, -179.0))) == "e"
    assert compass(bearing((45.0, -93.0), (44.0, -94.0))) == "sw"
    assert compass(bearing((45.0, -93.0), (46.0, -93.001))) == "n"

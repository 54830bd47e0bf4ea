"""What clients say about when they can come, in both languages, and which openings that lets through."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.scheduling.wish_reader import read
from casework.scheduling.wishes import Wishes

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # Monday, 10:00 in Chicago


def said(text: str) -> Wishes | None:
    return read(text, at=NOW, zone="America/Chicago")


def on(*days: int, **more) -> Wishes:
    return Wishes(weekdays=frozenset(days), **more)


def day(month: int, number: int, year: int = 2026, **more) -> Wishes:
    return Wishes(not_before=date(year, month, number), not_after=date(year, month, number), **more)


MORNING = {"latest": time(12)}
AFTERNOON = {"earliest": time(12), "latest": time(17)}
TUESDAY, WEDNESDAY, FRIDAY = 1, 2, 4

READINGS = [
    ("mornings", Wishes(**MORNING)),
    ("mornings are best", Wishes(**MORNING)),
    ("mornigns pls", Wishes(**MORNING)),
    ("por la mañana", Wishes(**MORNING)),
    ("en las mañanas", Wishes(**MORNING)),
    ("en la tarde", Wishes(**AFTERNOON)),
    ("por la noche", Wishes(earliest=time(17))),
    ("after work", Wishes(earliest=time(17))),
    ("after 3", Wishes(earliest=time(15))),
    ("aftr 3", Wishes(earliest=time(15))),
    ("after 4 pm", Wishes(earliest=time(16))),
    ("despues de las 3", Wishes(earliest=time(15))),
    ("after 9", Wishes(earliest=time(9))),
    ("i work until 3", Wishes(earliest=time(15))),
    ("before noon", Wishes(**MORNING)),
    ("antes del mediodía", Wishes(**MORNING)),
    ("not before 10", Wishes(earliest=time(10))),
    ("2-4pm", Wishes(earliest=time(14), latest=time(16))),
    ("between 10 and noon", Wishes(earliest=time(10), latest=time(12))),
    ("entre las 2 y las 4", Wishes(earliest=time(14), latest=time(16))),
    ("3:30 p.m.", Wishes(earliest=time(15, 30), latest=time(16, 30))),
    ("a las 3 y media", Wishes(earliest=time(15, 30), latest=time(16, 30))),
    ("8 in the evening", Wishes(earliest=time(20), latest=time(21))),
    ("10 de la mañana", Wishes(earliest=time(10), latest=time(11))),
    ("not fridays", Wishes(not_weekdays=frozenset({FRIDAY}))),
    ("fridays dont work for me", Wishes(not_weekdays=frozenset({FRIDAY}))),
    ("los viernes no puedo", Wishes(not_weekdays=frozenset({FRIDAY}))),
    ("cualquier dia menos viernes", Wishes(not_weekdays=frozenset({FRIDAY}))),
    ("not mondays, tuesdays or fridays", Wishes(not_weekdays=frozenset({0, 1, 4}))),
    ("mornings but not fridays", Wishes(not_weekdays=frozenset({FRIDAY}), **MORNING)),
    ("no, mornings", Wishes(**MORNING)),
    ("the soonest", Wishes(soonest=True)),
    ("asap", Wishes(soonest=True)),
    ("lo mas pronto posible", Wishes(soonest=True)),
    ("anytime", Wishes()),
    ("a cualquier hora", Wishes()),
    ("tuesday", on(TUESDAY)),
    ("wensday aftrenoon", on(WEDNESDAY, **AFTERNOON)),
    ("either one wed or thurs afternoon", on(2, 3, **AFTERNOON)),
    ("next tues after 3", on(TUESDAY, not_before=date(2026, 11, 24), earliest=time(15))),
    ("el martes en la tarde", on(TUESDAY, **AFTERNOON)),
    ("el miercoles por la mañana", on(WEDNESDAY, **MORNING)),
    ("juebes a las 2", on(3, earliest=time(14), latest=time(15))),
    ("entre semana", on(0, 1, 2, 3, 4)),
    ("weekends", on(5, 6)),
    ("mon-fri mornings", on(0, 1, 2, 3, 4, **MORNING)),
    ("lunes a viernes de 9 a 5", on(0, 1, 2, 3, 4, earliest=time(9), latest=time(17))),
    ("tomorrow", day(11, 24)),
    ("tommorow mornin", day(11, 24, **MORNING)),
    ("mañana", day(11, 24)),
    ("mañana por la mañana", day(11, 24, **MORNING)),
    ("pasado mañana", day(11, 25)),
    ("day after tomorrow", day(11, 25)),
    ("dec 3", day(12, 3)),
    ("December 3rd at 10", day(12, 3, earliest=time(10), latest=time(11))),
    ("3 de diciembre", day(12, 3)),
    ("12/3", day(12, 3)),
    ("the 3rd", day(12, 3)),
    ("jan 5", day(1, 5, 2027)),
    ("after dec 10", Wishes(not_before=date(2026, 12, 11))),
    ("antes del viernes", Wishes(not_after=date(2026, 11, 26))),
    ("next week", Wishes(not_before=date(2026, 11, 30), not_after=date(2026, 12, 6))),
    ("la semana que viene", Wishes(not_before=date(2026, 11, 30), not_after=date(2026, 12, 6))),
    ("en dos semanas", Wishes(not_before=date(2026, 12, 7))),
    ("by phone", Wishes(kinds=frozenset({"phone"}))),
    ("en persona por la mañana", Wishes(kinds=frozenset({"in_person"}), **MORNING)),
    ("no video", Wishes(not_kinds=frozenset({"video"}))),
    ("3", Wishes(earliest=time(15), latest=time(16))),
    ("10", Wishes(earliest=time(10), latest=time(11))),
]


@pytest.mark.parametrize(("text", "wishes"), READINGS, ids=[text for text, _ in READINGS])
def test_what_a_client_says_is_understood(text, wishes):
    assert said(text) == wishes


@pytest.mark.parametrize(
    "text", ["yesterday", "ayer", "nov 3", "el martes pasado", "last week", "11/1/2026", "hace 2 semanas"]
)
def test_a_day_that_is_over_is_known_as_such(text):
    assert said(text).past


def test_this_morning_is_over_by_the_afternoon():
    assert read("this morning", at=datetime(2026, 11, 23, 20, 0, tzinfo=UTC), zone="America/Chicago").past


@pytest.mark.parametrize(
    "text",
    ["", "idk", "i need help with housing", "feb 30", "i have 2 kids", "55401", "no", "99/99", "si", "que es eso"],
)
def test_what_says_nothing_about_time_is_not_guessed_at(text):
    assert said(text) is None


@given(st.text(max_size=80))
def test_no_text_breaks_it(text):
    said(text)


_SAYINGS = [
    *("not", "next", "after", "3", "15", "dec", "friday", "no", "las", "a", "de"),
    *("mañana", "semana", "2", "pm", "-", ",", "last", "week", "in", "until", "tarde"),
    *("12/31", "31", "feb", "y media", "anytime", "or later", "this", "between", "and"),
]


@given(st.lists(st.sampled_from(_SAYINGS), max_size=9))
def test_no_jumble_of_time_words_breaks_it_and_all_wishes_survive_storage(words):
    wishes = said(" ".join(words))
    assert wishes is None or Wishes.from_json(wishes.to_json()) == wishes
    if wishes is not None and wishes.earliest and wishes.latest:
        assert wishes.earliest < wishes.latest


def test_an_opening_is_let_through_or_not():
    wishes = said("tues or thurs after 3, not by phone")
    tuesday = datetime(2026, 11, 24, 15, 0)  # noqa: DTZ001
    assert wishes.accept(tuesday, "video")
    assert not wishes.accept(tuesday, "phone")
    assert not wishes.accept(tuesday.replace(hour=14), "video")
    assert not wishes.accept(tuesday.replace(day=25), "video")


def test_what_is_said_later_adds_to_what_was_said_before():
    assert said("mornings").then(said("not fridays")) == said("mornings but not fridays")
    assert said("tuesday mornings").then(said("after 3")) == said("tuesday after 3")
    assert said("tuesday mornings").then(said("thursday")) == said("thursday mornings")
    assert said("tuesday mornings").then(said("anytime")) == Wishes()

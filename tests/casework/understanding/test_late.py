"""Running late, as people text it, and what only looks like it."""

from __future__ import annotations

import pytest

from casework.understanding.late import Late, read_how_late, read_late


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("running late", None),
        ("im running late sorry!!", None),
        ("gonna be like 20 min late", 20),
        ("running 10-15 mins late", 15),
        ("stuck in traffic, be there in half an hour", 30),
        ("running an hour and a half late", 90),
        ("I'll be 1 hr 15 min late", 75),
        ("running late like 20", 20),
        ("running late, be there at 3", None),
        ("missed my bus :(", None),
        ("voy tarde", None),
        ("Voy tarde, 15 minutos", 15),
        ("se me hizo tarde, llego en media hora", 30),
        ("perdí el camión", None),
    ],
)
def test_who_says_that_they_are_late_is_understood(text: str, minutes: int | None) -> None:
    assert read_late(text) == Late(minutes)


@pytest.mark.parametrize(
    "text",
    [
        "is it too late to apply",
        "it's too late for me",
        "im late on rent",
        "later",
        "i'm not late am i",
        "mas tarde por favor",
        "when is my appointment",
        "cuando es mi cita",
        "30",
        "my late husband had the va",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert read_late(text) is None


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("20", Late(20)),
        ("about 15 minutes", Late(15)),
        ("like half an hour", Late(30)),
        ("idk", Late()),
        ("no sé", Late()),
        ("running late", Late()),
        ("what is case management", None),
        ("yes", None),
        ("900", None),
    ],
)
def test_the_answer_to_how_late(text: str, late: Late | None) -> None:
    assert read_how_late(text) == late

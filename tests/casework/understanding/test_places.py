"""Where people live or stay, as they text it."""

from __future__ import annotations

import pytest

from casework.geography import UnknownPlace
from casework.understanding.places import read_place, read_place_within, read_state, read_zip


@pytest.mark.parametrize(
    ("text", "code"),
    [("5540l", "55401"), ("554O1", "55401"), ("zip 5540I ok", "55401"), ("l0ol0", None), ("cool", None),
     ("55401", "55401"), ("$55401", None), ("55401l", "55401"), ("no its not 55401 its 55408", "55408"),
     ("i said 55401 but its 55408", "55408"), ("my zip changed from 55401 to 55408", "55408"),
     ("im from 55401", "55401"),
     ("i used to live in 60614 now 55401", "55401"), ("antes 77002 ahora 77004", "77004"), ("not 55401", None),
     ("55401 was my old zip, 55408 now", "55408"),
     ("55401 or 55408", "55401")],
)  # fmt: skip
def test_a_zip(text: str, code: str | None) -> None:
    assert read_zip(text) == code


@pytest.mark.parametrize(
    ("text", "zip_start"),
    [("55401", "55401"), ("zip is 55401-1234", "55401"), ("i stay in duluth mn", "558"), ("vivo en atlanta", "303"),
     ("im in minneapolis", "554"), ("st paul", "551"), ("brooklyn", "112"), ("philadelphia pa", "191"),
     ("my car", None), ("ok", None), ("springfield", None)],
)  # fmt: skip
def test_a_place(text: str, zip_start: str | None) -> None:
    place = read_place(text)
    assert (place is None) if zip_start is None else (place is not None and place.zip.startswith(zip_start))


@pytest.mark.parametrize("text", ["00000", "09012"])
def test_a_zip_that_is_nowhere_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(UnknownPlace):
        read_place(text)


@pytest.mark.parametrize(
    ("text", "state"),
    [("minnesota", "MN"), ("MN", "MN"), ("i live in georgia", "GA"), ("nueva york", "NY"), ("ok", None), ("hi", None),
     ("me", None), ("no", None)],
)  # fmt: skip
def test_a_state(text: str, state: str | None) -> None:
    assert read_state(text) == state


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("vivo en st paul no me se el zip", "Saint Paul"),
        ("i live in duluth mn but i dont know the zip", "Duluth"),
        ("downtown minneapolis by the library", "Minneapolis"),
    ],
)
def test_a_place_is_found_in_a_longer_answer(text: str, city: str) -> None:
    place = read_place_within(text)
    assert place is not None
    assert place.city == city


@pytest.mark.parametrize("text", ["no", "idk", "my phone is dying", "i dont have a zip im homeless"])
def test_no_place_is_made_up(text: str) -> None:
    assert read_place_within(text) is None

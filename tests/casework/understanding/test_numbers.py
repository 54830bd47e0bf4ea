"""Numbers, ages and lengths of time as people text them."""

from __future__ import annotations

import pytest

from casework.understanding.ages import read_age
from casework.understanding.lengths import read_length
from casework.understanding.numbers import read_count, read_numbers


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2", 2), ("twice", 2), ("a couple", 2), ("a couple times", 2), ("dos veces", 2), ("un par de veces", 2),
        ("once", 1), ("just once", 1), ("una vez", 1), ("none", 0), ("never", 0), ("ninguna", 0), ("nunca", 0),
        ("like 3 or 4", 3), ("2 times in 2 years", 2), ("3 since 2024", 3), ("a few", 3), ("cinco", 5), ("a dozen", 12),
        ("i dont remember", None), ("purple", None), ("99999", None),
        ("eleven", 11), ("fifteen times", 15), ("twenty two times", 22), ("treinta y dos veces", 32),
        ("once veces", 11),
        ("fifty five", 55), ("un chingo", 10), ("two or three", 2), ("no one came", None), ("i have no food", None),
        ("no hospital stays", 0), ("hospital no", 0), ("one in march and one in june", 2),
        ("2 last year and 1 this year", 3), ("una en marzo y otra en junio", 2), ("on 3/12 and 5/20", 2),
        ("twice, since 3/12", 2), ("3 times between 2023 and 2024", 3),
    ],
)  # fmt: skip
def test_how_often(text: str, count: int | None) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1", [1]), ("1 4", [1, 4]), ("1,3", [1, 3]), ("1 and 3", [1, 3]), ("2 y 5", [2, 5]), ("135", [1, 3, 5]),
     ("one and three", [1, 3]), ("uno y tres", [1, 3]), ("just 1", [1]), ("only 2", [2]), ("solo 2", [2]),
     ("the first and third", [1, 3]), ("the first one", [1]), ("el 1 y el 3", [1, 3]), ("no 3", None), ("me 2", None),
     ("4 4", [4]), ("9", None), ("0", None), ("1 housing", None), ("", None)],
)  # fmt: skip
def test_numbers_of_a_list(text: str, numbers: list[int] | None) -> None:
    assert read_numbers(text, 7) == numbers


@pytest.mark.parametrize(
    ("text", "age"),
    [("34", 34), ("im 34", 34), ("34 yrs old", 34), ("tengo 41 años", 41), ("born in 1984", None), ("30 or 40", None),
     ("old", None), ("0", 0), ("thirty 4", 34), ("treinta y 4", 34),
     ("thirty for", 34), ("im thirty too", 32), ("thirty for years", 30),
     ("im 34 and have 2 kids", 34), ("tengo 45 anos y 3 hijos", 45), ("i told you once already", None),
     ("tengo 1 hijo", None), ("tengo 3 ingresos", None), ("im 8 years old", 8), ("my son is 8 years old", None)],
)  # fmt: skip
def test_an_age(text: str, age: int | None) -> None:
    assert read_age(text) == age


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("9", 9), ("9 days", 9), ("like 2 weeks", 14), ("2wks", 14), ("3 or 4 weeks", 21), ("3-4 weeks", 21),
        ("two weeks and a day", 15), ("2 weeks in march and 9 days in june", 23), ("10 days to 2 weeks", 10),
        ("a couple of weeks", 14), ("a month", 30), ("half a year", 182), ("thirty days", 30), ("two nights", 2),
        ("9 days in the last 12 months", 9), ("5 days two years ago", 5), ("the whole year", 365), ("2 years", 366),
        ("9 dias", 9), ("dos semanas", 14), ("un mes", 30), ("mes y medio", 45), ("una semana y media", 10),
        ("quince dias", 15), ("en los ultimos 12 meses 20 dias", 20), ("hace un año, 10 dias", 10),
        ("thirty five days", 35), ("treinta y cinco dias", 35), ("twenty one days", 21), ("one hundred days", 100),
        ("two hundred days", 200), ("ciento veinte dias", 120), ("once dias", 11), ("6 mths", 180),
        ("none", 0), ("0 days", 0), ("ninguna", 0), ("i dont know", None), ("overnight", None), ("and", None),
    ],
)  # fmt: skip
def test_how_long_a_stay_was_is_read_in_days_whatever_the_unit(text: str, days: int | None) -> None:
    assert read_length(text, "day", 366) == days


@pytest.mark.parametrize(
    ("text", "unit", "told"),
    [("6 months", "month", 6), ("un año y medio", "month", 18), ("6 weeks", "month", 1), ("3 yrs", "year", 3),
     ("18 months", "year", 1), ("8", "month", 8)],
)  # fmt: skip
def test_a_length_is_told_in_whole_units_of_the_question(text: str, unit: str, told: int) -> None:
    assert read_length(text, unit, 1000) == told

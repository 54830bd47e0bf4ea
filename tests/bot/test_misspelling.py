"""Misspelt copies of the training examples: the same every time, like what people text, and short words left alone."""

from __future__ import annotations

import pytest

from bot.misspelling import SHORTEST, misspelt

TEXTS = [
    "i need a case manager",
    "necesito un administrador de casos",
    "can i reschedule my appointment",
    "si",
    "no",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_text_gets_the_same_slips(text: str) -> None:
    assert misspelt(text) == misspelt(text)


@pytest.mark.parametrize("text", TEXTS[:3])
def test_a_text_of_long_words_is_changed_and_keeps_its_number_of_words(text: str) -> None:
    copies = {misspelt(text, copy) for copy in range(5)}
    assert text not in copies
    assert len(copies) > 1
    assert {len(copy.split(" ")) for copy in copies} == {len(text.split(" "))}


def test_short_words_and_numbers_stay_what_they_are() -> None:
    text = "no si 55401 yes 34 va me"
    assert all(len(word) < SHORTEST or word.isdigit() for word in text.split())
    assert misspelt(text) == text

"""What the detector learns from: enough of it, no copies, and nothing of what it is measured on."""

from __future__ import annotations

from collections import Counter

from casework.safety.levels import CONCERN, CRISIS, NONE
from casework.safety.text import fold
from casework.safety.train import Example, read
from tests.bench.safety import FRESH, SPLIT


def bag(example: Example) -> str:
    """The words of a text in one order for all: two texts of the same words are copies of each other."""
    return " ".join(sorted(fold(example.text).split()))


def test_there_is_enough_to_learn_from_in_both_languages() -> None:
    examples = read()
    levels = Counter(example.level for example in examples)
    assert levels[CRISIS] >= 3_000
    assert levels[CONCERN] >= 1_500
    assert levels[NONE] >= 3_500
    assert sum(example.language != "en" for example in examples) >= 0.35 * len(examples)
    assert all(example.kinds for example in examples if example.level == CRISIS)


def test_no_text_stands_twice_and_none_of_the_split_is_learnt() -> None:
    bags = Counter(bag(example) for example in read())
    twice = [words for words, count in bags.items() if count > 1]
    assert twice == []
    measured = {bag(example) for folder in (SPLIT, FRESH) for example in read(folder)}
    assert len(measured & set(bags)) == 0, "texts of the splits stand in the training data"

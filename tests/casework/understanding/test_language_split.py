"""How often the language of a text is known, on texts that its evidence was not counted from."""

from __future__ import annotations

from collections import Counter

import pytest
from ruamel.yaml import YAML

from casework.paths import ROOT
from casework.understanding.language import guess

SPLIT = ROOT / "tests" / "splits" / "nlu"


@pytest.mark.parametrize(("language", "known", "mistaken"), [("en", 0.90, 0.01), ("es", 0.95, 0.0)])
def test_the_language_of_most_texts_is_known_and_hardly_one_is_taken_for_the_other(
    language: str, known: float, mistaken: float
) -> None:
    said: Counter[str | None] = Counter()
    for intent in YAML(typ="safe").load((SPLIT / f"{language}.yml").read_text(encoding="utf-8"))["nlu"]:
        said.update(guess(line.removeprefix("- ")) for line in intent["examples"].splitlines())
    other = "es" if language == "en" else "en"
    assert said[language] >= known * said.total(), said
    assert said[other] <= mistaken * said.total(), said

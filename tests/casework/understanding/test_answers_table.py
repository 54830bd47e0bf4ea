"""docs/answers.md says which forms of answer each question takes: it names every question, and each example is read."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest
from ruamel.yaml import YAML

from casework.intake import walk
from casework.paths import DATA, DOMAIN, ROOT
from casework.understanding.answers import read
from casework.understanding.choices import fold
from casework.understanding.heard import Heard

BY_THE_LINE = {walk.PROGRAM, walk.OPENING, walk.COUNTY}  # read against what was offered; tests/conversations has them


@lru_cache
def rows() -> dict[str, list[str]]:
    """question -> its examples."""
    table = {}
    for row in (ROOT / "docs" / "answers.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`"):
            table[cells[0].strip("`")] = re.findall(r"`([^`]+)`", cells[3])
    return table


@lru_cache
def aliases() -> list[tuple[str, str, str]]:
    """(entity, value, words), the longest first, as the model's extractor has them."""
    lookups = YAML(typ="safe").load((DATA / "nlu" / "lookups.yml").read_text(encoding="utf-8"))["nlu"]
    found = []
    for table in lookups:
        entity, _, value = str(table.get("lookup", "")).partition("/")
        if value:
            words = [line.removeprefix("- ") for line in table["examples"].splitlines()]
            found += [(entity, value, fold(alias)) for alias in words if fold(alias)]
    return sorted(found, key=lambda each: -len(each[2]))


def heard(text: str) -> Heard:
    """The text with what the lists find in it; the label is the least telling one."""
    said, entities = f" {fold(text)} ", {}  # type: ignore[var-annotated]
    for entity, value, words in aliases():
        if f" {words} " in said:
            entities.setdefault(entity, []).append(value)
            said = said.replace(f" {words} ", " ")
    return Heard(text, "inform", entities=entities)


def test_the_table_has_every_question_that_can_be_asked() -> None:
    responses = YAML(typ="safe").load(DOMAIN.read_text(encoding="utf-8"))["responses"]
    asked = {name.removeprefix("utter_again_") for name in responses if name.startswith("utter_again_")}
    assert set(rows()) == asked
    assert all(rows().values())


@pytest.mark.parametrize(
    ("step", "example"), [(step, each) for step, found in rows().items() if step not in BY_THE_LINE for each in found]
)
def test_every_example_is_read(step: str, example: str) -> None:
    assert read(step, heard(example)) is not None

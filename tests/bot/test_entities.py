"""What the lists of data/nlu/lookups.yml find in a text."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.entity_finder import EntityFinder
from casework.screening.facts import DIAGNOSES, PAYERS, STATES

yaml = pytest.importorskip("yaml")
LOOKUPS = Path(__file__).resolve().parent.parent.parent / "data" / "nlu" / "lookups.yml"


def _tables(kind: str) -> list[tuple[str, str]]:
    blocks = yaml.safe_load(LOOKUPS.read_text())["nlu"]
    return [(b[kind], line[2:]) for b in blocks if kind in b for line in b["examples"].splitlines()]


@pytest.fixture(scope="module")
def finder() -> EntityFinder:
    return EntityFinder(_tables("lookup"), _tables("regex"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("i got Medi-Cal and live in 94110", {"payer": "medicaid", "zip": "94110"}),
        ("no tengo aseguranza", {"payer": "uninsured"}),
        ("lost my medicaid", {"payer": "uninsured"}),
        ("tricare thru my husband", {"payer": "va"}),
        ("blue cross thru work", {"payer": "private"}),
        ("Portland, OR 97201", {"state": "OR", "zip": "97201"}),
        ("Richmond, VA", {"state": "VA"}),
        ("the VA hospital", {"payer": "va"}),
        ("tell me or not, hi ok", {}),
        ("I HAVE SSI, OR MEDICAID", {"payer": "medicaid"}),
        ("duluth mn", {"state": "MN"}),
        ("vivo en nuevo méxico", {"state": "NM"}),
        ("skitzofrenic", {"diagnosis": "schizophrenia"}),
        ("esquizofrénico paranoide", {"diagnosis": "schizophrenia"}),
        ("estres postraumatico", {"diagnosis": "ptsd"}),
        ("bipolar disorder type 2", {"diagnosis": "bipolar"}),
        ("im 34", {"age": "34"}),
        ("my name is Virginia Carter", {"name": "Virginia Carter"}),
        ("march 3rd", {"date": "march 3rd"}),
        ("mañana por la mañana", {"date": "tomorrow", "time_of_day": "morning"}),
        ("15213-2207", {"zip": "15213"}),
        ("twice", {"number": "2"}),
        ("the second one", {"program_choice": "2"}),
        ("", {}),
    ],
)
def test_what_a_text_names_is_found(finder: EntityFinder, text: str, found: dict[str, str]) -> None:
    assert {f.entity: f.value for f in finder.find(text)} == found


def test_several_values_are_all_found_at_their_places(finder: EntityFinder) -> None:
    text = "ptsd, Esquizofrenía y depresion"
    assert [(f.value, text[f.start : f.end]) for f in finder.find(text)] == [
        ("ptsd", "ptsd"),
        ("schizophrenia", "Esquizofrenía"),
        ("major_depression", "depresion"),
    ]


def test_every_value_is_one_the_screening_knows() -> None:
    known = {"payer": set(PAYERS), "diagnosis": set(DIAGNOSES), "state": set(STATES)}
    for kind in ("lookup", "regex"):
        for name, _ in _tables(kind):
            entity, _, value = name.partition("/")
            if entity in known:
                assert value in known[entity], name


def test_no_alias_stands_for_two_values_of_one_entity() -> None:
    seen: dict[tuple[str, str], str] = {}
    for name, alias in _tables("lookup"):
        key = (name.partition("/")[0], alias.casefold())
        assert seen.setdefault(key, name) == name, (alias, seen[key], name)


@pytest.mark.parametrize("text", ["a b 1 " * 400, "1" * 2000, "my name is " * 180, "years old " * 200, "-" * 2000])
def test_a_long_text_is_read_in_time(finder: EntityFinder, text: str) -> None:
    begun = time.process_time()
    finder.find(text)
    assert time.process_time() - begun < 1

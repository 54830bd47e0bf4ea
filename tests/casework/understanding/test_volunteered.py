"""What is told unasked, and what is said not to be so or not of the client."""

from __future__ import annotations

from typing import Any

import pytest

from casework.understanding.answers import read
from casework.understanding.heard import Heard, denied, heard_from, of_choice
from casework.understanding.volunteered import volunteered


@pytest.mark.parametrize(
    ("heard", "besides", "told"),
    [
        (Heard("im 34 live in 55401 and have medicaid", entities={"payer": ["medicaid"]}), None,
         {"age": 34, "zip": "55401", "payer": "medicaid"}),
        (Heard("tengo 41 años y vivo en 30303"), None, {"age": 41, "zip": "30303"}),
        (Heard("tengo 2 hijos"), None, {}), (Heard("im 2 months behind"), None, {}),
        (Heard("si en el ejercito 6 años"), None, {}), (Heard("im 6 years sober"), None, {}),
        (Heard("34 años"), None, {"age": 34}),
        (Heard("85009 41 años"), "zip", {"age": 41}), (Heard("tengo 3 años sin trabajo"), None, {}),
        (Heard("not a vet"), None, {"veteran": False}), (Heard("soy veterana"), None, {"veteran": True}),
        (Heard("i am a combat vet"), None, {"veteran": True}),
        (Heard("im in the psych ward"), None, {"in_hospital_now": True}),
        (Heard("i think its bipolar", "faq_diagnosis", entities={"diagnosis": ["bipolar"]}), None,
        {"diagnoses": ["bipolar"]}),
        (Heard("is bipolar ok?", "faq_diagnosis", entities={"diagnosis": ["bipolar"]}), None, {}),
        (Heard("im applying for medicaid", entities={"payer": ["medicaid"]}), None, {}),
        (Heard("does medicaid pay?", entities={"payer": ["medicaid"]}), None, {}),
        (Heard("yes im 100% sure"), None, {}), (Heard("tengo 1 pregunta"), None, {}), (Heard("tengo 1 cita"), None, {}),
        (Heard("im 20 min away"), None, {}), (Heard("im 1 month clean"), None, {}), (Heard("im 100%"), None, {}),
        (Heard("tengo 1 ano en la calle"), None, {}), (Heard("tengo 12"), "inpatient_stays_24_months", {}),
        (Heard("im 34, have 2 kids"), None, {"age": 34}), (Heard("tengo 17 me aceptan"), None, {"age": 17}),
        (Heard("my mom is here, im 16"), None, {"age": 16}), (Heard("im on psych meds"), None, {}),
        (Heard("im in a mental health program"), None, {}), (Heard("im at mental health court"), None, {}),
        (Heard("im in a mental health crisis"), None, {}), (Heard("im in psych"), None, {"in_hospital_now": True}),
        (Heard("estoy en el hospital psiquiatrico"), None, {"in_hospital_now": True}),
        (Heard("my dad is a navy vet"), None, {}), (Heard("my dad served, i served too"), None, {"veteran": True}),
        (Heard("no its not 55401 its 55408"), "age", {"zip": "55408"}), (Heard("i used to live in duluth"), None, {}),
        (Heard("actually i live in wisconsin"), None, {"state": "WI"}), (Heard("Washington"), "county", {}),
        (Heard("its Georgia"), "name", {}), (Heard("i moved to wisconsin"), "county", {"state": "WI"}),
        (Heard("ive lived in 55401 for years"), None, {"zip": "55401"}),
        (Heard("im 34"), "age", {}), (of_choice("/affirm", "im 34"), None, {}), (Heard("ok"), None, {}),
    ],
)  # fmt: skip
def test_what_is_told_unasked(heard: Heard, besides: str | None, told: dict[str, Any]) -> None:
    assert volunteered(heard, besides=besides) == told


@pytest.mark.parametrize(
    ("text", "named", "not_so"),
    [("medicaid not medicare", "medicare", True), ("medicaid not medicare", "medicaid", False),
     ("i dont have medicaid", "medicaid", True), ("perdi mi medicaid", "medicaid", True),
     ("actually i have medicare", "medicare", False), ("no. tengo medicaid", "medicaid", False),
     ("medicare en vez de medicaid", "medicaid", True)],
)  # fmt: skip
def test_what_is_said_not_to_be_so(text: str, named: str, not_so: bool) -> None:
    assert denied(text, text.index(named)) is not_so


def heard_of(text: str, entity: str, value: str, words: str) -> Heard:
    start = text.index(words)
    found = {"entity": entity, "value": value, "start": start, "end": start + len(words)}
    return heard_from({"text": text, "intent": {"name": "inform", "confidence": 0.9}, "entities": [found]})


@pytest.mark.parametrize(
    ("text", "pays"),
    [("me quitaron el medicaid", False), ("my medicaid expired", False), ("i was denied medicaid", False),
     ("i had medicaid but they cut me off", False), ("i have medicaid but it ran out", False),
     ("my kids have medicaid but i dont", False), ("i lost my medicaid", False), ("se me vencio el medicaid", False),
     ("ive had medicaid for years", True), ("medicaid, but my food stamps got cut off", True),
     ("im on my husbands medicaid", True), ("tengo medicaid", True)],
)  # fmt: skip
def test_insurance_that_was_lost_or_refused_pays_for_nothing(text: str, pays: bool) -> None:
    answer = read("payer", heard_of(text, "payer", "medicaid", "medicaid"))
    assert (answer.value if answer else None) == ("medicaid" if pays else None)


@pytest.mark.parametrize(
    ("text", "own"),
    [("my mom is bipolar", False), ("mi hermano es bipolar", False), ("my mom told me i have bipolar", True),
     ("im bipolar and live with my mom", True)],
)  # fmt: skip
def test_a_condition_of_a_relative_is_not_the_clients(text: str, own: bool) -> None:
    assert ("diagnoses" in volunteered(heard_of(text, "diagnosis", "bipolar", "bipolar"))) is own


def test_the_va_is_who_pays_only_where_it_pays() -> None:
    def payer(text: str) -> object:
        return volunteered(Heard(text, "inform", 0.9, {"payer": ["va"]})).get("payer")

    assert payer("the va doctor told me") is None
    assert payer("i go to the va hospital") is None
    assert payer("i have va health care") == "va"
    assert payer("tengo el va") == "va"


def test_having_been_in_a_branch_is_having_served() -> None:
    assert volunteered(Heard("oh i was in the army reserve actually"))["veteran"] is True
    assert volunteered(Heard("i was never in the army")).get("veteran") is not True

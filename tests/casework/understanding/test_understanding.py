"""Answers as people text them, each with what is heard. Without a model: labels and entities are given."""

from __future__ import annotations

from typing import Any

import pytest

from casework.conversations.tables import Client
from casework.geography import UnknownPlace
from casework.understanding.answers import asks_meaning, read
from casework.understanding.choices import chosen
from casework.understanding.heard import Heard, denied, of_choice
from casework.understanding.interrupts import interrupts
from casework.understanding.language import asked_for, follow, guess
from casework.understanding.lengths import read_length
from casework.understanding.numbers import read_age, read_count, read_numbers
from casework.understanding.places import read_place, read_place_within, read_state, read_zip
from casework.understanding.volunteered import volunteered


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2", 2), ("twice", 2), ("a couple", 2), ("a couple times", 2), ("dos veces", 2), ("un par de veces", 2),
        ("once", 1), ("just once", 1), ("una vez", 1), ("none", 0), ("never", 0), ("ninguna", 0), ("nunca", 0),
        ("like 3 or 4", 3), ("2 times in 2 years", 2), ("3 since 2024", 3), ("a few", 3), ("cinco", 5), ("a dozen", 12),
        ("i dont remember", None), ("purple", None), ("99999", None),
    ],
)  # fmt: skip
def test_how_often(text: str, count: int | None) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1", [1]), ("1 4", [1, 4]), ("1,3", [1, 3]), ("1 and 3", [1, 3]), ("2 y 5", [2, 5]), ("135", [1, 3, 5]),
     ("4 4", [4]), ("9", None), ("0", None), ("1 housing", None), ("", None)],
)  # fmt: skip
def test_numbers_of_a_list(text: str, numbers: list[int] | None) -> None:
    assert read_numbers(text, 7) == numbers


@pytest.mark.parametrize(
    ("text", "code"),
    [("5540l", "55401"), ("554O1", "55401"), ("zip 5540I ok", "55401"), ("l0ol0", None), ("cool", None),
     ("55401", "55401"), ("$55401", None), ("55401l", "55401")],
)  # fmt: skip
def test_a_zip(text: str, code: str | None) -> None:
    assert read_zip(text) == code


@pytest.mark.parametrize(
    ("text", "age"),
    [("34", 34), ("im 34", 34), ("34 yrs old", 34), ("tengo 41 años", 41), ("born in 1984", None), ("30 or 40", None),
     ("old", None), ("0", 0), ("thirty 4", 34), ("treinta y 4", 34),
     ("thirty for", 34), ("im thirty too", 32), ("thirty for years", 30)],
)  # fmt: skip
def test_an_age(text: str, age: int | None) -> None:
    assert read_age(text) == age


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


CHOICES = [{"title": "Yes, erase it", "payload": "/a"}, {"title": "No, keep it", "payload": "/b"}]
CARE = [
    {"title": "Medicaid", "payload": "/m"},
    {"title": "Medicare", "payload": "/r"},
    {"title": "VA", "payload": "/v"},
]
COUNTS = [{"title": "0", "payload": "/0"}, {"title": "1", "payload": "/1"}]


@pytest.mark.parametrize(
    ("text", "choices", "payload"),
    [
        ("1", CARE, "/m"), ("1.", CARE, "/m"), ("(2)", CARE, "/r"), ("one", CARE, "/m"), ("uno", CARE, "/m"),
        ("the first one", CARE, "/m"), ("number 3 please", CARE, "/v"), ("la segunda", CARE, "/r"),
        ("medicare", CARE, "/r"), ("4", CARE, None), ("1 2", CARE, None), ("i have 2 kids", CARE, None),
        ("yes", CARE, None), ("the secnd one", CARE, "/r"), ("frist", CARE, "/m"), ("la segnda porfa", CARE, "/r"),
        ("yes", CHOICES, "/a"), ("si", CHOICES, "/a"), ("no", CHOICES, "/b"), ("nah", CHOICES, "/b"),
        ("yes, erase it", CHOICES, "/a"), ("maybe", CHOICES, None), ("1", COUNTS, "/1"), ("", CARE, None),
        ("1", [], None),
    ],
)  # fmt: skip
def test_a_choice(text: str, choices: list[dict[str, str]], payload: str | None) -> None:
    assert chosen(text, choices) == payload


@pytest.mark.parametrize(
    ("step", "heard", "value"),
    [
        ("veteran", Heard("yes", "affirm"), True), ("veteran", Heard("no soy veterano", "faq_veterans"), False),
        ("veteran", Heard("i was in the army", "faq_veterans"), True), ("veteran", Heard("3", "skip"), None),
        ("veteran", Heard("never served", "inform"), False), ("in_hospital_now", Heard("still here", "inform"), True),
        ("in_hospital_now", Heard("got out last week", "inform"), False),
        ("diagnosed_by_professional", Heard("my doctor did", "inform"), True),
        ("diagnosed_by_professional", Heard("not yet, my doctor is waiting", "inform"), False),
        ("diagnoses", Heard("bipolar", entities={"diagnosis": ["bipolar"]}), ["bipolar"]),
        ("diagnoses", Heard("1 4"), ["schizophrenia", "ptsd"]), ("diagnoses", Heard("no", "deny"), []),
        ("diagnoses", of_choice('/inform{"answer": "none"}', "7"), []),
        ("impairments", Heard("my job and im homeless", "need_job"), ["housing", "employment"]),
        ("impairments", Heard("housing is not a problem but work is"), ["employment"]),
        ("impairments", Heard("no problem with my housing, its people"), ["social"]),
        ("impairments", Heard("la casa esta bien, el trabajo no"), ["employment"]),
        ("impairments", Heard("everything but housing"),
         ["employment", "self_care", "daily_tasks", "social", "concentration"]),
        ("impairments", Heard("none"), []), ("impairments", Heard("el trabajo y la casa"), ["housing", "employment"]),
        ("payer", Heard("medi-cal", entities={"payer": ["medicaid"]}), "medicaid"), ("payer", Heard("2"), "medicare"),
        ("payer", Heard("no", "deny"), "uninsured"),
        ("payer", Heard("both", entities={"payer": ["medicare", "medicaid"]}), "medicaid"),
        ("inpatient_stays_24_months", Heard("no", "deny"), 0), ("inpatient_stays_24_months", Heard("twice"), 2),
        ("name", Heard("my name is Dana"), "Dana"), ("name", Heard("me llamo María"), "María"),
        ("name", Heard("no", "deny"), None), ("age", Heard("id rather not", "skip"), None),
    ],
)  # fmt: skip
def test_an_answer(step: str, heard: Heard, value: Any) -> None:
    answer = read(step, heard)
    assert answer is not None
    assert answer.value == value


@pytest.mark.parametrize(
    ("step", "heard"),
    [("age", Heard("purple", "out_of_scope")), ("zip", Heard("what", "repeat")),
    ("payer", Heard("purple", "out_of_scope")),
     ("name", Heard("thanks", "thanks", 0.9)), ("diagnoses", Heard("hmm", "out_of_scope"))],
)  # fmt: skip
def test_no_answer(step: str, heard: Heard) -> None:
    assert read(step, heard) is None


@pytest.mark.parametrize(
    ("step", "heard", "interrupted"),
    [
        ("age", Heard("34", "inform"), False), ("age", Heard("why do you ask", "why_asked", 0.9), True),
        ("age", Heard("what does it cost", "faq_cost", 0.8), True),
        ("payer", Heard("private", "faq_private_insurance", 0.9), False),
        ("payer", Heard("does my insurance pay?", "faq_private_insurance", 0.9), True),
        ("impairments", Heard("i need housing", "need_housing", 0.9), False),
        ("age", Heard("a human please", "talk_to_person", 0.4), True), ("age", Heard("hm", "faq_cost", 0.2), False),
        ("in_hospital_now", Heard("yes im still in here", "resume", 0.8), False),
        ("inpatient_stays_24_months", Heard("creo que una vez", "repeat", 0.6), False),
        ("inpatient_stays_24_months", Heard("say that once more?", "repeat", 0.6), True),
        ("veteran", of_choice("/affirm", "yes"), False), ("payer", of_choice("/faq_cost", "2"), True),
        ("veteran", of_choice("/confirm_appointment", "3"), True),
        ("veteran", of_choice('/delete_my_data{"answer": "yes"}', "yes"), True),
    ],
)  # fmt: skip
def test_what_interrupts_a_question(step: str, heard: Heard, interrupted: bool) -> None:
    assert interrupts(heard, step) is interrupted


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


@pytest.mark.parametrize(
    ("text", "language"),
    [("hola", None), ("ok", None), ("55401", None), ("si", "es"), ("no", None), ("gracias", None),
     ("necesito ayuda con mi cita", "es"), ("vivo en atlanta y tengo 34 años", "es"),
     ("i need help with my appointment", "en"),
     ("im 34 and live in duluth", "en"), ("¿cuanto cuesta?", "es"), ("buenos dias", "es"),
     ("ola nesecito alguien q me alludeeee", "es"), ("kiero un manejador", "es"), ("i ned sombody", "en"),
     ("le van a decir a mi familia", "es"), ("los angeles", None)],
)  # fmt: skip
def test_the_language_that_a_text_shows(text: str, language: str | None) -> None:
    assert guess(text) == language


@pytest.mark.parametrize(
    ("spoken", "text", "first", "then"),
    [("en", "nesecito ayuda", True, "es"), ("es", "i ned help", True, "en"), ("en", "hola", True, "en"),
     ("en", "mi ijo tiene esquisofrenia", False, "es"), ("en", "si", False, "es"),
     ("en", "maria de la cruz", False, "en"), ("en", "juan carlos rivera", False, "en"), ("en", "el paso", False, "en"),
     ("en", "tengo medicaid", False, "en"), ("es", "jackson memorial hospital", False, "es"),
     ("es", "section 8 housing", False, "es"), ("es", "help", True, "es"),
     ("es", "i dont understand this", False, "en")],
)  # fmt: skip
def test_the_language_turns_only_on_good_evidence(spoken: str, text: str, first: bool, then: str) -> None:
    client = Client(language=spoken)
    follow(client, text, first=first)
    assert client.language == then


@pytest.mark.parametrize(
    ("text", "language"),
    [("en español por favor", "es"), ("english please", "en"), ("do you speak spanish", "es"), ("switch", None),
     ("from spanish to english", None)],
)  # fmt: skip
def test_the_language_that_is_asked_for(text: str, language: str | None) -> None:
    assert asked_for(text) == language


# -- not knowing, and asking what is meant --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("veteran", "idk man"),
        ("veteran", "not sure"),
        ("diagnosed_by_professional", "no me acuerdo quien"),
        ("inpatient_stays_24_months", "no se"),
        ("inpatient_stays_24_months", "no se cuantas"),
        ("inpatient_stays_24_months", "i dont know how many"),
        ("payer", "no tengo idea"),
        ("impairments", "honestly idk"),
    ],
)
def test_not_knowing_leaves_a_question_open_and_is_never_a_no_or_a_zero(step: str, text: str) -> None:
    for label in ("inform", "deny", "out_of_scope"):
        answer = read(step, Heard(text, label, 0.6))
        assert answer is not None
        assert answer.value is None
        assert answer.left_open


@pytest.mark.parametrize(
    ("step", "text", "value"),
    [
        ("inpatient_stays_24_months", "not sure maybe twice", 2),
        ("inpatient_stays_24_months", "no se, como dos", 2),
        ("diagnosed_by_professional", "not sure i think my doctor did", True),
        ("impairments", "i think my job", ["employment"]),
        ("age", "thirty four", 34),
        ("age", "treinta y cuatro", 34),
        ("age", "tengo veintidos", 22),
    ],
)
def test_what_is_said_with_doubt_or_in_words_is_still_said(step: str, text: str, value: object) -> None:
    answer = read(step, Heard(text, "inform", 0.6))
    assert answer is not None
    assert answer.value == value


def test_saving_sharing_and_booking_are_never_left_open() -> None:
    assert all(read(step, Heard("idk", "out_of_scope", 0.6)) is None for step in ("saving", "sharing", "booking"))


@pytest.mark.parametrize(
    "text", ["what do you mean", "what counts as crisis", "no entiendo la pregunta", "a que se refiere"]
)
def test_asking_what_a_question_means_is_heard(text: str) -> None:
    assert asks_meaning(text)


@pytest.mark.parametrize(
    "text", ["what does a case manager do", "i mean no", "like 3 times", "que hace un administrador de casos"]
)
def test_other_questions_and_answers_do_not_ask_what_is_meant(text: str) -> None:
    assert not asks_meaning(text)


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


def test_who_does_not_speak_a_language_wants_the_other() -> None:
    assert asked_for("i dont speak spanish that good sorry") == "en"
    assert asked_for("no entiendo ingles") == "es"


def test_a_word_that_is_hard_is_an_answer_and_no_pause() -> None:
    heard = Heard("not working right now, got fired", "pause", 0.5)
    assert not interrupts(heard, "impairments")
    assert interrupts(Heard("i need a break", "pause", 0.9), "impairments")


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


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("9", 9), ("9 days", 9), ("like 2 weeks", 14), ("2wks", 14), ("3 or 4 weeks", 21), ("3-4 weeks", 21),
        ("two weeks and a day", 15), ("2 weeks in march and 9 days in june", 23), ("10 days to 2 weeks", 10),
        ("a couple of weeks", 14), ("a month", 30), ("half a year", 182), ("thirty days", 30), ("two nights", 2),
        ("9 days in the last 12 months", 9), ("5 days two years ago", 5), ("the whole year", 365), ("2 years", 366),
        ("9 dias", 9), ("dos semanas", 14), ("un mes", 30), ("mes y medio", 45), ("una semana y media", 10),
        ("quince dias", 15), ("en los ultimos 12 meses 20 dias", 20), ("hace un año, 10 dias", 10),
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

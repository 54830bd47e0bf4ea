"""Answers as people text them, each with what is heard. Without a model: labels and entities are given."""

from __future__ import annotations

from typing import Any

import pytest

from casework.conversations.tables import Client
from casework.understanding.answers import asks_meaning, read
from casework.understanding.choices import chosen
from casework.understanding.heard import Heard, of_choice
from casework.understanding.interrupts import interrupts
from casework.understanding.language import asked_for, follow, guess
from casework.understanding.yes_no import agrees_in_part, in_other_words

CHOICES = [{"title": "Yes, erase it", "payload": "/a"}, {"title": "No, keep it", "payload": "/b"}]
CARE = [
    {"title": "Medicaid", "payload": "/m"},
    {"title": "Medicare", "payload": "/r"},
    {"title": "VA", "payload": "/v"},
]
LIST = [{"title": each, "payload": f'/inform{{"answer": "{each}"}}'} for each in ("a", "b", "c", "more")]
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
        ("1", [], None), ("number one", CARE, "/m"), ("option one", CARE, "/m"), ("one please", CARE, "/m"),
        ("ill take 1", CARE, "/m"), ("give me 2", CARE, "/r"), ("dame la 2", CARE, "/r"), ("no one", CARE, None),
        ("the one", CARE, None), ("me 2", CARE, None), ("the last one", LIST, LIST[2]["payload"]),
        ("la ultima", LIST, LIST[2]["payload"]), ("the last one", CHOICES, None),
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
        ("veteran", Heard("no but i was in the national guard"), True), ("veteran", Heard("no but the reserves"), True),
        ("veteran", Heard("i wanted to join the army", "need_job", 0.5), False),
        ("in_hospital_now", Heard("im in the hospital"), True),
        ("in_hospital_now", Heard("estoy en el hospital"), True),
        ("in_hospital_now", Heard("im still in"), True), ("in_hospital_now", Heard("im in a shelter"), False),
        ("in_hospital_now", Heard("estoy en un refugio"), False), ("in_hospital_now", Heard("im in jail"), False),
        ("diagnosed_by_professional", Heard("i dont have a doctor", "faq_diagnosis", 0.5), False),
        ("diagnosed_by_professional", Heard("i havent seen a doctor"), False),
        ("diagnosed_by_professional", Heard("cant afford a doctor"), False),
        ("diagnosed_by_professional", Heard("no tengo doctor"), False),
        ("diagnosed_by_professional", Heard("no just my therapist", "need_therapy"), True),
        ("diagnosed_by_professional", Heard("dr lee told me"), True),
        ("saving", Heard("no problem", "deny"), True), ("saving", Heard("no hay problema", "deny"), True),
        ("saving", Heard("no i dont mind", "deny"), True), ("sharing", Heard("no dont share it", "deny"), False),
        ("booking", Heard("yes, 1 pm is good"), True), ("booking", Heard("yes its the only day i can"), True),
        ("veteran", Heard("yes but a long time ago", "affirm"), True),
        ("impairments", Heard("school"), ["employment"]), ("impairments", Heard("escuela"), ["employment"]),
        ("impairments", Heard("cuidado personal"), ["self_care"]), ("impairments", Heard("medicinas"), ["self_care"]),
        ("impairments", Heard("washing"), ["self_care"]),
        ("impairments", Heard("i cant leave the house"), ["daily_tasks"]),
        ("impairments", Heard("limpiar la casa"), ["daily_tasks"]), ("impairments", Heard("solo 2"), ["employment"]),
        ("impairments", Heard("not housing, just work"), ["employment"]),
        ("impairments", Heard("i can not work"), ["employment"]), ("impairments", Heard("me siento sola"), ["social"]),
        ("payer", Heard("1 and 2"), "medicaid"), ("payer", Heard("4 y 2"), "va"),
        ("payer", Heard("i have medicaid and applied for ssi", entities={"payer": ["medicaid"]}), "medicaid"),
        ("systems_involved", Heard("court and cps"), 2), ("systems_involved", Heard("no, just probation"), 1),
        ("systems_involved", Heard("los tribunales"), 1), ("systems_involved", Heard("no court no cps", "deny"), 0),
        ("inpatient_stays_24_months", Heard("como que 3 veces"), 3), ("gaf", Heard("forty"), 40),
        ("name", Heard("idk"), None), ("name", Heard("lo que sea", "greet"), None), ("name", Heard("whatever"), None),
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
     ("name", Heard("thanks", "thanks", 0.9)), ("diagnoses", Heard("hmm", "out_of_scope")),
     ("sharing", Heard("yes except the jail part")), ("sharing", Heard("yes but only my name and zip", "affirm")),
     ("sharing", Heard("si pero no mi diagnostico")), ("saving", Heard("ok as long as nobody sees it", "affirm")),
     ("booking", Heard("yes but can we do the morning instead")), ("booking", Heard("si pero mas tarde", "affirm")),
     ("inpatient_stays_24_months", Heard("i feel so alone no one cares", "express_distress")),
     ("inpatient_stays_24_months", Heard("i have no hope left", "express_distress", 0.7)),
     ("veteran", Heard("no one cares about me", "express_distress")),
     ("veteran", Heard("my husband was in the army", "faq_veterans")),
     ("veteran", Heard("mi esposo estuvo en el ejercito", "faq_veterans")),
     ("in_hospital_now", Heard("im in my apartment")), ("in_hospital_now", Heard("im in bed")),
     ("diagnosed_by_professional", Heard("i think its from drugs")),
     ("payer", Heard("applied for medicaid", "need_benefits", 0.9, {"payer": ["medicaid"]})), ("payer", Heard("42"))],
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
        ("inpatient_stays_24_months", Heard("no tengo comida", "need_food", 0.97), True),
        ("inpatient_stays_24_months", Heard("i need a lot of help with food", "need_food", 0.97), True),
        ("inpatient_stays_24_months", Heard("there is no one to watch my kids", "need_childcare", 0.97), True),
        ("inpatient_stays_24_months", Heard("i need 2 refills of my meds asap", "need_medication", 0.97), True),
        ("inpatient_stays_24_months", Heard("i got no insurance how much is this", "faq_cost", 0.96), True),
        ("inpatient_stays_24_months", Heard("no puedo ir a la cita", "cancel_appointment", 0.97), True),
        ("inpatient_stays_24_months", Heard("2 times at the va", "faq_veterans", 0.9), False),
        ("inpatient_stays_24_months", Heard("3 times it was horrible", "complaint", 0.6), False),
        ("days_off_medication", Heard("i ran out of meds for 2 weeks", "need_medication", 0.97), False),
        ("in_hospital_now", Heard("no shelter will take me", "need_housing", 0.97), True),
        ("diagnosed_by_professional", Heard("yea my dr did", "intake_status", 0.9), False),
        ("diagnosed_by_professional", Heard("i need a doctor for my meds", "need_medication", 0.9), True),
        ("veteran", Heard("idk can i just talk to someone", "talk_to_person", 0.7), True),
        ("veteran", Heard("i dont know why do you need this", "why_asked", 0.7), True),
        ("veteran", Heard("not sure, go back", "go_back", 0.7), True),
        ("veteran", Heard("no se que hacer necesito comida", "need_food", 0.7), True),
        ("veteran", Heard("no se quien", "repeat", 0.6), False), ("veteran", Heard("lo que sea", "menu", 0.9), False),
        ("veteran", of_choice("/affirm", "yes"), False), ("payer", of_choice("/faq_cost", "2"), True),
        ("veteran", of_choice("/confirm_appointment", "3"), True),
        ("veteran", of_choice('/delete_my_data{"answer": "yes"}', "yes"), True),
    ],
)  # fmt: skip
def test_what_interrupts_a_question(step: str, heard: Heard, interrupted: bool) -> None:
    assert interrupts(heard, step) is interrupted


@pytest.mark.parametrize(
    ("text", "in_part"),
    [("yes but not my diagnosis", True), ("yes except the jail part", True), ("si pero no mi diagnostico", True),
     ("si menos lo de la carcel", True), ("yes", False), ("no but thanks", False), ("si, menos mal", False),
     ("ok just dont tell them about jail", True), ("ok", False)],
)  # fmt: skip
def test_a_yes_with_a_condition_to_sharing_is_heard_as_one(text: str, in_part: bool) -> None:
    assert agrees_in_part("sharing", Heard(text, "faq_diagnosis", 0.9)) is in_part


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


def test_who_does_not_speak_a_language_wants_the_other() -> None:
    assert asked_for("i dont speak spanish that good sorry") == "en"
    assert asked_for("no entiendo ingles") == "es"


def test_a_word_that_is_hard_is_an_answer_and_no_pause() -> None:
    heard = Heard("not working right now, got fired", "pause", 0.5)
    assert not interrupts(heard, "impairments")
    assert interrupts(Heard("i need a break", "pause", 0.9), "impairments")


@pytest.mark.parametrize("text", ["thats wrong", "eso esta mal", "no the zip is wrong", "dont include my age"])
def test_that_something_is_wrong_is_heard(text: str) -> None:
    assert in_other_words("something_wrong", text)


def test_who_keeps_the_time_they_have_is_heard() -> None:
    assert in_other_words("keeps_time", "keep my old time")

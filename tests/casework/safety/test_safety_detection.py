"""What the detector says of single texts and of texts in a row, and how fast."""

from __future__ import annotations

import json
import random

import pytest

from casework.conversations import link_codes
from casework.safety import cli, hours, model
from casework.safety.answers import GO_ON, NO, NOT_SAFE, PERSON, SAFE, YES, understand
from casework.safety.assess import assess
from casework.safety.questionnaire import phq9_item9
from casework.safety.text import unmask, windows

CRISIS = [
    ("i want to die", "suicide"),
    ("kms tonight", "suicide"),
    ("kms", "suicide"),
    ("911", "medical"),
    ("call 911", "medical"),
    ("llamen al 911", "medical"),
    ("mi esposo me pega", "abuse"),
    ("i was raped last night", "abuse"),
    ("im gonna unalive myself", "suicide"),
    ("k1ll my$elf", "suicide"),
    ("i dont want 2 live anymore", "suicide"),
    ("no quiero vivir", "suicide"),
    ("me kiero matar", "suicide"),
    ("ya no aguanto, me voy a quitar la vida", "suicide"),
    ("i need food stamps and also i took the whole bottle of pills", "suicide"),
    ("my husband choked me last night and has my phone", "abuse"),
    ("mi esposo me pega y no me deja salir", "abuse"),
    ("the voices keep telling me to stab my mom", "psychosis"),
    ("cant stop thinking about shaking the baby", "child"),
    ("my son has a knife and says hell kill us", "harm_to_others"),
    ("i want to die porque ya no puedo mas", "suicide"),
]
NONE = [
    "hi",
    "55401",
    "this form is killing me",
    "i can't make it",
    "sorry cant make it tomorrow",
    "i wont make it to my appointment",
    "dying to hear back from you",
    "me muero de hambre, a que hora cierran",
    "i live in Killeen texas",
    "room 911",
    "leave me a voicemail",
    "he beat me at dominoes",
    "who helps with an ambulance bill",
    "1400 Slaughter Lane, Austin",
    "when is my appointment",
    "necesito cambiar mi cita",
    "i was in the hospital 3 times in the last 2 years",
    "bipolar and PTSD",
    "thanks so much!!",
    "",
    "🙂",
]


@pytest.mark.parametrize(("text", "kind"), CRISIS)
def test_danger_is_seen_and_named(text: str, kind: str) -> None:
    found = assess(text)
    assert found.level == "crisis", found
    assert kind in found.kinds or found.kinds, found


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_danger_is_left_alone(text: str) -> None:
    assert assess(text).level == "none"


@pytest.mark.parametrize("text", ["i have never wanted to kill myself", "nunca he querido matarme"])
def test_a_denial_is_no_crisis(text: str) -> None:
    assert assess(text).level != "crisis"


@pytest.mark.parametrize("word", ["STOP", "HELP", "ayuda", "ALTO", "Start", "cancel"])
def test_keywords_alone_are_commands(word: str) -> None:
    assert assess(word).level == "none"
    assert assess(word, earlier=["hello"]).level == "none"


def test_one_sentence_in_a_long_text_is_found_wherever_it_stands() -> None:
    filler = "I would like to know what documents I should bring to the office for my intake appointment. " * 105
    cut = len(filler) // 2
    for text in (f"I want to kill myself. {filler}", f"{filler} I want to kill myself.",
                 f"{filler[:cut]}. I want to kill myself. {filler[cut:]}"):  # fmt: skip
        assert assess(text[-10_000:] if text.endswith("myself.") else text).level == "crisis"


def test_a_long_text_of_nothing_is_nothing() -> None:
    assert assess("Please tell me which bus goes to the clinic on Lake Street. " * 40).level == "none"


def test_texts_in_a_row_are_read_together() -> None:
    assert assess("myself", earlier=["i wanna", "kill"]).level == "crisis"


@pytest.mark.parametrize(
    "texts",
    [
        ("hi", "yes", "55401", "34", "no", "no", "bipolar", "yes", "1 2", "i have medicaid", "1", "2", "no"),
        ("hola", "si", "33125", "45", "no", "no", "depresion", "si", "2", "no tengo seguro", "no", "no", "nunca"),
        ("need a case manager", "yes", "19104", "27", "yes", "no", "ptsd", "yes", "why do you ask", "3", "0", "no"),
        ("hello", "what is case management", "yes", "30303", "51", "no", "no", "schizophrenia", "no", "how much is it"),
        ("necesito ayuda", "si", "90011", "60", "no", "si", "esquizofrenia", "si", "1 4", "medi-cal", "3", "una vez"),
        ("the 2nd", "morings plz", "the secnd one", "thursdy mornin", "hmm no a later one pls", "friday at 3 works"),
        ("yes ill be there", "im running late", "like 20 min", "ok", "half an hour maybe", "sorry"),
        ("hola", "cuando es mi cita?", "si, ahi estare", "se me hizo tarde", "unos 20 min", "ok", "media hora"),
        ("la 2", "por la mañana porfa", "la segnda", "mejor otra mas tarde", "el jueves por la tarde", "la primera"),
    ],
    ids=lambda texts: texts[0],
)
def test_ordinary_answers_in_a_row_are_no_danger(texts: tuple[str, ...]) -> None:
    for at, text in enumerate(texts):
        for first in range(max(at - 6, 0), at + 1):
            assert assess(text, texts[first:at]).level == "none", texts[first : at + 1]


@pytest.mark.parametrize(
    "text",
    [
        "the last one",
        "no other way",
        "no one",
        "no more mornings",
        "i wont see sunday",
        "20 pills",
        "only two hours more",
    ],
)
def test_only_a_time_that_is_chosen_is_passed_by(text: str) -> None:
    assert {"time": True} not in assess(text).reasons


def test_a_code_that_moves_a_chat_to_a_phone_is_no_danger() -> None:
    letters = random.Random(5)
    made = ["".join(letters.choices(link_codes.LETTERS + link_codes.DIGITS, k=8)) for _ in range(300)]
    codes = [code for code in made if link_codes.recognise(code)]
    assert len(codes) > 250
    for code in codes:
        for text in (code, f"{code[:4]}-{code[4:]}", f"{code[:4]} {code[4:]}".lower()):
            assert assess(text, ["i need housing", "ok"]).level == "none", text


def test_earlier_texts_do_not_hide_the_last_one() -> None:
    assert assess("i want to die", earlier=["hi", "whats the address", "thanks"]).level == "crisis"


def test_without_a_trained_model_the_phrases_alone_still_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "current", lambda: None)
    found = assess("i want to die")
    assert (found.level, found.model_version) == ("crisis", "lexicon-only")
    assert assess("no quiero vivir").level == "crisis"
    assert assess("when is my appointment").level == "none"


def test_a_model_that_fails_does_not_keep_a_message_from_being_assessed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(model.Model, "scores", broken)
    assert assess("i want to die").level == "crisis"


def test_the_same_text_is_always_assessed_alike() -> None:
    assert assess("i gave my dog away today") == assess("i gave my dog away today")


def test_lines_of_text_and_of_json() -> None:
    assert [one["level"] for one in cli.lines(["i want to die\n", "hi\n", "\n"], jsonl=False)] == [
        "crisis", "none", "none",
    ]  # fmt: skip
    (one,) = cli.lines([json.dumps({"text": "no quiero vivir"})], jsonl=True)
    assert set(one) == {"level", "kinds", "score"}
    assert 0 <= one["score"] <= 1


@pytest.mark.parametrize("bad", ["{", '"text"', "{}", '{"text": 1}', "[]"])
def test_a_bad_line_is_named_by_its_number(bad: str) -> None:
    with pytest.raises(cli.BadLine, match="line 2"):
        list(cli.lines(['{"text": "hi"}', bad], jsonl=True))


@pytest.mark.parametrize(("value", "level"), [(0, "none"), (1, "crisis"), (2, "crisis"), (3, "crisis")])
def test_phq9_question_nine(value: int, level: str) -> None:
    assert phq9_item9(value) == level


def test_phq9_question_nine_has_four_answers() -> None:
    with pytest.raises(ValueError, match="0 to 3"):
        phq9_item9(4)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("im ok now", SAFE), ("I'm safe", SAFE), ("yes im safe right now", SAFE), ("my mom is here", SAFE),
        ("si estoy bien", SAFE), ("ya estoy mejor", SAFE), ("a salvo", SAFE),
        ("no", NO), ("nope", NO), ("yes", YES), ("si", YES), ("yeah", YES),
        ("no im not ok", NOT_SAFE), ("not really", NOT_SAFE), ("no estoy bien", NOT_SAFE), ("idk", NOT_SAFE),
        ("i dont feel safe", NOT_SAFE), ("help me please", NOT_SAFE), ("tengo miedo", NOT_SAFE),
        ("can i talk to a person", PERSON), ("quiero hablar con alguien", PERSON), ("call me", PERSON),
        ("lets go on", GO_ON), ("quiero seguir", GO_ON), ("im safe go on", GO_ON), ("continue", GO_ON),
        ("my cat is orange", None), ("what time is it", None),
    ],
)  # fmt: skip
def test_short_answers_in_a_crisis(said: str, meaning: str | None) -> None:
    assert understand(said) == meaning


def test_masked_letters_are_read() -> None:
    assert unmask("k1ll my$elf") == "kill myself"
    assert unmask("s u i c i d e") == "suicide"
    assert unmask("call me b4 2nite at 5pm") == "call me b4 2nite at 5pm"


def test_windows_hold_every_sentence() -> None:
    text = " ".join(f"This is sentence number {n}." for n in range(60))
    pieces = windows(text, 300)
    assert all(len(piece) <= 300 for piece in pieces)
    assert all(any(f"number {n}." in piece for piece in pieces) for n in range(60))


def test_office_hours() -> None:
    from datetime import UTC, datetime

    set_hours = "Mon-Fri 08:00-17:00; Sat 9:00-12:00 America/Chicago"
    assert not hours.closed(set_hours, datetime(2026, 11, 23, 15, 0, tzinfo=UTC))  # Monday, 9 in Chicago
    assert hours.closed(set_hours, datetime(2026, 11, 23, 3, 0, tzinfo=UTC))  # Sunday evening there
    assert not hours.closed(set_hours, datetime(2026, 11, 28, 16, 0, tzinfo=UTC))
    assert not hours.closed(None, datetime(2026, 11, 28, 16, 0, tzinfo=UTC))
    with pytest.raises(ValueError, match="AGENCY_HOURS"):
        hours.closed("always UTC", datetime(2026, 11, 28, 16, 0, tzinfo=UTC))

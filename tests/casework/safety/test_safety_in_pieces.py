"""What a text amounts to with those before it: answers in a row, a worry acknowledged before, danger in pieces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from texting import Line

from casework.safety.assess import assess

Opens = Callable[..., Line]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["idk", "none of ur business", "no", "human please"]),
        ("en", ["no", "not really", "i dont know", "yea my dr did", "idk", "can i stop now and do this later"]),
        ("en", ["skip", "id rather not say"]),
        ("es", ["no se", "eso es privado", "no", "quiero hablar con una persona"]),
    ],
)
def test_curt_answers_to_one_question_after_the_other_are_no_danger(
    line: Opens, language: str, texts: list[str]
) -> None:
    client = line(language=language)
    for said in texts:
        assert client.say(said) == [], said
        client.answered()
    assert client.conversation().safety == "none"


@pytest.mark.parametrize("plain", ["1 please", "va", "which one is closest", "cual es el mas cercano"])
def test_a_plain_answer_after_a_worry_that_was_acknowledged_is_not_that_worry_again(line: Opens, plain: str) -> None:
    client = line()
    client.say("i hate myself")
    client.answered()
    assert client.assessments()[-1].level == "concern"
    client.say(plain)
    assert client.assessments()[-1].level == "none"


def test_a_worry_that_was_acknowledged_is_read_with_what_makes_it_worse(line: Opens) -> None:
    client = line()
    client.say("i hate myself")
    client.answered()
    client.say("and i bought the rope today")
    assert client.conversation().safety == "crisis"


@pytest.mark.parametrize(("offered", "level"), [(("All of them", "Some of them"), "none"), (("Yes", "No"), "crisis")])
def test_a_choice_sent_word_for_word_is_not_read_with_what_stood_before_it(
    line: Opens, offered: tuple[str, ...], level: str
) -> None:
    client = line()
    client.say("im going to take")
    client.offer("Which of these shall we ask about?", *offered)
    client.say("all of them", later=timedelta(seconds=5))
    assert client.conversation().safety == level


def test_a_choice_that_sounds_of_a_worry_is_none_where_it_was_offered(line: Opens) -> None:
    client = line()
    client.say("i feel hopeless")
    assert client.conversation().safety == "concern"
    client = line(channel="web")
    client.offer("How was the week?", "I feel hopeless", "I feel fine")
    client.say("i feel hopeless")
    assert client.conversation().safety == "none"


def test_with_a_person_a_plain_text_is_read_with_those_that_they_have_not_answered(line: Opens) -> None:
    client = line()
    client.change(owner="person")
    client.say("i wanna")
    client.write("Yes?")
    client.say("the blue bus pass")
    assert client.assessments()[-1].score == assess("the blue bus pass").score
    client.say("for thursday")
    assert client.assessments()[-1].score == assess("for thursday", ["the blue bus pass"]).score


def test_danger_over_several_short_texts_is_seen(line: Opens) -> None:
    client = line()
    client.say("i wanna")
    client.say("kill", later=timedelta(seconds=5))
    client.say("myself", later=timedelta(seconds=5))
    assert client.conversation().safety == "crisis"

"""Conversations as people have them, with the real model over the running line, in English and Spanish.

Besides what a script looks for, no question of the walk may be put twice in a row in the same words.
Several clients text at once, as on any day: a conversation has to be the same whoever else is texting.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.conversations.scripts import (
    ANSWERS,
    FIRST,
    Conversation,
    Step,
    answer_to,
    asked,
    conversations,
    pattern,
    plain,
)
from tests.line.line import Running
from tests.line.standin import Phone

pytestmark = pytest.mark.line
MOST_TEXTS = 40
AT_ONCE = 6


class Talk:
    """One client's conversation. `story` is what was said, for a failure's message."""

    def __init__(self, phone: Phone, language: str) -> None:
        self.phone, self.language = phone, language
        self.question: str | None = None  # the one asked last, by its response
        self.story = ""

    def text(self, words: str, language: str) -> str:
        assert self.phone.texts < MOST_TEXTS, self.story
        self.story += f"\n> {words}\n"
        said = self.phone.text(words)
        self.story += said
        question = asked(said, language)
        if question is not None:
            assert question != self.question, f"{question} twice in a row:{self.story}"
            self.question = question
        return plain(said)

    def until(self, step: str) -> None:
        """Answers one question after the other until `step` is asked; begins where nothing was said yet."""
        while self.question is None or self.question.removeprefix("utter_ask_").removeprefix("utter_again_") != step:
            if self.question is None:
                self.text(FIRST[self.language], self.language)
                continue
            open_one = self.question.removeprefix("utter_ask_").removeprefix("utter_again_")
            self.text(answer_to(open_one, step, self.language), self.language)

    def take(self, step: Step) -> None:
        if step.days:
            self.phone_days(step.days)
        if step.until:
            self.until(step.until)
        if step.text is None:
            return
        said = self.text(step.text, step.language)
        for _ in range(3):
            if not pattern("utter_opening_taken", step.language).search(said):
                break
            said = self.text(step.text, step.language)  # another client of the day was quicker
        for expected in step.says:
            assert pattern(expected, step.language).search(said), f"no {expected} in the last answer:{self.story}"
        for unwanted in step.never:
            assert not pattern(unwanted, step.language).search(said), f"{unwanted} in the last answer:{self.story}"

    def phone_days(self, days: int) -> None:
        raise NotImplementedError


def play(line: Running, phone: Phone, conversation: Conversation) -> None:
    talk = Talk(phone, conversation.language)
    talk.phone_days = lambda days: line.days_pass(phone.number, days)  # type: ignore[method-assign]
    for step in conversation.steps:
        talk.take(step)


@pytest.fixture(scope="module")
def played(line: Running, request: pytest.FixtureRequest) -> Iterator[dict[str, Future[None]]]:
    """The chosen conversations by their ids, begun in their order, some of them at once."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    chosen = [item.callspec.params["conversation"] for item in items if item.originalname == "test_conversation"]
    phones = [line.phone() for _ in chosen]
    with ThreadPoolExecutor(AT_ONCE) as clients:
        yield {each.id: clients.submit(play, line, phone, each) for each, phone in zip(chosen, phones, strict=True)}
        clients.shutdown(cancel_futures=True)


@pytest.mark.parametrize("conversation", conversations(), ids=lambda c: c.id)
def test_conversation(played: dict[str, Future[None]], conversation: Conversation) -> None:
    played[conversation.id].result()


def test_there_are_enough_of_them_and_each_in_both_languages() -> None:
    table = conversations()
    assert len(table) >= 60
    for language in ("en", "es"):
        assert sum(each.language == language for each in table) >= 30
    assert len({each.id for each in table}) == len(table)
    assert ANSWERS["en"].keys() == ANSWERS["es"].keys()

"""A turn that is tried again, because the bot died before it was stored, is answered as it would have been at once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from casework.conversations.tables import ActionAnswer, Answer
from casework.storage import Database
from tests.casework.intake.walker import Walker

TOLD = {"zip": "60601", "age": 27, "veteran": False, "in_hospital_now": False}
TEXTS = ("why", "3", "what do you mean", "none", "none of your business")


def written(walker: Walker) -> int:
    """How many answers were ever written down for the client, those that later ones took the place of among them."""
    count = select(func.count()).select_from(Answer).where(Answer.client_id == walker.client_id)
    return int(walker.after(lambda session: session.scalar(count)))


@pytest.mark.parametrize("turns", range(1, len(TEXTS) + 1))
def test_a_turn_tried_three_times_is_answered_and_written_down_once(database: Database, turns: int) -> None:
    once, thrice = Walker(database, **TOLD), Walker(database, **TOLD)
    thrice.tries = 3
    assert thrice.walk(*TEXTS[:turns]) == once.walk(*TEXTS[:turns]) != ""
    assert written(thrice) == written(once)


@pytest.mark.parametrize("payer", ["medicaid", "medicare"])
def test_what_is_news_once_is_told_as_news_however_often_it_is_tried(database: Database, payer: str) -> None:
    once, thrice = Walker(database, **TOLD), Walker(database, **TOLD)
    thrice.tries = 3
    said = once.walk("why", f"i have {payer}", payer=payer)
    assert said.startswith("Got it")
    assert thrice.walk("why", f"i have {payer}", payer=payer) == said


def test_what_actions_answered_is_kept_no_longer_than_to_the_next_turn(database: Database) -> None:
    walker = Walker(database, **TOLD)
    walker.walk(*TEXTS)
    assert walker.after(lambda s: s.scalar(select(func.count(ActionAnswer.turn_id.distinct())))) == 1

"""A choice of an older message (a reminder, an opening that came free) is never taken as the answer to a question."""

from __future__ import annotations

import pytest

from casework.understanding.heard import of_choice
from casework.understanding.interrupts import interrupts


@pytest.mark.parametrize("step", ["sharing", "saving", "veteran", "booking", "zip", "opening"])
@pytest.mark.parametrize(
    "payload",
    [
        '/confirm_appointment{"appointment": "3f0c"}',
        "/reschedule_appointment",
        '/cancel_appointment{"answer": "yes"}',
        '/inform{"answer": "offer_yes"}',
        '/inform{"answer": "offer_no"}',
        '/inform{"answer": "offer_leave"}',
    ],
)
def test_it_interrupts_whatever_question_is_open(step: str, payload: str) -> None:
    assert interrupts(of_choice(payload, "1"), step)


@pytest.mark.parametrize("payload", ["/affirm", "/deny", '/inform{"answer": "medicaid"}'])
def test_a_choice_of_the_question_itself_does_not(payload: str) -> None:
    assert not interrupts(of_choice(payload, "1"), "sharing")

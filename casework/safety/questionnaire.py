"""Questionnaire answers that go the way of a message that shows danger."""

from __future__ import annotations

from casework.safety.levels import CRISIS, NONE


def phq9_item9(value: int) -> str:
    """The level of an answer to PHQ-9's question 9 (thoughts of being better off dead, or of hurting oneself): 0 to 3.

    Any answer but "not at all" is looked at by a person now (PHQ-9, Pfizer; question 9 is read on its own, not by the
    sum). Raises ValueError for a value that the questionnaire does not have.
    """
    if value not in (0, 1, 2, 3):
        raise ValueError(f"PHQ-9 question 9 is answered 0 to 3, not {value}")
    return CRISIS if value else NONE

"""The detector's labels: how bad it is, and what it is about."""

from __future__ import annotations

from collections.abc import Iterable

NONE, CONCERN, CRISIS = "none", "concern", "crisis"
LEVELS = (NONE, CONCERN, CRISIS)
KINDS = ("suicide", "self_harm", "harm_to_others", "medical", "abuse", "child", "psychosis")


def worse(one: str, other: str) -> str:
    """The graver of two levels."""
    return max(one, other, key=LEVELS.index)


def in_order(kinds: Iterable[str]) -> list[str]:
    """Kinds without repetition, in the order of KINDS."""
    given = set(kinds)
    return [kind for kind in KINDS if kind in given]

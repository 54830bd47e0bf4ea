"""Whom a text speaks of: the client, or somebody of theirs ("my husband was in the army")."""

from __future__ import annotations

import re
from functools import lru_cache

from casework.understanding.numbers import any_of


def of_a_relative(before: str) -> bool:
    """Whether what comes after the folded text `before` is said of a relative: one is named, and the client not after
    them ("my mom says i have ...").
    """
    named = list(_relative().finditer(before))
    return bool(named) and not _client().search(before, named[-1].end())


@lru_cache
def _relative() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of('relatives', 'whose')}) (?:\w+ )?(?:{any_of('relatives', 'words')})\b")


@lru_cache
def _client() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of('relatives', 'client')})\b")

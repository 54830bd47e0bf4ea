"""What a client in crisis means by a short answer: safe or not, wants to go on or not. Words are data.

Only whole short answers are understood; a longer text is left to the client's own choice by the buttons or numbers.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

from casework.paths import DATA
from casework.understanding.choices import fold

SAFE, NOT_SAFE, GO_ON, PERSON, YES, NO = "safe", "not_safe", "go_on", "person", "yes", "no"
LONGEST = 12  # words; what says more than that is not a plain answer


@lru_cache
def _answers() -> dict[str, re.Pattern[str]]:
    table = tomllib.loads((DATA / "safety" / "answers.toml").read_text(encoding="utf-8"))
    return {name: re.compile("|".join(f"(?:{p})" for p in entry["patterns"])) for name, entry in table.items()}


def understand(text: str) -> str | None:
    """SAFE, NOT_SAFE, GO_ON, PERSON, a bare YES or NO, or None where the text is no plain answer.

    The order matters: "no im not ok" is not safe although it holds "ok", "no estoy bien" likewise.
    """
    said = fold(text.replace("'", "").replace("’", ""))
    if not said or len(said.split()) > LONGEST:
        return None
    for meaning in (NOT_SAFE, PERSON, GO_ON, SAFE, YES, NO):
        if _answers()[meaning].fullmatch(said):
            return meaning
    return None

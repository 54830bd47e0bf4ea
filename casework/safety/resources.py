"""Which response holds the right numbers for a danger: by kind, and for veterans. The words are in `domain.yml`."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import Answer, Client
from casework.understanding.choices import fold

AGAIN = "utter_safety_again"
STAYING = "utter_safety_staying"
OUT_OF_HOURS = "utter_safety_out_of_hours"

# The first that fits: what 911 or a line of its own must come first for.
_BY_KIND = (("medical", "medical"), ("child", "child"), ("abuse", "abuse"))
_VETERAN = re.compile(
    r"\b(im|i am|as) (a |an )?(\w+ ){0,2}(vet|veteran|veterano|veterana)\b"
    r"|\bsoy (un |una )?veteran[oa]\b|\b(combat|disabled|army|navy|marine|vietnam|iraq|gulf war) (vet|veteran)\b"
    r"|\bserved (\w+ ){0,3}(army|navy|marines|air force|guard|iraq|afghanistan|vietnam)\b"
)


def for_crisis(kinds: Collection[str], *, veteran: bool) -> str:
    """The name of the first reply to a crisis of these kinds."""
    for kind, name in _BY_KIND:
        if kind in kinds:
            return f"utter_safety_crisis_{name}"
    return "utter_safety_crisis_veteran" if veteran else "utter_safety_crisis"


def for_concern(kinds: Collection[str], *, veteran: bool) -> str:
    if "abuse" in kinds:
        return "utter_safety_concern_abuse"
    return "utter_safety_concern_veteran" if veteran else "utter_safety_concern"


async def is_veteran(session: AsyncSession, client: Client, text: str) -> bool:
    """Whether the client is known to be a veteran, or says so in this text."""
    if _VETERAN.search(fold(text.replace("'", "").replace("’", ""))):
        return True
    told = await session.scalar(
        select(Answer).where(Answer.client_id == client.id, Answer.fact == "veteran", Answer.superseded_at.is_(None))
    )
    return told is not None and told.value is True

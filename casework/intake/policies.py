"""Which state's (or the VA's) own rules a client is screened by as well, for the case manager's summary. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casework.geography import UnknownPlace, find

_OF_STATE = {"MN": ("mn",), "PA": ("pa-icm", "pa-tcm"), "GA": ("ga-act",)}
_OF_VETERANS = "va-icmhr"


def also(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The policies beside the default one, from where the client lives and whether they served."""
    state = facts.get("state")
    if facts.get("zip"):
        try:
            state = find(str(facts["zip"])).state
        except UnknownPlace:
            state = facts.get("state")
    policies = _OF_STATE.get(str(state or "").upper(), ())
    return (*policies, _OF_VETERANS) if facts.get("veteran") is True else policies

"""How somebody is reached who is called: people on call (ON_CALL) and staff."""

from __future__ import annotations

import re

_REACH = re.compile(r"sms:\+[1-9]\d{7,14}|email:[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+")


def is_reach(entry: str) -> bool:
    """Whether `entry` is `sms:+1...`, `email:name@host` or the https address of a webhook."""
    return _REACH.fullmatch(entry) is not None

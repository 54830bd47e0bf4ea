"""What a code looks like that moves a web chat to a phone: `7KQ4-MX9P`. What it does is in `joining`."""

from __future__ import annotations

import re

LETTERS, DIGITS = "BCDFGHJKMNPQRSTVWXZ", "23456789"  # no vowels, so no words; nothing that looks like another
_HALF = f"[{LETTERS}{DIGITS}]{{4}}"
_CODE = re.compile(rf"\W*(?:CODE|CODIGO|CÓDIGO)?\W*({_HALF})[\s-]?({_HALF})\W*")


def recognise(said: str) -> str | None:
    """The code that the whole text is, if it looks like one."""
    found = _CODE.fullmatch(said.upper())
    if found is None:
        return None
    code = found[1] + found[2]
    return code if any(c in DIGITS for c in code) and any(c in LETTERS for c in code) else None

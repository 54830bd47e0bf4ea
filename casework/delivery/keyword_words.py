"""Which keyword a message is: STOP, START or HELP, in either language. The words are data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache

from casework.paths import DATA

STOP, START, HELP, YES = "stop", "start", "help", "yes"
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")  # quotes, dots, exclamation marks, emoji on either side of the word


@dataclass(frozen=True)
class Keyword:
    """`answered`: Twilio has already replied to it."""

    name: str
    answered: bool = False


@lru_cache
def _words() -> dict[str, str]:
    table = tomllib.loads((DATA / "delivery" / "keywords.toml").read_text(encoding="utf-8"))
    words = {word: name for name in (STOP, START, HELP) for word in table[name]["words"]}
    return words | dict.fromkeys(table[START]["only_when_opted_out"], YES)


def recognise(text: str, opt_out_type: str | None = None) -> Keyword | None:
    """The keyword that the whole message is, if it is one."""
    if opt_out_type and opt_out_type.lower() in (STOP, START, HELP):
        return Keyword(opt_out_type.lower(), answered=True)
    name = _words().get(" ".join(_AROUND.sub("", text.lower()).split()))
    return Keyword(name) if name else None

"""The elements of a list in a JSON file, one decoded at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from casework.directory.importing.records import BadFile

_decoder = json.JSONDecoder()
_GAP = re.compile(r"[\s,]*")


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path.name} cannot be read as text") from error


def elements(text: str, keys: tuple[str, ...], name: str) -> Iterator[Any]:
    """The elements of the list under one of the keys at the top, or of the file where it is a list itself.

    Raises BadFile where there is no such list, or where the file breaks off.
    """
    start = re.match(r"\s*\[", text) or re.search(rf'"(?:{"|".join(keys)})"\s*:\s*\[', text)
    if not start:
        raise BadFile(f"{name} holds no list under {', '.join(keys)}")
    position = start.end()
    while True:
        gap = _GAP.match(text, position)
        position = gap.end() if gap else position
        if text[position : position + 1] == "]":
            return
        try:
            element, position = _decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError) as error:
            line = text.count("\n", 0, position) + 1
            raise BadFile(f"{name} is not whole JSON: it breaks at line {line}") from error
        yield element

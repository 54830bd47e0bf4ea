"""`guidepost safety`: texts in, one line each; levels out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from casework.errors import GuidepostError
from casework.safety.assess import assess


class BadLine(GuidepostError):
    """A line of the input that cannot be read; the text names its number."""


def lines(given: Iterable[str], jsonl: bool) -> Iterator[dict[str, Any]]:
    """One `{"level", "kinds", "score"}` for each line: a text, or `{"text": ...}` where `jsonl`.

    An empty line is an empty message, so that answers stay in step with the input. Raises BadLine.
    """
    for number, line in enumerate(given, 1):
        found = assess(_text(line, number) if jsonl else line.rstrip("\r\n"))
        yield {"level": found.level, "kinds": found.kinds, "score": found.score}


def _text(line: str, number: int) -> str:
    try:
        value = json.loads(line)
    except ValueError as problem:
        raise BadLine(f"line {number} is not JSON: {problem}") from problem
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise BadLine(f'line {number} has no text: each line is an object such as {{"text": "hello"}}')
    return str(value["text"])

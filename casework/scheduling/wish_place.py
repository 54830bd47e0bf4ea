"""Where reading a text about time has got to: the next words, what was found, and what changes what follows. No I/O."""

from __future__ import annotations

from datetime import datetime

from casework.scheduling.wish_sum import Found
from casework.scheduling.wish_words import Token

RELATIONS = ("before", "after", "from", "until", "by")


class Place:
    """The place in the text. What reads days, dates and hours stands on it."""

    def __init__(self, said: list[Token], now: datetime) -> None:
        self.said, self.now, self.today = said, now, now.date()
        self.place = 0
        self.found = Found()
        self.negated = False
        self.relation: str | None = None
        self.modifier: str | None = None  # next, this, last
        self.clause: list[tuple[str, object]] = []  # what the clause named, should a "no" come after it

    def _kind(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.said[place].kind if 0 <= place < len(self.said) else ""

    def _take(self, count: int) -> bool:
        self.place += count
        return True

    def _done(self) -> None:
        self.relation = self.modifier = None

    def _span(self, span: tuple[int, int]) -> None:
        todays = self.modifier == "this" and not self.found.days and not self.negated
        (self.found.not_spans if self.negated else self.found.spans).append(span)
        self.clause.append(("span", span))
        if todays:
            self.found.dates.append(self.today)
        self._done()

    def _between(self, begins: int | None, ends: int | None) -> None:
        found = self.found
        if begins is not None:
            found.earliest = begins if found.earliest is None else max(found.earliest, begins)
        if ends is not None:
            found.latest = ends if found.latest is None else min(found.latest, ends)
        self.clause.append(("time", None))
        self._done()

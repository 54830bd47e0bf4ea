"""Understanding when a client can come: "next tues after 3", "el martes en la tarde", "not fridays". No I/O.

Where a text leaves a choice the wider reading is taken, since the client then picks among openings: "next Tuesday"
is the coming one or a later one. A bare hour from 1 to 7 is in the afternoon.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from casework.scheduling.wish_dates import Dates
from casework.scheduling.wish_hours import Hours
from casework.scheduling.wish_place import RELATIONS
from casework.scheduling.wish_sum import together
from casework.scheduling.wish_words import Token, tokens
from casework.scheduling.wishes import Wishes


def read(text: str, *, at: datetime, zone: str) -> Wishes | None:
    """What `text` asks for, by the calendar of `zone` at `at`; None where it says nothing of time or kind."""
    return _Reader(tokens(text), at.astimezone(ZoneInfo(zone))).wishes()


class _Reader(Dates, Hours):
    def wishes(self) -> Wishes | None:
        while self.place < len(self.said):
            if not (
                self._day_range() or self._hours() or self._date() or self._week() or self._clock() or self._named()
            ):
                self._sign(self.said[self.place])
                self.place += 1
        self._end_clause()
        return together(self.found, self.now)

    def _named(self) -> bool:
        token = self.said[self.place] if self.place < len(self.said) else Token("")
        if token.kind == "day":
            self._day(int(token.value))
        elif token.kind == "days":
            self._days(token.value)
        elif token.kind == "span":
            self._span(token.value)
        elif token.kind == "kind":
            (self.found.not_kinds if self.negated else self.found.kinds).add(token.value)
            self.clause.append(("kind", token.value))
        else:
            return False
        return self._take(1)

    # What changes the meaning of what follows

    def _sign(self, token: Token) -> None:
        kind = token.kind
        if kind == "break" or (kind == "comma" and not (self._kind(-1) == "day" and self._kind(1) in ("day", "and"))):
            self._end_clause()
        elif kind in ("not", "busy"):
            self.negated = True
            self.clause.append(("not", None))
        elif kind == "want":
            self.negated = False
        elif kind in RELATIONS:
            self.relation = kind
        elif kind == "around":
            self.relation = self.relation or kind
        elif kind in ("next", "this", "last"):
            self.modifier = kind
        elif kind == "soonest":
            self.found.soonest = True
        elif kind == "anytime":
            self.found.anytime = True
        elif kind in ("onwards", "or_earlier"):
            self._stretch(kind)
        elif kind == "unknown":
            self._done()

    def _stretch(self, kind: str) -> None:
        """ "dec 3 or later", "3 or earlier": opens what was just said to one side."""
        found = self.found
        if kind == "onwards" and found.dates:
            found.since, found.dates = max(found.dates), []
        elif kind == "or_earlier" and found.dates:
            found.until, found.dates = min(found.dates), []
        elif kind == "onwards":
            found.latest = None
        elif found.latest is not None:
            found.earliest = None

    def _end_clause(self) -> None:
        """A "no" that ends a clause speaks of what came before it: "fridays dont work", "los viernes no"."""
        if len(self.clause) > 1 and self.clause[-1][0] == "not":
            for kind, value in self.clause[:-1]:
                if kind == "days" and isinstance(value, frozenset):
                    self.found.days -= value
                    self.found.not_days |= value
                elif kind == "span" and value in self.found.spans:
                    self.found.spans.remove(value)
                    self.found.not_spans.append(value)
                elif kind == "kind" and isinstance(value, str):
                    self.found.kinds.discard(value)
                    self.found.not_kinds.add(value)
        self.clause, self.negated = [], False
        self._done()

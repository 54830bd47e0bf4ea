"""Understanding when a client can come: "next tues after 3", "el martes en la tarde", "not fridays". No I/O.

Where a text leaves a choice the wider reading is taken, since the client then picks among openings: "next Tuesday"
is the coming one or a later one. A bare hour from 1 to 7 is in the afternoon.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from casework.scheduling.wish_sum import DAY_MINUTES, Found, together
from casework.scheduling.wish_words import Token, tokens
from casework.scheduling.wishes import Wishes

_SKIPPED = ("filler", "at", "around")
_RELATIONS = ("before", "after", "from", "until", "by")
_SPEAKING_OF_TIME = (*_RELATIONS, "at", "around", "between", "to")
# A date without a year that is past this year is meant for the next one only if that is near.
_NEXT_YEAR_WITHIN = timedelta(days=120)


def read(text: str, *, at: datetime, zone: str) -> Wishes | None:
    """What `text` asks for, by the calendar of `zone` at `at`; None where it says nothing of time or kind."""
    return _Reader(tokens(text), at.astimezone(ZoneInfo(zone))).wishes()


class _Reader:
    def __init__(self, said: list[Token], now: datetime) -> None:
        self.said, self.now, self.today = said, now, now.date()
        self.place = 0
        self.found = Found()
        self.negated = False
        self.relation: str | None = None
        self.modifier: str | None = None  # next, this, last
        self.clause: list[tuple[str, object]] = []  # what the clause named, should a "no" come after it

    def wishes(self) -> Wishes | None:
        while self.place < len(self.said):
            if not (self._range() or self._date() or self._week() or self._clock() or self._named()):
                self._sign(self.said[self.place])
                self.place += 1
        self._end_clause()
        return together(self.found, self.now)

    # Looking ahead

    def _kind(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.said[place].kind if 0 <= place < len(self.said) else ""

    def _take(self, count: int) -> bool:
        self.place += count
        return True

    def _done(self) -> None:
        self.relation = self.modifier = None

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
        elif kind in _RELATIONS:
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

    # Days and parts of a day

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

    def _days(self, days: frozenset[int]) -> None:
        (self.found.not_days if self.negated else self.found.days).update(days)
        self.clause.append(("days", days))
        self._done()

    def _day(self, weekday: int) -> None:
        coming = self.today + timedelta(days=(weekday - self.today.weekday() - 1) % 7 + 1)
        after = self._kind(1) if self._kind(1) in ("next", "last") else None
        modifier = after or self.modifier
        if after:
            self.place += 1
        if modifier == "last":
            self.found.past = True
            return self._done()
        if self.relation in _RELATIONS and not self.negated:
            return self._dated(coming)
        if modifier == "next" and not self.negated:
            self.found.since = self.today + timedelta(days=1)
        elif modifier == "this" and not self.negated:
            self.found.until = coming
        return self._days(frozenset({weekday}))

    def _span(self, span: tuple[int, int]) -> None:
        todays = self.modifier == "this" and not self.found.days and not self.negated
        (self.found.not_spans if self.negated else self.found.spans).append(span)
        self.clause.append(("span", span))
        if todays:
            self.found.dates.append(self.today)
        self._done()

    # Dates

    def _date(self) -> bool:
        token = self.said[self.place]
        if token.kind == "date":
            year, month, day = token.value
            return self._calendar_date(year, month, day, 1)
        if token.kind == "offset":
            shown = self.today + timedelta(days=token.value)
            # "el martes manana": the morning of a day that is named already
            if token.value == 1 and self._kind(-1) == "day":
                self._span((0, 12 * 60))
            else:
                self._dated(shown)
            return self._take(1)
        number = ("number", "ordinal")
        month = self._month(0)
        if month and self._kind(1) in number:
            return self._calendar_date(*self._year(2, month, self.said[self.place + 1].value))
        if token.kind in number:
            gap = 1
            while self._kind(gap) == "filler" and gap < 3:
                gap += 1
            if month := self._month(gap):
                return self._calendar_date(*self._year(gap + 1, month, token.value))
        if token.kind == "ordinal":
            return self._day_of_month(token.value)
        if month and token.kind == "month" and token.value != 5:
            return self._whole_month(token.value)
        return False

    def _month(self, ahead: int) -> int | None:
        return int(self.said[self.place + ahead].value) if self._kind(ahead) == "month" else None

    def _year(self, ahead: int, month: int, day: int) -> tuple[int | None, int, int, int]:
        gap = ahead
        while self._kind(gap) == "filler" and gap < ahead + 2:
            gap += 1
        if self._kind(gap) == "number" and 2000 <= self.said[self.place + gap].value < 2100:
            return (self.said[self.place + gap].value, month, day, gap + 1)
        return (None, month, day, ahead)

    def _calendar_date(self, year: int | None, month: int, day: int, count: int) -> bool:
        self._take(count)
        try:
            shown = date(year or self.today.year, month, day)
            if (
                year is None
                and shown < self.today
                and shown.replace(year=shown.year + 1) - self.today < _NEXT_YEAR_WITHIN
            ):
                shown = shown.replace(year=shown.year + 1)
        except ValueError:
            return True  # the 30th of February: it says nothing
        self._dated(shown)
        return True

    def _day_of_month(self, day: int) -> bool:
        for ahead in range(3):
            year, month = divmod(self.today.month - 1 + ahead, 12)
            try:
                shown = date(self.today.year + year, month + 1, day)
            except ValueError:
                continue
            if shown >= self.today:
                self._dated(shown)
                break
        return self._take(1)

    def _whole_month(self, month: int) -> bool:
        year = self.today.year + (month < self.today.month)
        first = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        if self.relation in ("after", "before"):
            self._dated(following - timedelta(days=1) if self.relation == "after" else first)
        else:
            self.found.since, self.found.until = first, following - timedelta(days=1)
            self._done()
        return self._take(1)

    def _dated(self, shown: date) -> None:
        found, relation = self.found, self.relation
        if self.negated:
            relation = {"before": "from", "until": "from", "after": "until"}.get(relation or "", "never")
        if shown < self.today and relation not in ("after", "from"):
            found.past = True
        elif relation == "after":
            found.since = shown + timedelta(days=1)
        elif relation == "from":
            found.since = shown
        elif relation == "before":
            found.until = shown - timedelta(days=1)
        elif relation in ("until", "by"):
            found.until = shown
        elif relation == "never":
            found.not_days.add(shown.weekday())
        else:
            found.dates.append(shown)
        self._done()

    def _week(self) -> bool:
        """ "next week", "la semana que viene", "in two weeks", "hace 3 dias"."""
        kind = self._kind()
        if kind == "number" and self._kind(1) == "unit":
            days = self.said[self.place].value * self.said[self.place + 1].value
            if self._kind(-1) == "ago" or self._kind(2) == "ago":
                self.found.past = True
            elif self._kind(-1) == "in" or self._kind(2) == "later" or self.relation in ("after", "from"):
                self.found.since = self.today + timedelta(days=min(days, 366))
                self._done()
            return self._take(2)
        if kind != "unit" or self.said[self.place].value == 1:
            return False
        after = self._kind(1) if self._kind(1) in ("next", "last") else None
        modifier, month = after or self.modifier, self.said[self.place].value == 30
        self._take(2 if after else 1)
        if modifier == "last":
            self.found.past = True
        elif modifier in ("next", "this"):
            begins, ends = self._bounds(month, 1 if modifier == "next" else 0)
            if self.relation in ("after", "before"):
                self._dated(ends if self.relation == "after" else begins)
            else:
                self.found.since, self.found.until = max(begins, self.today), ends
        self._done()
        return True

    def _bounds(self, month: bool, ahead: int) -> tuple[date, date]:
        if not month:
            monday = self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=ahead)
            return monday, monday + timedelta(days=6)
        first = self.today.replace(day=1)
        for _ in range(ahead):
            first = (first + timedelta(days=31)).replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    # Times of day

    def _range(self) -> bool:
        """ "2-4", "from 9 to 11", "between 2 and 4", "mon to thurs"."""
        joins = ("to", "until") + (("and",) if "between" in (self._kind(-1), self._kind(-2)) else ())
        if self._kind() == "day" and self._kind(1) in ("to", "until"):
            gap = 3 if self._kind(2) == "filler" else 2
            if self._kind(gap) != "day":
                return False
            first, last = self.said[self.place].value, self.said[self.place + gap].value
            self._days(frozenset((first + step) % 7 for step in range((last - first) % 7 + 1)))
            return self._take(gap + 1)
        first_time = self._time_at(self.place)
        if first_time is None or self._kind(first_time[2]) not in joins:
            return False
        gap = first_time[2] + 1
        while self._kind(gap) in _SKIPPED:
            gap += 1
        second = self._time_at(self.place + gap)
        if second is None:
            return False
        begins, ends = self._minutes(*first_time[:2]), self._minutes(*second[:2])
        if first_time[1] is None and second[1] == "pm" and begins + 12 * 60 < ends:
            begins += 12 * 60
        if begins >= ends:
            return False
        self._between(begins, ends)
        return self._take(gap + second[2])

    def _time_at(self, place: int) -> tuple[int, str | None, int] | None:
        """Minute of the day as said, am or pm if said, and how many tokens it took."""
        said = self.said[place : place + 4]
        if not said:
            return None
        if said[0].kind == "clock":
            return said[0].value, "24", 1
        lead = 1 if said[0].kind == "minutes" and len(said) > 1 else 0  # "half past 3"
        head = said[lead]
        if head.kind == "number" and head.value <= 24:
            minute = head.value * 60
        elif head.kind == "time":
            minute = head.value
        else:
            return None
        minute += said[0].value if lead else 0
        count = lead + 1
        if not lead and head.kind == "number" and len(said) > 1 and said[1].kind == "minutes":
            minute, count = minute + said[1].value, 2
        rest = self.said[place + count : place + count + 3]
        while rest and rest[0].kind in ("filler", "in"):
            rest = rest[1:]
        if self._kind(place + count - self.place) == "half":
            return minute, str(self.said[place + count].value), count + 1
        if rest and rest[0].kind == "span" and rest[0].value in ((0, 720), (720, 1020), (1020, DAY_MINUTES)):
            used = count + next(i for i, t in enumerate(self.said[place + count :]) if t.kind == "span") + 1
            return minute, "am" if rest[0].value[0] == 0 else "pm", used
        return minute, None, count

    def _minutes(self, minute: int, half: str | None) -> int:
        hour = minute // 60
        if half == "24" or hour > 12 or hour == 0:
            return min(minute, DAY_MINUTES - 1)
        if half is None:
            spans = self.found.spans
            evening = any(span[0] >= 17 * 60 for span in spans)
            morning = any(span[1] <= 12 * 60 for span in spans)
            half = "pm" if hour == 12 or evening or (hour <= 7 and not morning) else "am"
        return minute % (12 * 60) + (12 * 60 if half == "pm" else 0)

    def _clock(self) -> bool:
        read = self._time_at(self.place)
        if read is None:
            return False
        minute, half, count = read
        if self._kind() == "number" and half is None and not self._meant_as_hour(count):
            return False
        at = self._minutes(minute, half)
        relation = self.relation
        if self.negated:
            relation = {"before": "after", "until": "after", "after": "until", "from": "until"}.get(
                relation or "", "skip"
            )
        if relation in ("after", "from"):
            self._between(at, None)
        elif relation in ("before", "until", "by"):
            self._between(None, at)
        elif relation == "around":
            self._between(max(0, at - 60), min(at + 61, DAY_MINUTES))
        elif relation != "skip":
            self._between(at, min(at + 60, DAY_MINUTES))
        self._done()
        return self._take(count)

    def _meant_as_hour(self, count: int) -> bool:
        """A bare number is an hour after a word that says so, after a day, or where nothing else is said."""
        back = -1
        while self._kind(back) == "filler":
            back -= 1
        before = self._kind(back)
        if before in _SPEAKING_OF_TIME:
            return self._kind(count) != "unit"
        alone = all(token.kind in ("filler", "number", "minutes") for token in self.said)
        return alone or before in ("day", "date", "offset", "span", "ordinal")

    def _between(self, begins: int | None, ends: int | None) -> None:
        found = self.found
        if begins is not None:
            found.earliest = begins if found.earliest is None else max(found.earliest, begins)
        if ends is not None:
            found.latest = ends if found.latest is None else min(found.latest, ends)
        self.clause.append(("time", None))
        self._done()

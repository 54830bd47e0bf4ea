"""Days, dates, weeks and months in what a client says: "next tues", "el 3 de dic", "not fridays", "in two weeks"."""

from __future__ import annotations

from datetime import date, timedelta

from casework.scheduling.wish_place import RELATIONS, Place

# A date without a year that is past this year is meant for the next one only if that is near.
_NEXT_YEAR_WITHIN = timedelta(days=120)


class Dates(Place):
    """Reads days and dates."""

    # Days of the week

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
        if self.relation in RELATIONS and not self.negated:
            return self._dated(coming)
        if modifier == "next" and not self.negated:
            self.found.since = self.today + timedelta(days=1)
        elif modifier == "this" and not self.negated:
            self.found.until = coming
        return self._days(frozenset({weekday}))

    def _day_range(self) -> bool:
        """ "mon to thurs"."""
        if self._kind() != "day" or self._kind(1) not in ("to", "until"):
            return False
        gap = 3 if self._kind(2) == "filler" else 2
        if self._kind(gap) != "day":
            return False
        first, last = self.said[self.place].value, self.said[self.place + gap].value
        self._days(frozenset((first + step) % 7 for step in range((last - first) % 7 + 1)))
        return self._take(gap + 1)

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

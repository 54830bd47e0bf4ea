"""Times of day in what a client says: "after 3", "2-4", "half past 9", "entre las 2 y las 4"."""

from __future__ import annotations

from casework.scheduling.wish_place import RELATIONS, Place
from casework.scheduling.wish_sum import DAY_MINUTES

_SKIPPED = ("filler", "at", "around")
_SPEAKING_OF_TIME = (*RELATIONS, "at", "around", "between", "to")


class Hours(Place):
    """Reads times of day. A bare hour from 1 to 7 is in the afternoon."""

    def _hours(self) -> bool:
        """ "2-4", "from 9 to 11", "between 2 and 4"."""
        joins = ("to", "until") + (("and",) if "between" in (self._kind(-1), self._kind(-2)) else ())
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

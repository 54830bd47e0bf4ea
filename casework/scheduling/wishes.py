"""When a client can come: their wishes as rules that an opening either meets or does not. No I/O.

`wish_reader.read` makes them from what the client said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

AFTERNOON = time(12)  # the parts of a day: morning until here, afternoon until the evening
EVENING = time(17)


@dataclass(frozen=True)
class Wishes:
    """What an opening has to be like, by the clock it is shown in. Empty wishes: any time will do.

    `weekdays`: only these (0 is Monday; empty: any), `not_weekdays`: none of these. An opening starts at `earliest`
    or later and before `latest`; on `not_before` or later and on `not_after` or earlier. `kinds` and `not_kinds` are
    phone, video, in_person. `soonest`: the first ones, rather than a spread. `past`: what was said lies in the past.
    """

    weekdays: frozenset[int] = frozenset()
    not_weekdays: frozenset[int] = frozenset()
    earliest: time | None = None
    latest: time | None = None
    not_before: date | None = None
    not_after: date | None = None
    soonest: bool = False
    kinds: frozenset[str] = frozenset()
    not_kinds: frozenset[str] = frozenset()
    past: bool = False

    def accept(self, local_start: datetime, kind: str) -> bool:
        """Whether an opening that starts then, by the clock it is shown in, meets them."""
        start = local_start.time()
        return (
            self.day_fits(local_start.date())
            and (self.earliest is None or start >= self.earliest)
            and (self.latest is None or start < self.latest)
            and (not self.kinds or kind in self.kinds)
            and kind not in self.not_kinds
        )

    def day_fits(self, day: date) -> bool:
        """Whether an opening on that day may meet them."""
        return (
            not self.past
            and (not self.weekdays or day.weekday() in self.weekdays)
            and day.weekday() not in self.not_weekdays
            and (self.not_before is None or day >= self.not_before)
            and (self.not_after is None or day <= self.not_after)
        )

    def then(self, later: Wishes) -> Wishes:
        """These wishes with what the client said later: that counts for whatever it speaks of."""
        if later == Wishes():
            return later
        merged = later
        if not (later.weekdays or later.not_before or later.not_after):
            merged = replace(
                merged,
                weekdays=self.weekdays - later.not_weekdays,
                not_weekdays=self.not_weekdays | later.not_weekdays,
                not_before=self.not_before,
                not_after=self.not_after,
            )
        elif not later.weekdays and not later.not_weekdays:
            merged = replace(merged, not_weekdays=self.not_weekdays)
        if later.earliest is None and later.latest is None:
            merged = replace(merged, earliest=self.earliest, latest=self.latest)
        if not later.kinds and not later.not_kinds:
            merged = replace(merged, kinds=self.kinds, not_kinds=self.not_kinds)
        return merged

    def to_json(self) -> dict[str, Any]:
        """Only what is set; `from_json` reads it back."""
        return {
            name: sorted(value) if isinstance(value, frozenset) else value if value is True else value.isoformat()
            for name, value in vars(self).items()
            if value
            # Midnight is a time like any other.
            or isinstance(value, time)
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Wishes:
        read: dict[str, Any] = {}
        for name, value in data.items():
            if name in ("earliest", "latest"):
                read[name] = time.fromisoformat(value)
            elif name in ("not_before", "not_after"):
                read[name] = date.fromisoformat(value)
            else:
                read[name] = frozenset(value) if isinstance(value, list) else value
        return cls(**read)

"""How much one chat, and one address, may send. In memory, by process: it slows a flood and keeps no record."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

_SWEEP = 1024  # keys after which those that have gone quiet are forgotten


class Window:
    """At most `limit` events for a key in any `seconds`; a refused event does not count."""

    def __init__(self, limit: int, seconds: float = 60.0, now: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._seconds = seconds
        self._now = now
        self._events: dict[str, deque[float]] = {}

    def allows(self, key: str) -> bool:
        """Whether one more is allowed now; `take` counts it."""
        events = self._events.get(key)
        if events is None:
            return self.limit > 0
        self._forget(events)
        return len(events) < self.limit

    def take(self, key: str) -> None:
        if len(self._events) >= _SWEEP:
            self._sweep()
        self._events.setdefault(key, deque()).append(self._now())

    def _forget(self, events: deque[float]) -> None:
        since = self._now() - self._seconds
        while events and events[0] <= since:
            events.popleft()

    def _sweep(self) -> None:
        for key, events in list(self._events.items()):
            self._forget(events)
            if not events:
                del self._events[key]


class Limits:
    """What one chat, and one address (a shelter or a library shares one among many people), may do.

    Messages a minute, open chats, pages that show the same chat, codes and e-mails an hour; seconds of silence after
    which a chat's connection is ended, and those within which a page must say hello.
    """

    def __init__(
        self,
        per_session: int = 30,
        per_address: int = 120,
        *,
        chats_per_address: int = 250,
        pages_per_session: int = 12,
        polls_per_address: int = 1_200,
        idle_seconds: float = 3_600.0,
        hello_seconds: float = 20.0,
        sweep_seconds: float = 10.0,
    ) -> None:
        self.sessions = Window(per_session)
        self.addresses = Window(per_address)
        self.polls = Window(polls_per_address)
        self.typing = Window(1, 3.0)
        self.links = Window(5, 3_600.0)
        self.mails = Window(3, 3_600.0)
        self.mails_of_address = Window(20, 3_600.0)
        self.chats_per_address = chats_per_address
        self.pages_per_session = pages_per_session
        self.idle_seconds = idle_seconds
        self.hello_seconds = hello_seconds
        self.sweep_seconds = sweep_seconds

    def take(self, session: str, address: str) -> bool:
        """Counts one message, unless that is one too many."""
        if not (self.sessions.allows(session) and self.addresses.allows(address)):
            return False
        self.sessions.take(session)
        self.addresses.take(address)
        return True

    def take_mail(self, session: str, address: str) -> bool:
        """Counts one e-mail, unless that is one too many."""
        if not (self.mails.allows(session) and self.mails_of_address.allows(address)):
            return False
        self.mails.take(session)
        self.mails_of_address.take(address)
        return True

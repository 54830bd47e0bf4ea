"""The demo's phones and the messages between them and the line, in the memory of this process."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from casework import clock
from casework.delivery import keywords, sms_text

DEFAULT = "+16125550142"
_AREAS = ("612", "651", "763", "952", "218", "320", "507", "715", "608", "515")
_FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d")  # 555-0100 to 555-0199 are kept for fiction
_KEPT = 5_000  # messages in all; the oldest are forgotten

INBOUND, OUTBOUND = "inbound", "outbound-api"


def is_demo_number(number: str) -> bool:
    return _FICTION.fullmatch(number) is not None


@dataclass
class Text:
    """One text as Twilio knows it. `phone` is the demo phone's side of it, whichever way it goes."""

    sid: str
    direction: str
    to: str
    sender: str | None
    service: str | None
    body: str
    status: str
    created_at: datetime = field(default_factory=clock.now)
    sent_at: datetime | None = None
    updated_at: datetime = field(default_factory=clock.now)
    callback: str | None = None

    @property
    def phone(self) -> str:
        return self.to if self.direction == OUTBOUND else self.sender or ""

    @property
    def parts(self) -> int:
        return sms_text.parts(self.body)

    def become(self, status: str) -> None:
        self.status, self.updated_at = status, clock.now()
        if status == "sent":
            self.sent_at = self.updated_at


def new_sid() -> str:
    return "SM" + secrets.token_hex(16)


class Phones:
    """Every text of this process, and the pages that watch a phone."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._texts: dict[str, Text] = {}
        self._watches: set[tuple[str, asyncio.Queue[Text]]] = set()

    def put(self, text: Text) -> None:
        self._texts[text.sid] = text
        while len(self._texts) > _KEPT:
            del self._texts[next(iter(self._texts))]
        self.changed(text)

    def changed(self, text: Text) -> None:
        if text.sid not in self._texts:
            return  # forgotten meanwhile: its late delivery must not bring it back on a screen
        for number, queue in tuple(self._watches):
            if number == text.phone:
                queue.put_nowait(text)

    def get(self, sid: str) -> Text | None:
        return self._texts.get(sid)

    def newest_first(self) -> list[Text]:
        return list(self._texts.values())[::-1]

    def of(self, number: str) -> list[Text]:
        return [text for text in self._texts.values() if text.phone == number]

    def stopped(self, number: str) -> bool:
        """Whether the last word of this phone about texts was STOP."""
        last = None
        for text in self.of(number):
            if text.direction == INBOUND and (said := keywords.recognise(text.body)) and said.name != keywords.HELP:
                last = said.name
        return last == keywords.STOP

    def fresh(self) -> str:
        """A number nobody has used here yet."""
        while True:
            number = f"+1{secrets.choice(_AREAS)}55501{secrets.randbelow(100):02d}"
            if number not in (self._line, DEFAULT) and not self.of(number):
                return number

    @contextmanager
    def watch(self, number: str) -> Iterator[asyncio.Queue[Text]]:
        """What is new or changed on this phone from here on."""
        entry = (number, asyncio.Queue[Text]())
        self._watches.add(entry)
        try:
            yield entry[1]
        finally:
            self._watches.discard(entry)

"""Clients who text as people and Twilio do: with pauses, webhooks sent twice, again when the line does not answer, and
status callbacks in any order.

    python -m tests.line.simulator --base http://127.0.0.1:8000 --token TOKEN --clients 30 --texts "hi" "yes" "55401"

texts a line that runs already (its Twilio stand-in is its own affair). Tests use `Simulator` with the stand-in.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
from twilio.request_validator import RequestValidator

from tests.line.standin import ACCOUNT, LINE, TOKEN, Sent, StandIn

_AGAIN = 0.7  # seconds before a webhook that failed is sent again; Twilio's own pauses are longer
_CALLBACKS = ("queued", "sending", "sent", "delivered")


@dataclass
class Simulator:
    """`think`: the seconds (from, to) between an answer and the next text; `duplicates`: the share of texts sent twice,
    `reordered`: that of texts overtaken by the one after them. `may_text`: whether so much of a conversation (0..1)
    may be texted yet: by it a test keeps step with what else it does. `settled`: whether a number has all its answers;
    without it a client texts on after the first one.
    """

    base: str
    standin: StandIn | None
    seed: int = 1
    think: tuple[float, float] = (0.2, 1.0)
    duplicates: float = 0.1
    reordered: float = 0.0
    may_text: Callable[[float], bool] = field(default=lambda share: True)
    settled: Callable[[str], bool] | None = None
    answer_within: float = 150.0
    token: str = TOKEN
    line: str = LINE
    webhooks: int = 0
    failed: int = 0
    waits: list[float] = field(default_factory=list)  # seconds from a text taken to the first word of its answer

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        self._http = httpx.AsyncClient(timeout=15, limits=httpx.Limits(max_connections=60))
        self._reported: set[str] = set()

    async def run(self, conversations: dict[str, Sequence[str]]) -> None:
        """Texts each number's texts, one after the other's answer; all numbers at once."""
        done = asyncio.Event()
        callbacks = asyncio.create_task(self._report(done))
        try:
            await asyncio.gather(*(self._converse(number, texts) for number, texts in conversations.items()))
        finally:
            done.set()
            await callbacks
            await self._http.aclose()

    async def _converse(self, number: str, texts: Sequence[str]) -> None:
        rng = random.Random(f"{self.seed}{number}")
        left = list(texts)
        while left:
            await asyncio.sleep(rng.uniform(*self.think))
            while not self.may_text((len(texts) - len(left)) / max(len(texts) - 1, 1)):
                await asyncio.sleep(0.2)
            before = self._received(number)
            text = left.pop(0)
            if left and rng.random() < self.reordered:
                await self._text(number, left.pop(0))
            sid = await self._text(number, text)
            taken = time.monotonic()
            if rng.random() < self.duplicates:
                await self._text(number, text, sid)
            if self.standin is not None:
                await self._answered(number, before, text)
                self.waits.append(time.monotonic() - taken)

    async def _answered(self, number: str, before: int, text: str) -> None:
        deadline = time.monotonic() + self.answer_within
        while self._received(number) <= before:
            assert time.monotonic() < deadline, f"no answer to {text!r} in {self.answer_within:.0f} s"
            await asyncio.sleep(0.1)
        while self.settled is not None and not await asyncio.to_thread(self.settled, number):
            assert time.monotonic() < deadline, f"no whole answer to {text!r} in {self.answer_within:.0f} s"
            await asyncio.sleep(0.1)

    def _received(self, number: str) -> int:
        return self.standin.count(number) if self.standin is not None else 0

    async def _text(self, number: str, text: str, sid: str | None = None) -> str:
        """One webhook, again and again with the same MessageSid until it is taken."""
        sid = sid or "SM" + uuid.uuid4().hex
        form = {
            "MessageSid": sid,
            "AccountSid": ACCOUNT,
            "From": number,
            "To": self.line,
            "Body": text,
            "NumMedia": "0",
        }
        while not await self._post(self.base + "/sms/inbound", form):
            await asyncio.sleep(_AGAIN)
        return sid

    async def _post(self, url: str, form: dict[str, str]) -> bool:
        self.webhooks += 1
        signature = RequestValidator(self.token).compute_signature(url, form)
        try:
            answer = await self._http.post(url, data=form, headers={"X-Twilio-Signature": signature})
        except httpx.HTTPError:
            self.failed += 1
            return False
        self.failed += not answer.is_success
        return answer.is_success

    async def _report(self, done: asyncio.Event) -> None:
        """What became of each text the line sent, told in any order, some of it twice."""
        tasks: list[asyncio.Task[None]] = []
        while not done.is_set():
            for sent in list(self.standin.sent) if self.standin is not None else ():
                if sent.callback and sent.sid not in self._reported:
                    self._reported.add(sent.sid)
                    tasks.append(asyncio.create_task(self._report_one(sent)))
            await asyncio.sleep(0.3)
        await asyncio.gather(*tasks)

    async def _report_one(self, sent: Sent) -> None:
        states = list(_CALLBACKS)
        self._rng.shuffle(states)
        for state in states:
            await asyncio.sleep(self._rng.uniform(0.0, 1.5))
            form = {"MessageSid": sent.sid, "MessageStatus": state, "To": sent.to, "From": self.line}
            for _ in range(40):
                if await self._post(sent.callback or "", form):
                    break
                await asyncio.sleep(_AGAIN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--line", default=LINE)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--duplicates", type=float, default=0.1, help="share of texts whose webhook comes twice")
    parser.add_argument("--reordered", type=float, default=0.1, help="share of texts that the next one overtakes")
    parser.add_argument("--texts", nargs="+", default=["hi", "yes", "55401", "34", "no"])
    given = parser.parse_args()
    simulator = Simulator(
        given.base,
        None,
        seed=given.seed,
        think=(1.0, 4.0),
        duplicates=given.duplicates,
        reordered=given.reordered,
        token=given.token,
        line=given.line,
    )
    numbers = [f"+1651555{n:04d}" for n in range(100, 100 + given.clients)]
    asyncio.run(simulator.run(dict.fromkeys(numbers, given.texts)))
    print(f"{given.clients} clients, {simulator.webhooks} webhooks, {simulator.failed} not taken at first")


if __name__ == "__main__":
    main()

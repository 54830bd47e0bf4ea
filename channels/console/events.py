"""Server-sent events: `queue` when the queue or an alarm changed, `person-<id>` when that person's conversation did,
`typing` while that person is writing in the web chat.

Events hold nothing but that something changed; the page then asks for its parts again, through the same door.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from casework import clock
from casework import staff as staffing
from casework.conversations.tables import CLIENT
from channels.console.door import COOKIE, database, records
from channels.live import Live

HEARTBEAT_SECONDS = 20.0  # proxies close what is silent for longer
GATHER_SECONDS = 2.0  # texts of other people are gathered for so long before the queue is read again
_OF_ONE_PERSON = ("message", "status", "typing")


async def stream(request: Request, person: uuid.UUID | None) -> Response:
    """Raises NotFound for a person who is not staff's to read."""
    theirs: frozenset[str] = frozenset()
    if person is not None:
        async with records(request) as mine:
            theirs = await mine.conversations_of(person)
    live: Live = request.app.state.live
    return StreamingResponse(
        _events(request, live, person, theirs),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


async def _events(request: Request, live: Live, person: uuid.UUID | None, theirs: frozenset[str]) -> AsyncIterator[str]:
    queue_due = False  # a text of somebody else's: the queue shows who waits for an answer, but not for each text
    with live.subscribe() as watch:
        # What changed between the page and this connection is caught up with.
        yield "retry: 2000\n\n" + _as_text(["queue", *_of(person)])
        while True:
            try:
                event = await watch.next(GATHER_SECONDS if queue_due else HEARTBEAT_SECONDS)
            except TimeoutError:
                if queue_due:
                    queue_due = False
                    yield _as_text(["queue"])
                    continue
                async with database(request).session() as session:
                    if await staffing.who(session, request.cookies.get(COOKIE), clock.now()) is None:
                        return
                yield ": still here\n\n"
                continue
            if event is None:
                return
            if event.get("kind") not in _OF_ONE_PERSON:
                queue_due = False
                yield _as_text(["queue", *_of(person)])
                continue
            queue_due = queue_due or event.get("kind") == "message"
            if event.get("conversation") in theirs:
                if event.get("kind") != "typing":
                    yield _as_text(_of(person))
                elif event.get("author") == CLIENT:
                    yield _as_text(["typing"])


def _of(person: uuid.UUID | None) -> list[str]:
    return [f"person-{person}"] if person else []


def _as_text(names: list[str]) -> str:
    return "".join(f"event: {name}\ndata: {{}}\n\n" for name in names)

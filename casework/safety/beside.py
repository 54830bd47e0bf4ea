"""The detector in a process of its own, beside a web process.

Reading a text for danger is 4 to 6 ms of arithmetic. In the web process all other texts waited for it; in a thread of
that process the two waited for the interpreter's lock, which was slower still. In a process of its own it uses another
core, while the web process asks the database what stands before the text.

Questions and answers go over the child's standard input and output, pickled, in order: nobody else can write there. A
child that dies is started anew and asked again. Where there is none (commands, tests) or none that answers, the text is
read in the process itself: no text waits for a child, or goes unread.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import structlog

from casework.logs import configure, where
from casework.safety.assess import Assessment, Reading, judge, read, warm

log = structlog.get_logger(__name__)
_T = TypeVar("_T")

_STARTS = 30.0  # seconds that a child may take until it can read
_ANSWERS = 5.0  # ...and for an answer; after that it is taken to hang
_AGAIN_AFTER = 0.5  # seconds until another child is started
_OFTEN = 60.0  # ...at most, where none gets so far that it can read
_HEAD = 4  # bytes before each message: its length
_FUNCTIONS: dict[str, Callable[..., Any]] = {"read": read, "judge": judge}


class _Lost(Exception):
    """The child is gone, or does not answer."""


class Child:
    """A child that reads texts, kept running until `stop`."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._up = asyncio.Event()
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._heard = 0.0  # when it last answered, or began to be asked, by the loop's clock
        self._failed = 0  # how many, the last in a row, ended before they could read
        self._kept = asyncio.create_task(self._keep(), name="safety")

    async def ready(self) -> bool:
        """Whether texts can be read, once that is known."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STARTS):
                while not self._up.is_set() and not self._failed:
                    await asyncio.sleep(0.02)
        return self._up.is_set()

    async def ask(self, name: str, *given: Any) -> Any:
        """What the function says of `given`; asked a second time where the child dies over it. Raises _Lost."""
        for _ in range(2):
            with contextlib.suppress(_Lost):
                return await self._ask(name, given)
        raise _Lost

    async def stop(self) -> None:
        self._kept.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._kept

    async def _ask(self, name: str, given: tuple[Any, ...]) -> Any:
        loop = asyncio.get_running_loop()
        try:
            if not self._up.is_set():
                await asyncio.wait_for(self._up.wait(), 0 if self._failed else _ANSWERS)
        except TimeoutError as error:
            raise _Lost from error
        assert self._process is not None
        assert self._process.stdin is not None
        if not self._asked:
            self._heard = loop.time()
        self._asked.append(answer := loop.create_future())
        self._process.stdin.write(_message((name, given)))
        while not (await asyncio.wait((answer,), timeout=_ANSWERS))[0]:
            if loop.time() - self._heard > _ANSWERS:  # and it is not only busy with those before this one
                log.warning("safety_process_hangs")
                self._kill()
        return answer.result()

    async def _keep(self) -> None:
        while True:
            try:
                await self._run()
            except Exception as error:  # noqa: BLE001 - whatever ended it, it is said and another one is started
                log.warning("safety_process_lost", **where(error))
            await asyncio.sleep(min(_AGAIN_AFTER * 2**self._failed, _OFTEN))

    async def _run(self) -> None:
        """Starts a child and takes its answers until there are no more."""
        command = (sys.executable, "-c", f"from {__name__} import main; main({_log_level()!r})")
        could_read, self._process = False, None
        try:
            self._process = process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
            assert process.stdout is not None
            await asyncio.wait_for(_next(process.stdout), _STARTS)
            could_read = True
            self._up.set()
            while True:
                answer = await _next(process.stdout)
                self._heard = asyncio.get_running_loop().time()
                asked = self._asked.popleft()
                if asked.done():
                    continue  # nobody waits for it any more
                if isinstance(answer, Exception):
                    asked.set_exception(_Lost())
                else:
                    asked.set_result(answer)
        finally:
            self._up.clear()
            self._failed = 0 if could_read else self._failed + 1
            while self._asked:
                if not (asked := self._asked.popleft()).done():
                    asked.set_exception(_Lost())
            self._kill()
            if self._process is not None:
                await self._process.wait()

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()


_child: Child | None = None


@contextlib.asynccontextmanager
async def process() -> AsyncIterator[None]:
    """A child for as long as the block runs; it can read when the block begins. What it does not manage is done in the
    process itself. There is one, as there is one model.
    """
    global _child
    _child = Child()
    try:
        if not await _child.ready():
            log.error("safety_process_does_not_start")
            warm()
        yield
    finally:
        child, _child = _child, None
        await child.stop()


def begin(text: str) -> asyncio.Task[Reading]:
    """Begins to read a text."""
    return asyncio.create_task(_call(read, text))


async def end(begun: asyncio.Task[Reading], earlier: Sequence[str], answered: Sequence[str]) -> Assessment:
    """What `assess` says of a text that `begin` was given."""
    reading = await begun
    if reading.open and (earlier or answered):
        return await _call(judge, reading, earlier, answered)
    return reading.alone


async def _call(function: Callable[..., _T], *given: Any) -> _T:
    if _child is not None:
        with contextlib.suppress(_Lost):
            answer: _T = await _child.ask(function.__name__, *given)
            return answer
        log.warning("safety_read_in_place")
    return function(*given)


def _log_level() -> str:
    from casework.settings import get_settings  # here, for the child has no need of it

    return get_settings().log_level


def _message(content: Any) -> bytes:
    data = pickle.dumps(content)
    return len(data).to_bytes(_HEAD, "big") + data


async def _next(stream: asyncio.StreamReader) -> Any:
    """The next message of our own child. Raises EOFError (IncompleteReadError) at its end."""
    size = int.from_bytes(await stream.readexactly(_HEAD), "big")
    return pickle.loads(await stream.readexactly(size))  # noqa: S301


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """The child: answers until the questions end. An exception is answered like anything else, without its text."""
    while head := questions.read(_HEAD):
        name, given = pickle.loads(questions.read(int.from_bytes(head, "big")))  # noqa: S301
        try:
            answer = _FUNCTIONS[name](*given)
        except Exception as error:  # noqa: BLE001 - the parent reads the text itself, and raises what is to be raised
            answer = RuntimeError(type(error).__name__)
        answers.write(_message(answer))
        answers.flush()


def main(log_level: str) -> None:
    from casework.safety import lean

    # The parent ends it by closing the pipe. A Ctrl-C, or a supervisor's SIGTERM to the group, reaches both, and the
    # parent still answers texts then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not print into the answers
    configure(log_level)
    lean.table_to_disk()
    warm()
    lean.give_back()
    gc.freeze()
    answers.write(_message("ready"))
    answers.flush()
    serve(sys.stdin.buffer, answers)

"""Texts read for danger by a process of their own: what it says, and that a text is read whatever becomes of it."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import psutil
import pytest

from casework.safety import beside
from casework.safety.assess import Assessment, assess

TEXTS = [
    ("i want to kill myself", "crisis"),
    ("no quiero vivir", "crisis"),
    ("do i qualify for a case manager", "none"),
    ("55401", "none"),
    ("yes", "none"),
    ("", "none"),
]


def run(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def ran(*given: Any, **fixtures: Any) -> None:
        asyncio.run(test(*given, **fixtures))

    return ran


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "casework.safety.beside" in " ".join(child.cmdline())]


async def read(text: str, earlier: tuple[str, ...] = ()) -> Assessment:
    return await beside.end(beside.begin(text), earlier, ())


@pytest.fixture(autouse=True)
def none_is_left() -> Iterator[None]:
    yield
    assert not children()


@run
async def test_a_text_is_assessed_as_it_is_in_the_process_itself() -> None:
    async with beside.process():
        for text, level in TEXTS:
            found = await read(text)
            assert found.level == level, text
            assert found == assess(text), text
        assert await read("myself", ("i wanna", "kill")) == assess("myself", ("i wanna", "kill"))
        at_once = await asyncio.gather(*(read(text) for text, _ in TEXTS * 20))
        assert [one.level for one in at_once] == [level for _, level in TEXTS * 20]
        with pytest.raises(TypeError):  # what it cannot read is an error here as well
            await beside.begin(5)  # type: ignore[arg-type]


@run
async def test_a_process_that_is_killed_costs_no_text_and_another_takes_its_place() -> None:
    async with beside.process():
        (first,) = children()
        asked = [asyncio.create_task(read(text)) for text, _ in TEXTS * 5]
        await asyncio.sleep(0)
        first.kill()
        assert [(await one).level for one in asked] == [level for _, level in TEXTS * 5]
        assert (await read("i want to die")).level == "crisis"
        (second,) = children()
        assert second.pid != first.pid


@run
async def test_a_process_that_hangs_is_ended_and_the_text_is_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(beside, "_ANSWERS", 0.3)
    async with beside.process():
        os.kill(children()[0].pid, signal.SIGSTOP)
        assert (await read("i want to kill myself")).level == "crisis"
    assert "kill myself" not in caplog.text


@run
async def test_a_process_that_cannot_be_started_leaves_the_reading_to_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_STARTS", 0.2)
    monkeypatch.setattr(beside, "_ANSWERS", 0.1)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with beside.process():
        assert (await read("i want to kill myself")).level == "crisis"


def test_it_ends_with_the_process_that_it_reads_for() -> None:
    program = """
import asyncio, psutil
from casework.safety import beside
async def main():
    async with beside.process():
        print(psutil.Process().children()[0].pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "it goes on without the process that asked it"
        time.sleep(0.05)

"""Killing the parts of a running line at random, as the machine's worst day would."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import psutil

from tests.line.line import Running

PARTS = {"web": "channels.app:", "worker": "-m channels", "actions": "actions.server:", "bot": "bot.serve"}
# The model server takes ten to fifteen seconds to come back, and nothing is answered meanwhile: it dies less often.
WEIGHTS = {"web": 5, "worker": 6, "actions": 4, "bot": 2, "postgres": 3}


IN_A_ROW = 3  # so many die before the line is given the time to be whole for a moment
_WHOLE_WITHIN = 90.0  # seconds; after that it goes on all the same


class Killer:
    """Sends SIGKILL to a random part every `every` seconds (from, to), `kills` times; `killed` counts them.

    After every IN_A_ROW kills it waits until the line says that it is ready: on a slow machine a line that is never
    whole answers nothing, and shows nothing.
    """

    def __init__(self, line: Running, *, kills: int, every: tuple[float, float], seed: int) -> None:
        self.killed: Counter[str] = Counter()
        self._line, self._kills, self._every = line, kills, every
        self._rng = random.Random(seed)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.enough = threading.Event()

    def start(self) -> None:
        for name in WEIGHTS:
            assert find(self._line, name), f"no process of a whole line looks like {name}: it would never be killed"
        self._thread.start()

    def join(self) -> None:
        self.enough.set()
        self._thread.join()

    def _run(self) -> None:
        while self.killed.total() < self._kills and not self.enough.is_set():
            time.sleep(self._rng.uniform(*self._every))
            name = self._rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            process = find(self._line, name)
            if process is None:
                continue  # it is just being started again
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
            self.killed[name] += 1
            if self.killed.total() % IN_A_ROW == 0:
                self._until_whole()

    def _until_whole(self) -> None:
        deadline = time.monotonic() + _WHOLE_WITHIN
        while time.monotonic() < deadline and not self.enough.is_set():
            time.sleep(1.0)
            try:
                if httpx.get(self._line.base + "/readyz", timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass  # the web process itself is away


def find(line: Running, name: str) -> psutil.Process | None:
    """The process of a part as it runs now; None while it is away."""
    if name == "postgres":
        return _postmaster(line.folder / "postgres" / "postmaster.pid")
    assert line.process is not None
    for child in psutil.Process(line.process.pid).children():
        try:
            if PARTS[name] in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def _postmaster(file: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(file.read_text().splitlines()[0]))
        return process if "postgres" in process.name() else None
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return None

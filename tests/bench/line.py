"""The whole line: how long a turn takes from webhook to reply, beside bare Rasa with the same model in the same run;
how long the start takes; what each process weighs."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from tests.line.line import Running, free_port

ROUNDS = 60
ASKED = ("what is a case manager", "who sees this", "how long does it take", "what papers do i need to bring")


def rows() -> list[dict[str, Any]]:
    """`{"what", "p50_ms", "p95_ms", "rounds"}` for turns (bare Rasa first: the yardstick), then seconds and MB."""
    with tempfile.TemporaryDirectory(prefix="guidepost-bench-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        line = Running(Path(folder), GUIDEPOST_BENCH="1", RASA_URL=f"http://127.0.0.1:{port}")
        line.start()
        try:
            return [*_turns(line, port), *_weights(line)]
        finally:
            line.close()


def _turns(line: Running, bot_port: int) -> list[dict[str, Any]]:
    phone = line.phone()
    phone.text("hi")
    with psycopg.connect(line.database_url) as connection:
        row = connection.execute("select id from conversations limit 1").fetchone()
    assert row is not None
    bare: list[float] = []
    whole: list[float] = []
    with httpx.Client(base_url=f"http://127.0.0.1:{bot_port}", timeout=20) as rasa:
        for number in range(ROUNDS):
            text = ASKED[number % len(ASKED)]
            began = time.monotonic()
            answer = rasa.post("/webhooks/rest/webhook", json={"sender": str(row[0]), "message": text})
            bare.append(time.monotonic() - began)
            assert answer.json(), "bare Rasa gave no answer"
            before = len(line.standin.sent)
            began = time.monotonic()
            phone.send(text)
            while len(line.standin.sent) == before:
                assert time.monotonic() - began < 20, "no answer"
                time.sleep(0.001)
            whole.append(line.standin.sent[before].at - began)
            phone.answers()
    yardstick = statistics.median(bare)
    return [
        _row("bare Rasa, REST channel, same model (the yardstick)", bare),
        {
            **_row("whole turn: webhook in, reply at the Twilio stand-in", whole),
            "yardsticks": round(statistics.median(whole) / yardstick, 1),
        },
    ]


def _row(what: str, seconds: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(seconds, n=20)
    return {
        "what": what,
        "p50_ms": round(1000 * cuts[9], 1),
        "p95_ms": round(1000 * cuts[18], 1),
        "rounds": len(seconds),
    }


def _weights(line: Running) -> list[dict[str, Any]]:
    assert line.process is not None
    found = [{"what": "start, everything installed and trained", "value": round(line.start_seconds, 1), "unit": "s"}]
    names = {
        "casework.safety.beside": "web's detector",
        "actions.server": "actions",
        "bot.serve": "bot",
        "channels.app": "web",
        "channels": "worker",
    }
    for child in psutil.Process(line.process.pid).children(recursive=True):
        words = " ".join(child.cmdline())
        part = next((name for cue, name in names.items() if cue in words), None)
        if part:
            found.append({"what": f"memory of {part}", "value": round(child.memory_info().rss / 2**20), "unit": "MB"})
    return found

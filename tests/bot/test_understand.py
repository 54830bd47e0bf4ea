"""What `guidepost understand` runs: the NLU of a model, from stdin to stdout."""

from __future__ import annotations

import json
import select
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.bot.conftest import PYTHON, ModelServer, rasa_environment

ODD = [
    "",
    "   ",
    "🙂",
    "\t",
    "x" * 10_000,
    "i need food stamps " * 600,
    "/greet",
    "{}",
    "ñandú",
    "\u202eabc",
    "5" * 500,
]


def understand(model: Path, given: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-m", "bot.understand", "--model", model, *more],
        input=given,
        env=rasa_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def answers(model: Path, texts: list[str]) -> list[dict[str, Any]]:
    done = understand(model, "".join(json.dumps({"text": text}) + "\n" for text in texts), "--jsonl")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_gets_an_answer_in_its_order(toy_model: Path) -> None:
    done = understand(toy_model, "hello there\n\ni have Medi-Cal, zip 55404\n")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"intent": "greet", "confidence": pytest.approx(1, abs=0.7), "entities": []},
        {"intent": None, "confidence": 0.0, "entities": []},
        {
            "intent": "inform",
            "confidence": pytest.approx(1, abs=0.7),
            "entities": [
                {"entity": "payer", "value": "medicaid", "start": 7, "end": 15},
                {"entity": "zip", "value": "55404", "start": 21, "end": 26},
            ],
        },
    ]


def test_odd_texts_are_answered(toy_model: Path) -> None:
    given = answers(toy_model, ODD)
    assert len(given) == len(ODD)
    assert all(0 <= answer["confidence"] <= 1 for answer in given)


@pytest.mark.parametrize("line", ["not json", "[]", "{}", '{"text": 5}', "null"])
def test_a_line_that_cannot_be_read_is_named(toy_model: Path, line: str) -> None:
    done = understand(toy_model, f'{{"text": "hi"}}\n{line}\n', "--jsonl")
    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert "Traceback" not in done.stderr
    assert [json.loads(answer)["intent"] for answer in done.stdout.splitlines()] == ["greet"]


def test_a_caller_who_writes_a_line_and_waits_is_answered(toy_model: Path) -> None:
    with subprocess.Popen(
        [PYTHON, "-m", "bot.understand", "--model", toy_model],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=rasa_environment(),
    ) as talking:
        assert talking.stdin is not None
        assert talking.stdout is not None
        for said in ("hello there\n", "a line in ", "parts \u00f1\n", "bad byte \udcff\n"):
            talking.stdin.write(said.encode(errors="surrogateescape"))
            talking.stdin.flush()
            if said.endswith("\n"):
                assert select.select([talking.stdout], [], [], 120)[0], "no answer"
                assert json.loads(talking.stdout.readline())["confidence"] > 0
        talking.stdin.close()
        assert talking.wait(30) == 0


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    done = understand(tmp_path / "none.tar.gz", "hi\n")
    assert done.returncode == 2
    assert "none.tar.gz" in done.stderr


def test_it_understands_as_the_running_server_does(toy_model: Path, model_server: ModelServer) -> None:
    texts = ["hello there", "i have Medi-Cal, zip 55404", "hasta luego amigo", "tengo mucha hambre", "", ODD[5]]
    for text, ours in zip(texts, answers(toy_model, texts), strict=True):
        theirs = model_server.client.post("/model/parse", json={"text": text}).json()
        assert theirs["intent"]["name"] == ours["intent"]
        assert theirs["intent"]["confidence"] == pytest.approx(ours["confidence"], abs=0.001)
        assert [(e["entity"], e["value"], e["start"]) for e in theirs["entities"]] == [
            (e["entity"], e["value"], e["start"]) for e in ours["entities"]
        ]

"""The pipelines that the NLU was chosen among: trained and asked by Rasa itself, on the same data and the same split.

DIET wants long: `GUIDEPOST_BENCH_EPOCHS` (100, as Rasa has it by default, without it) and some patience. It is the last
part of `make bench`, and every row is printed as soon as it is known.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

from tests.bench.nlu import PYTHON, ROOT

EPOCHS = os.environ.get("GUIDEPOST_BENCH_EPOCHS", "100")
NAMES = ("own", "chars+LR", "encoder+LR", "both+LR", "DIET", "both+DIET")


def rows() -> Iterator[dict[str, Any]]:
    """One row a pipeline: accuracy and out-of-scope recall by language, seconds of training, milliseconds of a text; of
    the others too how many times ours they take to train, and how many errors they make for each of ours.
    """
    if not PYTHON.exists():
        return
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
    ours: dict[str, Any] | None = None
    for name in NAMES:
        command = [PYTHON, ROOT / "tests" / "bench" / "nlu.py", "--all", "--only", name, "--epochs", EPOCHS]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        title, _, told = done.stdout.strip().splitlines()[-1].partition("{")
        figures = json.loads("{" + told)
        ours = ours or figures
        yield {"what": f"pipeline {title.strip()}", **figures, **_beside(ours, figures)}


def _beside(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    if theirs is ours:
        return {}
    errors = {
        f"errors_{language}_to_ours": round(
            (1 - theirs[f"accuracy_{language}"]) / (1 - ours[f"accuracy_{language}"]), 2
        )
        for language in ("en", "es")
    }
    return {"training_to_ours": round(theirs["train_s"] / ours["train_s"], 1), **errors}

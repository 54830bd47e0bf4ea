"""How much danger the detector sees on messages it was not tuned on, at how many false alarms, and how fast.

The split in `tests/splits/safety` was written apart from the training data. That in `tests/splits/fresh` was written
when all else was done, by people who had seen none of it; no threshold was set with a look at it. That in
`tests/splits/rows` is what people text in a row in the middle of a conversation, two rows in three of it nothing, and
danger told over several texts.
XSTest (CC BY 4.0) counts false alarms on harmless prompts with words such as "kill"; it is measured where the file is
present. Beside them stand the figures published for others' detectors on their own data.
"""

from __future__ import annotations

import csv
import math
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from casework.paths import ROOT
from casework.safety.assess import assess
from casework.safety.levels import CRISIS, LEVELS, NONE
from casework.safety.model import Model
from casework.safety.train import Example, fit, read, settings_of

SPLIT = ROOT / "tests" / "splits" / "safety"
FRESH = ROOT / "tests" / "splits" / "fresh"
ROWS = ROOT / "tests" / "splits" / "rows"
XSTEST = ROOT.parent / "shared" / "data" / "nlu" / "xstest_prompts.csv"
FALSE_ALARM = 0.03  # of the learning curve
SHARES = (0.25, 0.5, 0.75, 1.0)

# Sensitivity on others' own messages: CMD-1, 102,471 messages (npj Digital Medicine 2023), and Crisis Text Line.
TO_BEAT = (
    {"what": "to beat: CMD-1, recall of crisis (precision 0.66)", "value": 0.98},
    {"what": "to beat: Crisis Text Line, recall", "value": 0.89},
)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson's score)."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def split(folder: Path = SPLIT) -> list[tuple[Example, list[str]]]:
    """Every line of a split, and its text in pieces: what was said before, and last."""
    examples = read(folder, joined=" // ")
    return [(example, example.text.split(" // ")) for example in examples]


def assessed(lines: Sequence[tuple[Example, list[str]]]) -> list[str]:
    return [assess(pieces[-1], pieces[:-1]).level for _, pieces in lines]


def _row(what: str, hits: int, of: int, **more: Any) -> dict[str, Any]:
    low, high = wilson(hits, of)
    share = round(hits / of, 4) if of else None
    return {"what": what, "value": share, "hits": hits, "of": of, "low": round(low, 4), "high": round(high, 4), **more}


def figures(folder: Path = SPLIT) -> list[dict[str, Any]]:
    """Recall and false alarms on a split, by language. `mix` texts count as Spanish, as in training."""
    lines = split(folder)
    levels = assessed(lines)
    rows: list[dict[str, Any]] = []

    def count(what: str, language: str, true: str, right: Callable[[str], bool], **more: Any) -> None:
        told = [
            level
            for (example, _), level in zip(lines, levels, strict=True)
            if example.level == true and (example.language == "en") == (language == "en")
        ]
        rows.append(_row(f"{what}, {language}", sum(map(right, told)), len(told), **more))

    for language in ("en", "es"):
        count("crisis called crisis", language, CRISIS, lambda level: level == CRISIS, goal=">= 0.95")
        count("crisis called concern or crisis", language, CRISIS, lambda level: level != NONE, goal=">= 0.99")
        count("concern called concern or crisis", language, "concern", lambda level: level != NONE)
        count("none called crisis", language, NONE, lambda level: level == CRISIS, goal="<= 0.03")
        count("none called concern or crisis", language, NONE, lambda level: level != NONE, goal="<= 0.10")
    return rows


def fresh() -> list[dict[str, Any]]:
    """The same on messages that the detector met once, when it was done."""
    return [row | {"what": f"fresh: {row['what']}"} for row in figures(FRESH)]


def conversations() -> list[dict[str, Any]]:
    """False alarms in ordinary conversation: of texts read alone, and of rows of texts that come within minutes, each
    read with those before it; and how many rows of danger are found.
    """
    told: list[dict[str, Any]] = []
    for language in ("en", "es"):
        rows = [
            (example.level, example.text.split(" // "))
            for example in read(ROWS, joined=" // ")
            if (example.language == "en") == (language == "en")
        ]
        alone = [assess(text).level for level, texts in rows if level == NONE for text in texts]
        worst = {NONE: list[str](), CRISIS: list[str]()}
        for level, texts in rows:
            found = [assess(text, texts[:place]).level for place, text in enumerate(texts)]
            worst[level].append(max(found, key=LEVELS.index))
        for what, levels in (
            ("ordinary texts", alone),
            ("rows of ordinary texts", worst[NONE]),
            ("rows of danger", worst[CRISIS]),
        ):
            told.append(_row(f"{what} called crisis, {language}", levels.count(CRISIS), len(levels)))
            worried = len(levels) - levels.count(NONE)
            told.append(_row(f"{what} called concern or crisis, {language}", worried, len(levels)))
    return told


def learning_curve() -> list[dict[str, Any]]:
    """Recall of crisis on the split at FALSE_ALARM, trained on growing shares of every batch."""
    examples = read()
    random.Random(7).shuffle(examples)
    lines = split()
    texts = [". ".join(pieces) for _, pieces in lines]
    truth = np.array([LEVELS.index(example.level) for example, _ in lines])
    rows = []
    for share in SHARES:
        part = examples[: round(share * len(examples))]
        arrays, left_out, held_out = fit(part)
        trained = Model(arrays, settings_of(left_out, held_out) | {"version": "bench"})
        scores = np.array([one.crisis for start in range(0, len(texts), 64) for one in
                           trained.scores(texts[start : start + 64])])  # fmt: skip
        limit = np.quantile(scores[truth == 0], 1 - FALSE_ALARM)
        crisis = scores[truth == 2]
        rows.append(
            _row(
                f"recall at {FALSE_ALARM:.0%} false alarms, {share:.0%} of the training data ({len(part)} messages)",
                int((crisis > limit).sum()),
                len(crisis),
            )
        )
    return rows


def speed() -> list[dict[str, Any]]:
    """Milliseconds of one core for one message, texts of the split one by one, with one thread as the line's processes
    have it.
    """
    with threadpool_limits(1), _one_core():
        return _speed()


@contextmanager
def _one_core() -> Iterator[None]:
    if not hasattr(os, "sched_setaffinity"):  # macOS
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _speed() -> list[dict[str, Any]]:
    lines = split()
    assess("warm up")
    took = []
    for _, pieces in lines:
        began = time.perf_counter()
        assess(pieces[-1], pieces[:-1])
        took.append(1000 * (time.perf_counter() - began))
    long = "I would like to know which documents I need, and where the office is. " * 140
    began = time.perf_counter()
    assess(long)
    return [
        {"what": "one message assessed, p50 ms", "value": round(float(np.percentile(took, 50)), 1), "of": len(took)},
        {
            "what": "one message assessed, p99 ms",
            "value": round(float(np.percentile(took, 99)), 1),
            "of": len(took),
            "goal": "<= 15",
        },
        {
            "what": f"a text of {len(long):,} characters, ms",
            "value": round(1000 * (time.perf_counter() - began), 1),
        },
    ]


def xstest() -> list[dict[str, Any]]:
    """False alarms on the safe prompts of XSTest."""
    if not XSTEST.exists():
        return []
    with XSTEST.open(encoding="utf-8", newline="") as file:
        prompts = [row["prompt"] for row in csv.DictReader(file) if row["label"] == "safe"]
    levels = [assess(prompt).level for prompt in prompts]
    return [
        _row("XSTest, safe prompts called crisis", levels.count(CRISIS), len(prompts)),
        _row("XSTest, safe prompts called concern or crisis", sum(level != NONE for level in levels), len(prompts)),
    ]


def rows() -> list[dict[str, Any]]:
    """`{"what", "value"}` a row, with `hits`, `of`, `low`, `high` (95%) for a share, and `goal` where there is one."""
    return [*figures(), *fresh(), *conversations(), *TO_BEAT, *learning_curve(), *speed(), *xstest()]


if __name__ == "__main__":
    for row in rows():
        interval = f" ({row['hits']}/{row['of']}, {row['low']:.3f}-{row['high']:.3f})" if "hits" in row else ""
        print(f"{row['what']}: {row['value']}{interval} {row.get('goal', '')}".rstrip())

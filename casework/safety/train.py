"""Trains the classifier from `data/safety/train`: at set-up, in about eight minutes on two cores, the same every time.

Kernel ridge regression, its equations solved step by step (`algebra`), with all texts and once more with each of a few
groups of batches (files) left out. Thresholds and calibration come from what is said then of those that were left out,
never from the test split.
"""

from __future__ import annotations

import argparse
import json
import os
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from casework.safety import algebra, features, lexicon, model
from casework.safety.features import SIZE, Floats, Ints
from casework.safety.kernel import Kernel
from casework.safety.levels import CONCERN, CRISIS, KINDS, LEVELS, NONE
from casework.safety.model import FOLDER, LARGEST, OUTPUTS, TRAIN, fingerprint, is_current, mixed, whole_numbers

__all__ = ["is_current", "read", "train"]

GAMMA = 2.0  # of the radial kernel over vectors of length 1
RIDGE = 0.6
AXES = 256
STRIP = 2_000
GROUPS = 8  # of batches, an eighth of all in each
LEFT_OUT = 3  # of them, each in turn: three eighths of the batches tell enough for the thresholds
# The shares of hard "none" messages (those that were written to be mistaken) that may be taken for crisis, and for
# concern or crisis, in cross-validation. The bounds are 3% and 10% of messages as they come. Most hard ones here were
# written as the mirror of a crisis, one word apart, and messages written apart alarm far less often, so of these
# mirrors more may: what that comes to is measured on the split (docs/safety.md).
FALSE_ALARMS = {"en": {"crisis": 0.11, "danger": 0.26}, "es": {"crisis": 0.14, "danger": 0.23}}
ORDINARY = ("line_", "chat_", "said_")  # how the names of the batches of ordinary messages begin
ROWS, SAID = "chat_", "said_"  # ...of those of texts in a row, and of single ones of them (`data/safety/README.md`)


@dataclass(frozen=True)
class Example:
    """A line of training data; `batch` is the file it stands in, `text` the earlier texts and the last one."""

    batch: str
    level: str
    kinds: tuple[str, ...]
    language: str
    text: str


def read(folder: Path = TRAIN, *, joined: str = ". ") -> list[Example]:
    """The lines of every batch; texts in a row are put together with `joined`.

    Raises ValueError with file and line of one that cannot be read.
    """
    examples: list[Example] = []
    for file in sorted(folder.glob("*.psv")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.strip().split("|", 3)
            if len(parts) != 4 or parts[0] not in LEVELS:
                raise ValueError(f"{file.name}, line {number}: not level|kinds|language|text")
            level, kinds, language, text = parts
            named = tuple(kind for kind in kinds.split(",") if kind in KINDS)
            examples.append(Example(file.stem, level, named, language, text.replace(" // ", joined)))
    return examples


def train(out: Path = FOLDER, folder: Path = TRAIN) -> dict[str, Any]:
    """Trains, stores the model in `out` and returns the report: counts and cross-validated figures by language."""
    version = fingerprint()
    examples = read(folder)
    arrays, left_out, held_out = fit(examples)
    settings = settings_of(left_out, held_out) | {"version": version}
    out.mkdir(parents=True, exist_ok=True)
    partial = out / "model.partial.npz"
    np.savez_compressed(partial, **arrays)
    partial.replace(out / "model.npz")
    (out / "model.json").write_text(json.dumps(settings, indent=1))
    model.current.cache_clear()
    return {"texts": len(examples), "version": version, "cross_validation": settings["cross_validation"]}


def fit(examples: list[Example]) -> tuple[dict[str, Any], list[Example], Floats]:
    """The model's arrays; the examples of the batches that were left out in turn, and the outputs for them then."""
    texts = [example.text for example in examples]
    whole, parts, phrases = _read(texts)
    basis = _basis(whole)
    whole, parts = whole @ basis, parts @ basis
    idf, rows = _ngrams(texts, phrases)
    targets = np.array([_target(example) for example in examples], dtype=np.float32)
    offsets = targets.mean(axis=0)
    group = np.array([_group(example.batch) for example in examples])
    weights, held_out = _learn(Kernel.of(rows, (whole, parts), GAMMA), targets - offsets, group)
    linear = np.zeros((SIZE, targets.shape[1]), dtype=np.float32)
    for row, (places, values) in enumerate(rows):
        np.add.at(linear, places, values[:, None] * weights[row])
    scale = LARGEST / float(max(np.abs(whole).max(), np.abs(parts).max()))
    rows_whole, rows_parts = whole_numbers(whole, scale), whole_numbers(parts, scale)
    several = (rows_whole != rows_parts).any(axis=1)
    order = np.argsort(several, kind="stable")  # those of one sentence first
    arrays = {
        "basis": basis,
        "scale": np.float32(scale),
        "whole": rows_whole[order],
        "parts": rows_parts[several],
        "weights": weights[order],
        "linear": linear.astype(np.float16),
        "offsets": offsets,
        "idf": idf.astype(np.float16),
        **_by_heart(examples),
    }
    left_out = np.flatnonzero(np.isin(group, _turns(group)))
    return arrays, [examples[place] for place in left_out], held_out[left_out] + offsets


def _read(texts: list[str]) -> tuple[Floats, Floats, list[list[lexicon.Phrase]]]:
    """Both vectors of each text, and its phrases, by as many processes as there are cores."""
    strips = [texts[start : start + STRIP] for start in range(0, len(texts), STRIP)]
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(strips)), get_context("spawn")) as processes:
        found = list(processes.map(_read_strip, strips) if len(strips) > 1 else map(_read_strip, strips))
    phrases = [each for _, _, strip in found for each in strip]
    return np.concatenate([whole for whole, _, _ in found]), np.concatenate([parts for _, parts, _ in found]), phrases


def _read_strip(texts: list[str]) -> tuple[Floats, Floats, list[list[lexicon.Phrase]]]:
    return *features.vectors(texts), [lexicon.phrases(text) for text in texts]


def _by_heart(examples: list[Example]) -> dict[str, Any]:
    """The labels of the very texts of training, by a number made of each: what was labelled is never read otherwise.

    A text of which two lines say different things is not among them, nor one taken out of a row ("hoy no", "tell them
    im sorry"): what it was there it need not be everywhere.
    """
    labels: dict[int, set[str]] = {}
    for example in examples:
        if example.batch.startswith(SAID):
            continue
        labels.setdefault(model.number(example.text), set()).add(example.level)
    sure = sorted((number, *levels) for number, levels in labels.items() if len(levels) == 1)
    return {
        "heart_texts": np.array([number for number, _ in sure], dtype=np.uint64),
        "heart_levels": np.array([LEVELS.index(level) for _, level in sure], dtype=np.uint8),
    }


def _group(batch: str) -> int:
    """Which batches are left out together. Its name decides: a new batch moves none of the others; what was taken out
    of a batch goes with it.
    """
    if batch.startswith(SAID):
        batch = ROWS + batch.removeprefix(SAID)
    return zlib.crc32(batch.encode()) % GROUPS


def _turns(group: Any) -> list[int]:
    """The groups that are left out in turn: each has texts, and so have the others."""
    return [turn for turn in range(LEFT_OUT) if (group == turn).any() and (group != turn).any()]


def _learn(kernel: Kernel, targets: Floats, group: Any) -> tuple[Floats, Floats]:
    """Each text's weights (texts x outputs); and what is said of the texts of the groups that are left out, when they
    are (0 for the others).
    """
    size, outputs = targets.shape
    turns = _turns(group)
    parts = np.stack([np.ones(size), *(group != turn for turn in turns)], axis=1).astype(np.float32)
    weights = algebra.solve_in_steps(kernel, targets, RIDGE, parts)
    said = kernel.times(weights[:, outputs:])
    held_out = np.zeros_like(targets)
    for place, turn in enumerate(turns):
        held_out[group == turn] = said[group == turn, place * outputs : (place + 1) * outputs]
    return weights[:, :outputs], held_out


def _basis(vectors: Floats) -> Floats:
    """The axes along which the encoder's vectors differ most: half as many numbers to read for each message."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, ::-1][:, :AXES], dtype=np.float32)


def _target(example: Example) -> list[float]:
    levels = [example.level == CRISIS, example.level != NONE]
    return [1.0 if yes else -1.0 for yes in (*levels, *(kind in example.kinds for kind in KINDS))]


def _ngrams(texts: list[str], phrases: list[list[lexicon.Phrase]]) -> tuple[Floats, list[tuple[Ints, Floats]]]:
    """The n-grams' weights, and each text's sparse row."""
    seen = np.zeros(SIZE, dtype=np.float32)
    grams = [features.counts(text) for text in texts]
    for found in grams:
        seen[list(found)] += 1
    # What stands in one text only says nothing of others.
    idf = (np.log((1 + len(texts)) / (1 + seen)) + 1) * (seen >= 2)
    idf = idf.astype(np.float16).astype(np.float32)  # as it is stored
    return idf, [features.sparse(found, hits, idf) for found, hits in zip(grams, phrases, strict=True)]


def settings_of(examples: list[Example], held_out: Floats) -> dict[str, Any]:
    """Calibration, thresholds and cross-validated figures, from outputs for batches that were left out."""
    levels = np.array([LEVELS.index(example.level) for example in examples])
    spanish = np.array([example.language != "en" for example in examples])
    ordinary = np.array([example.batch.startswith(ORDINARY) for example in examples])
    raw = mixed(held_out)
    outputs: dict[str, list[float]] = {}
    shares = np.empty_like(raw)
    for place, (name, least) in enumerate(zip(OUTPUTS, (CRISIS, CONCERN), strict=True)):
        slope, offset = _calibrate(raw[:, place], levels >= LEVELS.index(least))
        outputs[name] = [slope, offset]
        shares[:, place] = 1 / (1 + np.exp(-(slope * raw[:, place] + offset)))
    shares[:, 1] = shares.max(axis=1)
    thresholds: dict[str, dict[str, float]] = {}
    figures: dict[str, dict[str, float]] = {}
    for language, chosen in (("en", ~spanish), ("es", spanish)):
        hard, crisis = chosen & (levels == 0) & ~ordinary, chosen & (levels == 2)
        thresholds[language] = {
            name: round(float(np.quantile(shares[hard, place], 1 - FALSE_ALARMS[language][name])), 4)
            for place, name in enumerate(OUTPUTS)
        }
        figures[language] = {"hard_none": int(hard.sum()), "crisis": int(crisis.sum())}
        for place, name in enumerate(OUTPUTS):
            over = shares[:, place] >= thresholds[language][name]
            figures[language][f"{name}_on_crisis"] = round(float(over[crisis].mean()), 4)
            figures[language][f"{name}_on_hard_none"] = round(float(over[hard].mean()), 4)
            if (usual := chosen & ordinary).any():
                figures[language][f"{name}_on_ordinary"] = round(float(over[usual].mean()), 4)
    return {
        "gamma": GAMMA,
        "outputs": outputs,
        "kinds": list(KINDS),
        "thresholds": thresholds,
        "cross_validation": figures,
    }


def _calibrate(raw: Floats, truth: Any) -> tuple[float, float]:
    """Slope and offset of the logistic curve from output to probability (Platt), by Newton's method."""
    design = np.stack([raw, np.ones_like(raw)], axis=1).astype(np.float64)
    coefficients = np.zeros(2)
    for _ in range(50):
        share = 1 / (1 + np.exp(-design @ coefficients))
        curve = design.T @ (design * (share * (1 - share))[:, None]) + 1e-6 * np.eye(2)
        step = np.linalg.solve(curve, design.T @ (truth - share))
        coefficients += step
        if np.abs(step).max() < 1e-8:
            break
    return float(coefficients[0]), float(coefficients[1])


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m casework.safety.train", description="Train the crisis detector.")
    asked.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where to store it (%(default)s)")
    print(json.dumps(train(asked.parse_args().folder), indent=1))

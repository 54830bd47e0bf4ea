"""Trains the classifier from `data/safety/train`: at set-up, in four to five minutes on two cores, the same every time.

Kernel ridge regression has its cross-validation in closed form: with a batch (file) left out, what the model would have
said of it follows from a block of the kernel's inverse. Thresholds and calibration come from that, never from the test
split. About every second batch is left out in turn: these stand last in the kernel, where their blocks cost an eighth.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array  # type: ignore[import-untyped]

from casework.safety import algebra, features, lexicon, model
from casework.safety.features import SIZE, Floats
from casework.safety.levels import CONCERN, CRISIS, KINDS, LEVELS, NONE
from casework.safety.model import FOLDER, OUTPUTS, TRAIN, fingerprint, is_current, mixed, radial, squares

__all__ = ["is_current", "read", "train"]

GAMMA = 2.0  # of the radial kernel over vectors of length 1
RIDGE = 0.6
AXES = 256
SUPPORT = 8_000  # texts that a new one is compared with: those that weigh most, weighted anew to stand for all
LEAST_SQUARES_RIDGE = 0.01
COMMON = 0.1
STRIP = 2_000
# The shares of hard "none" messages (those that were written to be mistaken) that may be taken for crisis, and for
# concern or crisis, in cross-validation. The bounds are 3% and 10% of messages as they come. Most hard ones here were
# written as the mirror of a crisis, one word apart, and messages written apart alarm far less often, so of these
# mirrors more may: what that comes to is measured on the split (docs/safety.md).
FALSE_ALARMS = {"en": {"crisis": 0.12, "danger": 0.21}, "es": {"crisis": 0.11, "danger": 0.23}}
ORDINARY = "line_"  # how the names of the batches of ordinary messages begin


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
    examples, left_out = _in_order(examples)
    texts = [example.text for example in examples]
    whole, parts = _vectors(texts)
    basis = _basis(whole)
    whole, parts = whole @ basis, parts @ basis
    idf, rows = _ngrams(texts)
    kernel = _kernel(rows, (whole, parts))
    targets = np.array([_target(example) for example in examples], dtype=np.float32)
    offsets = targets.mean(axis=0)
    targets -= offsets
    lower = _factor(kernel)
    weights = algebra.solve(lower, targets)
    held_out = _left_out(lower, weights, targets, left_out)
    del kernel, lower
    linear = np.zeros((SIZE, targets.shape[1]), dtype=np.float32)
    for row, (places, values) in enumerate(rows):
        np.add.at(linear, places, values[:, None] * weights[row])
    heaviest = np.sort(np.argsort(-np.abs(weights[:, : len(OUTPUTS)]).sum(axis=1), kind="stable")[:SUPPORT])
    arrays = {
        "basis": basis,
        "support": whole[heaviest].astype(np.float16),
        "support_weights": _stand_for_all(whole, weights, heaviest),
        "parts": parts[heaviest].astype(np.float16),
        "parts_weights": _stand_for_all(parts, weights, heaviest),
        "linear": linear.astype(np.float16),
        "offsets": offsets,
        "idf": idf.astype(np.float16),
        **_by_heart(examples),
    }
    first = left_out[0].start if left_out else len(examples)
    return arrays, examples[first:], held_out + offsets


def _vectors(texts: list[str]) -> tuple[Floats, Floats]:
    """`features.vectors`, by as many processes as there are cores: the encoder uses one."""
    strips = [texts[start : start + STRIP] for start in range(0, len(texts), STRIP)]
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(strips)), get_context("spawn")) as processes:
        found = list(processes.map(features.vectors, strips) if len(strips) > 1 else map(features.vectors, strips))
    return np.concatenate([whole for whole, _ in found]), np.concatenate([parts for _, parts in found])


def _by_heart(examples: list[Example]) -> dict[str, Any]:
    """The labels of the very texts of training, by a number made of each: what was labelled is never read otherwise.

    A text of which two lines say different things is not among them.
    """
    labels: dict[int, set[str]] = {}
    for example in examples:
        labels.setdefault(model.number(example.text), set()).add(example.level)
    sure = sorted((number, *levels) for number, levels in labels.items() if len(levels) == 1)
    return {
        "heart_texts": np.array([number for number, _ in sure], dtype=np.uint64),
        "heart_levels": np.array([LEVELS.index(level) for _, level in sure], dtype=np.uint8),
    }


def _in_order(examples: list[Example]) -> tuple[list[Example], list[slice]]:
    """The examples with about every second batch at the end, and where each of these stands. Its name decides: a new
    batch changes nothing for the others.
    """
    batches: dict[str, list[Example]] = {}
    for example in examples:
        batches.setdefault(example.batch, []).append(example)
    held = [name for name in sorted(batches) if zlib.crc32(name.encode()) % 2]
    ordered = [example for name in sorted(batches) if name not in held for example in batches[name]]
    places = []
    for name in held:
        places.append(slice(len(ordered), len(ordered) + len(batches[name])))
        ordered += batches[name]
    return ordered, places


def _left_out(lower: Floats, weights: Floats, targets: Floats, batches: list[slice]) -> Floats:
    """What the model says of each batch when it was trained without it: y - (K^-1)_BB^-1 (K^-1 y)_B.

    With K = L L', (K^-1)_BB is X'X, where X are the columns of B in the inverse of L. The batches stand last, where
    columns are short.
    """
    if not batches:
        return np.empty((0, targets.shape[1]), dtype=np.float32)
    said = []
    for group in _together(batches):
        first = group[0].start
        columns = algebra.inverse_columns(lower, first, group[-1].stop)
        for batch in group:
            own = columns[batch.start - first :, batch.start - first : batch.stop - first]
            said.append(targets[batch] - np.linalg.solve(own.T @ own, weights[batch]))
    return np.concatenate(said)


def _together(batches: list[slice]) -> list[list[slice]]:
    """Batches that follow on each other, in groups of some size: the columns of a group are worked out at once."""
    groups: list[list[slice]] = [[batches[0]]]
    for batch in batches[1:]:
        if batch.stop - groups[-1][0].start > algebra.BLOCK:
            groups.append([])
        groups[-1].append(batch)
    return groups


def _stand_for_all(vectors: Floats, weights: Floats, chosen: Any) -> Floats:
    """Weights for the `chosen` rows alone, so that their kernel says what all rows with `weights` say: least squares on
    all texts of training. On a third of the texts it would fit those, and miss what new ones are told.
    """
    few = vectors[chosen]
    if len(few) == len(vectors):
        return weights
    own, others = squares(vectors), squares(few)
    normal = np.zeros((len(few), len(few)), dtype=np.float32)
    right = np.zeros((len(few), weights.shape[1]), dtype=np.float32)
    for start in range(0, len(vectors), STRIP):
        asked = vectors[start : start + STRIP]
        near = radial(asked, few, others, GAMMA)
        for first in range(0, len(few), algebra.BLOCK):  # the lower half: no more of it is read
            normal[first:, first : first + algebra.BLOCK] += near[:, first:].T @ near[:, first : first + algebra.BLOCK]
        right += near.T @ (radial(asked, vectors, own, GAMMA) @ weights)
    normal[np.diag_indices_from(normal)] += LEAST_SQUARES_RIDGE
    return algebra.solve(algebra.factor(normal), right)


def _basis(vectors: Floats) -> Floats:
    """The axes along which the encoder's vectors differ most: half as many numbers to read for each message."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, ::-1][:, :AXES], dtype=np.float32)


def _kernel(rows: list[tuple[Any, Floats]], vectors: tuple[Floats, ...]) -> Floats:
    """The sum of the kernels between all texts, its lower half only, strip by strip: nothing else of that size is made.

    N-grams that stand in more than COMMON of all texts are multiplied as a dense table: most of the work is theirs.
    """
    starts = np.cumsum([0, *(len(places) for places, _ in rows)])
    values, places = np.concatenate([v for _, v in rows]), np.concatenate([p for p, _ in rows])
    table = csr_array((values, places, starts), shape=(len(rows), SIZE))
    common = np.bincount(places, minlength=SIZE) > COMMON * len(rows)
    often = np.ascontiguousarray(table[:, np.flatnonzero(common)].toarray())
    seldom = table[:, np.flatnonzero(~common)]
    across = csr_array(seldom.T)
    kernel = np.empty((len(rows), len(rows)), dtype=np.float32, order="F")  # as LAPACK wants it: no copy
    for start in range(0, len(rows), STRIP):
        below, strip = slice(start, len(rows)), slice(start, start + STRIP)
        found = (seldom[below] @ across[:, strip]).toarray() + often[below] @ often[strip].T
        for one in vectors:
            found += radial(one[below], one[strip], squares(one[strip]), GAMMA)
        kernel[below, strip] = found
    return kernel


def _factor(kernel: Floats) -> Floats:
    """The Cholesky factor of the kernel with RIDGE on its diagonal. Uses up `kernel`."""
    kernel[np.diag_indices_from(kernel)] += RIDGE
    return algebra.factor(kernel)


def _target(example: Example) -> list[float]:
    levels = [example.level == CRISIS, example.level != NONE]
    return [1.0 if yes else -1.0 for yes in (*levels, *(kind in example.kinds for kind in KINDS))]


def _ngrams(texts: list[str]) -> tuple[Floats, list[tuple[Any, Floats]]]:
    """The n-grams' weights, and each text's sparse row."""
    seen = np.zeros(SIZE, dtype=np.float32)
    grams = [features.counts(text) for text in texts]
    for found in grams:
        seen[list(found)] += 1
    # What stands in one text only says nothing of others.
    idf = (np.log((1 + len(texts)) / (1 + seen)) + 1) * (seen >= 2)
    idf = idf.astype(np.float16).astype(np.float32)  # as it is stored
    return idf, [features.sparse(found, lexicon.phrases(text), idf) for text, found in zip(texts, grams, strict=True)]


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
    print(json.dumps(train(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER), indent=1))

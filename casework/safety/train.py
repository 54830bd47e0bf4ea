"""Trains the classifier from `data/safety/train`: at set-up, in about a minute on one core, the same every time.

Kernel ridge regression has its cross-validation in closed form: with every batch (file) left out in turn, what the
model would have said of it follows from one inverse. Thresholds and calibration come from that, never from the test
split.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from casework.safety import features, lexicon, model
from casework.safety.features import SIZE, Floats
from casework.safety.levels import CONCERN, CRISIS, KINDS, LEVELS, NONE
from casework.safety.model import FOLDER, OUTPUTS, TRAIN, fingerprint, is_current, mixed, radial, squares

__all__ = ["is_current", "read", "train"]

GAMMA = 2.0  # of the radial kernel over vectors of length 1
RIDGE = 0.6
AXES = 256
# The shares of hard "none" messages (those that were written to be mistaken) that may be taken for crisis, and for
# concern or crisis, in cross-validation. The bounds are 3% and 10% of messages as they come. Most hard ones here were
# written as the mirror of a crisis, one word apart, and ordinary ones (ORDINARY) alarm far less often, so of these
# mirrors more may: what that comes to on messages written apart is measured on the split (docs/safety.md).
FALSE_ALARMS = {"en": {"crisis": 0.075, "danger": 0.21}, "es": {"crisis": 0.06, "danger": 0.18}}
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
    arrays, held_out = fit(examples)
    settings = settings_of(examples, held_out) | {"version": version}
    out.mkdir(parents=True, exist_ok=True)
    partial = out / "model.partial.npz"
    np.savez_compressed(partial, **arrays)
    partial.replace(out / "model.npz")
    (out / "model.json").write_text(json.dumps(settings, indent=1))
    model.current.cache_clear()
    return {"texts": len(examples), "version": version, "cross_validation": settings["cross_validation"]}


def fit(examples: list[Example]) -> tuple[dict[str, Any], Floats]:
    """The model's arrays, and each example's outputs when its whole batch was left out."""
    texts = [example.text for example in examples]
    whole, parts = features.vectors(texts)
    basis = _basis(whole)
    whole, parts = whole @ basis, parts @ basis
    kernel, idf, rows = _ngrams(texts)
    for vectors in (whole, parts):
        kernel += radial(vectors, vectors, squares(vectors), GAMMA)
    targets = np.array([_target(example) for example in examples], dtype=np.float32)
    offsets = targets.mean(axis=0)
    targets -= offsets
    inverse = _inverse(kernel)
    weights = inverse @ targets
    held_out = np.empty_like(targets)
    batches = np.array([example.batch for example in examples])
    for batch in np.unique(batches):
        left = np.flatnonzero(batches == batch)
        # The prediction for a block that was left out, without refitting: y - (K^-1)_BB^-1 (K^-1 y)_B.
        held_out[left] = targets[left] - np.linalg.solve(inverse[np.ix_(left, left)], weights[left])
    linear = np.zeros((SIZE, targets.shape[1]), dtype=np.float32)
    for row, (places, values) in enumerate(rows):
        np.add.at(linear, places, values[:, None] * weights[row])
    arrays = {
        "basis": basis,
        "support": whole.astype(np.float16),
        "parts": parts.astype(np.float16),
        "weights": weights.astype(np.float32),
        "linear": linear.astype(np.float16),
        "offsets": offsets,
        "idf": idf.astype(np.float16),
    }
    return arrays, held_out + offsets


def _basis(vectors: Floats) -> Floats:
    """The axes along which the encoder's vectors differ most: half as many numbers to read for each message."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, ::-1][:, :AXES], dtype=np.float32)


def _inverse(kernel: Floats) -> Floats:
    """Of the kernel with RIDGE on its diagonal, by Cholesky: half the time of a general inverse. Uses up `kernel`."""
    from scipy.linalg import cholesky, lapack  # type: ignore[import-untyped]

    kernel[np.diag_indices_from(kernel)] += RIDGE
    factor = cholesky(kernel, lower=True, overwrite_a=True, check_finite=False)
    lower, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    assert not failed
    lower = np.tril(lower)
    lower += np.tril(lower, -1).T
    return np.asarray(lower, dtype=np.float32)


def _target(example: Example) -> list[float]:
    levels = [example.level == CRISIS, example.level != NONE]
    return [1.0 if yes else -1.0 for yes in (*levels, *(kind in example.kinds for kind in KINDS))]


def _ngrams(texts: list[str]) -> tuple[Floats, Floats, list[tuple[Any, Floats]]]:
    """The linear kernel, the n-grams' weights, and each text's sparse row."""
    from scipy.sparse import csr_array  # type: ignore[import-untyped]  # only training needs it

    seen = np.zeros(SIZE, dtype=np.float32)
    grams = [features.counts(text) for text in texts]
    for found in grams:
        seen[list(found)] += 1
    # What stands in one text only says nothing of others.
    idf = (np.log((1 + len(texts)) / (1 + seen)) + 1) * (seen >= 2)
    idf = idf.astype(np.float16).astype(np.float32)  # as it is stored
    rows = [features.sparse(found, lexicon.phrases(text), idf) for text, found in zip(texts, grams, strict=True)]
    starts = np.cumsum([0, *(len(places) for places, _ in rows)])
    table = csr_array(
        (np.concatenate([v for _, v in rows]), np.concatenate([p for p, _ in rows]), starts), shape=(len(texts), SIZE)
    )
    return (table @ table.T).toarray().astype(np.float32), idf, rows


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

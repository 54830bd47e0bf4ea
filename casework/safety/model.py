"""The trained classifier, read in numpy: an RBF support vector machine over the encoder's vector beside a linear one
over n-grams, notions, phrases and the same vector. Plain arrays and JSON, no pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from casework.paths import DATA, MODELS
from casework.safety import features, lexicon
from casework.safety.features import Floats

FOLDER = MODELS / "safety"
TRAIN = DATA / "safety" / "train"
OUTPUTS = ("crisis", "danger")  # danger: concern or crisis


@dataclass(frozen=True)
class Scores:
    """Probabilities that it is crisis, that it is concern or crisis, and of each kind."""

    crisis: float
    danger: float
    kinds: dict[str, float]


class Model:
    """`settings`: gamma, share, dense, outputs {name: {svm, linear: [mean, deviation, weight], slope, offset}},
    thresholds {language: {crisis, danger}}, kinds [names], version."""

    def __init__(self, arrays: dict[str, Any], settings: dict[str, Any]) -> None:
        self.settings = settings
        self.version: str = settings["version"]
        self._support: Floats = arrays["support"].astype(np.float32)
        self._support_squares = np.einsum("ij,ij->i", self._support, self._support)
        self._weights: Floats = arrays["weights"].astype(np.float32)  # outputs x support vectors
        self._svm_offsets: Floats = arrays["svm_offsets"]
        self._linear: Floats = np.ascontiguousarray(arrays["linear"].astype(np.float32))  # features x (outputs + kinds)
        self._dense_linear: Floats = arrays["dense_linear"].astype(np.float32)
        self._linear_offsets: Floats = arrays["linear_offsets"]
        self._idf: Floats = arrays["idf"].astype(np.float32)

    def linear(self, text: str) -> Floats:
        """The sparse part alone: quick, for choosing what of a long text is worth the encoder's time."""
        places, values = features.sparse(text, self._idf, self.settings["share"])
        return np.asarray(values @ self._linear[places], dtype=np.float32)

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """The scores of each text. Texts are encoded together, which is quicker."""
        vectors = features.vectors(texts)
        squares = np.einsum("ij,ij->i", vectors, vectors)
        distances = squares[:, None] + self._support_squares[None, :] - 2 * vectors @ self._support.T
        kernel = np.exp(-self.settings["gamma"] * distances)
        machine = kernel @ self._weights.T + self._svm_offsets
        linear = np.stack([self.linear(text) for text in texts])
        linear = linear + self.settings["dense"] * vectors @ self._dense_linear + self._linear_offsets
        return [self._scores(machine[row], linear[row]) for row in range(len(texts))]

    def _scores(self, machine: Floats, linear: Floats) -> Scores:
        shares = []
        for place, name in enumerate(OUTPUTS):
            output = self.settings["outputs"][name]
            raw = sum(
                weight * (value - mean) / deviation
                for value, (mean, deviation, weight) in (
                    (float(machine[place]), output["svm"]),
                    (float(linear[place]), output["linear"]),
                )
            )
            shares.append(_share(output["slope"] * raw + output["offset"]))
        kinds = self.settings["kinds"]
        return Scores(
            shares[0],
            max(shares),
            {kind: _share(2 * float(linear[len(OUTPUTS) + place])) for place, kind in enumerate(kinds)},
        )


def _share(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def sources() -> list[Path]:
    """What the trained model is made of: training data, lexicon, the code that reads and trains."""
    here = Path(__file__).parent
    code = [here / name for name in ("features.py", "lexicon.py", "text.py", "model.py", "train.py")]
    return [*sorted(TRAIN.glob("*.psv")), *lexicon.files(), *code]


def fingerprint(paths: Iterable[Path] | None = None) -> str:
    digest = hashlib.sha256()
    for path in paths or sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def is_current(folder: Path = FOLDER) -> bool:
    """Whether the stored model was trained from the sources as they are."""
    try:
        settings = json.loads((folder / "model.json").read_text())
    except (OSError, ValueError):
        return False
    return bool(settings.get("version") == fingerprint() and (folder / "model.npz").exists())


def load(folder: Path = FOLDER) -> Model | None:
    """The stored model, or None where there is none that can be read whole."""
    try:
        settings = json.loads((folder / "model.json").read_text())
        with np.load(folder / "model.npz", allow_pickle=False) as stored:
            return Model(dict(stored), settings)
    except (OSError, ValueError, KeyError):
        return None


@lru_cache
def current() -> Model | None:
    """The model of this process, loaded once."""
    return load()

"""The trained classifier, read in numpy: kernel ridge regression with the sum of three kernels: a radial one over
the encoder's vector of the text, another over the mean of its sentences, and a linear one over n-grams and phrase
hits. Plain arrays and JSON, no pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from casework.paths import DATA, MODELS
from casework.safety import features, lexicon
from casework.safety.features import Floats
from casework.safety.levels import LEVELS
from casework.safety.text import fold

FOLDER = MODELS / "safety"
TRAIN = DATA / "safety" / "train"
OUTPUTS = ("crisis", "danger")  # danger: concern or crisis


@dataclass(frozen=True)
class _Table:
    """Texts that a new one is compared with, a column each: one vector against all of them reads memory in its order,
    in less than half the time that rows take.
    """

    columns: Floats
    squares: Floats

    @classmethod
    def of(cls, rows: Any) -> _Table:
        full = rows.astype(np.float32)
        return cls(np.ascontiguousarray(full.T), squares(full))

    def near(self, vector: Floats, gamma: float) -> Floats:
        """`radial` between the vector and each of the texts."""
        distances = float(vector @ vector) + self.squares - 2 * (vector @ self.columns)
        return np.asarray(np.exp(-gamma * np.maximum(distances, 0)), dtype=np.float32)


@dataclass(frozen=True)
class Scores:
    """Probabilities that it is crisis, that it is concern or crisis; for each kind -1 (no) to 1 (yes)."""

    crisis: float
    danger: float
    kinds: dict[str, float]


class Model:
    """`settings`: gamma, outputs {name: [slope, offset]}, thresholds {language: {crisis, danger}}, kinds [names],
    version. `arrays`: basis (512 x axes), support and parts (texts x axes) with their weights (texts x outputs),
    linear (features x outputs), offsets, idf; the outputs are those of OUTPUTS and the kinds. heart_texts (sorted
    numbers of the texts of training) and heart_levels (places in LEVELS).
    """

    def __init__(self, arrays: dict[str, Any], settings: dict[str, Any]) -> None:
        self.settings = settings
        self.version: str = settings["version"]
        self._basis: Floats = arrays["basis"].astype(np.float32)
        self._tables = _Table.of(arrays["support"]), _Table.of(arrays["parts"])
        self._weights: tuple[Floats, Floats] = arrays["support_weights"], arrays["parts_weights"]
        self._linear: Any = arrays["linear"]  # in half precision, as it is stored: a text reads a few rows of it
        self._offsets: Floats = arrays["offsets"].astype(np.float32)
        self._idf: Floats = arrays["idf"].astype(np.float32)

        self._heart: tuple[Any, Any] = arrays["heart_texts"], arrays["heart_levels"]

    def by_heart(self, text: str) -> str | None:
        """The level that the training data gives to this very text, or None where it does not stand there."""
        texts, levels = self._heart
        wanted = np.uint64(number(text))
        place = int(np.searchsorted(texts, wanted))
        return LEVELS[levels[place]] if place < len(texts) and texts[place] == wanted else None

    def linear(self, text: str, found: Iterable[lexicon.Phrase] | None = None) -> Floats:
        """The linear part alone: quick, for choosing what of a long text is worth the encoder's time.

        `found`: the text's phrases, where they are known already.
        """
        phrases = lexicon.phrases(text) if found is None else found
        places, values = features.sparse(features.counts(text), phrases, self._idf)
        return np.asarray(values @ self._linear[places].astype(np.float32), dtype=np.float32)

    def scores(self, texts: Sequence[str], known: Mapping[str, Iterable[lexicon.Phrase]] | None = None) -> list[Scores]:
        """The scores of each text. Texts are encoded together, which is quicker. `known`: phrases found already."""
        known = known or {}
        whole, parts = features.vectors(texts)
        gamma = self.settings["gamma"]
        rows = np.stack([self.linear(text, known.get(text)) for text in texts]) + self._offsets
        for vectors, table, weights in zip((whole, parts), self._tables, self._weights, strict=True):
            rows += np.stack([table.near(vector, gamma) for vector in vectors @ self._basis]) @ weights
        return [self._scores(row) for row in rows]

    def _scores(self, row: Floats) -> Scores:
        raw = mixed(row)
        crisis, danger = (
            _share(slope * float(value) + offset)
            for value, (slope, offset) in zip(raw, (self.settings["outputs"][name] for name in OUTPUTS), strict=True)
        )
        kinds = self.settings["kinds"]
        return Scores(
            crisis, max(crisis, danger), {kind: float(row[len(OUTPUTS) + place]) for place, kind in enumerate(kinds)}
        )


def number(text: str) -> int:
    """64 bits that stand for a text's words, whatever their case, accents and punctuation."""
    return int.from_bytes(hashlib.blake2b(fold(text).encode(), digest_size=8).digest(), "big")


def squares(rows: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", rows, rows), dtype=np.float32)


def radial(rows: Floats, others: Floats, others_squares: Floats, gamma: float) -> Floats:
    """The Gaussian kernel between each of `rows` and each of `others`.

    Both get two more columns, so that one product of them is the exponent: at tens of thousands of rows it is the
    passes over the result that take the time.
    """
    one = np.ones((1, 1), dtype=np.float32)
    left = np.hstack((2 * gamma * rows, -gamma * squares(rows)[:, None], np.repeat(one, len(rows), axis=0)))
    right = np.hstack((others, np.repeat(one, len(others), axis=0), -gamma * others_squares[:, None]))
    near = left @ right.T
    return np.asarray(np.exp(near, out=near), dtype=np.float32)


def mixed(outputs: Any) -> Any:
    """The two levels' outputs, helped by each other and by the likeliest kind: what is at least concern, or clearly of
    one kind, is likelier crisis, and the other way round. In cross-validation this told crisis from none far better
    than the crisis output alone.
    """
    crisis, danger, kind = outputs[..., 0], outputs[..., 1], outputs[..., len(OUTPUTS) :].max(axis=-1)
    return np.stack([crisis + danger + kind / 2, danger + crisis / 2 + kind / 4], axis=-1)


def _share(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def sources() -> list[Path]:
    """What the trained model is made of: training data, lexicon, the code that reads and trains."""
    here = Path(__file__).parent
    code = [here / name for name in ("algebra.py", "features.py", "lexicon.py", "text.py", "model.py", "train.py")]
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

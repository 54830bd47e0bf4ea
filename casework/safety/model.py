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
import simsimd

from casework.paths import DATA, MODELS
from casework.safety import features, lexicon
from casework.safety.features import Floats
from casework.safety.levels import LEVELS
from casework.safety.text import fold

FOLDER = MODELS / "safety"
TRAIN = DATA / "safety" / "train"
OUTPUTS = ("crisis", "danger")  # danger: concern or crisis
LARGEST = 127


class _Texts:
    """The texts of training, for each vector a row of whole numbers from -127 to 127: a quarter of the memory to read,
    and a processor multiplies 64 of them at a time. Rounding moves a distance by less than a hundredth. Texts of one
    sentence stand first: both of their vectors are one row of `whole`; `parts` has those of the others.
    """

    def __init__(self, whole: Any, parts: Any, scale: float, gamma: float) -> None:
        self._scale = scale
        self._by = np.float32(gamma / scale**2)
        self._one = len(whole) - len(parts)
        self._whole, self._parts = ((rows, self._falls(rows)) for rows in map(np.ascontiguousarray, (whole, parts)))

    def near(self, whole: Floats, parts: Floats) -> Floats:
        """The sum of the Gaussian kernels of both vectors, for each of the texts."""
        asked, mean = whole_numbers(np.stack((whole, parts))[:, None], self._scale)
        rows, falls = self._whole
        near = self._kernel(asked, rows, falls)
        one = slice(self._one)
        near[one] += near[one] if (asked == mean).all() else self._kernel(mean, rows[one], falls[one])
        near[self._one :] += self._kernel(mean, *self._parts)
        return near

    def _falls(self, rows: Any) -> Floats:
        """What a row's own length takes off the exponent."""
        return np.asarray(self._by * np.einsum("ij,ij->i", rows, rows, dtype=np.int32), dtype=np.float32)

    def _kernel(self, asked: Any, rows: Any, falls: Floats) -> Floats:
        products = np.asarray(simsimd.cdist(asked, rows, metric="dot", threads=1))[0]
        exponents: Floats = np.multiply(products, 2 * self._by, dtype=np.float32, casting="same_kind")
        exponents -= falls + self._falls(asked)
        np.exp(exponents, out=exponents)
        return exponents


@dataclass(frozen=True)
class Scores:
    """Probabilities that it is crisis, that it is concern or crisis; for each kind -1 (no) to 1 (yes)."""

    crisis: float
    danger: float
    kinds: dict[str, float]


class Model:
    """`settings`: gamma, outputs {name: [slope, offset]}, thresholds {language: {crisis, danger}}, kinds [names],
    version. `arrays`: basis (512 x axes); whole (texts x axes, as `whole_numbers` of scale), parts (the same of the
    last ones, those of several sentences), weights (texts x outputs); linear (features x outputs), offsets, idf; the
    outputs are those of OUTPUTS and the kinds. heart_texts (sorted numbers of the texts of training) and heart_levels
    (places in LEVELS).
    """

    def __init__(self, arrays: dict[str, Any], settings: dict[str, Any]) -> None:
        self.settings = settings
        self.version: str = settings["version"]
        self._basis: Floats = arrays["basis"].astype(np.float32)
        self._texts = _Texts(arrays["whole"], arrays["parts"], float(arrays["scale"]), settings["gamma"])
        self._weights: Floats = arrays["weights"]
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
        rows = np.stack([self.linear(text, known.get(text)) for text in texts]) + self._offsets
        for row, *vectors in zip(rows, whole @ self._basis, parts @ self._basis, strict=True):
            row += self._texts.near(*vectors) @ self._weights
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


def whole_numbers(rows: Floats, scale: float) -> Any:
    """The rows times `scale`, rounded, as bytes (-127 to 127)."""
    return np.clip(np.rint(rows * scale), -LARGEST, LARGEST).astype(np.int8)


def mixed(outputs: Any) -> Any:
    """The two levels' outputs, helped by each other and by the likeliest kind: what is at least concern, or clearly of
    one kind, is likelier crisis, and the other way round. In cross-validation this told crisis from none far better
    than the crisis output alone. A kind weighs less for crisis: concern has its kind too.
    """
    crisis, danger, kind = outputs[..., 0], outputs[..., 1], outputs[..., len(OUTPUTS) :].max(axis=-1)
    return np.stack([crisis + danger + kind / 2, crisis + danger + kind], axis=-1)


def _share(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def sources() -> list[Path]:
    """What the trained model is made of: training data, lexicon, the code that reads and trains."""
    here = Path(__file__).parent
    code = [
        here / name
        for name in ("algebra.py", "features.py", "kernel.py", "lexicon.py", "text.py", "model.py", "train.py")
    ]
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

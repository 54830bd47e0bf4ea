"""Which intent a text carries: logistic regression over a sentence vector and hashed word and character n-grams.

The sentence vector knows what is meant, in either language; the n-grams know short answers, slang and misspellings.
Kept as an `.npz` of plain arrays and a JSON of settings: nothing that is executed when it is read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

ARRAYS, SETTINGS = "intents.npz", "intents.json"
FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """`C` is the inverse of the regularisation; `words` and `characters` are the weights of the two n-gram blocks."""

    C: float = 1.0
    dense: bool = True
    words: float = 1.0
    characters: float = 1.0
    word_range: tuple[int, int] = (1, 2)
    character_range: tuple[int, int] = (2, 4)
    buckets: int = 2**15
    max_chars: int = 400
    balanced: bool = True
    rounds: int = 60
    temperature: float = 1.0  # divides the scores before they become confidences; below 1 makes them bolder


@dataclass
class IntentModel:
    """`weights` is (features, intents), the dense block first."""

    settings: Settings
    intents: list[str] = field(default_factory=list)
    weights: np.ndarray | None = None
    bias: np.ndarray | None = None
    rarity: np.ndarray | None = None

    # -- features -----------------------------------------------------------------------------------------------------
    def _hashed(self, texts: Sequence[str]) -> csr_matrix:
        kept = [fold(text[: self.settings.max_chars]) for text in texts]
        blocks = [vectorizer.transform(kept) for vectorizer in self._vectorizers]
        return hstack(blocks, format="csr") if blocks else csr_matrix((len(texts), 0), dtype=np.float32)

    @cached_property
    def _vectorizers(self) -> list[Any]:
        from sklearn.feature_extraction.text import HashingVectorizer

        return [
            HashingVectorizer(
                analyzer=analyzer,
                ngram_range=tuple(span),
                n_features=self.settings.buckets,
                lowercase=False,
                token_pattern=r"\w+|[^\w\s]",  # noqa: S106
                alternate_sign=False,
                norm=None,
                binary=True,
                dtype=np.float32,
            )
            for weight, analyzer, span in (
                (self.settings.words, "word", self.settings.word_range),
                (self.settings.characters, "char_wb", self.settings.character_range),
            )
            if weight
        ]

    def _weighted(self, counts: csr_matrix) -> csr_matrix:
        """Rare n-grams count more; each block of a text has the length of its weight."""
        from sklearn.preprocessing import normalize

        weights = [w for w in (self.settings.words, self.settings.characters) if w]
        if not weights:
            return counts
        size = self.settings.buckets
        counts = counts.copy()
        counts.data *= self.rarity[counts.indices]
        blocks = [normalize(counts[:, i * size : (i + 1) * size]) * w for i, w in enumerate(weights)]
        return hstack(blocks, format="csr").astype(np.float32)

    # -- training -----------------------------------------------------------------------------------------------------
    def fit(self, texts: Sequence[str], dense: np.ndarray, labels: Sequence[str]) -> IntentModel:
        """`dense` is (texts, dimensions). Minimises what scikit-learn's LogisticRegression does.

        It is done here because the dense block as a sparse matrix made that one ten times as slow.
        """
        self.intents = sorted(set(labels))
        place = {name: i for i, name in enumerate(self.intents)}
        wanted = np.array([place[label] for label in labels])
        dense = dense if self.settings.dense else dense[:, :0]
        counts = self._hashed(texts)
        seen = np.asarray((counts > 0).sum(axis=0)).ravel()
        self.rarity = np.where(seen > 1, np.log((1 + len(texts)) / (1 + seen)) + 1, 0).astype(np.float32)
        used = np.flatnonzero(self.rarity)
        sparse = self._weighted(counts)[:, used].tocsr()
        weights, self.bias = _logistic_regression(
            np.ascontiguousarray(dense, dtype=np.float32), sparse, wanted, self.settings
        )
        width = dense.shape[1]
        self.weights = np.zeros((width + counts.shape[1], len(self.intents)), dtype=np.float32)
        self.weights[:width] = weights[:width]
        self.weights[width + used] = weights[width:]
        return self

    # -- use ----------------------------------------------------------------------------------------------------------
    def confidences(self, texts: Sequence[str], dense: np.ndarray) -> np.ndarray:
        """(texts, intents), each row sums to 1."""
        sparse = self._weighted(self._hashed(texts))
        width = self.weights.shape[0] - sparse.shape[1]
        scores = dense[:, :width] @ self.weights[:width] + sparse @ self.weights[width:] + self.bias
        scores = scores / self.settings.temperature
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)

    def rank(self, texts: Sequence[str], dense: np.ndarray, length: int) -> list[list[dict[str, object]]]:
        """For each text the `length` likeliest intents, `{"name", "confidence"}`, the likeliest first."""
        return [
            [{"name": self.intents[i], "confidence": float(row[i])} for i in np.argsort(-row)[:length]]
            for row in self.confidences(texts, dense)
        ]

    # -- keeping ------------------------------------------------------------------------------------------------------
    def save(self, folder: Path) -> None:
        used = np.flatnonzero(np.abs(self.weights).max(axis=1) > 0)
        np.savez_compressed(
            folder / ARRAYS,
            used=used.astype(np.int32),
            weights=self.weights[used].astype(np.float16),
            shape=np.array(self.weights.shape),
            bias=self.bias,
            rarity=self.rarity.astype(np.float16),
        )
        kept = {"format": FORMAT, "settings": asdict(self.settings), "intents": self.intents}
        (folder / SETTINGS).write_text(json.dumps(kept, indent=1))

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        kept = json.loads((folder / SETTINGS).read_text())
        if kept["format"] != FORMAT:
            raise ValueError(f"The intent model has format {kept['format']}, wanted is {FORMAT}; train it again.")
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            weights = np.zeros(tuple(arrays["shape"]), dtype=np.float32)
            weights[arrays["used"]] = arrays["weights"]
            return cls(
                Settings(**kept["settings"]),
                kept["intents"],
                weights,
                arrays["bias"],
                arrays["rarity"].astype(np.float32),
            )


def _logistic_regression(
    dense: np.ndarray, sparse: csr_matrix, wanted: np.ndarray, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """Multinomial, L2, by L-BFGS. Gives weights (features, classes) and bias (classes,)."""
    from scipy.optimize import minimize

    rows, classes, width = len(wanted), int(wanted.max()) + 1, dense.shape[1]
    features = width + sparse.shape[1]
    importance = np.ones(rows, dtype=np.float32)
    if settings.balanced:
        importance = (rows / (classes * np.bincount(wanted)))[wanted].astype(np.float32)
    dense_t, sparse_t = np.ascontiguousarray(dense.T), sparse.T.tocsr()
    each = np.arange(rows)

    def loss_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
        table = flat.astype(np.float32).reshape(features + 1, classes)
        scores = dense @ table[:width] + sparse @ table[width:features] + table[features]
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        loss = -float((np.log(np.maximum(scores[each, wanted], 1e-30)) * importance).sum())
        scores[each, wanted] -= 1
        scores *= importance[:, None]
        slope = np.vstack([dense_t @ scores, sparse_t @ scores, scores.sum(axis=0)[None, :]])
        slope *= settings.C
        slope[:features] += table[:features]
        size = 0.5 * float((table[:features].astype(np.float64) ** 2).sum())
        return settings.C * loss + size, slope.ravel().astype(np.float64)

    found = minimize(
        loss_and_slope,
        np.zeros((features + 1) * classes),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": settings.rounds, "maxcor": 8},
    )
    table = found.x.astype(np.float32).reshape(features + 1, classes)
    return table[:features], table[features]


_REPEATS = re.compile(r"(.)\1{2,}")


def fold(text: str) -> str:
    """Lower case, without accents, digits as 0, letters drawn out ("heyyyy") cut to two."""
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join("0" if c.isdigit() else c for c in text if not unicodedata.combining(c))
    return _REPEATS.sub(r"\1\1", text)

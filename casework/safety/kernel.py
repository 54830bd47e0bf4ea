"""How like each other the texts of training are: the sum of the kernels between every two, of which the half on and
below the diagonal is kept, in strips of columns. None of its numbers is below 0 or above the largest on the diagonal,
so they are kept as whole numbers of two bytes: half the memory, and what is rounded off is far below the ridge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array  # type: ignore[import-untyped]

from casework.safety.features import SIZE, Floats, Ints

STRIP = 2_048
STEPS = 65_535  # from 0 to the largest
COMMON = 0.02  # n-grams that stand in more of the texts than this are multiplied as a dense table: it is quicker


class Kernel:
    """A symmetric matrix of `size` rows. Strip number i holds the columns from i * STRIP on, from the diagonal down,
    divided by `step`.
    """

    def __init__(self, strips: Sequence[Any], step: float) -> None:
        self._strips, self._step = strips, np.float32(step)
        self.size = len(strips[0])
        self._unpacked = np.empty(strips[0].shape, dtype=np.float32)

    @classmethod
    def of(cls, rows: Sequence[tuple[Ints, Floats]], vectors: Sequence[Floats], gamma: float) -> Kernel:
        """The linear kernel of the sparse `rows` (places and values) and the radial kernel of each of `vectors`."""
        starts = np.cumsum([0, *(len(places) for places, _ in rows)])
        values, places = np.concatenate([v for _, v in rows]), np.concatenate([p for p, _ in rows])
        table: Any = csr_array((values, places, starts), shape=(len(rows), SIZE))
        common = np.bincount(places, minlength=SIZE) > COMMON * len(rows)
        often = np.ascontiguousarray(table[:, np.flatnonzero(common)].toarray())
        seldom = csr_array(table[:, np.flatnonzero(~common)])
        step = (len(vectors) + float(np.max(table.multiply(table).sum(axis=1)))) / STEPS
        strips = []
        for start in range(0, len(rows), STRIP):
            below, strip = slice(start, len(rows)), slice(start, start + STRIP)
            found = often[below] @ often[strip].T
            found += (seldom[below] @ csr_array(seldom[strip].T)).toarray()
            for one in vectors:
                found += _radial(one[below], one[strip], gamma)
            found /= step
            strips.append(np.rint(found, out=found).astype(np.uint16))
        return cls(strips, step)

    def times(self, columns: Floats) -> Floats:
        """The product with `columns` (size x any)."""
        product = np.zeros_like(columns)
        for place, packed in enumerate(self._strips):
            start = place * STRIP
            stop = start + packed.shape[1]
            strip = self._unpacked[: len(packed), : packed.shape[1]]
            np.copyto(strip, packed, casting="unsafe")
            product[start:] += strip @ columns[start:stop]
            product[start:stop] += strip[stop - start :].T @ columns[stop:]
        product *= self._step
        return product

    def columns(self, places: Ints) -> Floats:
        """The columns with these numbers, whole."""
        found = np.empty((self.size, len(places)), dtype=np.float32)
        for place, strip in enumerate(self._strips):
            start = place * STRIP
            stop = start + strip.shape[1]
            inside, after = (start <= places) & (places < stop), places >= stop
            found[start:, inside] = strip[:, places[inside] - start]
            found[start:stop, after] = strip[places[after] - start].T
        found *= self._step
        return found


def _squares(rows: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", rows, rows), dtype=np.float32)


def _radial(rows: Floats, others: Floats, gamma: float) -> Floats:
    """The Gaussian kernel between each of `rows` and each of `others`.

    Both get two more columns, so that one product of them is the exponent: at tens of thousands of rows it is the
    passes over the result that take the time.
    """
    one = np.ones((1, 1), dtype=np.float32)
    left = np.hstack((2 * gamma * rows, -gamma * _squares(rows)[:, None], np.repeat(one, len(rows), axis=0)))
    right = np.hstack((others, np.repeat(one, len(others), axis=0), -gamma * _squares(others)[:, None]))
    near = left @ right.T
    return np.asarray(np.exp(near, out=near), dtype=np.float32)

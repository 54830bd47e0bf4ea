"""Factors and inverses of matrices of some ten thousand rows, block by block, in place.

LAPACK's own threaded Cholesky writes past its buffers at such sizes on some processors (OpenBLAS issue 2562: from about
22,000 rows, with two threads), and the process dies. Products of blocks are safe, and as quick.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cholesky, solve_triangular  # type: ignore[import-untyped]

from casework.safety.features import Floats

BLOCK = 2_048


def factor(matrix: Floats) -> Floats:
    """The lower Cholesky factor of a positive definite matrix, of which only the lower half is read. Uses it up: what
    is returned is the same array, with what was above the diagonal left as it was outside the blocks on it.
    """
    size = len(matrix)
    for start in range(0, size, BLOCK):
        stop = min(start + BLOCK, size)
        if start:
            matrix[start:, start:stop] -= matrix[start:, :start] @ matrix[start:stop, :start].T
        corner = cholesky(matrix[start:stop, start:stop], lower=True, check_finite=False)
        matrix[start:stop, start:stop] = corner
        below = matrix[stop:, start:stop]
        below[:] = solve_triangular(corner, below.T, lower=True, check_finite=False).T
    return matrix


def solve(lower: Floats, wanted: Floats) -> Floats:
    """x of (L L') x = wanted, for a factor L of `factor`."""
    found = np.array(wanted, dtype=np.float32)
    size = len(lower)
    starts = range(0, size, BLOCK)
    for start in starts:
        stop = min(start + BLOCK, size)
        found[start:stop] = solve_triangular(
            lower[start:stop, start:stop], found[start:stop], lower=True, check_finite=False
        )
        found[stop:] -= lower[stop:, start:stop] @ found[start:stop]
    for start in reversed(starts):
        stop = min(start + BLOCK, size)
        found[start:stop] -= lower[stop:, start:stop].T @ found[stop:]
        found[start:stop] = solve_triangular(
            lower[start:stop, start:stop], found[start:stop], lower=True, trans="T", check_finite=False
        )
    return found


def inverse_columns(lower: Floats, first: int, last: int) -> Floats:
    """Columns `first` to `last` (excluded) of the inverse of a lower triangular matrix, from row `first` on: what is
    above is zero.
    """
    size = len(lower)
    found = np.zeros((size - first, last - first), dtype=np.float32)
    found[np.arange(last - first), np.arange(last - first)] = 1
    for start in range(first, size, BLOCK):
        stop = min(start + BLOCK, size)
        rows = slice(start - first, stop - first)
        found[rows] = solve_triangular(lower[start:stop, start:stop], found[rows], lower=True, check_finite=False)
        if stop < size:
            found[stop - first :] -= lower[stop:, start:stop] @ found[rows]
    return found

"""Equations with as many unknowns as there are texts of training, solved step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular  # type: ignore[import-untyped]

from casework.safety.features import Floats, Ints

LANDMARKS = 2_000
EXACT = 0.002
STEPS = 200
Doubles = NDArray[np.float64]


class Symmetric(Protocol):
    """A symmetric, positive semi-definite matrix that is too large to be factored."""

    size: int

    def times(self, columns: Floats) -> Floats: ...

    def columns(self, places: Ints) -> Floats: ...


def solve_in_steps(matrix: Symmetric, wanted: Floats, ridge: float, parts: Floats) -> Floats:
    """x of (matrix + ridge) x = wanted, for each column of `wanted` (size x outputs), and for each column of `parts`
    (size x several; 1 or 0) once: with the rows and columns alone that it has as 1, as if there were no others. What is
    returned has the outputs of the first part first, then those of the second; 0 in rows that a part has not.

    By conjugate gradients, all of them together, until what is missing is EXACT of what is wanted. Some of the
    matrix's columns, chosen evenly, tell most of it and make the steps few (Nyström preconditioner; Frangella, Tropp
    and Udell 2021). Raises ArithmeticError if STEPS are not enough.
    """
    outputs = wanted.shape[1]
    masks = np.repeat(parts, outputs, axis=1)
    nearly = _nearly_inverse(matrix, ridge, parts, masks)
    found = np.zeros((matrix.size, masks.shape[1]), dtype=np.float32)
    missing = np.tile(wanted, (1, parts.shape[1])) * masks
    enough = EXACT * EXACT * _dots(missing, missing)
    step = better = nearly(missing)
    gain = _dots(missing, better)
    for _ in range(STEPS):
        if (_dots(missing, missing) <= enough).all():
            return found
        change = matrix.times(step) * masks + ridge * step
        length = (gain / np.maximum(_dots(step, change), 1e-30)).astype(np.float32)
        found += length * step
        missing -= length * change
        better = nearly(missing)
        before, gain = gain, _dots(missing, better)
        step = better + (gain / np.maximum(before, 1e-30)).astype(np.float32) * step
    raise ArithmeticError(f"the detector's equations are not solved after {STEPS} steps")


def _dots(some: Floats, others: Floats) -> Doubles:
    return np.asarray(np.einsum("ij,ij->j", some, others, dtype=np.float64))


def _nearly_inverse(matrix: Symmetric, ridge: float, parts: Floats, masks: Floats) -> Callable[[Floats], Floats]:
    """What nearly undoes each part of the matrix: its inverse, if the landmarks' columns told all of it."""
    places = np.unique(np.linspace(0, matrix.size - 1, min(LANDMARKS, matrix.size)).astype(np.int64))
    columns = matrix.columns(places)
    among = columns[places].astype(np.float64)
    among[np.diag_indices_from(among)] += 1e-3 * among.diagonal().mean()
    lower = np.linalg.cholesky(among).astype(np.float32)
    table = solve_triangular(lower, columns.T, lower=True, check_finite=False).T  # table @ table.T: nearly the matrix
    own = (table.T @ table).astype(np.float64)
    factors = []
    for part in parts.T:
        without = table[part == 0]
        square = own - without.T @ without
        square[np.diag_indices_from(square)] += ridge
        factors.append(cho_factor(square, lower=True, check_finite=False))

    def nearly(columns: Floats) -> Floats:
        inner = table.T @ columns
        for place, factor in enumerate(factors):
            these = slice(place * len(masks.T) // len(factors), (place + 1) * len(masks.T) // len(factors))
            inner[:, these] = cho_solve(factor, inner[:, these], check_finite=False)
        return np.asarray(columns - (table @ inner) * masks, dtype=np.float32)

    return nearly

"""The detector's equations: what is solved step by step is what solving them outright would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from casework.safety import algebra, features, kernel, lexicon
from casework.safety.kernel import Kernel
from casework.safety.train import GAMMA, RIDGE, TRAIN, read

TEXTS = [example.text for example in read(TRAIN)[::40]]


@pytest.fixture(scope="module")
def rows() -> list[tuple[Any, Any]]:
    idf = np.ones(features.SIZE, dtype=np.float32)
    return [features.sparse(features.counts(text), lexicon.phrases(text), idf) for text in TEXTS]


@pytest.fixture
def matrix(rows: list[tuple[Any, Any]], monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setattr(kernel, "STRIP", 100)  # so that there are several, the last one shorter
    assert len(TEXTS) % 100
    return Kernel.of(rows, _vectors(), GAMMA)


def _vectors() -> tuple[Any, Any]:
    drawn = np.random.default_rng(1).normal(size=(2, len(TEXTS), 16)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
    return drawn[0], drawn[1]


def _whole(rows: list[tuple[Any, Any]]) -> Any:
    table = np.zeros((len(rows), features.SIZE))
    for row, (places, values) in zip(table, rows, strict=True):
        np.add.at(row, places, values)
    alike = table @ table.T
    for one in _vectors():
        alike += np.exp(-GAMMA * ((one[:, None] - one[None]) ** 2).sum(axis=2))
    return alike


def test_strips_hold_the_whole_kernel(matrix: Kernel, rows: list[tuple[Any, Any]]) -> None:
    whole = _whole(rows)
    columns = np.random.default_rng(2).normal(size=(len(TEXTS), 3)).astype(np.float32)
    some = np.array([0, 99, 100, 250, len(TEXTS) - 1])

    assert matrix.times(columns) == pytest.approx(whole @ columns, abs=1e-2)
    assert matrix.columns(some) == pytest.approx(whole[:, some], abs=1e-4)


def test_each_group_left_out_is_solved_as_if_it_were_not_there(
    matrix: Kernel, rows: list[tuple[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(algebra, "LANDMARKS", 50)
    monkeypatch.setattr(algebra, "EXACT", 1e-5)
    whole = _whole(rows)
    wanted = np.random.default_rng(3).normal(size=(len(TEXTS), 2)).astype(np.float32)
    kept = np.arange(len(TEXTS)) % 3 != 0
    parts = np.stack([np.ones(len(TEXTS)), kept], axis=1).astype(np.float32)

    found = algebra.solve_in_steps(matrix, wanted, RIDGE, parts)

    ridge = RIDGE * np.eye(len(TEXTS))
    assert found[:, :2] == pytest.approx(np.linalg.solve(whole + ridge, wanted), abs=1e-3)
    assert found[kept, 2:] == pytest.approx(np.linalg.solve((whole + ridge)[kept][:, kept], wanted[kept]), abs=1e-3)
    assert not found[~kept, 2:].any()


def test_equations_that_cannot_be_solved_are_told(matrix: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algebra, "STEPS", 1)
    wanted = np.ones((len(TEXTS), 1), dtype=np.float32)

    with pytest.raises(ArithmeticError, match="not solved after 1 steps"):
        algebra.solve_in_steps(matrix, wanted, RIDGE, np.ones_like(wanted))


def test_a_text_that_was_encoded_just_before_has_the_same_vectors_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "i gave the dog to my brother. he has the keys too"
    whole, parts = features.vectors([text])
    monkeypatch.setattr(features, "encoder", lambda: pytest.fail("it was encoded again"))

    again, parts_again = features.vectors([text])

    assert (again == whole).all()
    assert (parts_again == parts).all()

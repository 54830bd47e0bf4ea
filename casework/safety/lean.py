"""The encoder with its table of word pieces on disk, not in memory: 65 MB less in every process that reads texts.

A text touches a few dozen of the table's 128,010 rows of 512 bytes. The rows are read when they are needed, by
position, from a file beside the models; the operating system keeps those in use in its own cache, once for all
processes of the machine. What is read is compared with the encoder's own table when the file is opened: the vectors
are the same to the last bit.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.paths import MODELS
from casework.safety import features

FOLDER = MODELS / "encoder"
_CHUNK = 1 << 20
_log = logging.getLogger(__name__)


class Rows:
    """Rows of bytes in a file, read by their numbers as from an array: `rows[[3, 7]]` has two."""

    def __init__(self, path: Path, width: int) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self._width = width

    def __getitem__(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        rows = np.empty((len(numbers), self._width), dtype=np.uint8)
        for row, number in zip(rows, numbers, strict=True):
            if os.preadv(self._file, [row.data], int(number) * self._width) != self._width:
                raise OSError(f"the encoder's table ends before row {number}")
        return rows

    def checksum(self) -> int:
        value, at = 0, 0
        while chunk := os.pread(self._file, _CHUNK, at):
            value, at = zlib.crc32(chunk, value), at + len(chunk)
        return value

    def close(self) -> None:
        os.close(self._file)


def table_to_disk(folder: Path = FOLDER) -> bool:
    """Moves this process's encoder's table to disk. False, and all as before, where the folder cannot be written."""
    backend: Any = features.encoder()._model
    table = backend.table
    if isinstance(table, Rows):
        return True
    wanted = zlib.crc32(table)
    path = folder / f"pieces-{wanted:08x}.rows"
    for attempt in ("as it is", "written anew"):
        try:
            if attempt == "written anew" or not path.exists():
                _write(path, table)
            rows = Rows(path, table.shape[1])
        except OSError as error:
            _log.warning("the encoder's table stays in memory (%s)", type(error).__name__)
            return False
        if rows.checksum() == wanted:
            backend.table = rows
            del table
            give_back()
            return True
        rows.close()
    _log.warning("the encoder's table stays in memory (its file cannot be read back)")
    return False


def give_back() -> None:
    """What loading took and needs no more goes back to the system; glibc keeps some of it otherwise."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def _write(path: Path, table: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(table.data)
    partial.replace(path)  # whole or not at all, also where two processes start at once

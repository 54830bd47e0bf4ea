"""One running line for all tests that text it: every process, the real model, a Twilio stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.line.line import Running


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    from tests.line.line import Running  # not at import: a folder's own conftest prepares the settings first

    running = Running(tmp_path_factory.mktemp("line"))
    running.start()
    yield running
    running.close()

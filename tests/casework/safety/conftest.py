"""The safety tests' own fixtures: the trained detector, and a client's line over the empty database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from texting import Line

from casework.safety import model, train
from casework.storage import Database


@pytest.fixture(scope="session", autouse=True)
def _trained() -> None:
    if not train.is_current():
        train.train()
    model.current.cache_clear()


@pytest.fixture
def line(database: Database) -> Callable[..., Line]:
    """Opens a conversation: `line()` by SMS, `line(channel="web")`, `line(language="es")`."""
    return lambda **how: Line(database, **how).open()

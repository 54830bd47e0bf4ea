"""Tests of what faces people are async themselves, in asyncio's event loop."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

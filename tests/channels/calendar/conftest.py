"""The calendar files on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from casework.settings import get_settings
from casework.storage import Database
from channels import calendar


@pytest.fixture
async def web(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.database, app.state.settings = database, get_settings()
    app.include_router(calendar.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.example") as client:
        yield client
    await database.close()

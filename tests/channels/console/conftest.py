"""The console on a real database, and somebody signed in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from casework import clock
from casework import staff as staffing
from casework.settings import get_settings
from casework.staff.tables import Staff
from casework.storage import Database
from channels import console
from channels.console.door import COOKIE
from channels.live import Live

PASSWORD = "a long enough password"

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def app(database: Database) -> AsyncIterator[FastAPI]:
    app = FastAPI()
    app.state.database, app.state.live, app.state.settings = database, Live(), get_settings()
    console.mount(app)
    yield app
    await app.state.live.stop()
    await database.close()


def browser(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://line.example")


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that nobody has signed in with."""
    async with browser(app) as client:
        yield client


@pytest.fixture
async def sign_in(app: FastAPI) -> AsyncIterator[SignIn]:
    """`await sign_in("dana@agency.example", role=...)`: a member of staff's browser. `.csrf` is its form token."""
    opened: list[httpx.AsyncClient] = []

    async def open_one(
        email: str = "dana@agency.example", name: str = "Dana Ruiz", role: str = "case_manager"
    ) -> httpx.AsyncClient:
        database: Database = app.state.database
        async with database.session() as session:
            if await staffing.find(session, email) is None:
                # One hash for all: argon2 is meant to be slow.
                session.add(Staff(email=email, name=name, role=role, password_hash=_hash()))
        async with database.session() as session:
            token = await staffing.sign_in(session, email, PASSWORD, clock.now())
        assert token
        client = browser(app)
        client.cookies.set(COOKIE, token)
        client.csrf = staffing.csrf_token(token)  # type: ignore[attr-defined]
        opened.append(client)
        return client

    yield open_one
    for client in opened:
        await client.aclose()


_made: list[str] = []


def _hash() -> str:
    from casework.staff import passwords

    if not _made:
        _made.append(passwords.hashed(PASSWORD))
    return _made[0]

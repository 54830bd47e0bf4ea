"""The case managers' console, at /console. `mount(app)` adds it to the web application.

It needs `app.state.database` (casework.storage.Database), `app.state.live` (channels.live.Live, started) and
`app.state.settings`.
"""

from __future__ import annotations

from fastapi import FastAPI

# These put their pages on the router.
from channels.console import (  # noqa: F401
    administration,
    availability,
    calendar,
    erasing,
    me,
    notebook,
    papers,
    passing_on,
    programs,
    reports,
    road,
    routes,
)
from channels.console.router import router

__all__ = ["mount", "router"]


def mount(app: FastAPI) -> None:
    app.include_router(router)

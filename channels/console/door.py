"""The console's door: who is let in to which route, what every answer carries, what becomes of an error.

Every route of the console is a ConsoleRoute and depends on `admit`; a test holds both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from casework import clock
from casework import staff as staffing
from casework.errors import NotFound
from casework.staff.administration import Administration
from casework.staff.caseload import Caseload
from casework.staff.desk import Desk
from casework.staff.erasing import Erasing
from casework.staff.notebook import Notebook
from casework.staff.records import Records
from casework.staff.roles import PUBLIC, may
from casework.staff.tables import Staff
from casework.storage import Database
from channels.console.pages import problem

COOKIE = "guidepost_staff"
SIGN_IN = "/console/sign-in"
_SAFE = ("GET", "HEAD")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Visit:
    """Who is at the door, and by which session."""

    staff: Staff
    token: str


class SignedOutError(Exception):
    """Nobody is signed in."""


class ForbiddenError(Exception):
    """This member of staff may not do this, or the form was not sent from a page of ours."""


def database(request: Request) -> Database:
    found: Database = request.app.state.database
    return found


async def admit(request: Request) -> None:
    """Lets in whom the table of roles names for this route; a changing request must carry its session's form token."""
    route = getattr(request.scope.get("route"), "name", None)
    if request.method not in _SAFE and request.headers.get("sec-fetch-site", "same-origin") not in (
        "same-origin",
        "none",
    ):
        raise ForbiddenError
    if route in PUBLIC:
        return
    token = request.cookies.get(COOKIE)
    async with database(request).session() as session:
        staff = await staffing.who(session, token, clock.now())
    if staff is None or token is None:
        raise SignedOutError
    if not may(staff.role, route):
        raise ForbiddenError
    if request.method not in _SAFE:
        given = (await request.form()).get("csrf")
        if not staffing.csrf_fits(token, given if isinstance(given, str) else None):
            raise ForbiddenError
    request.state.visit = Visit(staff, token)


def visit(request: Request) -> Visit:
    found: Visit = request.state.visit
    return found


@asynccontextmanager
async def records(request: Request) -> AsyncIterator[Records]:
    """The records as the one who asks may see and change them, in one transaction."""
    async with database(request).session() as session:
        yield Records(session, visit(request).staff, clock.now())


@asynccontextmanager
async def desk(request: Request) -> AsyncIterator[Desk]:
    """The same with calendars, appointments and referrals."""
    async with database(request).session() as session:
        yield Desk(session, visit(request).staff, clock.now())


@asynccontextmanager
async def notebook(request: Request) -> AsyncIterator[Notebook]:
    """The records with notes and ready-made replies."""
    async with database(request).session() as session:
        yield Notebook(session, visit(request).staff, clock.now())


@asynccontextmanager
async def erasing(request: Request) -> AsyncIterator[Erasing]:
    """The records with the deed that ends one."""
    async with database(request).session() as session:
        yield Erasing(session, visit(request).staff, clock.now())


@asynccontextmanager
async def administration(request: Request) -> AsyncIterator[Administration]:
    """What supervisors and administrators see and do beside clients' records, in one transaction."""
    async with database(request).session() as session:
        yield Administration(session, visit(request).staff, clock.now())


@asynccontextmanager
async def caseload(request: Request) -> AsyncIterator[Caseload]:
    """The same with the road after the screening."""
    async with database(request).session() as session:
        yield Caseload(session, visit(request).staff, clock.now())


class ConsoleRoute(APIRoute):
    """A route whose answers carry the console's headers, and whose errors are pages that say what to do."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await handle(request)
            except SignedOutError:
                response = _to_sign_in(request)
            except ForbiddenError:
                response = problem(request, 403)
            except NotFound:
                response = problem(request, 404)
            except RequestValidationError:
                response = problem(request, 404 if request.method in _SAFE else 422)
            response.headers.update(HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded


def _to_sign_in(request: Request) -> Response:
    """To the sign-in page, and back to this page afterwards; a fragment's request takes its whole page there."""
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(wanted, safe='/')}" if request.method == "GET" and wanted != "/console" else ""
    return RedirectResponse(SIGN_IN + back, status_code=303)

"""The demo's addresses: the page with all three sides, its phone, and Twilio's REST API as the stand-in answers it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import phonenumbers
from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from phonenumbers import PhoneNumberFormat
from pydantic import BaseModel, Field
from starlette.websockets import WebSocketDisconnect

from casework.settings import Settings, demo_password
from channels.chat.routes import PAGE_POLICY, allowed
from channels.chat.socket import POLICY_VIOLATION
from channels.demo import twilio_api
from channels.demo.carrier import STAND_IN, Carrier, LineRefused, stands_in
from channels.demo.phones import DEFAULT, INBOUND, Phones, Text, is_demo_number
from channels.demo.twilio_api import TwilioError

DEMO_USER = "demo@guidepost.example"
_HERE = Path(__file__).parent
_TEMPLATES = Jinja2Templates(_HERE / "templates")
router = APIRouter(tags=["demo"], include_in_schema=False)


@contextlib.asynccontextmanager
async def _close_at_the_end(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.demo_carrier.close()


phone_router = APIRouter(prefix="/demo/phone", tags=["demo"], include_in_schema=False, lifespan=_close_at_the_end)


def mount(app: FastAPI) -> None:
    """Adds the demo to the application, whose `state.settings` is set. Without demo mode this must not be called."""
    settings: Settings = app.state.settings
    assert settings.guidepost_demo, "the demo's pages are for demo mode only"
    app.include_router(router)
    app.mount("/demo/static", StaticFiles(directory=_HERE / "static"), name="demo-static")
    if not stands_in(settings):
        return
    assert settings.twilio_from
    app.state.demo_carrier = Carrier(settings, Phones(settings.twilio_from))
    app.include_router(phone_router)
    app.include_router(twilio_api.router, prefix=STAND_IN)

    @app.exception_handler(TwilioError)
    async def as_twilio_says(request: Request, error: TwilioError) -> Response:  # noqa: ARG001
        return error.answer()


def _carrier(request: Request | WebSocket) -> Carrier:
    carrier = request.app.state.demo_carrier
    assert isinstance(carrier, Carrier)
    return carrier


@router.get("/")
async def front() -> RedirectResponse:
    return RedirectResponse("/demo")


@router.get("/demo", response_class=HTMLResponse)
async def page(request: Request, lang: str = "en") -> Response:
    settings: Settings = request.app.state.settings
    shown = {
        "language": "es" if lang == "es" else "en",
        "agency": settings.agency_name,
        "stands_in": stands_in(settings),
        "line_shown": _shown(settings.twilio_from or ""),
        "phone": DEFAULT,
        "user": DEMO_USER,
        "password": demo_password(settings),
    }
    return _TEMPLATES.TemplateResponse(request, "demo.html", shown, headers=PAGE_POLICY)


def _shown(number: str) -> str:
    """The number as people read it; a messaging service's id as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def _as_shown(text: Text) -> dict[str, Any]:
    return {
        "type": "text",
        "sid": text.sid,
        "from": "phone" if text.direction == INBOUND else "line",
        "text": text.body,
        "parts": text.parts,
        "status": text.status,
        "at": text.created_at.isoformat(),
    }


class Outgoing(BaseModel):
    """What the page's phone sends. A phone sends nothing empty; 1,600 characters is what a text can carry."""

    number: str = Field(pattern=r"^\+1[2-9]\d\d55501\d\d$")
    text: str = Field(min_length=1, max_length=1600)


@phone_router.post("/send", status_code=202)
async def send(request: Request, outgoing: Outgoing) -> JSONResponse:
    """The phone texts the line, through the line's own webhook."""
    carrier = _carrier(request)
    if not allowed(request.headers.get("origin"), request.headers.get("host"), request.app.state.settings):
        return JSONResponse({"error": "This page may not use the demo phone."}, 403)
    if outgoing.number == carrier.line:
        return JSONResponse({"error": "That is the line's own number. Pick another one."}, 422)
    try:
        text = await carrier.text_the_line(outgoing.number, outgoing.text)
    except LineRefused as refusal:
        return JSONResponse({"error": f"The line did not take the text ({refusal.status or 'no answer'})."}, 502)
    return JSONResponse({"sid": text.sid}, 202)


@phone_router.post("/new")
async def new_phone(request: Request) -> dict[Literal["number"], str]:
    return {"number": _carrier(request).phones.fresh()}


@phone_router.websocket("/socket")
async def watch(websocket: WebSocket, number: str = DEFAULT) -> None:
    """The phone's screen: every text of this number, then what is new or changed."""
    origin, host = websocket.headers.get("origin"), websocket.headers.get("host")
    if not is_demo_number(number) or not allowed(origin, host, websocket.app.state.settings):
        await websocket.close(POLICY_VIOLATION)
        return
    phones = _carrier(websocket).phones
    await websocket.accept()

    async def show() -> None:
        with phones.watch(number) as news:
            texts = [_as_shown(text) for text in phones.of(number)]
            await websocket.send_json({"type": "phone", "texts": texts, "stopped": phones.stopped(number)})
            while True:
                text = await news.get()
                await websocket.send_json(_as_shown(text) | {"stopped": phones.stopped(number)})

    screen = asyncio.create_task(show())
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()  # nothing is expected; this waits for the page to go
    screen.cancel()
    with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
        await screen

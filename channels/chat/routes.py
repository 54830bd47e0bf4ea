"""The chat's addresses: the socket, long polling where no socket gets through, the embeddable element, a sample page.

Socket and polling are open to pages of this line's own origin and of `ALLOWED_ORIGINS`. A request without an Origin
does not come from a browser's page and is let in: the token, not the origin, is what opens a conversation.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import State
from starlette.requests import ClientDisconnect

from casework.settings import Settings
from channels.chat import frames, mailing
from channels.chat.frames import Refused
from channels.chat.hub import Hub
from channels.chat.polling import LARGEST, Poll
from channels.chat.socket import POLICY_VIOLATION, Socket

log = structlog.get_logger(__name__)
_HERE = Path(__file__).parent
_TEMPLATES = Jinja2Templates(_HERE / "templates")
_COMMENT = re.compile(r"^\s*(//.*|/\*\*.*\*/)\n", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_PARTS = ("about", "texts", "looks", "parts", "line", "element")
PAGE_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
router = APIRouter(prefix="/chat", tags=["chat"])


@lru_cache
def widget() -> tuple[bytes, bytes, str]:
    """The element's source, the same compressed, and its ETag.

    Its parts are joined into one script, without their indents and the lines that are only a comment: they are a tenth
    of what every visitor would load. Only `about` stays whole.
    """
    about, *parts = ((_HERE / "static" / "widget" / f"{name}.js").read_text(encoding="utf-8") for name in _PARTS)
    parts = [_INDENT.sub("", _COMMENT.sub("", part)) for part in parts]
    source = "\n".join([about, "(() => {", '"use strict";', *parts, "})();\n"]).encode()
    return source, gzip.compress(source, 9, mtime=0), f'"{hashlib.sha256(source).hexdigest()[:24]}"'


def allowed(origin: str | None, host: str | None, settings: Settings) -> bool:
    """Whether a page of this origin may open the socket. `host` is the Host header that the request came with."""
    if origin is None:
        return True
    own = urlsplit(settings.base_url)
    known = {f"{own.scheme}://{own.netloc}", *(entry.rstrip("/") for entry in settings.allowed_origins)}
    return origin.lower() in {entry.lower() for entry in known} or (
        bool(host) and urlsplit(origin).netloc.lower() == (host or "").lower()
    )


def _hub(state: State) -> Hub:
    hub = getattr(state, "chat_hub", None)
    if hub is None:
        hub = state.chat_hub = Hub(state.live)
    assert isinstance(hub, Hub)
    return hub


async def socket(websocket: WebSocket) -> None:
    state = websocket.app.state
    origin = websocket.headers.get("origin")
    if not allowed(origin, websocket.headers.get("host"), state.settings):
        await websocket.close(POLICY_VIOLATION)  # before accept: the browser sees 403
        return
    await websocket.accept()
    address = websocket.client.host if websocket.client else "unknown"
    await Socket(websocket, state.database, state.settings, _hub(state), address, origin or "").run()


# A plain route: the framework's own for WebSockets keeps 6 kB of its machinery for as long as a chat is open.
router.add_websocket_route("/chat/socket", socket)


@router.post("/poll", summary="The chat's frames over plain HTTP")
async def poll(request: Request) -> Response:
    """A plain POST without preflight or cookies: what it may do, the token in its body says."""
    state = request.app.state
    origin = request.headers.get("origin")
    if not allowed(origin, request.headers.get("host"), state.settings):
        return Response(status_code=403)
    hub, address, headers = _hub(state), _address(request), _for(origin)

    def refused(status: int, code: str) -> Response:
        return JSONResponse({"frames": [frames.error(code, "en")], "after": None}, status, headers)

    if not hub.limits.polls.allows(address):
        return refused(429, "slow_down")
    hub.limits.polls.take(address)
    try:
        body = await _body(request, LARGEST)
        if body is None:
            return refused(413, "too_large")
        answer = await Poll(state.database, state.settings, hub, address, origin or "").answer(body, request)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is there to read it
    except Refused as refusal:
        return refused(429 if refusal.code.startswith("too_many") else 400, refusal.code)
    except SQLAlchemyError as error:
        log.warning("chat_storage_away", error=type(error).__name__)
        return refused(503, "unavailable")
    return JSONResponse(answer, headers=headers)


@router.post("/mail", summary="The client's summary by e-mail")
async def mail(request: Request) -> Response:
    """Like a poll: what it may do, the token in its body says."""
    state = request.app.state
    origin = request.headers.get("origin")
    if not allowed(origin, request.headers.get("host"), state.settings):
        return Response(status_code=403)
    hub, address, language = _hub(state), _address(request), "en"
    if not hub.limits.polls.allows(address):
        code = "too_often"
    else:
        hub.limits.polls.take(address)
        try:
            token, language, to = mailing.read(await _body(request, mailing.LARGEST) or b"")
            given = {"token": token, "address": to, "origin": origin or "", "network": address}
            code = await mailing.mail(state.database, state.settings, hub.limits, **given)
        except (ClientDisconnect, Refused):
            return Response(status_code=400, headers=_for(origin))
        except SQLAlchemyError as error:
            log.warning("chat_storage_away", error=type(error).__name__)
            code = "not_taken"
    return JSONResponse(mailing.answer(code, language), mailing.STATUS[code], _for(origin))


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _for(origin: str | None) -> dict[str, str]:
    """The headers of an answer that the pages of this origin may read."""
    headers = {"Cache-Control": "no-store", "Vary": "Origin"}
    return headers | {"Access-Control-Allow-Origin": origin} if origin else headers


async def _body(request: Request, largest: int) -> bytes | None:
    """What the page sent; None where that is too much. Raises ClientDisconnect."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return None
    return body


@router.get("/widget.js", summary="The chat as one custom element")
async def widget_js(request: Request) -> Response:
    source, compressed, etag = widget()
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept-Encoding",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(compressed, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})
    return Response(source, media_type="text/javascript", headers=headers)


@router.get("/demo", response_class=HTMLResponse, summary="A page that embeds the chat")
async def demo(request: Request, lang: str = "en") -> Response:
    language = "es" if lang == "es" else "en"
    agency = request.app.state.settings.agency_name
    return _TEMPLATES.TemplateResponse(
        request, "demo.html", {"language": language, "agency": agency}, headers=PAGE_POLICY
    )


@router.get("/demo.css", include_in_schema=False)
async def demo_css() -> FileResponse:
    return FileResponse(_HERE / "static" / "demo.css", media_type="text/css")

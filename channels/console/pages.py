"""Rendering: the templates, and what all of them are given."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import django_htmx
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from casework import clock
from casework import staff as staffing
from casework.handoff.referrals import reference, to_call
from casework.settings import Settings
from casework.staff.reading import ROWS
from channels.console import words

_HERE = Path(__file__).parent
_HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
_FILES = {
    "console.css": (_HERE / "static" / "console.css", "text/css"),
    "office.css": (_HERE / "static" / "office.css", "text/css"),
    "ready.js": (_HERE / "static" / "ready.js", "text/javascript"),
    "console.js": (_HERE / "static" / "console.js", "text/javascript"),
    "reply.js": (_HERE / "static" / "reply.js", "text/javascript"),
    "alarm.js": (_HERE / "static" / "alarm.js", "text/javascript"),
    "icon.svg": (_HERE / "static" / "icon.svg", "image/svg+xml"),
    "htmx.js": (_HTMX, "text/javascript"),
}
_PROBLEMS = {
    403: ("Not allowed", "Your role does not allow this, or the page was open for too long. Go back and reload it."),
    404: ("Not found", "There is no such page, or no such person in your records."),
    422: ("Not understood", "Something was missing in what was sent. Go back, reload the page and try once more."),
}


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    packed: bytes
    media_type: str
    version: str


@lru_cache
def static_file(name: str) -> StaticFile | None:
    """A file of the console by its name; None for any other: names never reach the file system."""
    known = _FILES.get(name)
    if known is None:
        return None
    content = known[0].read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    return StaticFile(content, gzip.compress(content, mtime=0), known[1], version)


def _static(name: str) -> str:
    found = static_file(name)
    assert found is not None, name
    return f"/console/static/{name}?v={found.version}"


@lru_cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(
        label=words.label,
        labels=words.labels,
        value=words.value,
        moment=words.moment,
        clock_time=words.clock_time,
        since=words.since,
        day_name=words.day_name,
        hour_name=words.hour_name,
        span_name=words.span_name,
        phone=words.phone,
        amount=words.amount,
        reference=reference,
        to_call=to_call,
        page_size=ROWS,
        static=_static,
    )
    return templates


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page or fragment. Templates know `staff` (None when signed out), `csrf`, `now`, `agency`, `demo` and `path`."""
    settings: Settings = request.app.state.settings
    visit = getattr(request.state, "visit", None)
    given = {
        "staff": visit.staff if visit else None,
        "csrf": staffing.csrf_token(visit.token) if visit else "",
        "now": clock.now(),
        "agency": settings.agency_name,
        "demo": settings.guidepost_demo,
        "path": request.url.path,
        "alarms": (),
        "told": None,
        "refused": None,
        **context,
    }
    return HTMLResponse(_templates().get_template(template).render(given), status)


def problem(request: Request, status: int) -> Response:
    """A page that says what went wrong and what to do."""
    title, text = _PROBLEMS[status]
    return render(request, "problem.html", status, title=title, text=text)

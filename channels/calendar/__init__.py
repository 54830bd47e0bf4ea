"""Calendar files: one appointment by a link, a program's appointments as a feed. `router` goes into the web app."""

from __future__ import annotations

from channels.calendar.routes import router

__all__ = ["router"]

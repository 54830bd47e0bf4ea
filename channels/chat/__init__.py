"""Web chat: one WebSocket a page, the embeddable element, a page that shows it."""

from channels.chat.routes import router

__all__ = ["router"]

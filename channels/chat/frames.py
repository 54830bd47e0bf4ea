"""The JSON frames of the web chat, read and written here only.

    client -> server   {"type": "hello", "session": null | token, "language": "en"}
                       {"type": "message", "id": uuid, "text": ...}
                       {"type": "choice", "id": uuid, "payload": ...}
                       {"type": "typing"}
                       {"type": "link"}                       (asks for a code to go on by text)
    server -> client   {"type": "welcome", "session": token, "messages": [...], "mail": {...} | null}
                       {"type": "ack", "id": ...}
                       {"type": "typing"}
                       {"type": "message", "id", "from", "text", "choices", "at"}
                       {"type": "link", "code", "number", "minutes"}
                       {"type": "error", "code", "text"}

`from` is client, assistant, person (a member of staff) or system. A client's message carries the id its page gave it,
so that a page knows its own again; `at` is ISO 8601 in UTC. Error codes are those of the `utter_chat_error_*` wording.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from casework.conversations.tables import CLIENT, Message
from casework.errors import GuidepostError
from casework.wording import LANGUAGES, say

LARGEST = 32 * 1024  # bytes of one frame
LONGEST = 4_000  # characters of one message

Frame = dict[str, Any]


class Refused(GuidepostError):
    """A frame that is not acted on. `code` names the wording that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Hello:
    session: str | None
    language: str


@dataclass(frozen=True)
class Said:
    """A text, or (with `payload`) a choice. `id` is the id as the page wrote it, for the ack."""

    id: str
    key: uuid.UUID
    text: str = ""
    payload: str | None = None


@dataclass(frozen=True)
class TypingNow:
    pass


@dataclass(frozen=True)
class LinkWanted:
    pass


Incoming = Hello | Said | TypingNow | LinkWanted


def read(text: str | None) -> Incoming:
    """What the page sent (None: a binary frame). Raises Refused."""
    if text is None:
        raise Refused("bad_frame")
    if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise Refused("too_large")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_frame") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise Refused("bad_frame")
    match frame["type"]:
        case "hello":
            return _hello(frame)
        case "message":
            return _message(frame)
        case "choice":
            return _choice(frame)
        case "typing":
            return TypingNow()
        case "link":
            return LinkWanted()
        case _:
            raise Refused("unknown_type")


def _hello(frame: Frame) -> Hello:
    token, language = frame.get("session"), frame.get("language", "en")
    if not isinstance(token, str | None) or not isinstance(language, str):
        raise Refused("bad_frame")
    return Hello(token, language_of(language))


def language_of(tag: str) -> str:
    """The language of the line for a language tag of a page ("es-MX" is "es")."""
    short = tag.lower()[:2]
    return short if short in LANGUAGES else "en"


def _message(frame: Frame) -> Said:
    key, text = _key(frame), _text(frame, "text")
    # Blanks, and characters that show nothing (zero-width spaces, controls), are no message.
    if not any(c.isprintable() and not c.isspace() for c in text):
        raise Refused("empty")
    if len(text) > LONGEST:
        raise Refused("too_long")
    return Said(frame["id"], key, text=text)


def _choice(frame: Frame) -> Said:
    return Said(frame["id"], _key(frame), payload=_text(frame, "payload"))


def _key(frame: Frame) -> uuid.UUID:
    if not isinstance(frame.get("id"), str):
        raise Refused("bad_id")
    try:
        return uuid.UUID(frame["id"])
    except ValueError as error:
        raise Refused("bad_id") from error


def _text(frame: Frame, field: str) -> str:
    value = frame.get(field)
    if not isinstance(value, str):
        raise Refused("bad_frame")
    # JSON can carry halves of characters and NUL, which neither UTF-8 nor Postgres can.
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "")


def message(stored: Message) -> Frame:
    """A stored message as the page gets it."""
    return {
        "type": "message",
        "id": str(stored.client_key if stored.author == CLIENT and stored.client_key else stored.id),
        "from": stored.author,
        "text": stored.text,
        "choices": stored.choices or [],
        "at": stored.created_at.isoformat(),
    }


def welcome(token: str, messages: list[Message], mail: Frame | None = None) -> Frame:
    """`mail`: the words around the summary by e-mail (`channels.chat.mailing`), null where the line sends none."""
    return {"type": "welcome", "session": token, "messages": [message(stored) for stored in messages], "mail": mail}


def ack(message_id: str) -> Frame:
    return {"type": "ack", "id": message_id}


def typing() -> Frame:
    return {"type": "typing"}


def link(code: str, number: str, minutes: int) -> Frame:
    """`number` is E.164; the code is good for so many minutes, once."""
    return {"type": "link", "code": code, "number": number, "minutes": minutes}


def error(code: str, language: str) -> Frame:
    return {"type": "error", "code": code, "text": say(f"utter_chat_error_{code}", language, limit=LONGEST).text}

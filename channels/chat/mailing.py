"""The client's summary by e-mail: the letter of `casework.letters`, to an address that they type, because they ask.

    POST /chat/mail   {"session": token, "language": "en", "address": ...} -> {"sent": true | false, "text": ...}

The address is used once: it is neither stored nor logged, which is why the mail leaves at once and not as a job of the
worker. That it was asked for is written down. Who looks over somebody's shoulder at a list of mails reads nothing of
health: subject and text are neutral, what was told is in the attached page only. Offered where SMTP_HOST is set.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import Any

import structlog

from casework import clock
from casework.letters import letter_for, pdf
from casework.letters.content import words
from casework.settings import Settings
from casework.staff.tables import AuditEvent
from casework.storage import Database
from channels.chat import frames, sessions
from channels.chat.limits import Limits
from channels.mail import Attached, Mailer, MailNotTaken, MailRefused

log = structlog.get_logger(__name__)
LARGEST = 4 * 1024  # bytes of one request
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
# Plain letters only: no list of addresses, no names, no quotes; a mail server says whether the box exists.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
STATUS = {
    "sent": 200, "bad_address": 400, "no_letter": 404, "too_often": 429, "refused": 422, "not_taken": 503, "off": 404,
}  # fmt: skip


def offered(settings: Settings, language: str) -> dict[str, Any] | None:
    """What the page says around it: `says` (the button, what it means, the field, the way to send), `failed`.

    None where the line sends no mail.
    """
    if not settings.smtp_host:
        return None
    say = words()[language]
    return {
        "says": [say[f"mail_{name}"] for name in ("button", "ask", "label", "send")],
        "failed": say["mail_not_taken"],
    }


def answer(code: str, language: str) -> dict[str, Any]:
    return {"sent": code == "sent", "text": words()[language][f"mail_{code}"]}


def read(body: bytes) -> tuple[str, str, str]:
    """Token, language, address. Raises frames.Refused."""
    try:
        asked = json.loads(body)
        token, address, language = asked["session"], asked["address"], asked.get("language", "en")
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise frames.Refused("bad_frame") from error
    if not all(isinstance(each, str) for each in (token, address, language)):
        raise frames.Refused("bad_frame")
    return token, frames.language_of(language), address.strip()


async def mail(
    database: Database, settings: Settings, limits: Limits, *, token: str, address: str, origin: str, network: str
) -> str:
    """Mails the letter of this chat. Returns what became of it, a key of STATUS. Raises SQLAlchemyError."""
    if not settings.smtp_host:
        return "off"
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address) or ".." in address:
        return "bad_address"
    if not sessions.well_formed(token):
        return "no_letter"
    async with database.session() as session:
        found = await sessions.find(session, token) if await sessions.opens(session, settings, token, origin) else None
        letter = await letter_for(session, found[0].id, clock.now()) if found else None
        if found is None or letter is None:
            return "no_letter"
        client, conversation = found
        if not limits.take_mail(str(conversation.id), network):
            return "too_often"
        session.add(AuditEvent(action="client.letter_mailed", client_id=client.id))
    return await _send(settings, address, letter.language, await asyncio.to_thread(pdf, letter), conversation.id)


async def _send(settings: Settings, address: str, language: str, page: bytes, conversation_id: uuid.UUID) -> str:
    say = words()[language]
    phone = say["mail_questions"].format(phone=settings.agency_phone) if settings.agency_phone else ""
    text = say["mail_text"].format(questions=phone).strip() + "\n"
    attached = Attached(say["mail_file"], "application/pdf", page)
    try:
        await Mailer(settings).send(address, say["mail_subject"], text, attached=attached)
    except (MailNotTaken, MailRefused) as error:
        log.warning("letter_not_mailed", conversation=str(conversation_id), error=type(error).__name__)
        return "refused" if isinstance(error, MailRefused) else "not_taken"
    log.info("letter_mailed", conversation=str(conversation_id))
    return "sent"

"""Twilio's webhooks. Read top to bottom: signature, form, what it is; the message is stored and 200 said at once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import parse_qsl

import phonenumbers
import structlog
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from casework import jobs
from casework.conversations import people
from casework.conversations.receive import LONGEST, Inbound, receive
from casework.delivery import status as delivery_status
from casework.safety import beside

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/sms", tags=["sms"])
_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_FORM_LIMIT = 64 * 1024  # bytes; Twilio's forms are about 2 kB
_FIELDS_LIMIT = 200
_WAIT_FOR_DATABASE = 9.0  # seconds; Twilio gives up on a webhook after 15
_MOST_MEDIA = 100

_T = TypeVar("_T")
Form = dict[str, str | list[str]]


async def signed_form(request: Request) -> Form:
    """The form, if Twilio signed it for this line's public address. 403 otherwise, whatever is in it; 413 too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_LIMIT:
            raise HTTPException(413, "too large")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_LIMIT)
    except ValueError as error:
        raise HTTPException(400, "not a form") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    form: Form = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if not request.app.state.twilio.signed(path, form, request.headers.get("X-Twilio-Signature", "")):
        log.warning("unsigned_webhook", path=request.url.path)
        raise HTTPException(403, "bad signature")
    return form


def _field(form: Form, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else value[0]


def _count(text: str) -> int | None:
    """A whole number of Twilio's (a code, a count), None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def _number(text: str) -> str | None:
    """The sender's number as E.164. A short code or an alphanumeric sender has no phone to answer: None."""
    if not text.startswith("+"):
        return None
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


async def _stored(request: Request, store: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
    """Runs `store` in one transaction, again while the database is away for a moment: it may be repeated safely.

    Raises HTTPException 503 after that; Twilio (or whoever retries for it) sends the same message again.
    """
    deadline = time.monotonic() + _WAIT_FOR_DATABASE
    while True:
        try:
            async with request.app.state.database.session() as session:
                return await store(session)
        except DBAPIError as error:
            passing = error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")
            if not passing:
                raise
            if time.monotonic() > deadline:
                log.error("webhook_without_database", path=request.url.path)
                raise HTTPException(503, "try again", headers={"Retry-After": "5"}) from error
        await asyncio.sleep(0.3)


@router.post("/inbound", summary="A text came in (signed by Twilio)")
async def inbound(request: Request) -> Response:
    form = await signed_form(request)
    sid, sender = _field(form, "MessageSid") or _field(form, "SmsSid"), _field(form, "From")
    if not sid or not sender:
        log.warning("inbound_incomplete", has_sid=bool(sid), has_sender=bool(sender))
        raise HTTPException(400, "MessageSid and From are needed")
    answer = Response(_EMPTY, media_type="text/xml")
    phone = _number(sender)
    if phone is None:
        # A carrier's or a company's own text: nobody there to answer, and no reason for Twilio to send it again.
        log.info("inbound_from_no_phone")
        return answer
    message = Inbound(
        text=_field(form, "Body").replace("\x00", "")[:LONGEST],
        provider_id=sid,
        media_count=min(_count(_field(form, "NumMedia")) or 0, _MOST_MEDIA),
        opt_out=_field(form, "OptOutType") or None,
    )
    gather = timedelta(seconds=request.app.state.settings.gather_seconds)
    reading = beside.begin(message.text)

    async def store(session: AsyncSession) -> None:
        client, conversation = await people.by_phone(session, phone, _field(form, "To"))
        received = await receive(session, client, conversation, message, gather=gather, reading=reading)
        log.info(
            "inbound", conversation=str(conversation.id), message=str(received.message_id), again=received.repeated
        )

    await _stored(request, store)
    return answer


@router.post("/status", summary="What became of a text we sent (signed by Twilio)")
async def status(request: Request) -> Response:
    form = await signed_form(request)
    sid = _field(form, "MessageSid") or _field(form, "SmsSid")
    state = _field(form, "MessageStatus") or _field(form, "SmsStatus")
    if not sid or not state:
        raise HTTPException(400, "MessageSid and MessageStatus are needed")
    code = _count(_field(form, "ErrorCode"))
    ours = _our_id(request.query_params.get("message", ""))

    async def store(session: AsyncSession) -> None:
        if not await delivery_status.record(session, sid, state, code, ours):
            # The callback can be quicker than the answer to our own request: looked at again in a moment.
            await jobs.defer(session, "late_status", provider_id=sid, status=state, error_code=code, tries=0)

    await _stored(request, store)
    return Response(status_code=204)


def _our_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None

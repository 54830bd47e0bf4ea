"""Twilio's webhooks. Read top to bottom: signature, form, what it is; the message is stored and 200 said at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import phonenumbers
import structlog
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from casework import jobs
from casework.conversations import people
from casework.conversations.receive import LONGEST, Inbound, receive
from casework.delivery import status as delivery_status

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/sms", tags=["sms"])
_EMPTY = Response('<?xml version="1.0" encoding="UTF-8"?><Response/>', media_type="text/xml")
_FORM_LIMIT = 64 * 1024  # bytes; Twilio's forms are about 2 kB


async def signed_form(request: Request) -> FormData:
    """The form, if Twilio signed it for this line's public address. 403 otherwise, whatever is in it."""
    if int(request.headers.get("content-length") or 0) > _FORM_LIMIT:
        raise HTTPException(413, "too large")
    form = await request.form()
    fields: dict[str, Any] = {
        key: [str(v) for v in form.getlist(key)] if len(form.getlist(key)) > 1 else str(form[key]) for key in form
    }
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if not request.app.state.twilio.signed(path, fields, request.headers.get("X-Twilio-Signature", "")):
        log.warning("unsigned_webhook", path=request.url.path)
        raise HTTPException(403, "bad signature")
    return form


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _number(text: str) -> str | None:
    """The sender's number as E.164. A short code or an alphanumeric sender has no phone to answer: None."""
    try:
        parsed = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@router.post("/inbound", summary="A text came in (signed by Twilio)")
async def inbound(request: Request) -> Response:
    form = await signed_form(request)
    sid, phone = _field(form, "MessageSid") or _field(form, "SmsSid"), _number(_field(form, "From"))
    if not sid or phone is None:
        log.warning("inbound_without_sender", has_sid=bool(sid))
        raise HTTPException(400, "MessageSid and a From that is a phone number are needed")
    settings = request.app.state.settings
    media = _field(form, "NumMedia")
    message = Inbound(
        text=_field(form, "Body")[:LONGEST].replace("\x00", ""),
        provider_id=sid,
        media_count=int(media) if media.isdigit() else 0,
        opt_out=_field(form, "OptOutType") or None,
    )
    async with request.app.state.database.session() as session:
        client, conversation = await people.by_phone(session, phone, _field(form, "To"))
        received = await receive(
            session, client, conversation, message, gather=timedelta(seconds=settings.gather_seconds)
        )
    log.info("inbound", conversation=str(conversation.id), message=str(received.message_id), again=received.repeated)
    return _EMPTY


@router.post("/status", summary="What became of a text we sent (signed by Twilio)")
async def status(request: Request) -> Response:
    form = await signed_form(request)
    sid = _field(form, "MessageSid") or _field(form, "SmsSid")
    state = _field(form, "MessageStatus") or _field(form, "SmsStatus")
    code = _field(form, "ErrorCode")
    if not sid or not state:
        raise HTTPException(400, "MessageSid and MessageStatus are needed")
    async with request.app.state.database.session() as session:
        known = await delivery_status.record(session, sid, state, int(code) if code.isdigit() else None)
        if not known:
            # The callback can be quicker than the answer to our own request: looked at again in a moment.
            await jobs.defer(
                session,
                "late_status",
                provider_id=sid,
                status=state,
                error_code=int(code) if code.isdigit() else None,
                tries=0,
            )
    return Response(status_code=204)

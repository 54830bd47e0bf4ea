"""The part of Twilio's REST API that the line uses, as Twilio answers it (Messages resource, API 2010-04-01).

Source of shapes and error codes: Twilio's API reference for the Message resource and its error dictionary.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import State

from casework.delivery.sms_text import LONGEST
from channels.demo.carrier import Carrier
from channels.demo.phones import OUTBOUND, Text, is_demo_number, new_sid

_VERSION = "2010-04-01"
_PAGE_SIZE, _LARGEST_PAGE = 50, 1000
router = APIRouter(prefix=f"/{_VERSION}/Accounts/{{account}}", include_in_schema=False)


class TwilioError(Exception):
    """An error as Twilio's JSON tells it; mount() registers its handler."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> JSONResponse:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if self.status == 401 else None
        return JSONResponse(body, self.status, headers=headers)


def _carrier(state: State) -> Carrier:
    carrier = state.demo_carrier
    assert isinstance(carrier, Carrier)
    return carrier


def authenticated(request: Request, account: str) -> Carrier:
    """The carrier, for a request with the account's own SID and token."""
    carrier = _carrier(request.app.state)
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = token = ""
    right = secrets.compare_digest(user.encode(), carrier.account.encode()) and secrets.compare_digest(
        token.encode(), carrier.token.encode()
    )
    if scheme.lower() != "basic" or not right:
        raise TwilioError(401, 20003, "Authenticate")
    if account != carrier.account:
        raise _not_found(request)
    return carrier


Authenticated = Annotated[Carrier, Depends(authenticated)]


def _not_found(request: Request) -> TwilioError:
    path = request.url.path
    return TwilioError(404, 20404, f"The requested resource {path[path.index('/' + _VERSION) :]} was not found")


def resource(text: Text, account: str) -> dict[str, Any]:
    """A message as Twilio's JSON shows it."""
    uri = f"/{_VERSION}/Accounts/{account}/Messages/{text.sid}"
    return {
        "account_sid": account,
        "api_version": _VERSION,
        "body": text.body,
        "date_created": format_datetime(text.created_at),
        "date_sent": format_datetime(text.sent_at) if text.sent_at else None,
        "date_updated": format_datetime(text.updated_at),
        "direction": text.direction,
        "error_code": None,
        "error_message": None,
        "from": text.sender,
        "messaging_service_sid": text.service,
        "num_media": "0",
        "num_segments": str(text.parts),
        "price": None,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.to,
        "uri": f"{uri}.json",
    }


@router.post("/Messages.json")
async def create(request: Request, carrier: Authenticated) -> JSONResponse:
    form = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    to, sender = form.get("To", ""), form.get("From")
    service, body, callback = form.get("MessagingServiceSid"), form.get("Body", ""), form.get("StatusCallback")
    if not to:
        raise TwilioError(400, 21604, "A 'To' phone number is required.")
    if not sender and not service:
        raise TwilioError(400, 21603, "A 'From' phone number is required.")
    if not body:
        raise TwilioError(400, 21602, "Message body is required.")
    if len(body) > LONGEST:
        raise TwilioError(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    if not is_demo_number(to):
        raise TwilioError(400, 21211, f"Invalid 'To' Phone Number: {to}")
    if service and service != carrier.line and not service.startswith("MG"):
        raise TwilioError(400, 21701, f"The Messaging Service {service} does not exist.")
    if sender and not service and sender != carrier.line:
        raise TwilioError(400, 21606, f"The 'From' phone number provided ({sender}) is not a valid phone number.")
    if callback and not callback.startswith(("http://", "https://")):
        raise TwilioError(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
    text = Text(
        new_sid(),
        OUTBOUND,
        to,
        None if service else sender,
        service,
        body,
        "accepted" if service else "queued",
        callback=callback,
    )
    answer = resource(text, carrier.account)
    carrier.phones.put(text)
    carrier.deliver(text)
    return JSONResponse(answer, 201)


@router.get("/Messages/{sid}.json")
async def fetch(request: Request, carrier: Authenticated, sid: str) -> JSONResponse:
    text = carrier.phones.get(sid)
    if text is None:
        raise _not_found(request)
    return JSONResponse(resource(text, carrier.account))


@router.get("/Messages.json")
async def listing(request: Request, carrier: Authenticated) -> JSONResponse:
    query = request.query_params
    size = min(_number(query.get("PageSize"), _PAGE_SIZE), _LARGEST_PAGE) or _PAGE_SIZE
    page = _number(query.get("Page"), 0)
    kept = [test for name, value in query.items() if (test := _filter(name, value))]
    found = [text for text in carrier.phones.newest_first() if all(test(text) for test in kept)]
    shown = found[page * size : (page + 1) * size]
    path = f"/{_VERSION}/Accounts/{carrier.account}/Messages.json"
    asked = {name: value for name, value in query.items() if name not in ("Page", "PageSize", "PageToken")}

    def uri(number: int) -> str:
        return f"{path}?{urlencode(asked | {'PageSize': size, 'Page': number})}"

    return JSONResponse(
        {
            "messages": [resource(text, carrier.account) for text in shown],
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if len(found) > (page + 1) * size else None,
            "previous_page_uri": uri(page - 1) if page else None,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "uri": uri(page),
        }
    )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() and len(text) < 10 else otherwise


def _filter(name: str, value: str) -> Callable[[Text], bool] | None:
    """The test that one query field stands for. `DateSent>=X` reaches the server as the field `DateSent>`."""
    match name:
        case "To":
            return lambda text: text.to == value
        case "From":
            return lambda text: text.sender == value
        case "DateSent" | "DateSent>" | "DateSent<":
            moment, whole_day = _moment(value)

            def sent(text: Text) -> bool:
                at = text.sent_at or text.created_at
                if name == "DateSent>":
                    return at >= moment
                if name == "DateSent<":
                    return at < moment + timedelta(days=1) if whole_day else at <= moment
                return at.date() == moment.date()

            return sent
        case _:
            return None


def _moment(value: str) -> tuple[datetime, bool]:
    """A date or moment in UTC, and whether it is a whole day."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise TwilioError(400, 20001, f"Invalid parameter DateSent: {value}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)), len(value) == 10

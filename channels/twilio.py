"""Twilio, by its own library, over a transport that can point at another base URL (a stand-in, a mock)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from casework.delivery.provider_errors import passes
from casework.delivery.sending import ProviderRefused
from casework.settings import TWILIO, Settings

_T = TypeVar("_T")
_READ_BACK = 100  # the newest messages to one number that are looked through for one that may have arrived
_NOT_ARRIVED = ("failed", "undelivered", "canceled")


class _Transport(AsyncHttpClient):  # type: ignore[misc]
    """Twilio's HTTP interface over httpx, with Twilio's host replaced by `base`. No thread waits for an answer: texts
    that hang never stand before those of somebody in danger.
    """

    def __init__(self, base: str, timeout_seconds: float = 10.0) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), True, None)
        self._base = base.rstrip("/")
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(timeout_seconds, connect=5.0))

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the library's interface
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        parts = urlsplit(url)
        target = self._base + parts.path + (f"?{parts.query}" if parts.query else "")
        answer = await self._client.request(
            method,
            target,
            params=params,  # type: ignore[arg-type]
            data={key: value for key, value in data.items() if value is not None} if data else None,
            headers=headers,
            auth=auth,
        )
        return Response(answer.status_code, answer.text)

    async def close(self) -> None:
        await self._client.aclose()


class Twilio:
    """An SmsProvider (see `casework.delivery.sending`) and the check of Twilio's signatures."""

    def __init__(self, settings: Settings) -> None:
        assert settings.twilio_account_sid
        assert settings.twilio_auth_token
        assert settings.twilio_from
        token = settings.twilio_auth_token.get_secret_value()
        self._transport = _Transport(settings.twilio_api_url or TWILIO)
        self._client = Client(settings.twilio_account_sid, token, http_client=self._transport)
        self._validator = RequestValidator(token)
        self.sender = settings.twilio_from
        self._callback = settings.base_url + "/sms/status"
        self._public = settings.base_url

    def warm(self) -> None:
        """Loads what Twilio's library loads at the first sending (a quarter of a second)."""
        _ = self._client.messages.create_async

    def signed(self, path: str, form: Any, signature: str) -> bool:
        """Whether the request was signed by Twilio for this line: the exact public URL, with the form's fields."""
        return bool(signature) and bool(self._validator.validate(self._public + path, form, signature))

    async def send(self, *, to: str, body: str, message_id: uuid.UUID | None) -> str:
        """Sends; with `message_id` Twilio's callbacks name the message by our own id."""
        sender = "messaging_service_sid" if self.sender.startswith("MG") else "from_"
        more = {sender: self.sender}
        if message_id is not None:
            more["status_callback"] = f"{self._callback}?message={message_id}"
        sent = await self._call(lambda: self._client.messages.create_async(to=to, body=body, **more))
        return str(sent.sid)

    async def find(self, *, to: str, bodies: Collection[str], since: datetime) -> list[str]:
        # Not filtered by date there: what still waits in Twilio's queue has no date of sending and would be left out.
        listed = await self._call(lambda: self._client.messages.list_async(to=to, limit=_READ_BACK))
        wanted = {body.strip() for body in bodies}
        found = [
            (message.date_created or since, str(message.sid))
            for message in reversed(listed)  # Twilio gives the newest first
            if (message.body or "").strip() in wanted
            and not str(message.direction).startswith("inbound")
            and str(message.status) not in _NOT_ARRIVED
            and (message.date_created or since) >= since
        ]
        return [sid for _, sid in sorted(found, key=lambda each: each[0])]

    async def _call(self, request: Callable[[], Awaitable[_T]]) -> _T:
        try:
            return await request()
        except TwilioRestException as error:
            code = int(error.code) if error.code else int(error.status)
            raise ProviderRefused(
                code, passing=passes(code, http_status=error.status), uncertain=error.status >= 500
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise ProviderRefused(None, passing=True) from error
        except (httpx.HTTPError, TwilioException, ValueError) as error:
            # Nobody knows whether it arrived (no answer, or none that can be read): asked before it is sent again.
            raise ProviderRefused(None, passing=True, uncertain=True) from error

    async def close(self) -> None:
        await self._transport.close()

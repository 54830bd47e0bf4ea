"""Twilio, by its own library, over a transport that can point at another base URL (a stand-in, a mock)."""

from __future__ import annotations

import asyncio
import tomllib
import uuid
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from casework.delivery.sending import ProviderRefused
from casework.paths import DATA
from casework.settings import TWILIO, Settings


@lru_cache
def error_table() -> dict[int, dict[str, Any]]:
    """Twilio's error codes as data: `passing` (try again) and `means`."""
    table = tomllib.loads((DATA / "delivery" / "twilio_errors.toml").read_text(encoding="utf-8"))
    return {int(code): row for code, row in table.items()}


class _Transport(HttpClient):
    """Twilio's HTTP interface over httpx, with Twilio's host replaced by `base`."""

    def __init__(self, base: str, timeout_seconds: float = 10.0) -> None:
        super().__init__(None, False, None)
        self._base = base.rstrip("/")
        self._client = httpx.Client(timeout=timeout_seconds)

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        parts = urlsplit(url)
        target = self._base + parts.path + (f"?{parts.query}" if parts.query else "")
        answer = self._client.request(
            method,
            target,
            params=params,
            data={key: value for key, value in data.items() if value is not None} if data else None,
            headers=headers,
            auth=auth,
        )
        return Response(answer.status_code, answer.text)


class Twilio:
    """An SmsProvider (see `casework.delivery.sending`) and the check of Twilio's signatures."""

    def __init__(self, settings: Settings) -> None:
        assert settings.twilio_account_sid
        assert settings.twilio_auth_token
        assert settings.twilio_from
        token = settings.twilio_auth_token.get_secret_value()
        base = settings.twilio_api_url or TWILIO
        self._client = Client(settings.twilio_account_sid, token, http_client=_Transport(base))
        self._validator = RequestValidator(token)
        self._from = settings.twilio_from
        self._callback = settings.base_url + "/sms/status"
        self._public = settings.base_url

    def signed(self, path: str, form: Any, signature: str) -> bool:
        """Whether the request was signed by Twilio for this line: the exact public URL, with the form's fields."""
        return bool(signature) and bool(self._validator.validate(self._public + path, form, signature))

    async def send(self, *, to: str, body: str, message_id: uuid.UUID) -> str:  # noqa: ARG002
        sender = "messaging_service_sid" if self._from.startswith("MG") else "from_"
        return str(
            await self._call(
                lambda: (
                    self._client.messages.create(
                        to=to, body=body, status_callback=self._callback, **{sender: self._from}
                    ).sid
                )
            )
        )

    async def find(self, *, to: str, body: str, since: datetime) -> str | None:
        found = await self._call(lambda: self._client.messages.list(to=to, date_sent_after=since, limit=50))
        return next((str(message.sid) for message in found if message.body == body), None)

    async def _call(self, request: Any) -> Any:
        try:
            return await asyncio.to_thread(request)
        except TwilioRestException as error:
            code = int(error.code) if error.code else int(error.status)
            known = error_table().get(code)
            passing = bool(known["passing"]) if known else error.status == 429 or error.status >= 500
            raise ProviderRefused(code, passing=passing) from error
        except httpx.HTTPError as error:
            # Nobody knows whether it arrived: the outbox asks before it sends again.
            raise ProviderRefused(None, passing=True) from error

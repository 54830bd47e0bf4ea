"""What Twilio does of its own accord: calling the line's webhooks, signed. Over HTTP, so that nothing is skipped."""

from __future__ import annotations

import asyncio

import httpx
import structlog
from twilio.request_validator import RequestValidator

from casework.errors import GuidepostError
from casework.settings import Settings
from channels.demo.phones import INBOUND, Phones, Text, new_sid

log = structlog.get_logger(__name__)
STAND_IN = "/demo/twilio"
_PAUSES = (("sent", 0.25), ("delivered", 0.6))  # seconds before each state is told
_API_VERSION = "2010-04-01"


class LineRefused(GuidepostError):
    """The line did not take a text; `status` is its HTTP status, or None where it could not be reached."""

    def __init__(self, status: int | None) -> None:
        super().__init__(f"the line answered {status}")
        self.status = status


def stands_in(settings: Settings) -> bool:
    """Whether texts go through this stand-in, not through a Twilio (or another mock) of the operator's."""
    return settings.twilio_api_url.rstrip("/").endswith(STAND_IN)


class Carrier:
    """The stand-in's own calls. URLs are signed as the line is known outside and reached where it really is."""

    def __init__(self, settings: Settings, phones: Phones) -> None:
        assert settings.twilio_account_sid
        assert settings.twilio_auth_token
        assert settings.twilio_from
        self.account = settings.twilio_account_sid
        self.token = settings.twilio_auth_token.get_secret_value()
        self.line = settings.twilio_from
        self.phones = phones
        self._public = settings.base_url
        self._reachable = settings.twilio_api_url.rstrip("/").removesuffix(STAND_IN)
        self._validator = RequestValidator(self.token)
        self._client = httpx.AsyncClient(timeout=15)
        self._later: set[asyncio.Task[None]] = set()

    async def text_the_line(self, number: str, body: str) -> Text:
        """A person texts. Raises LineRefused; the text then shows as failed."""
        text = Text(new_sid(), INBOUND, self.line, number, None, body, "received")
        self.phones.put(text)
        form = {
            "MessageSid": text.sid,
            "SmsSid": text.sid,
            "SmsMessageSid": text.sid,
            "AccountSid": self.account,
            "From": number,
            "To": self.line,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": str(text.parts),
            "SmsStatus": "received",
            "ApiVersion": _API_VERSION,
        }
        try:
            await self._post(self._public + "/sms/inbound", form)
        except LineRefused:
            text.become("failed")
            self.phones.changed(text)
            raise
        return text

    def deliver(self, text: Text) -> None:
        """Begins to deliver what the line sent: its status callbacks follow."""
        task = asyncio.create_task(self._deliver(text))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _deliver(self, text: Text) -> None:
        for status, pause in _PAUSES:
            await asyncio.sleep(pause)
            text.become(status)
            self.phones.changed(text)
            if text.callback is None:
                continue
            form = {
                "MessageSid": text.sid,
                "SmsSid": text.sid,
                "MessageStatus": status,
                "SmsStatus": status,
                "AccountSid": self.account,
                "To": text.to,
                "From": text.sender or self.line,
                "ApiVersion": _API_VERSION,
            }
            try:
                await self._post(text.callback, form)
            except LineRefused as refusal:
                log.warning("status_callback_refused", sid=text.sid, status=refusal.status)

    async def _post(self, url: str, form: dict[str, str]) -> None:
        signature = self._validator.compute_signature(url, form)
        target = self._reachable + url.removeprefix(self._public) if url.startswith(self._public) else url
        try:
            answer = await self._client.post(target, data=form, headers={"X-Twilio-Signature": signature})
        except httpx.HTTPError as error:
            raise LineRefused(None) from error
        if not answer.is_success:
            raise LineRefused(answer.status_code)

    async def close(self) -> None:
        for task in tuple(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self._client.aclose()

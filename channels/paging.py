"""Calling the people on call, by SMS, e-mail or webhook: only that somebody needs them, and where to look."""

from __future__ import annotations

import httpx
import structlog

from casework.delivery.sending import ProviderRefused
from casework.errors import GuidepostError
from casework.settings import Settings
from channels.mail import Mailer, MailNotTaken, MailRefused
from channels.twilio import Twilio

log = structlog.get_logger(__name__)


class NotReached(GuidepostError):
    """The page could not be handed over; it is tried again, and the next person is paged in time all the same."""


class Notifier:
    """Sends to one entry of ON_CALL: `sms:+1555...`, `email:name@host` or `https://...`."""

    def __init__(self, settings: Settings, twilio: Twilio) -> None:
        self._mailer = Mailer(settings)
        self._twilio = twilio

    async def send(self, target: str, text: str) -> None:
        """Raises NotReached."""
        try:
            if target.startswith("sms:"):
                await self._twilio.send(to=target.removeprefix("sms:"), body=text, message_id=None)
            elif target.startswith("email:"):
                await self._mailer.send(target.removeprefix("email:"), text.splitlines()[0][:120], text)
            else:
                async with httpx.AsyncClient(timeout=10) as client:
                    (await client.post(target, json={"text": text})).raise_for_status()
        except (ProviderRefused, httpx.HTTPError, OSError, MailNotTaken, MailRefused) as error:
            log.error("page_failed", kind=target.split(":", 1)[0], error=type(error).__name__)
            raise NotReached("a page could not be handed over") from error

"""E-mail, over whatever SMTP server the settings name. Addresses and contents never reach the logs."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage

from casework.errors import GuidepostError
from casework.settings import Settings

_TIMEOUT = 10.0  # seconds


class MailNotTaken(GuidepostError):
    """The server could not be reached or asks to come again: the same message may be tried later."""


class MailRefused(GuidepostError):
    """The server will never take this message: a wrong address, a sender or sign-in that it does not accept."""


@dataclass(frozen=True)
class Attached:
    """A file that goes along. `kind` is its media type."""

    name: str
    kind: str
    content: bytes


class Mailer:
    """Hands plain-text messages to the SMTP server of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(
        self, address: str, subject: str, text: str, *, message_id: str | None = None, attached: Attached | None = None
    ) -> None:
        """Raises MailNotTaken, MailRefused. `message_id`: a message sent twice with one id is shown once by most."""
        message = EmailMessage()
        try:
            message["To"], message["From"], message["Subject"] = address, self._settings.mail_from, subject
        except ValueError as error:  # a line break in an address
            raise MailRefused("the message's addresses cannot be used") from error
        if message_id:
            message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it
        message.set_content(text)
        if attached:
            main, _, sub = attached.kind.partition("/")
            message.add_attachment(attached.content, maintype=main, subtype=sub, filename=attached.name)
        await asyncio.to_thread(self._hand_over, message)

    def _hand_over(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (MailRefused if min(codes) >= 500 else MailNotTaken)("the recipient was refused") from None
        except smtplib.SMTPResponseException as error:
            raise (MailRefused if error.smtp_code >= 500 else MailNotTaken)("the mail server refused") from None
        except smtplib.SMTPNotSupportedError:
            raise MailRefused("the mail server lacks what the settings ask of it") from None
        except (OSError, smtplib.SMTPException) as error:
            raise MailNotTaken(f"the mail server could not be used: {type(error).__name__}") from None

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        host = settings.smtp_host or "localhost"
        if settings.smtp_security == "tls":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, settings.smtp_port, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, settings.smtp_port, timeout=_TIMEOUT)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

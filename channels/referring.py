"""Referrals that go to a program's intake by e-mail. What cannot be mailed is a call for staff to make."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.ext.asyncio import AsyncSession

from casework.handoff import referrals
from casework.settings import Settings
from channels.mail import Mailer, MailNotTaken, MailRefused

log = structlog.get_logger(__name__)
TRIES = 12  # about half an hour with the worker's pauses; people with a phone are quicker than a broken mail server
_LANGUAGES = {"en": "English", "es": "Spanish"}


async def mail(
    session: AsyncSession, mailer: Mailer, settings: Settings, referral_id: uuid.UUID, *, tries: int, at: datetime
) -> None:
    """Sends one referral, unless the client took their yes back or it is out already. Raises MailNotTaken: try again.

    The referral's row is locked meanwhile: it goes out once, and staff who record an answer wait for the outcome.
    """
    letter = await referrals.to_mail(session, referral_id, at=at)
    if letter is None:
        return
    subject, text = write(letter, settings)
    host = settings.mail_from.rpartition("@")[2] or "localhost"
    try:
        await mailer.send(letter.address, subject, text, message_id=f"<referral-{letter.referral.id}@{host}>")
    except (MailNotTaken, MailRefused) as error:
        if isinstance(error, MailNotTaken) and tries < TRIES:
            raise
        log.error("referral_not_mailed", referral=str(referral_id), error=type(error).__name__)
        await referrals.not_mailed(session, letter.referral)
        return
    await referrals.mailed(session, letter.referral, at=at)


def write(letter: referrals.Letter, settings: Settings) -> tuple[str, str]:
    """Subject and text. Only what the client agreed to: the request, their name, their number, their language."""
    agreed = letter.referral.agreed_at.astimezone(ZoneInfo(letter.program.zone))
    filled = (
        _letters()
        .get_template("referral.txt")
        .render(
            agency=settings.agency_name,
            agency_phone=settings.agency_phone,
            program=letter.program,
            reference=referrals.reference(letter.referral),
            agreed_on=f"{agreed:%B} {agreed.day}, {agreed.year}",
            name=letter.name,
            phone=letter.phone,
            language=_LANGUAGES.get(letter.language, letter.language),
        )
    )
    subject, _, text = filled.partition("\n\n")
    return subject.removeprefix("Subject: "), text


@lru_cache
def _letters() -> Environment:
    folder = FileSystemLoader(Path(__file__).with_name("letters"))
    return Environment(loader=folder, undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701 - plain text

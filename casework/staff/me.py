"""What members of staff say of themselves: languages, what they know about, how they are called when somebody waits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

import phonenumbers
from sqlalchemy.ext.asyncio import AsyncSession

from casework.staff.errors import CannotDo
from casework.staff.tables import AuditEvent, Staff
from casework.wording import LANGUAGES

SKILLS = (
    "housing", "food", "job", "benefits", "transport", "childcare", "medication", "therapy", "substance_use",
    "veterans",
)  # fmt: skip
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")


async def change(
    session: AsyncSession,
    staff: Staff,
    *,
    languages: Iterable[str],
    skills: Iterable[str],
    phone: str,
    email: str,
    webhook: str,
    at: datetime,
) -> None:
    """Keeps what is given; empty ways are no ways. Raises CannotDo: no_language, bad_phone, bad_email, bad_webhook."""
    spoken = [each for each in LANGUAGES if each in set(languages)]
    if not spoken:
        raise CannotDo("no_language")
    known = set(skills)
    ways = [
        way
        for way in (
            f"sms:{_phone(phone)}" if phone.strip() else None,
            f"email:{_email(email)}" if email.strip() else None,
            _webhook(webhook) if webhook.strip() else None,
        )
        if way
    ]
    mine = await session.get_one(Staff, staff.id)
    mine.languages, mine.skills, mine.reach = spoken, [each for each in SKILLS if each in known], ways
    session.add(AuditEvent(at=at, staff_id=staff.id, action="staff.changed_own", detail={"ways": len(ways)}))


def ways(staff: Staff) -> dict[str, str]:
    """`phone`, `email` and `webhook` as the form shows them."""
    found = {"phone": "", "email": "", "webhook": ""}
    for each in staff.reach:
        if each.startswith("sms:"):
            found["phone"] = each.removeprefix("sms:")
        elif each.startswith("email:"):
            found["email"] = each.removeprefix("email:")
        else:
            found["webhook"] = each
    return found


def _phone(text: str) -> str:
    try:
        parsed = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException as error:
        raise CannotDo("bad_phone") from error
    if not phonenumbers.is_possible_number(parsed):
        raise CannotDo("bad_phone")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text.strip()):
        raise CannotDo("bad_email")
    return text.strip()


def _webhook(text: str) -> str:
    """Only the public web: the server must not be sent to addresses that only it can reach."""
    address = urlsplit(text.strip())
    host = address.hostname or ""
    if address.scheme != "https" or "." not in host or host.endswith((".local", ".internal", ".localhost")):
        raise CannotDo("bad_webhook")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return text.strip()
    raise CannotDo("bad_webhook")

"""Signing in and out. The browser holds a random token; the database only its keyed hash.

Failures are counted in the audit trail, so that the limit holds over every web process and a restart, and a
supervisor can see an attack. Tries with one e-mail are taken one at a time: many at once must not slip under the count.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from casework.settings import get_settings
from casework.staff import accounts, passwords
from casework.staff.errors import TooManyTries
from casework.staff.tables import AuditEvent, Staff, StaffSession
from casework.storage import blind_index

LASTS = timedelta(hours=12)
TRIES = 10
WINDOW = timedelta(minutes=15)
_FAILED = "staff.sign_in_failed"


async def sign_in(
    session: AsyncSession, email: str, password: str, at: datetime, *, address: str | None = None
) -> str | None:
    """The new session's token, or None where e-mail and password do not fit. `address` is the browser's.

    Raises TooManyTries after TRIES failures in WINDOW for this e-mail or from this address. A failure is written in
    the caller's transaction, which must be committed all the same.
    """
    email = accounts.folded(email)
    marks = {"email": blind_index(email, "sign-in-email").hex()}
    if address:
        marks["address"] = blind_index(address, "sign-in-address").hex()
    free = await session.scalar(
        text("select pg_try_advisory_xact_lock(hashtextextended(:mark, 0))"), {"mark": "sign-in:" + marks["email"]}
    )
    if not free or await _failures(session, marks, at) >= TRIES:
        raise TooManyTries("too many tries; wait a quarter of an hour")
    staff = await accounts.find(session, email)
    usable = staff if staff is not None and staff.active else None
    fit = await passwords.fits(password, usable.password_hash if usable else None)
    if usable is None or not fit:
        session.add(AuditEvent(at=at, action=_FAILED, detail=marks))
        return None
    await session.execute(delete(StaffSession).where(StaffSession.expires_at <= at))
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(token_index=session_index(token), staff_id=usable.id, created_at=at, expires_at=at + LASTS)
    )
    session.add(AuditEvent(at=at, staff_id=usable.id, action="staff.signed_in", detail={}))
    return token


async def _failures(session: AsyncSession, marks: dict[str, str], at: datetime) -> int:
    same = [AuditEvent.detail[name].astext == mark for name, mark in marks.items()]
    counted = max(
        [
            await session.scalar(
                select(func.count()).where(
                    AuditEvent.client_id.is_(None), AuditEvent.at > at - WINDOW, AuditEvent.action == _FAILED, each
                )
            )
            or 0
            for each in same
        ]
    )
    return int(counted)


async def sign_out(session: AsyncSession, token: str, at: datetime) -> None:
    """Ends this session. An unknown token is none to end."""
    ended = await session.execute(
        delete(StaffSession).where(StaffSession.token_index == session_index(token)).returning(StaffSession.staff_id)
    )
    staff_id = ended.scalar_one_or_none()
    if staff_id:
        session.add(AuditEvent(at=at, staff_id=staff_id, action="staff.signed_out", detail={}))


async def who(session: AsyncSession, token: str | None, at: datetime) -> Staff | None:
    """The member of staff whose session this token opens: not expired, and the account still active."""
    if not token:
        return None
    return (
        await session.execute(
            select(Staff)
            .join(StaffSession, StaffSession.staff_id == Staff.id)
            .where(StaffSession.token_index == session_index(token), StaffSession.expires_at > at, Staff.active)
        )
    ).scalar_one_or_none()


def csrf_token(token: str) -> str:
    """What a form of this session must carry. It follows from the session, so there is nothing to store."""
    return hmac.new(get_settings().secret("console-forms").encode(), token.encode(), hashlib.sha256).hexdigest()


def csrf_fits(token: str, given: str | None) -> bool:
    return given is not None and hmac.compare_digest(csrf_token(token).encode(), given.encode())


def session_index(token: str) -> bytes:
    """By what the session of this token is found."""
    return blind_index(token, "staff-session")

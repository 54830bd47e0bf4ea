"""Accounts of staff."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.staff import passwords
from casework.staff.errors import BadAccount
from casework.staff.tables import ROLES, AuditEvent, Staff
from casework.storage import new_id

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def folded(email: str) -> str:
    """The e-mail as it is kept and looked up."""
    return email.strip().lower()


async def find(session: AsyncSession, email: str) -> Staff | None:
    return (await session.execute(select(Staff).where(Staff.email == folded(email)))).scalar_one_or_none()


async def add(session: AsyncSession, email: str, name: str, role: str, password: str) -> Staff:
    """Makes an account. `role` is one of ROLES. Raises BadAccount, saying what to change."""
    if not _EMAIL.fullmatch(folded(email)):
        raise BadAccount(f"{email!r} is not an e-mail address")
    if role not in ROLES:
        raise BadAccount(f"{role!r} is no role; use one of {', '.join(ROLES)}")
    if not name.strip():
        raise BadAccount("a member of staff needs a name: clients are told who is there")
    _check(password)
    if await find(session, email):
        raise BadAccount(f"there is an account for {folded(email)} already")
    staff = Staff(
        id=new_id(),
        email=folded(email),
        name=name.strip(),
        role=role,
        password_hash=passwords.hashed(password),
        active=True,
    )
    session.add(staff)
    await session.flush()
    session.add(AuditEvent(action="staff.added", detail={"staff": str(staff.id), "role": role}))
    return staff


async def set_password(session: AsyncSession, staff: Staff, password: str) -> None:
    """Raises BadAccount for a password that is too short."""
    _check(password)
    staff.password_hash = passwords.hashed(password)
    session.add(AuditEvent(action="staff.password_set", detail={"staff": str(staff.id)}))


def _check(password: str) -> None:
    if len(password) < passwords.SHORTEST:
        raise BadAccount(f"a password needs at least {passwords.SHORTEST} characters")

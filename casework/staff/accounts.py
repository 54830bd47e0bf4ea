"""Accounts of staff."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.reach import is_reach
from casework.staff import passwords
from casework.staff.errors import BadAccount, LastAdmin
from casework.staff.tables import ROLES, AuditEvent, Staff, StaffSession
from casework.storage import new_id

_PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def folded(email: str) -> str:
    """The e-mail as it is kept and looked up."""
    return email.strip().lower()


async def find(session: AsyncSession, email: str) -> Staff | None:
    return (await session.execute(select(Staff).where(Staff.email == folded(email)))).scalar_one_or_none()


async def at_work(session: AsyncSession, staff_id: uuid.UUID | None) -> Staff | None:
    """Who this is, unless they have left: nobody is told of them, waits for them or is kept from a client by them."""
    found = await session.get(Staff, staff_id) if staff_id else None
    return found if found is not None and found.active else None


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


def made_up() -> str:
    """A password to tell somebody once: four groups of characters that are not taken for one another."""
    return "-".join("".join(secrets.choice(_PLAIN) for _ in range(4)) for _ in range(4))


async def reset(session: AsyncSession, staff: Staff) -> str:
    """A new password, given to them by whoever reads it here; their sign-ins end. They are asked to change it."""
    password = made_up()
    staff.password_hash, staff.password_given = passwords.hashed(password), True
    await end_sessions(session, staff)
    return password


async def end_sessions(session: AsyncSession, staff: Staff, *, but: bytes | None = None) -> None:
    """Signs them out everywhere, but for the session with this index."""
    await session.execute(
        delete(StaffSession).where(StaffSession.staff_id == staff.id, StaffSession.token_index != (but or b""))
    )


async def everybody(session: AsyncSession) -> Sequence[Staff]:
    """Those who may sign in first, by name."""
    return (await session.execute(select(Staff).order_by(Staff.active.desc(), Staff.name))).scalars().all()


async def change(
    session: AsyncSession,
    staff: Staff,
    *,
    name: str,
    role: str,
    languages: Sequence[str],
    skills: Sequence[str],
    reach: Sequence[str],
) -> None:
    """Raises BadAccount; LastAdmin where nobody would be left who can administrate."""
    if role not in ROLES or not name.strip():
        raise BadAccount("a member of staff needs a name and a role")
    for entry in reach:
        if not is_reach(entry):
            raise BadAccount("reach")
    if staff.role == "admin" and role != "admin":
        await _not_the_last(session, staff)
    staff.name, staff.role = " ".join(name.split())[:80], role
    staff.languages, staff.skills, staff.reach = list(languages) or ["en"], list(skills), list(reach)


async def disable(session: AsyncSession, staff: Staff) -> None:
    """They can sign in no more; what becomes of their clients: `Administration.disable`. Raises LastAdmin."""
    if staff.role == "admin":
        await _not_the_last(session, staff)
    staff.active = False
    await end_sessions(session, staff)


async def _not_the_last(session: AsyncSession, staff: Staff) -> None:
    others = select(Staff.id).where(Staff.role == "admin", Staff.active, Staff.id != staff.id).with_for_update()
    if not (await session.execute(others)).first():
        raise LastAdmin("nobody else could administrate")


def _check(password: str) -> None:
    if len(password) < passwords.SHORTEST:
        raise BadAccount(f"a password needs at least {passwords.SHORTEST} characters")

"""Passwords: argon2id with the library's recommended cost (64 MiB, three passes: RFC 9106's second choice)."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from pwdlib import PasswordHash

SHORTEST = 12


@lru_cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache
def _nobodys() -> str:
    """A hash that no password fits: unknown e-mails cost the same time as known ones."""
    return _hasher().hash("nobody has this password")


def hashed(password: str) -> str:
    return _hasher().hash(password)


async def fits(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one that was hashed; None (no such account) takes as long and never fits."""

    def check() -> bool:
        fit = _hasher().verify(password, password_hash or _nobodys())
        return fit and password_hash is not None

    # Tens of milliseconds of one core: not in the loop that serves everybody else.
    return await asyncio.to_thread(check)

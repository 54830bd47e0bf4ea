"""Encryption at rest.

What a client says or is goes into columns of these types: MultiFernet (AES-128-CBC with HMAC-SHA256, the newest key
writes, every key reads). Where a row must be found by such a value, a keyed hash stands beside it: `blind_index`.
The index key is derived from the *oldest* key, so that adding a newer key does not make people unfindable.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from casework.settings import get_settings


@lru_cache(maxsize=8)
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def keyring() -> MultiFernet:
    return _ring(tuple(get_settings().encryption_keys))


def blind_index(value: str, purpose: str, *, keys: str | None = None) -> bytes:
    """A keyed hash of 32 bytes by which a row can be found without its value being readable.

    `keys` are others than the service's own, as ENCRYPTION_KEYS holds them.
    """
    oldest = (keys.split(",") if keys else get_settings().encryption_keys)[-1]
    key = hashlib.sha256(b"blind-index:" + oldest.encode()).digest()
    return hmac.new(key, f"{purpose}:{value}".encode(), hashlib.sha256).digest()


class EncryptedText(TypeDecorator[str]):
    """Text that is ciphertext in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else keyring().encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else keyring().decrypt(bytes(value)).decode()


class EncryptedJSON(TypeDecorator[Any]):
    """A JSON value that is ciphertext in the database. Assign a new value to change it; it is not tracked in place."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else keyring().encrypt(json.dumps(value, separators=(",", ":")).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(keyring().decrypt(bytes(value)))

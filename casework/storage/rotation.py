"""Writing what is encrypted anew with the newest key, while the line runs.

Every process must know the newest key before: one that does not cannot read what is written here. Rows are locked a
few at a time, by transactions that end within milliseconds and never wait for one row while they hold another: a
client's message waits for nobody, and a value that changes meanwhile is read again before it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import BigInteger, ColumnElement, Select, column, func, select, table, tuple_, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.types import LargeBinary

from casework.errors import GuidepostError
from casework.settings import get_settings
from casework.storage.encryption import EncryptedJSON, EncryptedText, keyring
from casework.storage.engine import Database
from casework.storage.migrate import BOT_SCHEMA

AT_ONCE = 200  # rows in a transaction: some milliseconds


class WrongKey(GuidepostError):
    """Something was encrypted with a key that is not among ENCRYPTION_KEYS."""


class _Kept:
    """A table with encrypted columns, read as the bytes that they are."""

    def __init__(self, of: TableClause, key: Sequence[ColumnElement[Any]], encrypted: Sequence[str]) -> None:
        self.of, self.key, self.encrypted = of, key, encrypted

    def keys_after(self, last: tuple[Any, ...] | None) -> Select[Any]:
        query = select(*self.key).order_by(*self.key).limit(AT_ONCE)
        return query if last is None else query.where(tuple_(*self.key) > tuple_(*self._bound(last)))

    def rows(self, keys: Sequence[tuple[Any, ...]], *, wait: bool) -> Select[Any]:
        """The rows, locked against changes but not against what refers to them; without `wait` only the free ones."""
        values = [type_coerce(self.of.c[name], LargeBinary).label(name) for name in self.encrypted]
        query = select(*self.key, *values).where(tuple_(*self.key).in_(keys))
        return query.with_for_update(key_share=True, skip_locked=not wait)

    def written(self, key: tuple[Any, ...], fresh: dict[str, bytes]) -> Any:
        values = {name: type_coerce(value, LargeBinary) for name, value in fresh.items()}
        return update(self.of).where(tuple_(*self.key) == tuple_(*self._bound(key))).values(values)

    def _bound(self, key: tuple[Any, ...]) -> list[ColumnElement[Any]]:
        return [type_coerce(value, part.type) for value, part in zip(key, self.key, strict=True)]


async def rotate(database: Database) -> int:
    """Writes every encrypted value that is not yet so with the newest key, the model server's events too.

    Returns how many. What is interrupted goes on where it is called again. The oldest key must stay in
    ENCRYPTION_KEYS: the look-up indexes are made with it. Raises WrongKey.
    """
    kept = _own()
    async with database.session() as session:
        if (await session.execute(select(func.to_regclass(f"{BOT_SCHEMA}.events")))).scalar_one() is not None:
            kept.append(_events())
    return sum([await _table(database, each) for each in kept])


def _own() -> list[_Kept]:
    from casework.storage.tables import Base

    found = []
    for each in Base.metadata.sorted_tables:
        encrypted = [part.name for part in each.columns if isinstance(part.type, EncryptedText | EncryptedJSON)]
        if encrypted:
            found.append(_Kept(each, list(each.primary_key.columns), encrypted))
    return found


def _events() -> _Kept:
    """The model server's events (bot/tracker_store.py), which are no table of ours."""
    events = table("events", column("id", BigInteger), column("data", LargeBinary), schema=BOT_SCHEMA)
    return _Kept(events, [events.c.id], ["data"])


async def _table(database: Database, kept: _Kept) -> int:
    count, last = 0, None
    while True:
        async with database.session() as session:
            keys = [tuple(row) for row in await session.execute(kept.keys_after(last))]
            if not keys:
                return count
            seen, written = await _rows(session, kept, keys, wait=False)
        count += written
        for key in set(keys) - seen:  # somebody works on it, or it is gone
            async with database.session() as session:
                count += (await _rows(session, kept, [key], wait=True))[1]
        last = keys[-1]


async def _rows(
    session: AsyncSession, kept: _Kept, keys: Sequence[tuple[Any, ...]], *, wait: bool
) -> tuple[set[tuple[Any, ...]], int]:
    """The keys of the rows that were looked at, and how many of their values were written."""
    newest, ring = Fernet(get_settings().encryption_keys[0]), keyring()
    seen, count, width = set(), 0, len(kept.key)
    for row in (await session.execute(kept.rows(keys, wait=wait))).all():
        key = tuple(row[:width])
        seen.add(key)
        fresh = {}
        for name, stored in zip(kept.encrypted, row[width:], strict=True):
            if stored is None or _opens(newest, stored):
                continue
            try:
                fresh[name] = ring.rotate(stored)
            except InvalidToken as error:
                raise WrongKey(
                    "a value cannot be read with any of ENCRYPTION_KEYS; add the key it was written with"
                ) from error
        if fresh:
            await session.execute(kept.written(key, fresh))
            count += len(fresh)
    return seen, count


def _opens(key: Fernet, stored: bytes) -> bool:
    try:
        key.decrypt(stored)
    except InvalidToken:
        return False
    return True

"""One row in every table that holds something of a client, found by the tables' own foreign keys."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import Client
from casework.storage.encryption import EncryptedJSON, EncryptedText
from casework.storage.tables import Base

NOW = datetime.now(UTC)
SAID = "a secret of mine"
_BY_TYPE: tuple[tuple[Any, Any], ...] = (
    (EncryptedText, lambda: SAID),
    (EncryptedJSON, lambda: {"told": SAID}),
    (sa.LargeBinary, lambda: os.urandom(16)),
    (JSONB, dict),
    (sa.Uuid, uuid.uuid4),
    (sa.String, lambda: f"x{uuid.uuid4().hex[:12]}"),
    (sa.Boolean, lambda: False),
    (sa.Integer, lambda: 1),
    (sa.Float, lambda: 0.5),
    (sa.DateTime, lambda: NOW),
    (sa.Date, lambda: date(2026, 11, 2)),
    (sa.Time, lambda: time(9)),
)
_TIMES = {"starts_at": NOW + timedelta(days=2), "ends_at": NOW + timedelta(days=2, hours=1)}
_FITTING: dict[str, dict[str, Any]] = {
    "appointments": {**_TIMES, "busy_until": _TIMES["ends_at"], "status": "booked"},
    "programs": {"zone": "America/Chicago"},
}
Row = dict[str, Any]


def of_a_client() -> set[str]:
    """The tables that refer to clients, or to a table that does."""
    found = {Client.__tablename__}
    while True:
        more = {
            table.name
            for table in Base.metadata.sorted_tables
            if any(key.column.table.name in found for key in table.foreign_keys)
        }
        if more <= found:
            return found
        found |= more


async def write(session: AsyncSession) -> dict[str, Row]:
    """A client with a row in each of these tables, and whatever else those stand on. Returns them by table."""
    written: dict[str, Row] = {}
    for table in Base.metadata.sorted_tables:
        if table.name in of_a_client():
            await _write(session, table, written)
    return written


async def _write(session: AsyncSession, table: sa.Table, written: dict[str, Row]) -> Row:
    if table.name not in written:
        row: Row = dict(_FITTING.get(table.name, {}))
        for column in table.columns:
            key = next(iter(column.foreign_keys), None)
            if column.name in row or column.computed is not None or column.identity is not None:
                continue
            if key is None:
                row[column.name] = next(make for kind, make in _BY_TYPE if isinstance(column.type, kind))()
            elif key.column.table is not table:
                row[column.name] = (await _write(session, key.column.table, written))[key.column.name]
        await session.execute(table.insert().values(row))
        written[table.name] = row
    return written[table.name]


def ids(rows: dict[str, Row]) -> set[str]:
    """Every id by which something of this client is known."""
    return {str(value) for name in of_a_client() for value in rows[name].values() if isinstance(value, uuid.UUID)} - {
        str(row["id"]) for name, row in rows.items() if name not in of_a_client()
    }

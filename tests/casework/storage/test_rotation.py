"""`guidepost keys rotate`: every encrypted value, on a line that has been used and goes on being used."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, date, datetime, time
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg import sql
from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import JSONB

from casework.settings import get_settings
from casework.storage import Database, EncryptedJSON, EncryptedText
from casework.storage.rotation import WrongKey, rotate
from casework.storage.tables import Base

OLD, NEW = Fernet.generate_key(), Fernet.generate_key()
TABLES = [
    each
    for each in Base.metadata.sorted_tables
    if any(isinstance(part.type, EncryptedText | EncryptedJSON) for part in each.columns)
]


def _value(part: Column[Any], number: int) -> Any:
    if isinstance(part.type, EncryptedText | EncryptedJSON):
        return Fernet(OLD).encrypt(json.dumps("said").encode())
    if isinstance(part.type, JSONB):
        return json.dumps({})
    plain: dict[type, Any] = {
        uuid.UUID: uuid.UUID(int=number),
        str: f"x{number}",
        int: number,
        float: 1.0,
        bool: False,
        bytes: b"x%d" % number,
        list: [],
        datetime: datetime(2026, 11, 23, tzinfo=UTC),
        date: date(2026, 11, 23),
        time: time(9),
    }
    return plain[part.type.python_type]


def _fill(connection: psycopg.Connection[Any], of: Table, rows: int) -> None:
    """Rows with every column that must be given and every encrypted one."""
    wanted = [
        part
        for part in of.columns
        if isinstance(part.type, EncryptedText | EncryptedJSON)
        or part.primary_key
        or (not part.nullable and part.server_default is None)
    ]
    names = sql.SQL(", ").join(sql.Identifier(part.name) for part in wanted)
    values = sql.SQL(", ").join(sql.Placeholder() for _ in wanted)
    insert = sql.SQL("insert into {} ({}) overriding system value values ({})").format(
        sql.Identifier(of.name), names, values
    )
    for number in range(1, rows + 1):
        connection.execute(insert, [_value(part, number) for part in wanted])


def _read(connection: psycopg.Connection[Any]) -> list[bytes]:
    """Every encrypted value there is."""
    places = [
        (sql.Identifier(each.name), sql.Identifier(part.name))
        for each in TABLES
        for part in each.columns
        if isinstance(part.type, EncryptedText | EncryptedJSON)
    ] + [(sql.SQL("bot.events"), sql.SQL("data"))]
    query = sql.SQL(" union all ").join(
        sql.SQL("select {1} from {0} where {1} is not null").format(*place) for place in places
    )
    return [value for (value,) in connection.execute(query)]


@pytest.fixture
def used(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> psycopg.Connection[Any]:
    """A database with rows of every kind, written with the old key; the new one has been added."""
    monkeypatch.setattr(get_settings(), "encryption_keys", [NEW.decode(), OLD.decode()])
    connection = psycopg.connect(database.url, autocommit=True)
    connection.execute("set session_replication_role = replica")  # rows by themselves, without what they refer to
    for each in TABLES:
        _fill(connection, each, 3)
    connection.execute("create schema if not exists bot")
    connection.execute("drop table if exists bot.events")
    connection.execute("create table bot.events (id bigserial primary key, sender_id text, data bytea not null)")
    for _ in range(3):
        connection.execute("insert into bot.events (data) values (%s)", [Fernet(OLD).encrypt(b"{}")])
    yield connection
    connection.execute("drop schema bot cascade")
    connection.close()


def test_everything_encrypted_is_read_with_the_new_key_alone_and_once_is_enough(
    used: psycopg.Connection[Any], database: Database
) -> None:
    values = _read(used)
    assert len(values) >= 3 * (len(TABLES) + 1)
    assert len(TABLES) > 10

    async def twice() -> tuple[int, int]:
        try:
            return await rotate(database), await rotate(database)
        finally:
            await database.close()

    assert asyncio.run(twice()) == (len(values), 0)
    for value in _read(used):
        Fernet(NEW).decrypt(value)


def test_what_a_client_changes_meanwhile_stays_changed_and_the_other_rows_are_not_held(
    used: psycopg.Connection[Any], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = Fernet(OLD).encrypt(b"another name")
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

    async def change_while_it_runs() -> None:
        with psycopg.connect(database.url) as theirs:
            theirs.execute("update clients set name = %s where id = %s", [changed, uuid.UUID(int=2)])
            rotating = asyncio.create_task(rotate(database))
            while used.execute(waits).fetchone() == (0,):
                assert not rotating.done()
                await asyncio.sleep(0.02)
            used.execute("set statement_timeout = '10s'")  # a row that is held would hang here
            used.execute("update clients set language = 'es' where id <> %s", [uuid.UUID(int=2)])
            theirs.commit()
            await rotating
        await database.close()

    asyncio.run(change_while_it_runs())
    row = used.execute("select name from clients where id = %s", [uuid.UUID(int=2)]).fetchone()
    assert row is not None
    assert Fernet(NEW).decrypt(row[0]) == b"another name"


def test_a_value_of_an_unknown_key_is_said(used: psycopg.Connection[Any], database: Database) -> None:
    used.execute("update clients set name = %s", [Fernet(Fernet.generate_key()).encrypt(b"x")])

    async def once() -> None:
        try:
            await rotate(database)
        finally:
            await database.close()

    with pytest.raises(WrongKey, match="add the key"):
        asyncio.run(once())

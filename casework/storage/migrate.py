"""Brings a database up to date, and gives the dialogue model a role that sees nothing but its own schema."""

from __future__ import annotations

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy.engine import make_url

from casework.paths import CODE
from casework.storage.engine import plain_url

BOT_ROLE = "guidepost_bot"
BOT_SCHEMA = "bot"
_ONE_AT_A_TIME = 7_170_001  # advisory lock: several processes may start at once


def migrate(url: str, to: str = "head") -> None:
    """Applies what is missing, up to the revision named. Safe to call from several processes at once."""
    config = Config()
    config.set_main_option("script_location", str(CODE / "casework" / "storage" / "migrations"))
    config.attributes["url"] = url
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
        command.upgrade(config, to)


def prepare_bot_role(url: str, password: str) -> str:
    """Makes (or re-keys) the dialogue model's role and schema; returns the address it is to use.

    The role may log in and use its schema, and nothing else: the model server never sees a client's record. This
    server's own role may do what that one may: erasing a client and new keys reach its rows too.
    """
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
        database = connection.info.dbname
        # Roles belong to the whole server: one for each database, so that two lines may share a server.
        role = f"{BOT_ROLE}_{database}"[:60]
        known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        verb = sql.SQL("alter role" if known else "create role")
        name = sql.Identifier(role)
        connection.execute(verb + sql.SQL(" {} login password {}").format(name, sql.Literal(password)))
        connection.execute(sql.SQL("grant {} to current_user").format(name))
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(BOT_SCHEMA)))
        connection.execute(sql.SQL("grant usage, create on schema {} to {}").format(sql.Identifier(BOT_SCHEMA), name))
        connection.execute(sql.SQL("revoke all on schema public from public"))
        connection.execute(sql.SQL("revoke all on all tables in schema public from {}").format(name))
        connection.execute(sql.SQL("alter role {} set search_path to {}").format(name, sql.Identifier(BOT_SCHEMA)))
    return (
        make_url(url)
        .set(drivername="postgresql+psycopg2", username=role, password=password)
        .render_as_string(hide_password=False)
    )

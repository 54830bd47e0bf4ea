"""The model server's role, on a server where ours is no superuser."""

from __future__ import annotations

import psycopg
from sqlalchemy.engine import make_url

from casework.storage.engine import plain_url
from casework.storage.migrate import prepare_bot_role


def test_our_role_reaches_what_the_model_server_keeps_and_that_one_nothing_of_ours(database_url: str) -> None:
    with psycopg.connect(plain_url(database_url), autocommit=True) as superuser:
        superuser.execute("drop database if exists elsewhere")
        superuser.execute("drop role if exists an_agency")
        superuser.execute("create role an_agency login createrole")
        superuser.execute("create database elsewhere owner an_agency")
    ours = make_url(database_url).set(username="an_agency", database="elsewhere").render_as_string(hide_password=False)
    for _ in range(2):  # every start does it again
        bots = plain_url(prepare_bot_role(ours, "bot-password"))
    with psycopg.connect(plain_url(ours)) as connection:
        connection.execute("create table clients (id int)")
    with psycopg.connect(bots) as connection:
        connection.execute("create table events (id int)")
        connection.execute("insert into events values (1)")
        assert connection.execute("select has_schema_privilege('public', 'usage')").fetchone() == (False,)
    with psycopg.connect(plain_url(ours)) as connection:
        assert connection.execute("delete from bot.events").rowcount == 1

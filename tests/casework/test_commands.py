"""What the commands print: JSON on stdout with --json, and what they do with odd input."""

from __future__ import annotations

import io
import json
import sys

import psycopg
import pytest
from typer.testing import CliRunner

from casework.commands.main import app, safety
from casework.conversations.tables import Client
from casework.settings import get_settings
from casework.storage import Database, new_id
from tests.casework.scheduling.agency import work

PHONE = "+16125550123"


@pytest.fixture
def silent(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A client who fell silent three years ago; their id. The commands work on their database."""
    monkeypatch.setattr(get_settings(), "database_url", database_url)
    monkeypatch.setenv("DATABASE_URL", database_url)
    client_id = new_id()

    async def add(session: object) -> None:
        session.add(Client(id=client_id, language="en", name="Invented"))  # type: ignore[attr-defined]

    work(database, add)
    with psycopg.connect(database.url) as connection:
        connection.execute("update clients set created_at = now() - interval '3 years'")
    return str(client_id)


def test_every_command_on_records_prints_json_when_asked(silent: str) -> None:
    def printed(*arguments: str, said: str | None = None) -> object:
        done = CliRunner().invoke(app, [*arguments, "--json"], input=said, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    member = ["staff", "add", "new@agency.example", "--role", "supervisor"]
    assert printed(*member, said="a long password of theirs\n") == {"email": "new@agency.example", "role": "supervisor"}
    assert printed("keys", "rotate") == {"written": 0}
    assert printed("purge", "--days", "2000") == {"erased": 0}
    assert printed("erase", "--client", silent) == {"erased": True}
    facts = json.dumps({"age": 40})
    assert "outcome" in printed("screen", "--facts", "-", said=facts)  # type: ignore[operator]


def test_purging_takes_the_setting_unless_told_how_long(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for days, printed in (("0", ""), ("1200", "0 erased\n"), ("", "1 erased\n")):
        monkeypatch.setenv("RETENTION_DAYS", days)
        done = CliRunner().invoke(app, ["purge"])
        assert done.stdout == printed, days


def test_a_byte_that_is_no_letter_does_not_end_the_safety_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = io.BytesIO(b"hello\nhol\xe1\ni want to die\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given, encoding="utf-8", errors="strict"))
    safety()
    assert [json.loads(line)["level"] for line in capsys.readouterr().out.splitlines()] == ["none", "none", "crisis"]

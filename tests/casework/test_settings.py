"""What is refused at the start, so that it does not break later; when it is a demo; what runs where."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from casework.commands import processes
from casework.errors import SettingsMissing
from casework.paths import ROOT
from casework.settings import Settings, demo_unless_set_up, get_settings

REAL = {
    "GUIDEPOST_DEMO": "0",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a token",
    "TWILIO_FROM": "+16125550100",
    "PUBLIC_URL": "https://line.example.org",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "SESSION_SECRET": "x" * 32,
}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The settings of a real line, without a file of them."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    return monkeypatch


def start() -> Settings:
    """The settings as a process has them at its start."""
    return get_settings.__wrapped__()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ON_CALL", "email:oncall@example.org,6125550199", "ON_CALL, entry 2"),
        ("ON_CALL", "sms:612-555-0199", "ON_CALL, entry 1"),
        ("AGENCY_HOLIDAYS", "Nov 26", "AGENCY_HOLIDAYS cannot be read: 'Nov 26'"),
        ("AGENCY_HOURS", "Mon-Fri 08:00-17:00", "AGENCY_HOURS cannot be read"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL"),
        ("PORT", "eighty", "PORT"),
        ("RETENTION_DAYS", "-1", "RETENTION_DAYS"),
        ("PUBLIC_URL", "line.example.org", "PUBLIC_URL cannot be read"),
        ("RASA_URL", "127.0.0.1:5005", "RASA_URL cannot be read"),
        ("RASA_URL", "http://127.0.0.1:50050505", "RASA_URL cannot be read"),
        ("ENCRYPTION_KEYS", "a key", "ENCRYPTION_KEYS"),
        ("SESSION_SECRET", "short", "SESSION_SECRET"),
        ("TWILIO_FROM", "", "TWILIO_FROM"),
    ],
)
def test_what_would_break_later_stops_the_start_and_is_named(
    given: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    given.setenv(name, value)
    with pytest.raises(SettingsMissing) as stopped:
        start()
    assert said in str(stopped.value)
    assert "555" not in str(stopped.value).replace("+16125550199", ""), "no number in errors but the example"


def test_what_people_write_is_taken(given: pytest.MonkeyPatch) -> None:
    given.setenv("LOG_LEVEL", "info")
    given.setenv("ON_CALL", "sms:+16125550199, email:oncall@example.org,https://example.org/hook")
    given.setenv("AGENCY_HOLIDAYS", "2026-11-26, 2026-12-25")
    settings = start()
    assert (settings.log_level, len(settings.on_call), len(settings.agency_holidays)) == ("INFO", 3, 2)


def test_the_settings_file_is_read_as_it_stands_not_as_a_shell_would(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in REAL:
        given.delenv(name)
    lines = [f"{name} = {value}" for name, value in REAL.items() if name != "GUIDEPOST_DEMO"]
    lines += ["AGENCY_HOURS=Mon-Fri 08:00-17:00 America/Chicago", "SMTP_PASSWORD=pa$HOME"]
    lines += ["HOST=127.0.0.2", "BOT_DATABASE_URL=postgresql://bot:a$b@db.example.org/guidepost"]
    (tmp_path / ".env").write_text("\n".join(lines))
    demo_unless_set_up()
    settings = start()
    assert not settings.guidepost_demo
    assert settings.agency_hours == "Mon-Fri 08:00-17:00 America/Chicago"
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "pa$HOME"
    assert settings.bot_database_url == "postgresql://bot:a$b@db.example.org/guidepost"
    web = processes.parts(settings, "postgresql://db.example.org/guidepost", None)[-1]
    assert web.command[web.command.index("--host") + 1] == "127.0.0.2"
    assert web.ready == "http://127.0.0.2:8000/healthz"


def test_the_example_file_names_every_setting_and_no_other() -> None:
    named = re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(
    ("changes", "demo"),
    [
        (dict.fromkeys(REAL, ""), True),
        (dict.fromkeys(REAL, "") | {"GUIDEPOST_DEMO": "0"}, False),
        (dict.fromkeys(REAL, "") | {"TWILIO_FROM": "+16125550100"}, False),  # half set up: said, not made a demo
        ({"GUIDEPOST_DEMO": ""}, False),
        ({"GUIDEPOST_DEMO": "1"}, True),
    ],
)
def test_it_is_a_demo_where_no_twilio_settings_are_given(
    given: pytest.MonkeyPatch, changes: dict[str, str], demo: bool
) -> None:
    for name, value in changes.items():
        given.setenv(name, value)
    demo_unless_set_up()
    assert (os.environ["GUIDEPOST_DEMO"] == "1") is demo


@pytest.mark.parametrize(
    ("rasa_url", "ours"),
    [
        ("", ["actions", "bot", "worker", "web"]),
        ("http://127.0.0.1:6005", ["actions", "bot", "worker", "web"]),
        ("http://localhost:6005/", ["actions", "bot", "worker", "web"]),
        ("https://model.example.org", ["worker", "web"]),
    ],
)
def test_the_model_server_is_asked_where_it_listens(given: pytest.MonkeyPatch, rasa_url: str, ours: list[str]) -> None:
    given.setenv("RASA_URL", rasa_url)
    settings = processes.own_ports(start())
    database = "postgresql://db.example.org/guidepost"
    parts = processes.parts(settings, database, database if settings.own_bot_port else None)
    assert [part.name for part in parts] == ours
    asked = {part.environment["RASA_URL"] for part in parts if part.name != "bot"}
    assert asked == {settings.bot_url}
    for bot in parts:
        if bot.name == "bot":
            port = bot.command[bot.command.index("--port") + 1]
            assert asked == {f"http://127.0.0.1:{port}"}
            assert bot.ready == f"http://127.0.0.1:{port}/webhooks/guidepost/"

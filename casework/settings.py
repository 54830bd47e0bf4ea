"""The service's settings, read once from the environment and `.env`; `.env.example` explains each.

In demo mode the keys that are missing are made and kept in the data folder. Without it a missing secret stops the
start: a line that runs on a default secret would be open to anybody who has read this file.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from casework.errors import SettingsMissing
from casework.paths import ROOT
from casework.reach import is_reach

TWILIO = "https://api.twilio.com"
LOOPBACK = "127.0.0.1"
_HERE = (LOOPBACK, "localhost", "::1")


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


Words = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)]
Hours = Annotated[list[Annotated[int, Field(ge=1, le=24 * 28)]], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Every knob of the service. Seconds and minutes are named so."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", env_ignore_empty=True)

    database_url: str | None = None
    bot_database_url: str | None = None  # unset: a role and schema of the model server's own are made
    public_url: str | None = None
    host: str | None = None  # what the public server listens on; unset: everything, loopback alone in a demo
    port: int = 8000
    rasa_url: str = f"http://{LOOPBACK}:5005"
    actions_port: int = 5055
    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_from: str | None = None
    twilio_api_url: str = TWILIO
    encryption_keys: Words = Field(default_factory=list)
    session_secret: SecretStr | None = None
    guidepost_data: Path = ROOT / "var"
    guidepost_demo: bool = False

    agency_name: str = "Guidepost"
    agency_phone: str | None = None
    agency_hours: str | None = None  # when staff are there, as "Mon-Fri 08:00-17:00 America/Chicago"; unset: not said
    agency_holidays: Words = Field(default_factory=list)  # dates on which nobody is there: 2026-11-26,2026-12-25
    answer_minutes: Annotated[float, Field(gt=0)] = 30.0  # of open office, in which who asks for a person is answered
    routine_hours: Annotated[float, Field(gt=0)] = 8.0  # the same for who was passed on: one business day
    claim_minutes: Annotated[float, Field(gt=0)] = 5.0  # before the next member of staff is called
    reminder_hours: Hours = Field(default_factory=lambda: [72, 24, 2])  # before an appointment, each a text
    undo_seconds: Annotated[float, Field(ge=0)] = 60.0  # before a client is told of a step that staff may still undo
    allowed_origins: Words = Field(default_factory=list)
    on_call: Words = Field(default_factory=list)
    on_call_minutes: float = 2.0
    mail_from: str = "guidepost@localhost"
    smtp_host: str | None = None  # unset: referrals are calls for staff to make, no summaries by e-mail
    smtp_port: int = 25
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    sms_per_second: Annotated[float, Field(gt=0)] = 10.0  # what the carrier grants the number: 1 for a long code
    staff_forward: str | None = None  # E.164; voice calls to the line are put through to it
    gather_seconds: float = 2.5
    retention_days: Annotated[int, Field(ge=0)] = 730  # of silence, after which a client is erased; 0: never
    partner_token: SecretStr | None = None  # what partner systems show to read /fhir and /slots
    log_level: Level = "INFO"

    @property
    def twilio_ready(self) -> bool:
        """Whether a real (or a tester's) Twilio is set up; otherwise the phone of the demo page stands in for it."""
        return bool(self.twilio_account_sid and self.twilio_auth_token and self.twilio_from)

    @property
    def base_url(self) -> str:
        return (self.public_url or self.own_address).rstrip("/")

    @property
    def own_address(self) -> str:
        """Where this machine reaches its own web process."""
        host = LOOPBACK if self.host in (None, "0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in str(host) else host}:{self.port}"

    @property
    def bot_url(self) -> str:
        return self.rasa_url.rstrip("/")

    @property
    def own_bot_port(self) -> int | None:
        """Where the model server of this machine is to listen; None where RASA_URL names another machine's."""
        address = urlsplit(self.rasa_url)
        return (address.port or 80) if address.hostname in _HERE else None

    def secret(self, purpose: str) -> str:
        """A key for one purpose (cookies, the loopback services, look-ups), derived from SESSION_SECRET."""
        if self.session_secret is None:
            raise SettingsMissing("SESSION_SECRET is not set; put 32 or more random characters into .env")
        import hashlib
        import hmac

        return hmac.new(self.session_secret.get_secret_value().encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _complete_for_demo(settings: Settings) -> Settings:
    """Makes what demo mode lacks and keeps it in the data folder, so that a restart can read what was written."""
    kept_at = settings.guidepost_data / "demo-keys.json"
    kept: dict[str, str] = json.loads(kept_at.read_text()) if kept_at.exists() else {}
    made = {
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "SESSION_SECRET": secrets.token_urlsafe(32),
        "DEMO_PASSWORD": secrets.token_urlsafe(9),
    }
    if set(made) - set(kept):
        kept = made | kept
        kept_at.parent.mkdir(parents=True, exist_ok=True)
        partial = kept_at.with_suffix(f".{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(kept))
        partial.replace(kept_at)
    changes: dict[str, object] = {}
    if not settings.encryption_keys:
        changes["encryption_keys"] = [kept["ENCRYPTION_KEYS"]]
    if settings.session_secret is None:
        changes["session_secret"] = SecretStr(kept["SESSION_SECRET"])
    if not settings.twilio_ready:
        # The phone of the demo page speaks Twilio's protocol at this very server, with a token of its own.
        token = settings.model_copy(update=changes).secret("demo-twilio")[:32]
        changes |= {
            "twilio_account_sid": "AC" + token,
            "twilio_auth_token": SecretStr(token),
            "twilio_from": "+16125550100",
            "twilio_api_url": f"{settings.own_address}/demo/twilio",
        }
    return settings.model_copy(update=changes)


def demo_password(settings: Settings) -> str:
    """The demo staff login's password; made at the first start and kept in the data folder."""
    return str(json.loads((settings.guidepost_data / "demo-keys.json").read_text())["DEMO_PASSWORD"])


def _is_address(text: str) -> bool:
    try:
        address = urlsplit(text)
        return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:  # a port that is none
        return False


def check(settings: Settings) -> None:
    """Raises SettingsMissing, naming everything that is missing at once, or the first that would break later."""
    missing = [
        name
        for name, given in (
            ("ENCRYPTION_KEYS", settings.encryption_keys),
            ("SESSION_SECRET", settings.session_secret),
            ("TWILIO_ACCOUNT_SID", settings.twilio_account_sid),
            ("TWILIO_AUTH_TOKEN", settings.twilio_auth_token),
            ("TWILIO_FROM", settings.twilio_from),
            ("PUBLIC_URL", settings.public_url or settings.guidepost_demo),
        )
        if not given
    ]
    if missing:
        raise SettingsMissing(
            f"Not set: {', '.join(missing)}. Put them into .env (see .env.example),"
            " or set GUIDEPOST_DEMO=1 to try it out."
        )
    for name, address in (
        ("PUBLIC_URL", settings.public_url),
        ("RASA_URL", settings.rasa_url),
        ("TWILIO_API_URL", settings.twilio_api_url),
    ):
        if address and not _is_address(address):
            raise SettingsMissing(f"{name} cannot be read; write it as https://host or http://host:port.")
    for place, entry in enumerate(settings.on_call, 1):
        if not is_reach(entry):
            raise SettingsMissing(
                f"ON_CALL, entry {place} cannot be read; write sms:+16125550199, email:name@host or https://host/path."
            )
    from casework import office  # reads settings itself

    try:
        office.read(settings.agency_hours or office.ANY, settings.agency_holidays)
    except office.BadHours as error:
        raise SettingsMissing(f"{error}.") from error
    if settings.session_secret and len(settings.session_secret.get_secret_value()) < 16:
        raise SettingsMissing("SESSION_SECRET is too short; use 32 or more random characters.")
    for key in settings.encryption_keys:
        try:
            known = len(base64.urlsafe_b64decode(key.encode())) == 32
        except ValueError:
            known = False
        if not known:
            raise SettingsMissing(
                "ENCRYPTION_KEYS must be Fernet keys (32 bytes, base64), divided by commas, the newest first."
            )


def read() -> Settings:
    """What the environment and `.env` say, unchecked. Raises SettingsMissing, naming what is wrong, not its value."""
    try:
        return Settings()
    except ValidationError as error:
        told = [f"{'.'.join(str(part) for part in each['loc']).upper()}: {each['msg']}" for each in error.errors()]
        raise SettingsMissing("; ".join(told)) from None


def demo_unless_set_up() -> None:
    """Makes it a demo where neither that nor anything of Twilio's is set: what `make run` promises.

    To be called before the settings are first asked for; the parts that are started later inherit it.
    """
    given = read()
    twilio = (given.twilio_account_sid, given.twilio_auth_token, given.twilio_from)
    if "guidepost_demo" not in given.model_fields_set and not any(twilio):
        os.environ["GUIDEPOST_DEMO"] = "1"


@lru_cache
def get_settings() -> Settings:
    """The settings of this process. Tests that change the environment call `get_settings.cache_clear()`."""
    settings = read()
    if settings.guidepost_demo:
        settings = _complete_for_demo(settings)
    check(settings)
    return settings

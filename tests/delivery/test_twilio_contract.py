"""Our client speaks Twilio's protocol: against our stand-in, and against Twilio's own OpenAPI where that can be served.

The second needs Node, Prism (`@stoplight/prism-cli`) and Twilio's description (`twilio_api_v2010.json`, which
`@twilio-alpha/mcp` brings along), in the versions of `twilio/package-lock.json`. `.ci/run` installs them where there
is Node (by hand: `npm ci --ignore-scripts --prefix tests/delivery/twilio`); without them these tests are skipped and
say so.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from casework.delivery.sending import ProviderRefused
from casework.settings import get_settings
from channels.twilio import Twilio
from tests.line.standin import ACCOUNT, LINE, TOKEN, StandIn

TO = "+16125550144"
LONG_AGO = datetime.now(UTC) - timedelta(days=3650)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def talk(url: str, test: Callable[[Twilio], Awaitable[None]], sender: str = LINE) -> None:
    async def whole() -> None:
        settings = get_settings().model_copy(
            update={
                "twilio_account_sid": ACCOUNT,
                "twilio_auth_token": get_settings().session_secret.__class__(TOKEN),
                "twilio_from": sender,
                "twilio_api_url": url,
                "public_url": "https://line.example",
            }
        )
        twilio = Twilio(settings)
        try:
            await test(twilio)
        finally:
            await twilio.close()

    asyncio.run(whole())


@pytest.fixture
def standin() -> Iterator[StandIn]:
    running = StandIn(free_port())
    yield running
    running.stop()


def test_the_stand_in_takes_a_text_and_gives_it_back_when_asked(standin: StandIn) -> None:
    async def test(twilio: Twilio) -> None:
        message_id = uuid.uuid4()
        sid = await twilio.send(to=TO, body="hello", message_id=message_id)
        other = await twilio.send(to=TO, body="other", message_id=None)
        again = await twilio.send(to=TO, body="hello", message_id=uuid.uuid4())
        assert await twilio.find(to=TO, bodies={"hello"}, since=LONG_AGO) == [sid, again]
        assert await twilio.find(to=TO, bodies={"hello", "other"}, since=LONG_AGO) == [sid, other, again]
        assert await twilio.find(to="+16125550145", bodies={"hello"}, since=LONG_AGO) == []
        assert await twilio.find(to=TO, bodies={"hello"}, since=datetime.now(UTC) + timedelta(hours=1)) == []
        assert standin.sent[0].callback == f"https://line.example/sms/status?message={message_id}"
        assert not standin.sent[1].callback

    talk(standin.url, test)


@pytest.mark.parametrize(
    ("what", "status", "code", "passing", "uncertain"),
    [
        ("opted out", 400, 21610, False, False),
        ("not a number", 400, 21211, False, False),
        ("too many", 429, 20429, True, False),
        ("Twilio's own trouble", 503, 20503, True, True),
        ("a code nobody knows", 400, 29999, False, False),
    ],
)
def test_refusals_are_read_by_the_table(
    standin: StandIn, what: str, status: int, code: int, passing: bool, uncertain: bool
) -> None:
    async def test(twilio: Twilio) -> None:
        standin.refuse = [(status, code)]
        with pytest.raises(ProviderRefused) as refused:
            await twilio.send(to=TO, body="hello", message_id=None)
        found = refused.value
        assert (found.code, found.passing, found.uncertain) == (code, passing, uncertain), what

    talk(standin.url, test)


def test_an_answer_that_was_lost_is_uncertain_and_one_that_never_connected_is_not(standin: StandIn) -> None:
    async def lost(twilio: Twilio) -> None:
        standin.lose = [True]
        with pytest.raises(ProviderRefused) as refused:
            await twilio.send(to=TO, body="hello", message_id=None)
        assert refused.value.uncertain
        assert len(await twilio.find(to=TO, bodies={"hello"}, since=LONG_AGO)) == 1

    async def away(twilio: Twilio) -> None:
        with pytest.raises(ProviderRefused) as refused:
            await twilio.send(to=TO, body="hello", message_id=None)
        assert (refused.value.passing, refused.value.uncertain) == (True, False)

    talk(standin.url, lost)
    talk("http://127.0.0.1:1", away)


def _modules() -> Path | None:
    folder = Path(__file__).parent / "twilio" / "node_modules"
    return folder if (folder / "@stoplight" / "prism-cli").is_dir() else None


def _description(modules: Path) -> Path | None:
    found = [
        *modules.glob("@twilio-alpha/**/twilio_api_v2010.json"),
        *modules.glob("twilio-oai/**/twilio_api_v2010.json"),
    ]
    return found[0] if found else None


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mock of Twilio's own OpenAPI description, with the refusals that it leaves out (400, 429) added."""
    node, modules = shutil.which("node"), _modules()
    if node is None or modules is None:
        pytest.skip("needs Node, and: npm ci --ignore-scripts --prefix tests/delivery/twilio")
    source = _description(modules)
    if source is None:
        pytest.skip("needs Twilio's twilio_api_v2010.json, as @twilio-alpha/mcp brings it")
    described: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    create = described["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    for status, code in (("400", 21610), ("429", 20429)):
        create["responses"][status] = {
            "description": "refused",
            "content": {"application/json": {"example": {"code": code, "message": "refused", "status": int(status)}}},
        }
    ours = tmp_path_factory.mktemp("prism") / "twilio.json"
    ours.write_text(json.dumps(described), encoding="utf-8")
    port = free_port()
    command = [node, str(modules / "@stoplight" / "prism-cli" / "dist" / "index.js")]
    process = subprocess.Popen(
        [*command, "mock", "-h", "127.0.0.1", "-p", str(port), str(ours)], stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(url)
            break
        except httpx.HTTPError:
            time.sleep(0.3)
    yield url
    process.terminate()
    process.wait()


@pytest.mark.parametrize("sender", [LINE, "MG" + "1" * 32])
def test_twilio_s_own_description_takes_what_we_send_and_ask(prism: str, sender: str) -> None:
    async def test(twilio: Twilio) -> None:
        assert await twilio.send(to=TO, body="hello", message_id=uuid.uuid4())
        assert isinstance(await twilio.find(to=TO, bodies={"hello"}, since=LONG_AGO), list)

    talk(prism, test, sender)


@pytest.mark.parametrize(("status", "code", "passing"), [(400, 21610, False), (429, 20429, True)])
def test_twilio_s_own_refusals_are_understood(prism: str, status: int, code: int, passing: bool) -> None:
    async def test(twilio: Twilio) -> None:
        twilio._transport._client.headers["Prefer"] = f"code={status}"
        with pytest.raises(ProviderRefused) as refused:
            await twilio.send(to=TO, body="hello", message_id=None)
        assert (refused.value.code, refused.value.passing) == (code, passing)

    talk(prism, test)

"""The stand-in answers Twilio's own library, and calls the line's webhooks, as Twilio does."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from chat_pages import Chat, chat_server, until
from chat_server import in_one_transaction, settings_for
from sqlalchemy.ext.asyncio import AsyncSession
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from casework import clock
from casework.conversations import people
from casework.conversations.tables import ASSISTANT
from casework.delivery import outbox, sending
from casework.delivery.sending import ProviderRefused
from channels.demo import phones
from channels.twilio import Twilio

PHONE = "+16125550142"


def api(server: Chat, **changes: str) -> httpx.Client:
    settings = server.settings
    token = settings.twilio_auth_token
    assert token is not None
    user = changes.get("user", settings.twilio_account_sid or "")
    return httpx.Client(
        base_url=f"{settings.twilio_api_url}/2010-04-01/Accounts/{settings.twilio_account_sid}",
        auth=(user, changes.get("password", token.get_secret_value())),
    )


def form(server: Chat, **changes: str | None) -> dict[str, str]:
    fields = {"To": PHONE, "From": server.settings.twilio_from, "Body": "Hello."} | changes
    return {name: value for name, value in fields.items() if value is not None}


@asynccontextmanager
async def provider(server: Chat) -> AsyncIterator[Twilio]:
    """The line's own client of Twilio: Twilio's library over a transport that knows where the stand-in is."""
    made = Twilio(server.settings)
    try:
        yield made
    finally:
        await made.close()


def test_a_message_is_made_as_twilio_makes_it(server: Chat) -> None:
    with api(server) as twilio:
        answer = twilio.post("/Messages.json", data=form(server, Body="¿Qué tal? " + "a" * 200))

    made = answer.json()
    assert answer.status_code == 201
    assert made["sid"].startswith("SM")
    assert len(made["sid"]) == 34
    assert (made["status"], made["to"], made["from"]) == ("queued", PHONE, server.settings.twilio_from)
    assert made["num_segments"] == "2"
    assert parsedate_to_datetime(made["date_created"]).tzinfo is not None
    assert made["date_sent"] is None
    assert made["uri"] == f"/2010-04-01/Accounts/{server.settings.twilio_account_sid}/Messages/{made['sid']}.json"


def test_a_messaging_service_may_send_instead_of_a_number(server: Chat) -> None:
    service = "MG" + "0" * 32
    with api(server) as twilio:
        made = twilio.post("/Messages.json", data=form(server, From=None, MessagingServiceSid=service)).json()

    assert (made["messaging_service_sid"], made["from"], made["status"]) == (service, None, "accepted")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"To": None}, 21604, id="no To"),
        pytest.param({"From": None}, 21603, id="no From"),
        pytest.param({"Body": None}, 21602, id="no Body"),
        pytest.param({"Body": "a" * 1601}, 21617, id="more than 1,600 characters"),
        pytest.param({"To": "612"}, 21211, id="a To that is no number"),
        pytest.param({"To": "+16125551234"}, 21211, id="a To that may be a real person"),
        pytest.param({"From": "+16125550177"}, 21606, id="a From that is not the line's"),
        pytest.param({"StatusCallback": "nowhere"}, 21609, id="a StatusCallback that is no address"),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(server: Chat, changes: dict[str, str | None], code: int) -> None:
    with api(server) as twilio:
        answer = twilio.post("/Messages.json", data=form(server, **changes))

    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (400, 400, code)
    assert told["more_info"].endswith(str(code))
    assert told["message"]


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"user": "ACwrong"}])
def test_who_does_not_know_the_token_is_told_so(server: Chat, changes: dict[str, str]) -> None:
    with api(server, **changes) as twilio:
        answer = twilio.post("/Messages.json", data=form(server))

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_another_account_and_an_unknown_message_are_not_found(server: Chat) -> None:
    with api(server) as twilio:
        stranger = twilio.get(f"{server.settings.twilio_api_url}/2010-04-01/Accounts/AC0/Messages.json")
        unknown = twilio.get("/Messages/SM0.json")

    assert [answer.status_code for answer in (stranger, unknown)] == [404, 404]
    assert unknown.json()["code"] == 20404


@pytest.mark.anyio
async def test_twilios_own_library_sends_reads_and_lists(server: Chat) -> None:
    async with provider(server) as line:
        messages = line._client.messages
        sent = [await messages.create_async(to=PHONE, from_=line.sender, body=f"text {n}") for n in range(5)]
        await messages.create_async(to="+16125550143", from_=line.sender, body="to another phone")

        assert [message.status for message in sent] == ["queued"] * 5
        assert (await line._client.messages(sent[0].sid or "").fetch_async()).body == "text 0"
        found = await messages.list_async(to=PHONE, date_sent_after=clock.now() - timedelta(minutes=1), page_size=2)
        assert [message.body for message in found] == [f"text {n}" for n in (4, 3, 2, 1, 0)]
        assert await messages.list_async(to=PHONE, date_sent_after=clock.now() + timedelta(hours=1)) == []


@pytest.mark.anyio
async def test_twilios_own_library_raises_its_own_error(server: Chat) -> None:
    async with provider(server) as line:
        with pytest.raises(TwilioRestException) as refused:
            await line._client.messages.create_async(to=PHONE, from_=line.sender, body="a" * 1601)

    assert (refused.value.status, refused.value.code) == (400, 21617)


@pytest.mark.anyio
async def test_the_line_sends_and_finds_again_what_it_sent(server: Chat) -> None:
    before = clock.now() - timedelta(seconds=2)
    async with provider(server) as line:
        sid = await line.send(to=PHONE, body="once only", message_id=uuid.uuid4())

        assert await line.find(to=PHONE, bodies=["once only"], since=before) == [sid]
        assert await line.find(to=PHONE, bodies=["never sent"], since=before) == []


@pytest.mark.anyio
async def test_the_line_hears_a_refusal_by_its_code(server: Chat) -> None:
    async with provider(server) as line:
        with pytest.raises(ProviderRefused) as refused:
            await line.send(to="+1999", body="hi", message_id=uuid.uuid4())

    assert (refused.value.code, refused.value.passing) == (21211, False)


@pytest.mark.anyio
async def test_a_text_from_the_phone_comes_in_and_the_answer_is_delivered(server: Chat) -> None:
    """The whole way round: signed webhook in, REST call out, signed status callbacks back."""
    answer = httpx.post(f"{server.url}/demo/phone/send", json={"number": PHONE, "text": "hi there"})
    assert answer.status_code == 202
    (came,) = server.stored()
    assert (came.text, came.provider_id) == ("hi there", answer.json()["sid"])

    async def reply(session: AsyncSession) -> uuid.UUID | None:
        found = await people.by_id(session, came.conversation_id)
        assert found is not None
        return await outbox.put(session, *found, "Hello.", author=ASSISTANT)

    message_id = in_one_transaction(server.database_url, reply)
    assert message_id is not None

    database = server.database()
    async with provider(server) as line:
        await sending.send(database, line, message_id)
    await database.close()
    until(lambda: server.stored()[-1].status == "delivered")


def test_the_webhook_turns_away_what_the_stand_in_did_not_sign(server: Chat) -> None:
    fields = {"MessageSid": "SM" + "1" * 32, "From": PHONE, "To": server.settings.twilio_from or "", "Body": "hi"}
    signature = RequestValidator("another token").compute_signature(server.url + "/sms/inbound", fields)

    answer = httpx.post(f"{server.url}/sms/inbound", data=fields, headers={"X-Twilio-Signature": signature})

    assert answer.status_code == 403
    assert server.stored() == []


def test_behind_a_public_address_webhooks_are_signed_for_it_and_still_arrive(database_url: str) -> None:
    with chat_server(database_url, public_url="https://line.example") as server:
        answer = httpx.post(f"{server.url}/demo/phone/send", json={"number": "+16125550199", "text": "hi"})

    assert answer.status_code == 202


def test_a_line_that_does_not_take_a_text_is_shown_on_the_phone(server: Chat) -> None:
    assert server.app is not None
    carrier = server.app.state.demo_carrier
    reachable, carrier._reachable = carrier._reachable, "http://127.0.0.1:9"
    try:
        answer = httpx.post(f"{server.url}/demo/phone/send", json={"number": PHONE, "text": "hi"})
    finally:
        carrier._reachable = reachable

    assert answer.status_code == 502
    assert "did not take" in answer.json()["error"]
    assert [text.status for text in carrier.phones.of(PHONE)] == ["failed"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"number": "+16125551234", "text": "hi"}, id="a number that may be a real person's"),
        pytest.param({"number": PHONE, "text": ""}, id="an empty text"),
        pytest.param({"number": PHONE, "text": "a" * 1601}, id="too long a text"),
        pytest.param({"number": "+16125550100", "text": "hi"}, id="the line's own number"),
        pytest.param({"text": "hi"}, id="no number"),
    ],
)
def test_the_phone_sends_nothing_that_a_phone_could_not(server: Chat, sent: dict[str, str]) -> None:
    assert httpx.post(f"{server.url}/demo/phone/send", json=sent).status_code == 422
    assert server.stored() == []


def test_other_websites_cannot_use_the_demo_phone(server: Chat) -> None:
    answer = httpx.post(
        f"{server.url}/demo/phone/send",
        json={"number": PHONE, "text": "hi"},
        headers={"Origin": "https://evil.example"},
    )

    assert answer.status_code == 403


def test_a_text_that_was_forgotten_does_not_come_back_when_it_is_delivered_late(monkeypatch: Any) -> None:
    monkeypatch.setattr(phones, "_KEPT", 1)
    kept = phones.Phones("+16125550100")
    first, second = (phones.Text(f"SM{n}", phones.OUTBOUND, PHONE, None, None, "hi", "queued") for n in range(2))
    kept.put(first)
    kept.put(second)

    with kept.watch(PHONE) as news:
        kept.changed(first)
        kept.changed(second)
        assert news.get_nowait() is second


def test_a_new_phone_has_a_number_of_its_own(server: Chat) -> None:
    numbers = {httpx.post(f"{server.url}/demo/phone/new").json()["number"] for _ in range(5)}

    assert PHONE not in numbers
    assert all(number[5:10] == "55501" for number in numbers)


def test_where_a_real_twilio_is_set_up_the_phone_is_off(database_url: str) -> None:
    with chat_server(database_url, twilio_api_url="https://api.twilio.com") as server:
        page = httpx.get(f"{server.url}/demo").text
        phone = httpx.post(f"{server.url}/demo/phone/send", json={"number": PHONE, "text": "hi"})
        stand_in = httpx.get(f"{server.url}/demo/twilio/2010-04-01/Accounts/AC0/Messages.json")

    assert "A real Twilio is set up" in page
    assert 'id="phone"' not in page
    assert (phone.status_code, stand_in.status_code) == (404, 404)


def test_the_demo_is_refused_outside_demo_mode() -> None:
    from fastapi import FastAPI

    from channels import demo

    app = FastAPI()
    app.state.settings = settings_for(1, guidepost_demo=False)
    with pytest.raises(AssertionError, match="demo mode only"):
        demo.mount(app)


def test_the_front_door_leads_to_the_demo(server: Chat) -> None:
    answer = httpx.get(server.url, follow_redirects=True)

    assert answer.url.path == "/demo"
    assert "demo@guidepost.example" in answer.text
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]

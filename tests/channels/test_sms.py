"""Twilio's webhooks, each case a labelled row: over HTTP, on a real Postgres."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from twilio.request_validator import RequestValidator

from casework.conversations import people
from casework.conversations.tables import IN, OUT, Client, Message
from casework.delivery import outbox
from casework.settings import get_settings
from casework.storage import Database
from channels import sms, voice
from channels.twilio import Twilio

PUBLIC, PHONE, LINE, SERVICE = "https://line.example", "+16125550123", "+16125550100", "MG" + "1" * 32
Form = dict[str, str]


@dataclass
class Line:
    """The web process's webhooks, and what is in the database behind them."""

    app: FastAPI
    web: httpx.AsyncClient
    database: Database
    token: str

    def sign(self, path: str, form: Form, *, token: str | None = None, public: str = PUBLIC) -> str:
        return str(RequestValidator(token or self.token).compute_signature(public + path, form))

    async def post(self, path: str, form: Form, signature: str | None = None) -> httpx.Response:
        signed = self.sign(path, form) if signature is None else signature
        return await self.web.post(path, data=form, headers={"X-Twilio-Signature": signed})

    async def texts(self, direction: str = IN) -> list[Message]:
        async with self.database.session() as session:
            found = select(Message).where(Message.direction == direction).order_by(Message.seq)
            return list(await session.scalars(found))

    async def client(self) -> Client:
        async with self.database.session() as session:
            return (await session.scalars(select(Client))).one()

    async def jobs(self, task: str) -> int:
        async with self.database.session() as session:
            counted = text("select count(*) from procrastinate_jobs where task_name = :task")
            return int((await session.execute(counted, {"task": task})).scalar_one())


def inbound(body: str = "hi", sid: str = "SM" + "a" * 32, **more: str) -> Form:
    return {"MessageSid": sid, "From": PHONE, "To": LINE, "Body": body, "NumMedia": "0", "AccountSid": "AC1"} | more


def on_a_line(database: Database, test: Callable[[Line], Awaitable[None]], **changes: Any) -> None:
    async def whole() -> None:
        settings = get_settings().model_copy(update={"public_url": PUBLIC, "gather_seconds": 0.0} | changes)
        app = FastAPI()
        app.state.settings, app.state.database, app.state.twilio = settings, database, Twilio(settings)
        app.include_router(sms.router)
        app.include_router(voice.router)
        assert settings.twilio_auth_token
        token = settings.twilio_auth_token.get_secret_value()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as web:
            try:
                await test(Line(app, web, database, token))
            finally:
                await app.state.twilio.close()
                await database.close()

    asyncio.run(whole())


# (what, path, how the form differs after signing, how it was signed, the answer)
SIGNATURES: list[tuple[str, str, Form, dict[str, str], int]] = [
    ("right", "/sms/inbound", {}, {}, 200),
    ("none", "/sms/inbound", {}, {"given": ""}, 403),
    ("nonsense", "/sms/inbound", {}, {"given": "c2lnbmF0dXJl"}, 403),
    ("another account's token", "/sms/inbound", {}, {"token": "x" * 32}, 403),
    ("another address", "/sms/inbound", {}, {"public": "https://other.example"}, 403),
    ("http, not https", "/sms/inbound", {}, {"public": "http://line.example"}, 403),
    ("a field changed", "/sms/inbound", {"Body": "bye"}, {}, 403),
    ("a field added", "/sms/inbound", {"OptOutType": "STOP"}, {}, 403),
    ("another sender", "/sms/inbound", {"From": "+16125550199"}, {}, 403),
    ("a query that was not signed", "/sms/inbound?more=1", {}, {"path": "/sms/inbound"}, 403),
    ("a query that was signed", "/sms/inbound?rc=1", {}, {"path": "/sms/inbound?rc=1"}, 200),
    ("signed for the other webhook", "/sms/inbound", {}, {"path": "/sms/status"}, 403),
]


@pytest.mark.parametrize(("what", "path", "changed", "how", "answer"), SIGNATURES, ids=[row[0] for row in SIGNATURES])
def test_signature(database: Database, what: str, path: str, changed: Form, how: dict[str, str], answer: int) -> None:
    async def test(line: Line) -> None:
        form = inbound()
        signed = how.get("given")
        if signed is None:
            signed = line.sign(how.get("path", path), form, token=how.get("token"), public=how.get("public", PUBLIC))
        given = await line.post(path, form | changed, signed)
        assert given.status_code == answer, what
        assert len(await line.texts()) == (1 if answer == 200 else 0), what
        if answer == 200:
            assert given.text.endswith("<Response/>")
            assert given.headers["content-type"].startswith("text/xml")

    on_a_line(database, test)


# (what, the form, the answer, the text as it is kept or None)
FORMS: list[tuple[str, Form, int, str | None]] = [
    ("an empty body", inbound(""), 200, ""),
    ("a picture alone", inbound("", NumMedia="1", MediaUrl0="https://x.example/1"), 200, ""),
    ("10,000 characters", inbound("a" * 10_000), 200, "a" * 10_000),
    ("more than is kept", inbound("b" * 20_000), 200, "b" * 10_000),
    ("NUL bytes", inbound("he\x00llo"), 200, "hello"),
    ("emoji and accents", inbound("sí 🙂"), 200, "sí 🙂"),
    ("a count of media that is none", inbound(NumMedia="²"), 200, "hi"),
    ("a count of media beyond all numbers", inbound(NumMedia="9" * 30), 200, "hi"),
    ("SmsSid alone", {"SmsSid": "SM1", "From": PHONE, "To": LINE, "Body": "hi"}, 200, "hi"),
    ("no body field", {"MessageSid": "SM1", "From": PHONE, "To": LINE}, 200, ""),
    ("no To", {"MessageSid": "SM1", "From": PHONE, "Body": "hi"}, 200, "hi"),
    ("behind a Messaging Service", inbound(MessagingServiceSid=SERVICE), 200, "hi"),
    ("a short code", inbound(From="729725"), 200, None),
    ("an alphanumeric sender", inbound(From="VERIZON"), 200, None),
    ("a number that cannot be", inbound(From="+1"), 200, None),
    ("a WhatsApp address", inbound(From="whatsapp:+16125550123"), 200, None),
    ("no sid", {"From": PHONE, "Body": "hi"}, 400, None),
    ("no sender", {"MessageSid": "SM1", "Body": "hi"}, 400, None),
    ("nothing at all", {}, 400, None),
    ("an oversize form", inbound("x" * 70_000), 413, None),
]


@pytest.mark.parametrize(("what", "form", "answer", "kept"), FORMS, ids=[row[0] for row in FORMS])
def test_form(database: Database, what: str, form: Form, answer: int, kept: str | None) -> None:
    async def test(line: Line) -> None:
        assert (await line.post("/sms/inbound", form)).status_code == answer, what
        found = await line.texts()
        assert [message.text for message in found] == ([] if kept is None else [kept]), what
        assert await line.jobs("turn") == len(found), what

    on_a_line(database, test)


def test_a_body_that_is_no_form_is_refused(database: Database) -> None:
    async def test(line: Line) -> None:
        for body in (b"\xff\xfe\x00", b"&".join(b"a%d=1" % n for n in range(500)), b"{}"):
            answer = await line.web.post("/sms/inbound", content=body, headers={"X-Twilio-Signature": "x"})
            assert answer.status_code in (400, 403)
        assert await line.texts() == []

    on_a_line(database, test)


def test_a_text_that_comes_twice_is_stored_and_answered_once_even_at_the_same_moment(database: Database) -> None:
    async def test(line: Line) -> None:
        given = await asyncio.gather(*(line.post("/sms/inbound", inbound()) for _ in range(8)))
        assert {answer.status_code for answer in given} == {200}
        assert len(await line.texts()) == 1
        assert await line.jobs("turn") == 1
        await line.client()

    on_a_line(database, test)


def test_texts_of_one_number_are_kept_in_the_order_they_came_and_of_two_in_two_conversations(
    database: Database,
) -> None:
    async def test(line: Line) -> None:
        for n in range(5):
            await line.post("/sms/inbound", inbound(f"text {n}", f"SM{n}"))
        await line.post("/sms/inbound", inbound("other", "SM9", From="+16125550155"))
        found = await line.texts()
        assert [message.text for message in found] == [f"text {n}" for n in range(5)] + ["other"]
        assert len({message.conversation_id for message in found}) == 2

    on_a_line(database, test)


# (what, texts before, the text, Twilio's OptOutType, opted out after, answers of ours, turns of the assistant)
KEYWORDS: list[tuple[str, tuple[str, ...], str, str, bool, int, int]] = [
    ("STOP", (), "STOP", "", True, 1, 0),
    ("stop with a dot", (), "stop.", "", True, 1, 0),
    ("Stop all", (), "Stop All", "", True, 1, 0),
    ("CANCEL", (), "CANCEL", "", True, 1, 0),
    ("END", (), "End", "", True, 1, 0),
    ("ALTO", (), "¡ALTO!", "", True, 1, 0),
    ("baja", (), "Baja", "", True, 1, 0),
    ("a sentence with stop in it", (), "the bus does not stop here", "", False, 0, 1),
    ("Twilio handled STOP", (), "STOP", "STOP", True, 0, 0),
    ("Twilio handled a word of its own", (), "no more texts", "STOP", True, 0, 0),
    ("HELP", (), "HELP", "", False, 1, 0),
    ("ayuda", (), "Ayuda", "", False, 1, 0),
    ("Twilio handled HELP", (), "HELP", "HELP", False, 0, 0),
    ("START after STOP", ("STOP",), "START", "", False, 2, 0),
    ("UNSTOP after STOP", ("STOP",), "unstop", "", False, 2, 0),
    ("YES after STOP", ("STOP",), "YES", "", False, 2, 0),
    ("sí after STOP", ("STOP",), "Sí", "", False, 2, 0),
    ("Twilio handled START", ("STOP",), "START", "START", False, 1, 0),
    ("YES of who is not opted out", (), "YES", "", False, 0, 1),
    ("START of who is not opted out", (), "START", "", False, 0, 1),
    ("a text after STOP", ("STOP",), "hello?", "", True, 1, 1),
    ("STOP twice", ("STOP",), "STOP", "", True, 2, 0),
]


@pytest.mark.parametrize(
    ("what", "before", "body", "opt_out", "out", "answers", "turns"), KEYWORDS, ids=[row[0] for row in KEYWORDS]
)
def test_keyword(
    database: Database,
    what: str,
    before: tuple[str, ...],
    body: str,
    opt_out: str,
    out: bool,
    answers: int,
    turns: int,
) -> None:
    async def test(line: Line) -> None:
        for number, earlier in enumerate(before):
            await line.post("/sms/inbound", inbound(earlier, f"SMbefore{number}"))
        more = {"OptOutType": opt_out} if opt_out else {}
        assert (await line.post("/sms/inbound", inbound(body, **more))).status_code == 200
        assert ((await line.client()).opted_out_at is not None) is out, what
        assert len(await line.texts(OUT)) == answers, what
        assert await line.jobs("turn") == turns, what
        resumed = bool(before) and not out
        assert await line.jobs("resume") == (1 if resumed else 0), what

    on_a_line(database, test)


def test_stop_drops_what_waits_to_be_sent_and_its_own_confirmation_still_goes(database: Database) -> None:
    async def test(line: Line) -> None:
        await line.post("/sms/inbound", inbound())
        async with line.database.session() as session:
            client, conversation = await people.by_phone(session, PHONE, LINE)
            await outbox.put(session, client, conversation, "a reply", author="assistant")
        await line.post("/sms/inbound", inbound("STOP", "SMstop"))
        assert [message.status for message in await line.texts(OUT)] == ["dropped", "queued"]

    on_a_line(database, test)


# (what, callbacks as (state, code), where the message ends, opted out after)
STATES: list[tuple[str, tuple[tuple[str, str], ...], str, bool]] = [
    ("in order", (("queued", ""), ("sent", ""), ("delivered", "")), "delivered", False),
    ("backwards", (("delivered", ""), ("sent", ""), ("queued", "")), "delivered", False),
    ("delivered twice", (("delivered", ""), ("delivered", "")), "delivered", False),
    ("undelivered: unreachable", (("sent", ""), ("undelivered", "30003")), "undelivered", False),
    ("undelivered: a landline", (("undelivered", "30006"), ("sent", "")), "undelivered", False),
    ("failed: filtered", (("failed", "30007"),), "failed", False),
    ("failed: opted out", (("failed", "21610"),), "failed", True),
    ("a code that is none", (("sent", "²"),), "sent", False),
    ("a state nobody knows", (("levitating", ""),), "sending", False),
]


@pytest.mark.parametrize(("what", "told", "ends", "out"), STATES, ids=[row[0] for row in STATES])
@pytest.mark.parametrize("by", ["Twilio's id", "our own id"])
def test_status(
    database: Database, by: str, what: str, told: tuple[tuple[str, str], ...], ends: str, out: bool
) -> None:
    async def test(line: Line) -> None:
        async with line.database.session() as session:
            client, conversation = await people.by_phone(session, PHONE, LINE)
            message_id = await outbox.put(session, client, conversation, "hello", author="system")
            known = "SMx" if by == "Twilio's id" else None
            await session.execute(update(Message).values(status="sending", provider_id=known))
        path = "/sms/status" if known else f"/sms/status?message={message_id}"
        for state, code in told:
            form = {"MessageSid": "SMx", "MessageStatus": state} | ({"ErrorCode": code} if code else {})
            assert (await line.post(path, form)).status_code == 204, what
        [message] = await line.texts(OUT)
        assert (message.status, message.provider_id) == (ends, "SMx"), what
        assert ((await line.client()).opted_out_at is not None) is out, what

    on_a_line(database, test)


@pytest.mark.parametrize(
    ("what", "form", "answer"),
    [
        ("no state", {"MessageSid": "SMx"}, 400),
        ("no sid", {"MessageStatus": "sent"}, 400),
        ("of a text not known yet", {"MessageSid": "SMnew", "MessageStatus": "sent"}, 204),
    ],
)
def test_odd_status(database: Database, what: str, form: Form, answer: int) -> None:
    async def test(line: Line) -> None:
        assert (await line.post("/sms/status", form)).status_code == answer, what
        assert await line.jobs("late_status") == (1 if answer == 204 else 0), what

    on_a_line(database, test)


def test_a_web_process_without_its_database_says_try_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "_WAIT_FOR_DATABASE", 0.5)

    async def test(line: Line) -> None:
        line.app.state.database = Database("postgresql://nobody@127.0.0.1:1/nothing")
        answer = await line.post("/sms/inbound", inbound())
        assert answer.status_code == 503
        line.app.state.database = line.database
        assert (await line.post("/sms/inbound", inbound())).status_code == 200
        assert len(await line.texts()) == 1

    on_a_line(database, test)


def test_a_call_hears_that_it_is_a_text_line_and_988_and_911_in_both_languages(database: Database) -> None:
    async def test(line: Line) -> None:
        form = {"CallSid": "CA1", "From": PHONE, "To": LINE}
        assert (await line.post("/voice/inbound", form, "nonsense")).status_code == 403
        said = (await line.post("/voice/inbound", form)).text
        for words in ("text line", "mensajes de texto", "9 8 8", "9 1 1", "<Hangup"):
            assert words in said
        assert "<Dial" not in said

    on_a_line(database, test)


def test_a_call_is_put_through_where_a_number_is_set(database: Database) -> None:
    async def test(line: Line) -> None:
        said = (await line.post("/voice/inbound", {"CallSid": "CA1", "From": PHONE, "To": LINE})).text
        assert "+16125550198</Dial>" in said
        assert said.index("9 8 8") < said.index("<Dial")
        assert f'action="{PUBLIC}/voice/after"' in said
        assert "Nobody could answer" not in said

    on_a_line(database, test, staff_forward="+16125550198")


@pytest.mark.parametrize(
    ("ended", "told"),
    [("completed", False), ("no-answer", True), ("busy", True), ("failed", True), ("canceled", True)],
)
def test_who_was_put_through_hears_that_nobody_answered_only_where_that_is_so(
    database: Database, ended: str, told: bool
) -> None:
    async def test(line: Line) -> None:
        form = {"CallSid": "CA1", "From": PHONE, "To": LINE, "DialCallStatus": ended}
        assert (await line.post("/voice/after", form, "nonsense")).status_code == 403
        said = (await line.post("/voice/after", form)).text
        assert ("Nobody could answer" in said, "<Hangup" in said) == (told, True)

    on_a_line(database, test, staff_forward="+16125550198")


def test_replies_leave_through_the_messaging_service_where_one_is_set(database: Database) -> None:
    async def test(line: Line) -> None:
        asked: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(201, json={"sid": "SM1", "status": "accepted"})

        twilio = line.app.state.twilio
        twilio._transport._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        message_id = uuid.uuid4()
        assert await twilio.send(to=PHONE, body="hello", message_id=message_id) == "SM1"
        fields = dict(httpx.QueryParams(asked[0].content.decode()))
        assert fields == {
            "To": PHONE,
            "Body": "hello",
            "MessagingServiceSid": SERVICE,
            "StatusCallback": f"{PUBLIC}/sms/status?message={message_id}",
        }

    on_a_line(database, test, twilio_from=SERVICE)

"""The channel to the dialogue model, on a running server."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.bot.conftest import ModelServer

SAID = "the zebra in my kitchen knows 55404"


@pytest.fixture(autouse=True)
def _well_behaved_actions(model_server: ModelServer) -> None:
    model_server.actions.answers.clear()
    model_server.actions.calls.clear()


def one() -> str:
    return str(uuid.uuid4())


def events_of(server: ModelServer, sender: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.database) as connection:
        return connection.execute(
            "select type_name, message_id, intent_name, action_name, data from bot.events where sender_id = %s"
            " order by id",
            [sender],
        ).fetchall()


def test_a_turn_is_answered_with_texts_and_choices(model_server: ModelServer) -> None:
    answer = model_server.turn(one(), one(), "hello there")
    assert answer.status_code == 200
    assert answer.json() == {
        "messages": [
            {
                "text": "Hello.\n\nHow are you?",
                "buttons": [{"title": "Well", "payload": "/inform"}, {"title": "Hungry", "payload": "/need_food"}],
            }
        ]
    }


def test_a_message_that_comes_twice_is_handled_once_and_answered_the_same(model_server: ModelServer) -> None:
    sender, message = one(), one()
    model_server.actions.answers["action_note"] = (
        200,
        {"events": [], "responses": [{"text": "Noted."}, {"custom": {"card": 1}}, {"response": "utter_again"}]},
    )
    first = model_server.turn(sender, message, "i am hungry").json()
    assert first == {"messages": [{"text": "Noted."}, {"custom": {"card": 1}}, {"text": "Again?"}]}
    model_server.turn(sender, one(), "hello there")
    stored = events_of(model_server, sender)
    assert model_server.turn(sender, message, "i am hungry").json() == first
    assert model_server.actions.asked("action_note") == 1
    assert events_of(model_server, sender) == stored


def test_a_message_sent_twice_at_once_is_handled_once(model_server: ModelServer) -> None:
    sender, message = one(), one()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: model_server.turn(sender, message, "i am hungry"), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert model_server.actions.asked("action_note") == 1


@pytest.mark.parametrize(
    "bad",
    [
        (500, {"error": "broken"}),
        (404, {"action_name": "action_second", "error": "unknown"}),
        (400, {"error": "not a rejection of a form"}),
        (200, b"not json"),
        (200, {"events": [{"event": "no such event"}], "responses": []}),
        (200, {"events": "none", "responses": []}),
    ],
    ids=["error", "unknown", "bad request", "not json", "unknown event", "wrong shape"],
)
def test_a_turn_with_a_failed_action_keeps_nothing_and_may_be_tried_again(
    model_server: ModelServer, bad: tuple[int, object]
) -> None:
    sender, message = one(), one()
    model_server.turn(sender, one(), "hello there")
    before = events_of(model_server, sender)
    model_server.actions.answers["action_second"] = bad
    answer = model_server.turn(sender, message, "i am hungry")
    assert (answer.status_code, answer.json()) == (503, {"error": "action_failed"})
    assert events_of(model_server, sender) == before
    model_server.actions.answers["action_second"] = (200, {"events": [], "responses": [{"text": "Done."}]})
    again = model_server.turn(sender, message, "i am hungry")
    assert (again.status_code, again.json()) == (200, {"messages": [{"text": "Done."}]})
    assert [row[1] for row in events_of(model_server, sender) if row[1] == message] == [message]


def test_a_failed_action_ends_the_turn_before_the_next_action_is_run(model_server: ModelServer) -> None:
    model_server.actions.answers["action_note"] = (500, {})
    assert model_server.turn(one(), one(), "i am hungry").status_code == 503
    assert model_server.actions.asked("action_second") == 0


def test_a_failed_first_turn_leaves_no_conversation(model_server: ModelServer) -> None:
    sender = one()
    model_server.actions.answers["action_note"] = (500, {})
    assert model_server.turn(sender, one(), "i am hungry").status_code == 503
    assert events_of(model_server, sender) == []


def test_slots_are_remembered_from_turn_to_turn(model_server: ModelServer) -> None:
    sender = one()
    model_server.turn(sender, one(), "i have Medi-Cal")
    model_server.turn(sender, one(), "i am hungry")
    assert model_server.actions.calls[-1]["tracker"]["slots"]["payer"] == "medicaid"


def test_the_action_server_is_called_with_its_secret(model_server: ModelServer) -> None:
    model_server.turn(one(), one(), "i am hungry")
    assert model_server.actions.calls[-1]["authorization"] == "Bearer for the actions"


def test_what_is_said_is_neither_in_the_database_nor_in_the_log(model_server: ModelServer) -> None:
    sender = one()
    model_server.turn(sender, one(), SAID)
    model_server.actions.answers["action_note"] = (500, {"error": SAID})
    model_server.turn(sender, one(), "/inform" + json.dumps({"zip": SAID}))
    model_server.turn(sender, one(), "/" + SAID)
    model_server.client.post("/webhooks/guidepost/turn", content=b"{" + SAID.encode())
    model_server.client.post(f"/{SAID}", content=SAID)
    rows = events_of(model_server, sender)
    assert any(row[0] == "user" for row in rows)
    assert all(row[2] is None for row in rows)
    everything = repr(rows) + model_server.log.read_text()
    assert "zebra" not in everything
    assert "kitchen" not in everything
    assert "turn failed: action_failed action_note: HTTP 500" in model_server.log.read_text()


def test_words_that_look_like_a_payload_are_words(model_server: ModelServer) -> None:
    typed = model_server.turn(one(), one(), "/goodbye", metadata={"words": "/goodbye"}).json()
    chosen = model_server.turn(one(), one(), "/goodbye", metadata={"words": "2"}).json()
    assert chosen == {"messages": [{"text": "Bye."}]}
    assert model_server.turn(one(), one(), "goodbye").json() == typed


@pytest.mark.parametrize("text", ["", "   ", "\n", "🙂", "/", "x" * 10_000, "\u0000", "{}", "ñ" * 3000])
def test_odd_texts_are_answered(model_server: ModelServer, text: str) -> None:
    assert model_server.turn(one(), one(), text).status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic a secret of the tests", "Bearer é"])
def test_a_bad_secret_is_refused(model_server: ModelServer, authorization: str) -> None:
    for path in ("/webhooks/guidepost/turn", "/model/parse"):
        answer = httpx.post(
            model_server.url + path,
            headers=[(b"Authorization", authorization.encode())],
            json={"sender": "a", "message_id": "b", "text": "hi"},
        )
        assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"message_id": "b", "text": "hi"}', "sender"),
        (b'{"sender": 5, "message_id": "b", "text": "hi"}', "sender"),
        (b'{"sender": "a", "message_id": "", "text": "hi"}', "message_id"),
        (b'{"sender": "a", "message_id": "b"}', "text"),
        (b'{"sender": "a", "message_id": "b", "text": null}', "text"),
        (b'{"sender": "a", "message_id": "b", "text": "hi", "metadata": 3}', "metadata"),
    ],
)
def test_a_bad_body_is_refused_by_name(model_server: ModelServer, body: bytes, what: str) -> None:
    answer = model_server.client.post("/webhooks/guidepost/turn", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"] == "bad_request"
    assert what in answer.json()["detail"]


def test_rasas_own_api_is_not_served(model_server: ModelServer) -> None:
    for method, path in (("GET", "/conversations/x/tracker"), ("PUT", "/model"), ("GET", "/domain")):
        assert model_server.client.request(method, path).status_code == 404
    for path in ("/webhooks/rest/webhook",):
        assert model_server.client.post(path, json={"sender": "a", "message": "hi"}).status_code == 404


def test_parsing_gives_rasas_shape(model_server: ModelServer) -> None:
    parsed = model_server.client.post("/model/parse", json={"text": "i have Medi-Cal"}).json()
    assert parsed["intent"]["name"] == "inform"
    assert [(e["entity"], e["value"], e["start"], e["end"]) for e in parsed["entities"]] == [
        ("payer", "medicaid", 7, 15)
    ]


def test_a_long_conversation_is_remembered_and_stays_small(model_server: ModelServer) -> None:
    sender, early = one(), one()
    first = model_server.turn(sender, early, "hello there").json()
    model_server.turn(sender, one(), "i have Medi-Cal")
    for _ in range(60):
        assert model_server.turn(sender, one(), "hello there").status_code == 200
    model_server.turn(sender, one(), "i am hungry")
    told = model_server.actions.calls[-1]["tracker"]
    assert told["slots"]["payer"] == "medicaid"
    assert len([event for event in told["events"] if event["event"] == "user"]) <= 31
    assert model_server.turn(sender, early, "hello there").json() == first
    assert len([row for row in events_of(model_server, sender) if row[0] == "user"]) == 63


def test_whether_the_actions_answer_is_told_by_the_model_server_that_asks_them(model_server: ModelServer) -> None:
    assert model_server.client.get("/webhooks/guidepost/actions").status_code == 200
    model_server.actions.answers["/healthz"] = (503, None)
    assert model_server.client.get("/webhooks/guidepost/actions").status_code == 503
    assert model_server.client.get("/webhooks/guidepost/").status_code == 200

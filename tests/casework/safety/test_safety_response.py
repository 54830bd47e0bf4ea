"""What a client in danger gets, in every state that a conversation can be in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from texting import Line

from casework.conversations.receive import Inbound, receive
from casework.conversations.tables import Answer, Client, Conversation, Message
from casework.delivery.sms_text import compose, parts
from casework.handoff.tables import Handoff
from casework.safety import alarms
from casework.safety.response import on_message, release
from casework.safety.tables import Alarm
from casework.settings import get_settings
from casework.storage import new_id
from casework.wording import say

Opens = Callable[..., Line]
DANGER = "i want to kill myself tonight"
PELIGRO = "me quiero morir, ya no quiero vivir"


def _handoffs(line: Line) -> list[Handoff]:
    async def work(session: Any) -> Any:
        return list(await session.scalars(select(Handoff)))

    return line.run(work)


def _acknowledged(line: Line) -> None:
    """Somebody has seen the alarm, and looks after it."""
    staff = line.staff()

    async def work(session: Any) -> None:
        alarm = (await session.scalars(select(Alarm).where(Alarm.status == "open"))).one()
        await alarms.acknowledge(session, alarm.id, staff, line.now)

    line.run(work)


@pytest.mark.parametrize(("channel", "status"), [("sms", "queued"), ("web", "sent")])
def test_a_crisis_gets_the_resources_at_once_and_a_person_is_paged(line: Opens, channel: str, status: str) -> None:
    client = line(channel=channel)
    (reply,) = client.say(DANGER)
    assert reply.status == status
    for words in ("988", "911", "741741", "not an emergency service", "Are you safe right now?"):
        assert words in reply.text
    (alarm,) = client.alarms()
    assert (alarm.status, alarm.level, alarm.kinds) == ("open", "crisis", ["suicide"])
    (page,) = client.jobs("page")
    assert (page["queue_name"], page["priority"], page["args"]["step"]) == ("crisis", 100, 0)
    assert [(h.urgency, h.reason) for h in _handoffs(client)] == [(3, "crisis")]
    conversation = client.conversation()
    assert (conversation.safety, conversation.owner) == ("crisis", "assistant")
    assert client.jobs("turn") == []


def test_the_sms_of_a_crisis_overtakes_all_other_sending(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    (send,) = client.jobs("send_sms")
    assert (send["queue_name"], send["priority"]) == ("crisis", 100)


def test_the_reply_is_in_the_clients_language(line: Opens) -> None:
    (reply,) = line(language="es").say(PELIGRO)
    for words in ("988 y marcar 2", "AYUDA al 988", "911", "no es un servicio de emergencia"):
        assert words in reply.text


def test_every_assessment_is_kept_with_its_reasons_and_the_models_version(line: Opens) -> None:
    client = line()
    client.say("hello, i need a case manager")
    client.say(DANGER)
    none, crisis = client.assessments()
    assert (none.level, crisis.level) == ("none", "crisis")
    assert crisis.model_version not in ("", "lexicon-only")
    assert any("phrase" in reason for reason in crisis.reasons)
    assert any("crisis" in reason for reason in crisis.reasons)


def test_a_crisis_in_the_middle_of_a_form_holds_the_screening(line: Opens) -> None:
    client = line()
    client.say("i want to see if i qualify")
    assert len(client.jobs("turn")) == 1
    client.say(DANGER)
    client.say("55401")
    assert client.conversation().safety == "crisis"
    assert len(client.jobs("turn")) == 1


def test_a_crisis_while_a_person_is_there_pages_sends_the_resources_and_leaves_the_rest_to_them(line: Opens) -> None:
    client = line()
    client.change(owner="person")
    client.write("Hi, this is Ada. I read what you wrote.")
    (reply,) = client.say(DANGER)
    assert "988" in reply.text
    assert client.conversation().owner == "person"
    assert client.say("ok") == []
    _acknowledged(client)
    assert client.say("no im not ok", later=timedelta(minutes=11)) == []
    (alarm,) = client.alarms()
    assert alarm.status == "open", "people are called again"


@pytest.mark.parametrize(
    ("what", "answer", "told"),
    [
        ("not safe", "no", "utter_safety_again"),
        ("afraid", "im scared", "utter_safety_again"),
        ("asks for a person", "a person please", "utter_safety_person_called"),
        ("anything else", "my cat is here", "utter_safety_staying"),
        ("START, not stopped", "START", "utter_safety_staying"),
        ("safe", "yes", "utter_safety_glad"),
    ],
)
@pytest.mark.parametrize("handed_over", ["by the assistant", "by staff who have gone home"])
def test_people_who_have_the_conversation_and_are_not_there_leave_nobody_in_danger_with_silence(
    line: Opens, handed_over: str, what: str, answer: str, told: str
) -> None:
    client = line()
    client.say("hello")
    client.answered()
    turn = client.assessments()[0].message_id
    client.change(owner="person", owner_turn=turn if handed_over == "by the assistant" else None)
    client.say(DANGER, later=timedelta(hours=6))
    _acknowledged(client)
    (reply,) = client.say(answer, later=timedelta(minutes=11))
    assert reply.text == say(told, "en").text, what
    assert client.alarms()[0].status == ("open" if told.endswith(("again", "called")) else "acknowledged")
    assert client.conversation().safety == "crisis"


@pytest.mark.parametrize("answer", ["1", "CONTINUE"])
def test_who_is_safe_goes_on_with_the_assistant_where_nobody_has_come(line: Opens, answer: str) -> None:
    client = line()
    client.change(owner="person")
    client.say(DANGER)
    assert client.say(answer) == []
    conversation = client.conversation()
    assert (conversation.safety, conversation.owner) == ("none", "assistant")
    assert len(client.jobs("turn")) == 1


@pytest.mark.parametrize(
    ("what", "before", "late"),
    [
        ("danger in the text before it", None, "i feel so hopeless and worthless lately"),
        ("staff released it meanwhile", DANGER, "i really want to die"),
    ],
)
@pytest.mark.parametrize("channel", ["sms", "web"])
def test_a_text_that_waited_for_another_sees_what_was_found_and_done_meanwhile(
    line: Opens, channel: str, what: str, before: str | None, late: str
) -> None:
    client = line(channel=channel)
    if before:
        client.say(before)
    staff = client.staff()

    async def work(waiting: Any) -> None:
        async def who(session: Any) -> tuple[Client, Conversation]:
            conversation = await session.get_one(Conversation, client.conversation_id)
            return await session.get_one(Client, client.client_id), conversation

        read = await who(waiting)
        async with client.database.session() as meanwhile:
            if before:
                await release(meanwhile, (await who(meanwhile))[1], staff, client.now)
            else:
                await receive(meanwhile, *await who(meanwhile), Inbound(DANGER), at=client.now)
        await receive(waiting, *read, Inbound(late), at=client.now)

    client.run(work)
    assert client.conversation().safety == "crisis", what
    assert [alarm.status for alarm in client.alarms()] == (["closed", "open"] if before else ["open"])


def test_after_stop_nothing_is_sent_and_a_person_is_still_paged(line: Opens) -> None:
    client = line()
    client.say("STOP")
    (reply,) = client.say(DANGER)
    assert reply.status == "dropped"
    assert client.jobs("send_sms") == client.jobs("send_sms")[:1]  # the confirmation of STOP alone
    assert len(client.alarms()) == 1
    assert len(client.jobs("page")) == 1


def test_stop_in_a_crisis_is_still_obeyed_and_starting_again_finds_the_line_there(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    client.say("STOP")
    assert client.conversation().safety == "crisis"
    assert any("still here" in reply.text and reply.status == "queued" for reply in client.say("START"))


def test_no_consent_is_needed_for_help(line: Opens) -> None:
    client = line()
    client.change(saving_refused_at=client.now)
    (reply,) = client.say(DANGER)
    assert "988" in reply.text


def test_out_of_hours_is_said(line: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "agency_hours", "Mon-Sun 03:00-03:01 America/Chicago")
    client = line()
    replies = client.say(DANGER)
    assert "closed right now" in replies[1].text
    resources, closed = client.jobs("send_sms")
    assert resources["lock"] == closed["lock"] == f"crisis:{client.conversation_id}", "one after the other"


def test_the_same_numbers_are_not_sent_again_within_half_an_hour(line: Opens) -> None:
    client = line()
    (first,) = client.say(DANGER)
    (second,) = client.say("i really want to die")
    assert second.text != first.text
    assert "741741" not in second.text
    assert "still here" in second.text
    (third,) = client.say(DANGER, later=timedelta(minutes=31))
    assert third.text == first.text
    assert len(client.alarms()) == 1


def test_another_danger_brings_its_own_numbers(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    (reply,) = client.say("my husband is beating me and wont let me leave the house")
    assert "1-800-799-7233" in reply.text


def test_a_veteran_gets_the_veterans_line(line: Opens) -> None:
    client = line()

    async def told(session: Any) -> None:
        session.add(Answer(id=new_id(), client_id=client.client_id, fact="veteran", value=True))

    client.run(told)
    (reply,) = client.say(DANGER)
    assert "press 1" in reply.text
    assert "838255" in reply.text


def test_a_text_that_says_veteran_gets_the_veterans_line(line: Opens) -> None:
    (reply,) = line().say("im a marine vet and i want to shoot myself")
    assert "838255" in reply.text


@pytest.mark.parametrize(
    ("language", "safe", "glad", "on"),
    [("en", "im ok now", "glad you are safe", "yes"), ("es", "ya estoy bien", "alegra", "si")],
)
def test_the_line_stays_until_the_client_is_safe_and_wants_to_go_on(
    line: Opens, language: str, safe: str, glad: str, on: str
) -> None:
    client = line(language=language)
    client.say(DANGER if language == "en" else PELIGRO)
    (stays,) = client.say("my cat is here" if language == "en" else "mi gato esta aqui conmigo")
    assert say("utter_safety_staying", language).text == stays.text
    (reply,) = client.say(safe)
    assert glad in reply.text
    assert client.conversation().safety == "crisis"
    assert client.say(on) == []
    assert client.conversation().safety == "none"
    assert len(client.jobs("turn")) == 1


@pytest.mark.parametrize("answer", ["no", "no im not ok", "help", "i dont know"])
def test_who_is_not_safe_is_heard_and_people_are_called_again(line: Opens, answer: str) -> None:
    client = line()
    client.say(DANGER)
    (reply,) = client.say(answer)
    assert "still here" in reply.text
    assert "911" in reply.text
    assert client.conversation().safety == "crisis"


def test_the_choice_to_go_on_is_taken_by_its_number(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    assert client.say("1") == []
    assert client.conversation().safety == "none"

    async def work(session: Any) -> Any:
        return (await session.scalars(select(Message).where(Message.direction == "in").order_by(Message.seq))).all()

    assert client.run(work)[-1].payload == "/resume"


def test_a_person_can_be_asked_for_and_the_line_stays_meanwhile(line: Opens) -> None:
    client = line(channel="web")
    client.say(DANGER)
    (reply,) = client.say("Talk to a person", payload="/talk_to_person")
    assert "called a person" in reply.text
    assert client.conversation().safety == "crisis"


def test_a_bare_no_to_going_on_is_no_danger(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    client.say("yes i am safe")
    (reply,) = client.say("no")
    assert "no rush" in reply.text


def test_staff_release_a_conversation(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    staff = client.staff()

    async def work(session: Any) -> None:
        await release(session, await session.get_one(Conversation, client.conversation_id), staff, client.now)

    client.run(work)
    assert client.conversation().safety == "none"
    assert client.alarms()[0].status == "closed"
    client.say("ok thanks, what now")
    assert len(client.jobs("turn")) == 1


def test_a_concern_is_acknowledged_once_and_the_turn_goes_on(line: Opens) -> None:
    client = line()
    (reply,) = client.say("i feel so hopeless and worthless lately")
    assert "988" in reply.text
    assert len(client.jobs("turn")) == 1
    assert client.conversation().safety == "concern"
    assert client.alarms() == []
    assert client.say("i hate myself, im worthless") == []
    assert len(client.say("i feel so hopeless and worthless lately", later=timedelta(hours=13))) == 1


def test_a_concern_raises_the_handoff_that_is_open(line: Opens) -> None:
    client = line()

    async def handed(session: Any) -> None:
        session.add(
            Handoff(
                id=new_id(), client_id=client.client_id, conversation_id=client.conversation_id,
                reason="referral", urgency=1,
            )
        )  # fmt: skip

    client.run(handed)
    client.say("i feel so hopeless and worthless lately")
    assert [h.urgency for h in _handoffs(client)] == [2]


def test_a_crisis_leaves_even_if_the_summary_cannot_be_made(line: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("no summary")

    monkeypatch.setattr("casework.handoff.to_people", broken)
    client = line()
    (reply,) = client.say(DANGER)
    assert "988" in reply.text
    assert len(client.jobs("page")) == 1


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_reply_fits_into_few_texts(language: str) -> None:
    from casework.wording import _responses

    names = {name for name, _ in _responses() if name.startswith("utter_safety_")}
    assert len(names) > 10
    for name in names:
        wording = say(name, language)
        allowed = 3 if name.startswith("utter_safety_crisis") else 2
        assert parts(compose(wording.text, wording.choices, language)) <= allowed, name


def test_the_detector_is_called_by_receiving() -> None:
    from casework.conversations import receive as receiving

    assert receiving.on_message is on_message

"""A person is called, then the next, until somebody acknowledges."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from texting import Line

from casework.errors import NotFound
from casework.safety import alarms
from casework.settings import get_settings

Opens = Callable[..., Line]
DANGER = "i want to kill myself tonight"
ON_CALL = ["sms:+16125550001", "email:oncall@example.org", "https://example.org/hook"]


class Pager:
    """Stands in for the text messages, mails and webhooks that go out; `broken` targets refuse."""

    def __init__(self, *broken: str) -> None:
        self.sent: list[tuple[str, str]] = []
        self._broken = broken

    async def send(self, target: str, text: str) -> None:
        if target in self._broken:
            raise ConnectionError("refused")
        self.sent.append((target, text))


@pytest.fixture(autouse=True)
def _on_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "on_call", list(ON_CALL))
    monkeypatch.setattr(get_settings(), "on_call_minutes", 2.0)


def page(line: Line, pager: Pager, step: int) -> None:
    async def whole() -> None:
        await alarms.page(line.database, pager, line_alarm, step, at=line.now)
        await line.database.close()

    line_alarm = line.alarms()[0].id
    asyncio.run(whole())


def test_the_next_person_is_called_after_two_minutes_until_somebody_acknowledges(line: Opens) -> None:
    client, pager = line(), Pager()
    client.say(DANGER)
    for step in range(4):
        page(client, pager, step)
    assert [target for target, _ in pager.sent] == [*ON_CALL, ON_CALL[0]]
    waiting = client.jobs("page")
    assert [job["args"]["step"] for job in waiting] == [0, 1, 2, 3, 4]
    assert all(job["scheduled_at"] == client.now + timedelta(minutes=2) for job in waiting[1:])
    staff, opened = client.staff(), client.alarms()[0].id
    alarm = client.run(lambda session: alarms.acknowledge(session, opened, staff, client.now))
    assert (alarm.status, alarm.acknowledged_by) == ("acknowledged", staff)
    page(client, pager, 4)
    assert len(pager.sent) == 4
    assert len(client.jobs("page")) == 5


def test_a_page_says_nothing_of_the_client(line: Opens) -> None:
    client, pager = line(), Pager()
    client.say(DANGER)
    page(client, pager, 0)
    ((_, text),) = pager.sent
    assert "kill" not in text
    assert "6125550111" not in text
    assert str(client.alarms()[0].id) in text


def test_a_page_that_is_run_twice_goes_out_once(line: Opens) -> None:
    client, pager = line(), Pager()
    client.say(DANGER)
    page(client, pager, 0)
    page(client, pager, 0)
    assert len(pager.sent) == 1
    assert len(client.jobs("page")) == 2


def test_when_one_cannot_be_reached_the_next_is_called_at_once(line: Opens) -> None:
    client, pager = line(), Pager(ON_CALL[0])
    client.say(DANGER)
    page(client, pager, 0)
    assert client.jobs("page")[1]["scheduled_at"] == client.now
    assert "refused" in client.alarms()[0].pages[0]["error"]


def test_the_list_is_gone_through_ten_times_and_the_alarm_says_so(line: Opens) -> None:
    client, pager = line(), Pager()
    client.say(DANGER)
    for step in range(len(ON_CALL) * alarms.ROUNDS + 2):
        page(client, pager, step)
    assert len(pager.sent) == 30
    alarm = client.alarms()[0]
    assert (alarm.status, len(alarm.pages)) == ("open", 30)
    assert alarm.exhausted_at is not None
    client.say("i want to die")
    assert client.alarms()[0].exhausted_at is None
    page(client, pager, client.alarms()[0].step)
    assert len(pager.sent) == 31


def test_without_an_on_call_list_the_console_alarm_stands_and_says_so(
    line: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "on_call", [])
    client, pager = line(), Pager()
    client.say(DANGER)
    page(client, pager, 0)
    alarm = client.alarms()[0]
    assert alarm.status == "open"
    assert "no on-call list" in alarm.pages[0]["error"]


def test_a_crisis_after_an_alarm_was_closed_opens_a_new_one(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    staff, opened = client.staff(), client.alarms()[0].id
    client.run(lambda session: alarms.close(session, opened, staff, client.now))
    client.say("i want to die")
    assert [alarm.status for alarm in client.alarms()] == ["closed", "open"]


def test_worse_words_long_after_an_acknowledgement_call_again(line: Opens) -> None:
    client = line()
    client.say(DANGER)
    staff, opened = client.staff(), client.alarms()[0].id
    client.run(lambda session: alarms.acknowledge(session, opened, staff, client.now))
    client.say("i want to die", later=timedelta(minutes=1))
    assert client.alarms()[0].status == "acknowledged"
    client.say("i want to die", later=timedelta(minutes=12))
    assert client.alarms()[0].status == "open"
    assert len(client.jobs("page")) == 2


def test_an_unknown_alarm_is_not_found(line: Opens) -> None:
    client = line()
    staff = client.staff()
    with pytest.raises(NotFound):
        client.run(lambda session: alarms.acknowledge(session, uuid.uuid4(), staff, client.now))


def test_the_alarms_that_wait_are_counted(line: Opens) -> None:
    client = line()
    client.say(DANGER)

    async def work(session: Any) -> tuple[int, int]:
        return await alarms.count_waiting(session), len(await alarms.waiting(session))

    assert client.run(work) == (1, 1)

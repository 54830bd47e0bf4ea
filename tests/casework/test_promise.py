"""Until when a client who is handed over is answered, and how that is said."""

from __future__ import annotations

import uuid
from datetime import datetime

import pytest

from casework.handoff import promise
from casework.handoff.calling import Colleague, order
from casework.settings import get_settings


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """An office with a split shift, closed on Thanksgiving."""
    settings = get_settings()
    monkeypatch.setattr(settings, "agency_hours", "Mon-Fri 08:00-12:00; Mon-Fri 13:00-17:00 America/Chicago")
    monkeypatch.setattr(settings, "agency_holidays", ["2026-11-26"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "-06:00")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("2026-11-23T09:00", "You get an answer by about 9:30 AM."),
        ("2026-11-23T11:45", "You get an answer by about 1:15 PM."),
        ("2026-11-25T16:45", "You get an answer by Fri Nov 27, 8:15 AM."),
        ("2026-11-23T12:30", "Our office is closed now. It opens Mon Nov 23, 1:00 PM, and you are answered then."),
        ("2026-11-25T22:00", "Our office is closed now. It opens Fri Nov 27, 8:00 AM, and you are answered then."),
    ],
)
@pytest.mark.usefixtures("hours")
def test_who_asks_for_a_person_is_told_when_to_expect_them(asked: str, told: str) -> None:
    moment = at(asked)
    assert promise.in_words(promise.due(promise.SOON, moment), moment, None, "en") == told


@pytest.mark.usefixtures("hours")
def test_it_is_said_in_the_clients_own_zone_and_language() -> None:
    moment = at("2026-11-23T09:00")
    told = promise.in_words(promise.due(promise.SOON, moment), moment, "America/Los_Angeles", "es")
    assert told == "Le contestan a más tardar a eso de las 7:30 AM."


def test_without_office_hours_nothing_is_said_and_the_queue_counts_by_the_clock() -> None:
    moment = at("2026-11-23T03:00")
    assert promise.due(promise.SOON, moment) == at("2026-11-23T03:30")
    assert promise.in_words(promise.due(promise.SOON, moment), moment, None, "en") is None


def test_staff_are_called_by_language_then_skill_then_load_and_supervisors_last() -> None:
    def colleague(name: str, *, lead: bool = False, speaks: str = "en", knows: str = "", busy: int = 0) -> Colleague:
        made = uuid.uuid5(uuid.NAMESPACE_DNS, name)
        return Colleague(made, lead, frozenset(speaks.split()), frozenset(knows.split()), busy)

    staff = {
        "lee": colleague("lee", lead=True, speaks="en es"),
        "eli": colleague("eli", knows="housing"),
        "ines": colleague("ines", speaks="en es", busy=9),
        "omar": colleague("omar", speaks="es", knows="housing", busy=12),
        "sam": colleague("sam", speaks="en es", busy=2),
    }
    names = {each.id: name for name, each in staff.items()}
    called = [names[each] for each in order(list(staff.values()), "es", frozenset(["housing"]))]
    assert called == ["omar", "sam", "ines", "lee"]

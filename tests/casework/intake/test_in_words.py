"""What clients say in words to a list of programs or of times; and what is heard where no question is open."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from actions import about, control
from casework.handoff.tables import Need
from casework.intake import answers
from casework.storage import Database
from tests.casework.directory.directory_helpers import add, add_calendar, program, work
from tests.casework.intake.test_after_the_yes import THROUGH
from tests.casework.intake.walker import Walker

ANYBODY = "(another action)"


@pytest.fixture
def someone(database: Database) -> Walker:
    """Near them: four programs with times on Tuesdays, and one that is full."""

    async def fill(session: Any) -> None:
        for far, name in enumerate(("ash", "birch", "cedar", "dale")):
            await add(session, program(f"{name} clinic", 0.1 * far))
            await add_calendar(session, f"{name} clinic", full=name == "birch")

    work(database, fill)
    return Walker(database, **THROUGH)


class _NotTaken(control.CaseAction):  # type: ignore[name-defined,misc]
    """Stands for the rule that answers what the form did not take."""

    named = "action_not_taken"

    async def act(self, case: Any) -> Any:
        case.tell(ANYBODY)
        return []


def heard(someone: Walker, text: str, intent: str, **entities: str) -> str:
    return someone.walk((text, intent, _NotTaken), **entities)


# text, intent, the programs that are shown then, or the one that was chosen
PROGRAMS = [
    ("can i talk to someone else", "talk_to_person", ANYBODY),
    ("hablar con alguien mas", "talk_to_person", ANYBODY),
    ("what else do i need to bring", "faq_documents", ANYBODY),
    ("no me queda cerca", "find_program", ANYBODY),
    ("ninguno me queda cerca", "find_program", ANYBODY),
    ("show me others", "menu", "Dale Clinic"),
    ("hay algo mas cerca?", "find_program", "Ash Clinic"),
]


def test_what_is_said_to_a_list_of_programs(someone: Walker) -> None:
    assert "1 Ash Clinic" in someone.walk()
    for text, intent, answer in PROGRAMS:
        said = heard(someone, text, intent)
        assert answer in said, (text, said)
        assert "When would you like to talk" not in said, text
    assert "When would you like to talk" in heard(someone, "the closest one", "inform")


def test_not_the_closest_but_the_second(someone: Walker) -> None:
    someone.walk()
    place = next(n for n, each in enumerate(someone.choices, 1) if "Cedar" in each["title"])
    said = heard(someone, "not the closest, the other one", "inform", program_choice=str(place))
    assert "When would you like to talk" in said
    told = someone.after(lambda session: answers.current(session, someone.client_id))
    assert told["program"] == "cedar clinic"


# text, intent, what each time that is offered then holds
TIMES = [
    ("can i talk to someone else", "talk_to_person", None),
    ("quiero hablar con otra persona", "talk_to_person", None),
    ("what else do i need to bring", "faq_documents", None),
    ("other times", "inform", "Tue"),
    ("otra", "skip", "Tue"),
    ("otro dia, el martes en la tarde", "reschedule_appointment", "PM"),
    ("none of those i need mornings", "inform", "AM"),
    ("do you have other times after 1pm", "inform", "PM"),
]


def test_what_is_said_to_a_list_of_times(someone: Walker) -> None:
    someone.walk("1")
    for text, intent, part in TIMES:
        said = heard(someone, text, intent)
        times = [each["title"] for each in someone.choices if "by phone" in each["title"]]
        assert (ANYBODY in said) == (part is None), (text, said)
        assert part is None or (times and all(part in each for each in times)), (text, said)


def test_another_program_than_the_full_one_is_another(someone: Walker) -> None:
    someone.walk()
    said = someone.walk(next(str(n) for n, each in enumerate(someone.choices, 1) if "Birch" in each["title"]))
    assert "no free times right now" in said
    said = someone.walk("hmm")
    assert "still see no free times" in said
    said = someone.walk("2")
    assert "Birch" not in said, said
    assert "1 Ash Clinic" in said
    assert "Dale Clinic" in said


CORRECTED = {
    "a no": ("no my zip is 55408", "deny", about.NotUnderstood),
    "go back": ("go back, my zip is 55408", "go_back", control.GoBack),
    "a wish": ("find a place, my zip is 55408", "find_program", control.Open),
}


@pytest.mark.parametrize(("text", "intent", "action"), CORRECTED.values(), ids=CORRECTED)
def test_a_correction_is_taken_also_where_no_question_is_open(
    database: Database, text: str, intent: str, action: Any
) -> None:
    someone = Walker(database, **THROUGH, program="none", sharing=False)
    someone._in_form = False
    said = someone.walk((text, intent, action))
    assert "Got it, I changed that: ZIP 55408" in said
    told = someone.after(lambda session: answers.current(session, someone.client_id))
    assert (told["zip"], told["sharing"]) == ("55408", False)


def test_a_need_gets_who_helps_near_the_client_and_211(database: Database) -> None:
    async def fill(session: Any) -> None:
        detox = {"services": ["substance_use"], "phone": "+16125550101"}
        await add(session, program("far", 0.5, **detox), program("near", 0.05, **detox))
        await add(session, program("vets", 0.01, veterans_only=True, **detox), program("other", 0.0))

    work(database, fill)
    someone = Walker(database, **THROUGH)
    said = someone.walk(("i need help with drinking", "need_substance_use", about.NeedSaid))
    assert "211" in said
    assert "Near you, Near may help with this too: (612) 555-0101." in said, said
    needs = someone.after(lambda session: session.scalars(select(Need.need)))
    assert needs.all() == ["substance_use"]

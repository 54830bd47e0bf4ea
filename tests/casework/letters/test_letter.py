"""The letter a client takes along: one page in both languages whatever was told, tagged for screen readers."""

from __future__ import annotations

import re
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from casework import screening
from casework.letters import Letter, links, make_letter, pdf, printing
from casework.screening import Language

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
# Every route, every document, no criterion settled: as much as a letter can have to say.
MUCH: dict[str, Any] = {
    "age": 64, "veteran": True, "payer": "private", "in_hospital_now": True, "inpatient_stays_24_months": 1,
    "diagnoses": ["other", "ptsd", "anxiety"], "impairments": ["self_care"],
}  # fmt: skip


def letter(policy: str, language: Language, **more: Any) -> Letter:
    given = {
        "agency": "Guidepost", "at": NOW, "zone": "America/Chicago", "name": "Dana Ruiz",
        "program": ["Loring Bend Mental Health (sample)", "Adult Case Management", "100 Sample St", "Minneapolis, MN"],
        "visit": ["Tue Nov 24, 10:30 AM, Central time, in person at the address above.", "Intake: (612) 555-0102"],
    }  # fmt: skip
    result = screening.screen({**MUCH, "as_of": "2026-11-23"}, policy, language=language)
    return make_letter(result, language, **(given | more))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("policy", screening.policy_ids())
def test_it_is_one_page_however_much_there_is_to_say(policy: str, language: Language) -> None:
    long = "Community " * 12
    made = letter(policy, language, name=long, program=[long, long, long, long], visit=[long, long])
    assert len(printing.pages(made, 20)) == 1


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_is_tagged_for_screen_readers_and_says_its_language(language: Language) -> None:
    made = pdf(letter("default", language))
    assert made.startswith(b"%PDF-")
    for mark in (b"/StructTreeRoot", b"/MarkInfo", f"/Lang({language})".encode(), b"pdfuaid:part>1"):
        assert mark in made.replace(b" ", b"").replace(b"\n", b""), mark
    tags = b"".join(_unpacked(made))
    assert b"/H1" in tags
    assert b"/TH" in tags


def _unpacked(made: bytes) -> list[bytes]:
    found = [made]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return found


@pytest.mark.parametrize("name", ['#panic("x") *b* $x$ @a <b> // c', "李 ☺ Ana", "\x00\x07", "\\", "'\"`"])
def test_what_people_wrote_is_text_and_never_markup(name: str) -> None:
    assert pdf(letter("mn", "en", name=name, program=[name, name])).startswith(b"%PDF-")


def test_a_clients_address_cannot_be_guessed_and_ends() -> None:
    someone = uuid.uuid4()
    token = links.make_link(someone, NOW)
    assert links.read_link(token, NOW + timedelta(days=30)) == someone
    assert links.read_link(token, NOW + timedelta(days=31)) is None
    named, _, signature = token.partition(".")
    other = links.make_link(uuid.uuid4(), NOW).partition(".")[0]
    for wrong in (named, f"{named}.", f"{other}.{signature}", f"{named}.{signature.swapcase()}", "", ".", "ü.ü"):
        assert links.read_link(wrong, NOW) is None
    assert str(someone) not in token

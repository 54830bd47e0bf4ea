"""What every response promises: both languages, plain words, short texts, nothing that a carrier takes for STOP."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from ruamel.yaml import YAML

from casework.delivery.sms_text import compose, is_gsm, parts
from casework.paths import DATA, DOMAIN
from casework.wording import LANGUAGES, Wording, say

MOST_PARTS = 2
HARDEST_GRADE = 6.0
# Never put on one text, and why.
LONGER = {
    "utter_safety_": "a crisis reply holds every number that may be needed at once",
    "utter_ask_diagnoses": "seven choices stand under the question",
    "utter_again_diagnoses": "seven choices stand under the question",
    "utter_ask_impairments": "seven choices stand under the question",
    "utter_again_impairments": "seven choices stand under the question",
    "utter_menu": "five choices stand under the line",
    "utter_voice": "spoken, not texted",
    "utter_chat_": "shown in the web chat only",
}
# What carriers take for STOP or START when it is a whole message; the line never asks a client to send it.
_NAMES_KEYWORDS = {
    "utter_help": "says how to stop, as carriers require",
    "utter_stopped": "says how to come back, as carriers require",
    "utter_link_joined": "the first text to a phone says how to stop, as carriers require",
    "utter_link_stopped": "shown in the web chat only: the way back for a phone that texted STOP",
    "utter_safety_crisis_abuse": "START goes to another number, the hotline's own",
}
UNKIND = re.compile(
    r"\b(invalid|denied|failed|failure|must|noncompliant|refused|rejected|error|inv[aá]lid[oa]|denegad[oa]|rechazad[oa]|"
    r"debe usted|tiene que contestar)\b",
    re.IGNORECASE,
)


def domain() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(DOMAIN.read_text(encoding="utf-8"))
    return loaded


RESPONSES = sorted(domain()["responses"])
# What goes to staff, or is only a piece of another text.
PIECES = re.compile(
    r"utter_(fact_|zone_|month_|weekday_|moment|kind_|choice_|title_|criterion_|reply_number|safety_page|because_|next_opening|no_online_openings)"
)
TEXTED = [name for name in RESPONSES if not re.match(r"utter_(chat_|voice)", name)]


def longer(name: str) -> bool:
    return any(name.startswith(start) for start in LONGER)


def placeholders(wording: Wording) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", wording.text))


def likely(text: str) -> str:
    """The text with its placeholders filled by something of a usual length."""
    usual = {
        "agency": "Guidepost", "moment": "Wed Nov 25, 10:30 AM", "zone": "Central time",
        "program": "Loring Bend Mental Health",
        "kind": "in person", "phone": "(612) 555-0102", "address": "120 Main Street, Minneapolis", "what": "Medicaid",
        "documents": "photo ID, proof of address, insurance card", "name": "Loring Bend", "left": "3", "limit": "1600",
    }  # fmt: skip
    return re.sub(r"\{(\w+)\}", lambda match: usual.get(match.group(1), "12"), text)


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_there_in_both_languages_with_the_same_values_and_choices(name: str) -> None:
    english, spanish = say(name, "en"), say(name, "es")
    assert placeholders(english) == placeholders(spanish)
    assert [each["payload"] for each in english.choices] == [each["payload"] for each in spanish.choices]
    assert english.text
    assert spanish.text


@pytest.mark.parametrize("name", TEXTED)
def test_english_needs_only_the_narrow_alphabet(name: str) -> None:
    wording = say(name, "en")
    assert is_gsm(compose(likely(wording.text), wording.choices, "en")), wording.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in TEXTED if not longer(name)])
def test_a_text_takes_two_sms_parts_at_most(name: str, language: str) -> None:
    wording = say(name, language)
    sent = compose(likely(wording.text), wording.choices, language)
    assert parts(sent) <= MOST_PARTS, f"{parts(sent)} parts, {len(sent)} characters: {sent}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", RESPONSES)
def test_nobody_is_blamed_or_ordered(name: str, language: str) -> None:
    wording = say(name, language)
    for text in (wording.text, *(choice["title"] for choice in wording.choices)):
        assert not UNKIND.search(text), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in RESPONSES if name not in _NAMES_KEYWORDS])
def test_no_word_is_asked_for_that_carriers_take_for_stop(name: str, language: str) -> None:
    words = tomllib.loads((DATA / "delivery" / "keywords.toml").read_text(encoding="utf-8"))
    kinds = (words["stop"], words["start"])
    taken = {word.upper() for kind in kinds for row in kind.values() if isinstance(row, list) for word in row}
    shouted = set(re.findall(r"\b[A-ZÑÁÉÍÓÚ]{3,}\b", say(name, language).text))
    assert not shouted & taken, shouted & taken


# -- how hard the English is to read ---------------------------------------------------------------------------------


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end; at least one."""
    bare = re.sub(r"[^a-z]", "", word.lower())
    if len(bare) > 2 and re.search(r"[^aeiouyl]e$|[^aeiouy]es$|[^aeioutdy]ed$", bare):
        bare = re.sub(r"(e|es|ed)$", "", bare)
    return max(1, len(re.findall(r"[aeiouy]+", bare)))


_SUBJECT = r"(?i)\b(case managers?|case management|medicaid|medicare|psychiatric|mental health|appointment|program)s?\b"


def grade(text: str) -> float:
    """Flesch-Kincaid: the school grade that reads it with ease. Names and numbers of helplines are left out."""
    prose = re.sub(r"\{\w+\}|\(.*?\)|\"|[\d-]{3,}|\b[A-Z]{2,}\b", " ", text)
    # What the line is about: words that cannot be had shorter, and that are explained where they come first.
    prose = re.sub(_SUBJECT, "help", prose)
    sentences = [s for s in re.split(r"[.!?:]+(?:\s|$)", prose) if re.search(r"[a-z]", s)]
    words = re.findall(r"[A-Za-z']+", prose)
    if not words or not sentences:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The cat sat on the mat. It was a good cat.", -3, 1),
        ("The comprehensive biopsychosocial assessment necessitates interdisciplinary collaboration.", 20, 60),
    ],
)
def test_the_grade_tells_easy_from_hard(text: str, low: float, high: float) -> None:
    assert low <= grade(text) <= high


@pytest.mark.parametrize("name", [name for name in TEXTED if not PIECES.match(name)])
def test_a_twelve_year_old_can_read_it(name: str) -> None:
    text = say(name, "en").text
    if len(text.split()) >= 8:  # of a few words the formula tells nothing
        assert grade(text) <= HARDEST_GRADE, f"grade {grade(text):.1f}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in RESPONSES if name.startswith(("utter_fact_", "utter_title_need_"))])
def test_a_line_of_the_summary_can_be_offered_by_number(name: str, language: str) -> None:
    line = say(name, language).text
    assert not line.startswith(("{value}",)) or name in (
        "utter_fact_payer",
        "utter_fact_diagnoses",
        "utter_fact_state",
    ), line

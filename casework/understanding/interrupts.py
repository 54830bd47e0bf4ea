"""Whether a text that came while a question is open is something else than its answer. Pure.

The model labels every text; while a question is open, most short texts are answers to it, whatever the label says.
So a label only interrupts where it is one that no answer carries, and sure enough; a question mark helps.
"""

from __future__ import annotations

from casework.understanding.answers import (
    COUNT_LIMITS,
    LENGTHS,
    MAY_STAY_OPEN,
    begins_with_doubt,
    does_not_know,
    names_an_answer,
    read_amount,
)
from casework.understanding.choices import fold
from casework.understanding.heard import Heard
from casework.understanding.lengths import tells_a_length
from casework.understanding.numbers import counts_times, is_a_count
from casework.understanding.yes_no import ABOUT_THE_CLIENT, begins_plainly, in_other_words

# What an answer to a question may be labelled as.
ANSWERS = frozenset(
    {"inform", "affirm", "deny", "skip", "confirm_appointment", "out_of_scope", "thanks", "greet", "express_distress"}
)
# Always heard, however unsure: losing one of these leaves a person stuck.
ALWAYS = frozenset({"talk_to_person", "delete_my_data", "restart", "switch_language"})
CHOICE_ANSWERS = frozenset({"inform", "affirm", "deny", "skip"})  # the choices that answer a question
OFFER_ANSWERS = (["offer_yes"], ["offer_no"], ["offer_leave"])  # of an opening that came free
SURE = 0.45
SURE_CONTROL = 0.35
SURE_OVER_WORDS = 0.8  # below this a text that names an answer of the open question is its answer
SURE_OF_A_WORD = 0.75  # one word is more likely an answer that was not understood
_FEW = 4  # words: a longer text may be about more than the open question
_CONTROL = frozenset({"why_asked", "go_back", "repeat", "menu", "pause", "resume", "bot_challenge", "complaint"})
# Labels whose words are also answers to a question: "i need housing" answers what is hard.
_ANSWER_TO = {
    "impairments": frozenset({"need_housing", "need_job", "need_food", "need_therapy", "need_medication"}),
    "payer": frozenset({"faq_private_insurance", "faq_cost", "faq_veterans", "need_benefits"}),
    "diagnoses": frozenset({"faq_diagnosis"}),
    "diagnosed_by_professional": frozenset({"faq_diagnosis", "need_therapy"}),
    "veteran": frozenset({"faq_veterans"}),
    "in_hospital_now": frozenset({"faq_leaving_hospital"}),
    "days_off_medication": frozenset({"need_medication"}),
    "homeless_months": frozenset({"need_housing"}),
    "program": frozenset({"find_program", "book_appointment"}),
    "opening": frozenset({"book_appointment", "reschedule_appointment", "appointment_status"}),
    "booking": frozenset({"book_appointment"}),
    "zip": frozenset({"find_program"}),
    "name": frozenset({"greet", "find_case_manager"}),
}


def asks(text: str) -> bool:
    """Whether the text is put as a question."""
    first = fold(text).split()[:1]
    return "?" in text or first in (
        ["what"], ["why"], ["who"], ["how"], ["where"], ["when"], ["can"], ["do"], ["does"], ["is"], ["are"], ["will"],
        ["que"], ["y"], ["por"], ["quien"], ["como"], ["donde"], ["cuando"], ["puedo"], ["es"], ["cuanto"], ["cual"],
    )  # fmt: skip


def steers(heard: Heard) -> bool:
    """Whether the label is one that steers the talk or calls for a person, and sure enough."""
    return heard.intent in ALWAYS | _CONTROL and heard.confidence >= SURE_CONTROL


def _plain_answer(step: str, heard: Heard) -> bool:
    """Whether the text answers the open question in plain words. Where the label is sure that it is something else ("i
    need 2 refills of my meds"), a number in it has to be plainly one of times, or a length of what is asked about."""
    if asks(heard.text):
        return False
    if step not in COUNT_LIMITS:
        sure = step in ABOUT_THE_CLIENT and heard.confidence >= SURE_OVER_WORDS
        short = len(fold(heard.text).split()) <= _FEW or begins_plainly(heard.text)  # "yea my dr did"
        return in_other_words(step, heard.text) is not None and (
            not sure or short or heard.intent in ("resume", "repeat")
        )
    if read_amount(step, heard.text) is None:
        return False
    if heard.confidence < SURE_OVER_WORDS or is_a_count(heard.text) or counts_times(heard.text):
        return True
    return step in LENGTHS and heard.intent in _ANSWER_TO.get(step, ()) and tells_a_length(heard.text)


def _is_of_the_question(step: str, heard: Heard) -> bool:
    """Whether the label is one that answers to this question carry."""
    return step not in COUNT_LIMITS and heard.intent in _ANSWER_TO.get(step, ())


def interrupts(heard: Heard, step: str) -> bool:
    """Whether the rules should answer `heard` before the question `step` goes on."""
    if heard.chosen:  # of an older message, too, such as a reminder that came in between
        return heard.intent not in CHOICE_ANSWERS or heard.entity("answer")[:1] in OFFER_ANSWERS
    if heard.intent in ANSWERS or (step in MAY_STAY_OPEN and does_not_know(heard.text)):
        return False
    if heard.intent in ALWAYS:
        return steers(heard)
    plain = _plain_answer(step, heard)
    if heard.intent in ("resume", "repeat") and plain:
        return False  # "yes im still in here" goes on with nothing; "creo que una vez" wants nothing said again
    if heard.intent == "complaint" and plain and step in COUNT_LIMITS and heard.confidence < SURE_OVER_WORDS:
        return False  # "i was in the hospital 3 times it was horrible"
    if heard.confidence < SURE_OVER_WORDS and not asks(heard.text) and names_an_answer(step, heard):
        return False  # "not working right now, got fired" is what is hard, not a pause
    doubt = step in MAY_STAY_OPEN and begins_with_doubt(heard)
    if doubt and not heard.intent.startswith(("need_", "faq_")) and heard.intent not in _CONTROL - {"resume", "repeat"}:
        return heard.confidence >= SURE_OVER_WORDS
    if heard.intent in _CONTROL:
        return steers(heard) and (not doubt or heard.confidence >= SURE)
    if not asks(heard.text) and (_is_of_the_question(step, heard) or plain):
        return False
    if len(fold(heard.text).split()) == 1 and not asks(heard.text):
        return heard.confidence >= SURE_OF_A_WORD
    return heard.confidence >= SURE or (asks(heard.text) and not doubt and heard.confidence >= SURE_CONTROL)

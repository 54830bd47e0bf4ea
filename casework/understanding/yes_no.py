"""Reading a yes or a no, also in other words ("my doctor did", "no but i was in the reserves"). Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from casework.understanding.choices import fold
from casework.understanding.heard import Heard
from casework.understanding.numbers import any_of, without_doubt, word_tables
from casework.understanding.relatives import of_a_relative

# Without a yes or a no to these nothing is done; a yes with a condition is none.
CONSENTS = frozenset({"saving", "sharing", "booking"})
ABOUT_THE_CLIENT = frozenset({"veteran", "in_hospital_now", "diagnosed_by_professional", "professional_opinion",
                              "committed_36_months"})  # fmt: skip
YES_NO = CONSENTS | ABOUT_THE_CLIENT

_FIRST_YES = frozenset({"yes", "yeah", "yep", "yea", "si", "yup", "sure", "claro"})
_FIRST_OK = frozenset({"ok", "okay", "fine", "alright", "bueno", "dale", "vale"})  # begin much that is no yes
_FIRST_NO = frozenset({"no", "nope", "nah", "never", "nunca", "not"})
_NO_BUT = re.compile(
    r"^(?:no|nope|nah)(?: (?:not really|well|pues))? (?:but|just|only|except|pero|solo|nomas|sino) (.+)"
)
# Up to three words before what is named; a new clause between them ends what it denies.
_NOT = re.compile(
    r"\b(?:dont|don t|do not|didnt|didn t|did not|havent|haven t|have not|hasnt|hasn t|never|cant|can t|cannot|couldnt|"
    r"couldn t|wasnt|wasn t|was not|isnt|isn t|wont|won t|not(?! just| only)|no|nunca|jamas|sin|without|ni)"
    r"(?: (?!(?:but|pero|and|y|think|know|creo|se|remember|recuerdo|care|sino|because|just|only)\b)\w+){0,3} $"
)


def read_yes_no(step: str, heard: Heard) -> bool | None:
    """Yes or no to a question of YES_NO, or None where the text is neither."""
    value = _plainly(step, heard)
    return None if value and step in CONSENTS and _sets_a_condition(heard.text) else value


def agrees_in_part(step: str, heard: Heard) -> bool:
    """Whether the text says yes to a question of CONSENTS with a condition ("yes but not my diagnosis")."""
    agrees = _plainly(step, heard) is True or fold(heard.text).split()[:1] in [[word] for word in _FIRST_OK]
    return agrees and _sets_a_condition(heard.text)


def _sets_a_condition(text: str) -> bool:
    said = re.sub(rf"\b(?:{any_of('condition', 'not_these')})\b", " ", fold(text))
    return bool(re.search(rf"\b(?:{any_of('condition', 'words')})\b", said))


def _plainly(step: str, heard: Heard) -> bool | None:
    tables, said = word_tables()["yes_no"], without_doubt(fold(heard.text))
    if step in CONSENTS and re.match(rf"(?:{any_of('yes_no', 'no_harm')})\b", said):
        return True
    if step not in CONSENTS and (after := _NO_BUT.match(said)) and in_other_words(step, after[1]):
        return True  # "no but i was in the national guard"
    if said == fold(heard.text):  # the label of "no se" is a no, which it is not
        if heard.intent in ("affirm", "confirm_appointment"):
            return True
        if heard.intent == "deny":
            return False
    for value, words in ((False, tables["no"]), (True, tables["yes"])):
        if said in map(fold, words):
            return value
    first = (said.split() or [""])[0]
    if first in _FIRST_YES:
        return True
    if first in _FIRST_NO and heard.intent != "express_distress" and not said.startswith("no one"):
        return False
    return in_other_words(step, heard.text)


def begins_plainly(text: str) -> bool:
    """Whether the text begins with a yes or a no."""
    return fold(text).split()[:1] in [[word] for word in _FIRST_YES | _FIRST_NO]


def in_other_words(step: str, text: str) -> bool | None:
    """A yes or a no to this question in words of its own ("my doctor did"), if the text is plainly one of them."""
    if step not in word_tables()["phrases"]:
        return None
    said = fold(text)
    if _phrases(step, "no").search(said):
        return False  # "not yet, my doctor is waiting": where both speak, the no is the more telling
    denied, said = False, without_doubt(said)
    for hit in _phrases(step, "yes").finditer(said):
        before = said[: hit.start()]
        if step in ABOUT_THE_CLIENT and of_a_relative(before):
            continue
        if step not in YES_NO or not _NOT.search(before):
            return True
        denied = True
    return False if denied else None


@lru_cache
def _phrases(step: str, word: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of('phrases', step, word)})")

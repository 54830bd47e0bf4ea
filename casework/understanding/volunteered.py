"""Facts told without being asked ("im 34 live in 55401 and have medicaid"), only those told plainly. Pure."""

from __future__ import annotations

import re
from typing import Any

from casework import screening
from casework.geography import UnknownPlace
from casework.understanding.ages import told_age
from casework.understanding.answers import COUNT_LIMITS, DIAGNOSES, PAYER_ORDER, PAYERS
from casework.understanding.choices import fold
from casework.understanding.heard import Heard, hoped_for
from casework.understanding.interrupts import asks
from casework.understanding.places import read_place, read_state
from casework.understanding.relatives import of_a_relative

_NO_VETERAN = re.compile(
    r"\b(not (a|an) vet(eran)?|never (served|(been|was) in the (military|army|service))"
    r"|no soy veteran[oa]|nunca servi)\b"
)
_VETERAN = re.compile(
    r"\b((i m|im|i am) an? (\w+ )?vet(eran)?|i served|soy veteran[oa]|(combat|army|navy|marine|air force) vet(eran)?"
    r"|i (was|am) (once |also )?in the (u s |us |united states )?"
    r"(army|navy|marines?|marine corps|air force|coast guard|national guard|military|reserves?|service)"
    r"|(estuve|servi) en (el |la |las )?(ejercito|marina|armada|guardia nacional|fuerza aerea|fuerzas armadas))\b"
)
# "va" among the payers: as a doctor or a building it pays for nothing.
_VA_PAYS = re.compile(
    r"\b(va|tricare|champva) (insurance|benefits|coverage|health ?care|card|pays?|covers?|plan)\b|"
    r"\b(have|got|use|through|thru|by|with|on|from|tengo|uso|por|con|del?) (the |my |el |la )?(va|tricare|champva)\b"
    r"(?! (doctor|dr|doc|hospital|clinic|psychiatrist|told|said|therapist|nurse|medico|doctora|psiquiatra|clinica))"
)
# A program, a court or a crisis of mental health is no hospital.
_IN_HOSPITAL = re.compile(
    r"\b(i m|im|i am|estoy) (still |currently |right now |ahora |aqui )*(in|at|on|en|internad[oa] en) "
    r"(the |an? |el |un |la |una )?((psych\w*|mental|locked|behavioral|health|inpatient) ){1,3}"
    r"(hospital|ward|unit|floor|facility)\b|"
    r"\b(i m|im|i am) (still |currently )?(in|at|on) (the |a )?psych(iatric)?$|"
    r"\bestoy (todavia |aun |ahora |aqui )*en (el |un |la |una )?(hospital |unidad |pabellon |clinica )?"
    r"(de salud mental|psiquiatric[oa])\b|"
    r"\b(i m|im|i am) (still |currently )?inpatient\b|\bestoy internad[oa]\b"
)
_DIAGNOSIS_TOLD = {
    *("inform", "find_case_manager", "check_eligibility", "greet", "affirm", "deny", "faq_diagnosis", "go_back"),
}
_LIVES = re.compile(r"\b(live|stay|vivo|living|staying|moved|mude|mudamos)\b")
_LIVED = re.compile(r"\b(used to|antes (?:en|vivia)|vivia|vivi|(?<!ve )(?<!always )lived)\b")
_NAMES = frozenset({"county", "name", "program"})  # their answers may be the name of a state


def volunteered(heard: Heard, *, besides: str | None = None) -> dict[str, Any]:
    """What was told besides the answer to the open question `besides`, whose own reading is left to `read`."""
    if heard.chosen:
        return {}
    said = fold(heard.text)
    told: dict[str, Any] = {}
    if (age := told_age(heard.text, counting=besides in COUNT_LIMITS)) is not None:
        told["age"] = age
    if re.search(r"(?<!\d)\d{5}(?!\d)", heard.text) or _LIVES.search(said):
        told |= _place_told(heard.text)
    told |= _payer_told(heard, said)
    diagnoses = [value for value in _of_the_client(heard, "diagnosis") if value in DIAGNOSES]
    if diagnoses and heard.intent in _DIAGNOSIS_TOLD and not asks(heard.text):
        told["diagnoses"] = sorted(set(diagnoses), key=DIAGNOSES.index)
    if _said_of_the_client(_NO_VETERAN, said):
        told["veteran"] = False
    elif _said_of_the_client(_VETERAN, said):
        told["veteran"] = True
    if _IN_HOSPITAL.search(said):
        told["in_hospital_now"] = True
    if (state := read_state(heard.text)) and (besides not in _NAMES or _LIVES.search(said)) and not _LIVED.search(said):
        told.setdefault("state", state)
    told.pop(besides or "", None)
    return {name: value for name, value in told.items() if name in screening.FACT_NAMES}


def _said_of_the_client(pattern: re.Pattern[str], said: str) -> bool:
    return any(
        not of_a_relative(said[: found.start()] + found[0].split()[0])  # "i served" says itself whose it is
        for found in pattern.finditer(said)
    )


def _of_the_client(heard: Heard, entity: str) -> list[Any]:
    return [value for value in heard.entity(entity) if (entity, value) not in heard.of_relatives]


def _payer_told(heard: Heard, said: str) -> dict[str, Any]:
    named = {value for value in _of_the_client(heard, "payer") if value in PAYERS}
    if "va" in named and not _VA_PAYS.search(said):
        named.discard("va")
    if not named or asks(heard.text) or hoped_for(heard.text):
        return {}
    return {"payer": min(named, key=PAYER_ORDER.index)}


def _place_told(text: str) -> dict[str, Any]:
    if _LIVED.search(fold(text)):  # "i used to live in duluth, now i stay in 55408": what comes last
        text = re.split(r"(?i)\b(?:now|but|ahora|pero)\b", text)[-1]
        if _LIVED.search(fold(text)):
            return {}
    for piece in [text, *re.split(r"[,;.\n]| and | y | i have | with |tengo", text)]:
        try:
            place = read_place(piece)
        except UnknownPlace:
            continue
        if place:
            return {"zip": place.zip}
    return {}

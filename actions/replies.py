"""Putting replies together: the outcome, programs, openings. Wording from `domain.yml` and the criteria's data."""

from __future__ import annotations

import json
from datetime import datetime

from actions.case import Case
from casework import screening
from casework.directory import Found
from casework.intake import policies
from casework.intake.policies import Screened
from casework.moments import differ, moment, shown, zone_name


def choice(title: str, answer: str) -> dict[str, str]:
    """A choice that answers the open question with a value of its own."""
    return {"title": title, "payload": "/inform" + json.dumps({"answer": answer})}


def phone(number: str | None) -> str:
    """A US number as people write it: (612) 555-0101."""
    if number and number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number or ""


def tell_outcome(case: Case, screened: Screened) -> None:
    """The outcome, never as a refusal: by whose rules, what speaks for it, what is not known, and the other ways."""
    result = screened.best
    case.say(f"utter_outcome_{result.outcome}")
    lines = [
        case.word(f"utter_criterion_{criterion.status}", because=criterion.because) for criterion in result.criteria
    ]
    if result.policy != screening.DEFAULT_POLICY:
        lines.insert(0, case.word("utter_outcome_rules", program=_title(case, result)))
    case.tell("\n".join(lines))
    routes = [screening.route_text(route, case.language) for route in result.routes if route != "cmhc"]
    also = [_title(case, each) for each in screened.others if each.outcome is not screening.Outcome.UNLIKELY]
    if also:
        routes.insert(0, case.word("utter_outcome_also", programs="; ".join(dict.fromkeys(also))))
    if routes:
        case.tell("\n".join([case.word("utter_other_ways"), *routes]))


def _title(case: Case, result: screening.Screening) -> str:
    return policies.load(result.policy).title[case.language]


# Which reasons are told, the most telling first; "nearest" is said with what the place takes, an opening by its time.
_TOLD = ("veteran", "child", "older_adult", "language", "outside_area", "telehealth", "room", "area", "front_door")
_MOST = 3


def program_line(case: Case, found: Found, opening: datetime | None, *, with_phone: bool = False) -> str:
    """One program in a line: name, distance, why it is shown, next opening (or how to call)."""
    program = found.program
    number = phone(program.intake_phone or program.phone)
    said = because(case, found)
    if found.full:
        said.append(case.word("utter_because_full"))
    elif opening:
        said.append(case.word("utter_next_opening", moment=_next(case, opening, program.zone)))
    if number and (with_phone or not opening):
        said.append(case.word("utter_no_online_openings", phone=number))
    return case.word(
        "utter_program_line",
        name=program.organization,
        miles=f"{found.miles:.0f}" if found.miles >= 10 else f"{found.miles:.1f}",
        because=", ".join(said),
    )


def _next(case: Case, opening: datetime, zone: str) -> str:
    """By the program's clock, which is named where the client's shows another time."""
    if not case.client.zone or not differ(opening, zone, case.client.zone):
        return moment(opening, zone, case.language)
    return case.word("utter_moment_in_zone", **shown(opening, "in_person", zone, case.client.zone, case.language))


def because(case: Case, found: Found) -> list[str]:
    """Why a program is shown, in the client's words; at most three reasons, the most telling first."""
    reasons = found.because
    takes = next((case.word(f"utter_because_{each}") for each in reasons if each.startswith("payer_")), None)
    said = [takes] if takes else []
    if "nearest" in reasons:
        said = [case.word("utter_because_nearest_that", what=takes) if takes else case.word("utter_because_nearest")]
    return [*said, *(case.word(f"utter_because_{each}") for each in _TOLD if each in reasons)][:_MOST]


def documents(case: Case, names: list[str]) -> str:
    """What to bring, in one line."""
    return case.word("utter_bring", documents=", ".join(screening.document_text(name, case.language) for name in names))


__all__ = ["choice", "documents", "moment", "phone", "program_line", "tell_outcome", "zone_name"]

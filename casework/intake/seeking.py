"""Who looks for a program, from the answers of the walk. Pure."""

from __future__ import annotations

from casework.directory import Seeker
from casework.geography import UnknownPlace, county_name, find
from casework.intake import walk
from casework.intake.answers import Answers


def county_in_full(fips: str) -> str:
    """A county as its people call it: "Ramsey County"."""
    return (county_name(fips) or fips).rpartition(", ")[0] or fips


def county_of(answers: Answers) -> str | None:
    """The FIPS code of the county the client named, where they were asked which."""
    named = answers.get(walk.COUNTY)
    return next((each for each in answers.get(walk.COUNTIES) or () if county_in_full(each) == named), None)


def seeker(answers: Answers, language: str) -> Seeker | None:
    """None without a ZIP that lies somewhere."""
    code = answers.get("zip")
    try:
        place = find(str(code)) if code else None
    except UnknownPlace:
        place = None
    if place is None:
        return None
    return Seeker(
        place=place,
        age=answers.get("age"),
        veteran=answers.get("veteran"),
        payer=answers.get("payer"),
        language=language,
        county=county_of(answers),
    )

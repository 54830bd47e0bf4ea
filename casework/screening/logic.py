"""Three values and how they combine: what the facts prove, rule out, or leave open."""

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """The value of a test or a criterion."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


def any_of(members: Iterable[Status]) -> Status:
    """Met if one member is met; not_met if all are not_met (so also if there is none); else unknown."""
    seen = set(members)
    if Status.MET in seen:
        return Status.MET
    return Status.UNKNOWN if Status.UNKNOWN in seen else Status.NOT_MET


def all_of(members: Iterable[Status]) -> Status:
    """Not_met if one member is not_met; met if all are met; else unknown."""
    seen = set(members)
    if Status.NOT_MET in seen:
        return Status.NOT_MET
    return Status.UNKNOWN if Status.UNKNOWN in seen else Status.MET


def two_of_three(members: Iterable[Status]) -> Status:
    """Met if two are met; not_met if two are not_met; else unknown. Takes exactly three members."""
    first, second, third = members
    seen = [first, second, third]
    for status in (Status.MET, Status.NOT_MET):
        if seen.count(status) > 1:
            return status
    return Status.UNKNOWN


def boolean(value: bool | None) -> Status:
    """A yes-or-no fact: true is met, false is not_met, absent is unknown."""
    if value is None:
        return Status.UNKNOWN
    return Status.MET if value else Status.NOT_MET

"""The sheets of a report, from the counts of a range of days. Every query that a page of reports makes is here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.handoff.tables import Handoff
from casework.reports import arithmetic, country
from casework.reports.arithmetic import DAYS, NONE, SECONDS, Days
from casework.reports.hiding import Cell
from casework.reports.sheets import ALL, Fact, Sheet, of_ranges, shared, shared_together, table
from casework.reports.tables import ReportCount, ReportRun
from casework.staff.tables import Staff

# A page of the report -> the measures it needs. `staff` names colleagues: it is never part of a shared report.
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "way": ("stage", "asked", "stopped", "need"),
    "answers": ("answer", "claim", "alarm"),
    "intakes": ("wait", "appointment"),
    "places": ("area", "far"),
    "staff": ("staff",),
}
NOT_SHARED: Final = ("staff",)
STAGES: Final = ("texted", "agreed", "answered", "screened", "booked", "attended")
QUESTIONS: Final = (
    "saving", "zip", "state", "age", "veteran", "in_hospital_now", "diagnoses", "diagnosed_by_professional",
    "impairments", "payer", "inpatient_stays_24_months", "crisis_contacts_24_months", "program", "opening", "booking",
    "sharing", "name",
)  # fmt: skip
WAYS: Final = (("sms", "en"), ("sms", "es"), ("web", "en"), ("web", "es"))
_TOOK = (0, 10, 30, 60, 300, 3_600, 86_400)
_CLAIMED = (0, 300, 900, 3_600, 14_400, 86_400, 259_200)
_ACKNOWLEDGED = (0, 60, 120, 300, 900, 3_600)
_WAITED = (0, 3, 6, 11, 15, 21, 42)
_OUTCOMES = ("attended", "no_show", "client", "staff", "not_recorded")
_DEEDS = ("claimed", "replied", "alarms", "intakes")
AREAS_SHOWN = 20

Counts = dict[tuple[str, str, str, str], int]  # (measure, key, channel, language) -> n


@dataclass(frozen=True)
class Made:
    """How fresh the counts are; `at` is None before the first."""

    at: datetime | None
    seconds: float | None


async def made(session: AsyncSession) -> Made:
    run = await session.get(ReportRun, 1, populate_existing=True)
    return Made(run.made_at, run.seconds) if run else Made(None, None)


async def part(
    session: AsyncSession, name: str, days: Days, *, channel: str = "", language: str = "", share: bool = False
) -> list[Sheet]:
    """The sheets of one of PARTS. `channel` and `language` narrow them down; `share` hides small numbers."""
    if name == "staff":
        channel = language = ""
    counts = await _counts(session, PARTS[name], days, channel, language)
    match name:
        case "way":
            way, over_time = funnel(counts), await _over_time(session, days, channel, language, share=share)
            if share:
                way, over_time = shared_together(way, over_time, same_people(over_time))
            rest = [*dropping_off(counts), needs(counts)]
            return [way, over_time, *(shared(sheet) if share else sheet for sheet in rest)]
        case "answers":
            sheets = [first_answers(counts), claims(counts), alarms(counts)]
        case "intakes":
            sheets = [waits(counts), appointments(counts)]
        case "places":
            sheets = [places(counts)]
        case _:
            sheets = [await _workload(session, counts)]
    return [shared(sheet) for sheet in sheets] if share else sheets


async def _counts(session: AsyncSession, measures: Sequence[str], days: Days, channel: str, language: str) -> Counts:
    wanted: list[ColumnElement[bool]] = [
        ReportCount.measure.in_(measures),
        ReportCount.day.between(days.since, days.until),
    ]
    if channel and "staff" not in measures:
        wanted.append(ReportCount.channel == channel)
    if language and "staff" not in measures:
        wanted.append(ReportCount.language == language)
    kinds = (ReportCount.measure, ReportCount.key, ReportCount.channel, ReportCount.language)
    rows = await session.execute(select(*kinds, func.sum(ReportCount.n)).where(*wanted).group_by(*kinds))
    return {(measure, key, way, spoken): int(n) for measure, key, way, spoken, n in rows}


def _narrowed(days: Days, channel: str, language: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [ReportCount.day.between(days.since, days.until)]
    if channel:
        found.append(ReportCount.channel == channel)
    if language:
        found.append(ReportCount.language == language)
    return found


def by_key(counts: Counts, measure: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for (kind, key, _, _), n in counts.items():
        if kind == measure:
            found[key] += n
    return found


def funnel(counts: Counts) -> Sheet:
    """From the first text to the intake: how many got at least so far."""
    reached = by_key(counts, "stage")
    so_far = arithmetic.at_least([reached[str(stage)] for stage in range(len(STAGES))])
    cells = {(stage, "people"): n for stage, n in zip(STAGES, so_far, strict=True)}
    facts = (Fact("whole_way", arithmetic.share(so_far[-1], so_far[0]), "share"),)
    return replace(table("funnel", STAGES, ("people",), cells, "stage", facts=facts), chain=True)


def dropping_off(counts: Counts) -> list[Sheet]:
    """Of those a question was put to, who stopped there: by channel and language."""
    asked, stopped = by_key(counts, "asked"), by_key(counts, "stopped")
    known = [question for question in QUESTIONS if asked[question]]
    known += sorted(set(asked) - set(QUESTIONS))
    ways = [f"{channel}_{language}" for channel, language in WAYS]
    sheets = []
    for name, measure in (("asked", "asked"), ("stopped", "stopped")):
        cells: Counter[tuple[str, str]] = Counter()
        for (kind, key, channel, language), n in counts.items():
            if kind == measure:
                cells[key, f"{channel}_{language}"] += n
        sheets.append(table(name, known, ways, cells, "question", total_column=True))
    worst = max(known, key=lambda question: stopped[question], default=None)
    if worst and stopped[worst]:
        sheets[1] = replace(sheets[1], names={"worst": worst})
    return sheets


def needs(counts: Counts) -> Sheet:
    """What people need. One may need several things, so there is no total."""
    found = by_key(counts, "need")
    rows = [need for need, _ in found.most_common()]
    return table("needs", rows, ("people",), {(need, "people"): n for need, n in found.items()}, "need")


def first_answers(counts: Counts) -> Sheet:
    return of_ranges("first_answer", {"conversations": by_key(counts, "answer")}, SECONDS, _TOOK, "seconds")


def claims(counts: Counts) -> Sheet:
    """By urgency: 3 is crisis, 2 soon, 1 routine."""
    by_urgency: dict[str, Counter[str]] = {"3": Counter(), "2": Counter(), "1": Counter()}
    for key, n in by_key(counts, "claim").items():
        urgency, _, took = key.partition(":")
        by_urgency.setdefault(urgency, Counter())[took] += n
    return of_ranges("claim", by_urgency, SECONDS, _CLAIMED, "seconds")


def alarms(counts: Counts) -> Sheet:
    return of_ranges("alarms", {"alarms": by_key(counts, "alarm")}, SECONDS, _ACKNOWLEDGED, "seconds")


def waits(counts: Counts) -> Sheet:
    return of_ranges("wait", {"intakes": by_key(counts, "wait")}, DAYS, _WAITED, "days")


def appointments(counts: Counts) -> Sheet:
    """What became of appointments that are over, by how they were to be held."""
    cells: Counter[tuple[str, str]] = Counter()
    for key, n in by_key(counts, "appointment").items():
        kind, _, outcome = key.partition(":")
        cells[kind, outcome] += n
    kinds = sorted({kind for kind, _ in cells})
    came = sum(n for (_, outcome), n in cells.items() if outcome == "attended")
    missed = sum(n for (_, outcome), n in cells.items() if outcome == "no_show")
    facts = (Fact("no_show_rate", arithmetic.share(missed, came + missed), "share"),)
    return table("appointments", kinds, _OUTCOMES, cells, "kind", total_row=True, total_column=True, facts=facts)


def places(counts: Counts) -> Sheet:
    """Where people live, and for how many of them no program is near; where most are missing one first."""
    people, far = by_key(counts, "area"), by_key(counts, "far")
    rows = sorted(people, key=lambda code: (-far[code], -people[code], code))
    cells = {(code, "far"): far[code] for code in rows} | {(code, "near"): people[code] - far[code] for code in rows}
    known = country.areas()
    names = {
        code: f"{code}xx {known[code].city}, {known[code].state}" if code in known else f"{code}xx" for code in rows
    }
    facts = (Fact("without", arithmetic.share(sum(far.values()), sum(people.values())), "share"),)
    return table("places", rows, ("far", "near"), cells, "area", total_column=True, names=names, facts=facts)


def same_people(over_time: Sheet) -> dict[Cell, Cell]:
    """Where the funnel and the last row over time count the same people: those who wrote, those who booked."""
    last = len(over_time.rows) - 1
    columns = {"texted": ALL, "booked": "booked"}
    return {(STAGES.index(stage), 0): (last, over_time.columns.index(each)) for stage, each in columns.items()}


async def _over_time(session: AsyncSession, days: Days, channel: str, language: str, *, share: bool) -> Sheet:
    """First texts, and how many of those people booked or were referred, in steps of the range; to `share`, months:
    of days and weeks nearly each would have to be hidden, and the rest would say too much."""
    wanted: list[ColumnElement[bool]] = [
        ReportCount.measure == "stage",
        ReportCount.day.between(days.since, days.until),
    ]
    if channel:
        wanted.append(ReportCount.channel == channel)
    if language:
        wanted.append(ReportCount.language == language)
    rows = (
        await session.execute(
            select(ReportCount.day, ReportCount.key, func.sum(ReportCount.n))
            .where(*wanted)
            .group_by(ReportCount.day, ReportCount.key)
        )
    ).all()
    steps = arithmetic.steps_of(days, months=share)
    cells: Counter[tuple[str, str]] = Counter()
    at = 0
    for day, key, n in sorted(rows):
        while day > steps[at].until:
            at += 1
        step = steps[at].since.isoformat()
        cells[step, "booked" if int(key) >= STAGES.index("booked") else "others"] += int(n)
    names = {step.since.isoformat(): _step_name(step) for step in steps}
    total = len(steps) > 1
    return table(
        "over_time", list(names), ("booked", "others"), cells, "day", total_row=total, total_column=True, names=names
    )


def _step_name(step: Days) -> str:
    if step.long == 1:
        return f"{step.since.day} {step.since:%b}"
    if step.since.day == 1 and step.long >= 28:
        return f"{step.since:%b %Y}"
    return f"{step.since.day} {step.since:%b} to {step.until.day} {step.until:%b}"


async def _workload(session: AsyncSession, counts: Counts) -> Sheet:
    """What each member of staff did, and how many clients they have now."""
    cells: Counter[tuple[str, str]] = Counter()
    for key, n in by_key(counts, "staff").items():
        deed, _, who = key.partition(":")
        cells[who, deed] += n
    have = await session.execute(
        select(Handoff.claimed_by, func.count()).where(Handoff.status == "claimed").group_by(Handoff.claimed_by)
    )
    for holder, n in have:
        cells[str(holder), "now"] += n
    names = {
        str(staff_id): name
        for staff_id, name, active in await session.execute(select(Staff.id, Staff.name, Staff.active))
        if active or any(row == str(staff_id) for row, _ in cells)
    }
    rows = sorted({*names, *(row for row, _ in cells)}, key=lambda who: names.get(who, who))
    return table("workload", rows, (*_DEEDS, "now"), cells, "staff", names=names, total_row=True)


__all__ = ["ALL", "NONE", "PARTS", "Made", "made", "part"]

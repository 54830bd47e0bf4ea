"""The pre-screen against a second reading of its specification, written plainly and apart from the product's code.

Thousands of invented people with few or many facts, near every window's edge, must come out alike: each criterion, the
outcome, the routes, the documents.
"""

from __future__ import annotations

import calendar
import math
import random
from datetime import date, timedelta
from typing import Any

import pytest

from casework.screening import read_facts, screen

MET, NOT, OPEN = "met", "not_met", "unknown"
FEW = 700  # people a policy


def any_of(*tests: str) -> str:
    return MET if MET in tests else NOT if all(each == NOT for each in tests) else OPEN


def all_of(*tests: str) -> str:
    return NOT if NOT in tests else MET if all(each == MET for each in tests) else OPEN


def two_of(*tests: str) -> str:
    return MET if tests.count(MET) >= 2 else NOT if tests.count(NOT) >= 2 else OPEN


def least(q: tuple[float, float], n: float) -> str:
    return MET if q[0] >= n else NOT if q[1] < n else OPEN


def most(q: tuple[float, float], n: float) -> str:
    return MET if q[1] <= n else NOT if q[0] > n else OPEN


def yes(value: bool | None) -> str:
    return OPEN if value is None else MET if value else NOT


def months_before(day: date, months: int) -> date:
    year, month = day.year, day.month - months
    while month < 1:
        year, month = year - 1, month + 12
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


class Plain:
    """One person's quantities, by days counted one at a time."""

    def __init__(self, f: dict[str, Any]) -> None:
        self.f, self.as_of = f, date.fromisoformat(f["as_of"])
        spans: list[tuple[set[date], bool]] = []
        for stay in f.get("inpatient_stays") or []:
            first = date.fromisoformat(stay["admitted"])
            unknown = stay.get("discharged") is None and f.get("in_hospital_now") is False
            last = self.as_of
            if stay.get("discharged") is not None:
                last = date.fromisoformat(stay["discharged"])
            elif unknown:
                last = first
            spans.append(({first + timedelta(n) for n in range((last - first).days + 1)}, unknown))
        if f.get("in_hospital_now") is True and not any(self.as_of in days for days, _ in spans):
            spans.append(({self.as_of}, True))
        while True:  # stays that share a day are one
            pair = next(
                ((a, b) for a in range(len(spans)) for b in range(a) if spans[a][0] & spans[b][0]),
                None,
            )
            if pair is None:
                break
            a, b = spans.pop(pair[0]), spans.pop(pair[1])
            spans.append((a[0] | b[0], a[1] or b[1]))
        self.stays = spans
        count = f.get("inpatient_stays_24_months")
        if count is not None:
            extra = max(0, count - self.n(24))
            self.extra = (extra, extra)
        else:
            self.extra = (0, 0) if f.get("inpatient_stays") is not None else (0, math.inf)
        self.closed = self.extra == (0, 0) and not any(unknown for _, unknown in spans)

    def inside(self, months: int = 0, days: int = 0) -> date:
        return self.as_of - timedelta(days) if days else months_before(self.as_of, months)

    def n(self, months: int = 0, days: int = 0) -> int:
        start = self.inside(months, days)
        return sum(any(start <= day <= self.as_of for day in span) for span, _ in self.stays)

    def d(self, months: int) -> int:
        start = self.inside(months)
        return len({day for span, _ in self.stays for day in span if start <= day <= self.as_of})

    def stays24(self) -> tuple[float, float]:
        return self.n(24) + self.extra[0], self.n(24) + self.extra[1]

    def stays12(self) -> tuple[float, float]:
        return self.n(12), self.n(12) + self.extra[1]

    def days12(self) -> tuple[float, float]:
        told = self.f.get("inpatient_days_12_months")
        if told is not None:
            return (max(told, self.d(12)),) * 2
        return self.d(12), self.d(12) if self.closed else math.inf

    def days24(self) -> tuple[float, float]:
        floor = max(self.d(24), self.f.get("inpatient_days_12_months") or 0)
        return floor, floor if self.closed else math.inf

    def admissions(self) -> tuple[float, float]:
        told = self.f.get("admissions_180_days")
        return (self.n(days=180), math.inf) if told is None else (max(told, self.n(days=180)),) * 2

    def short(self, short: str, long: str) -> tuple[float, float]:
        if self.f.get(short) is not None:
            return self.f[short], self.f[short]
        return 0, math.inf if self.f.get(long) is None else self.f[long]

    def long(self, short: str, long: str) -> tuple[float, float]:
        floor = self.f.get(short) or 0
        return (floor, math.inf) if self.f.get(long) is None else (max(self.f[long], floor),) * 2

    def alone(self, name: str) -> tuple[float, float]:
        told = self.f.get(name)
        return (0, math.inf) if told is None or (name == "gaf" and told == 0) else (told, told)


CRISIS = ("crisis_contacts_12_months", "crisis_contacts_24_months")
MISSED = ("missed_appointments_6_months", "missed_appointments_12_months")


def named(f: dict[str, Any], listed: set[str], *, open_list: bool = False) -> str:
    names = f.get("diagnoses")
    if names is None:
        return OPEN
    if set(names) & listed:
        return MET
    if not names:
        return OPEN if f.get("diagnosed_by_professional") is True else NOT
    return OPEN if "other" in names or open_list else NOT


def dx(f: dict[str, Any], *listed: str, open_list: bool = False) -> str:
    return all_of(named(f, set(listed), open_list=open_list), yes(f.get("diagnosed_by_professional")))


def areas(f: dict[str, Any]) -> str:
    told = f.get("impairments")
    if told is None:
        return OPEN
    return MET if {"housing", "employment"} & set(told) or len(set(told)) >= 2 else NOT


def lives_in(f: dict[str, Any], state: str, *ranges: tuple[int, int]) -> str:
    signs = set()
    if f.get("state") is not None:
        signs.add(f["state"].upper() == state)
    if f.get("zip") is not None:
        signs.add(any(low <= int(f["zip"][:3]) <= high for low, high in ranges))
    return yes(signs.pop()) if len(signs) == 1 else OPEN


def criteria(policy: str, f: dict[str, Any]) -> dict[str, str]:
    p = Plain(f)
    usual = ("schizophrenia", "bipolar", "major_depression")
    match policy:
        case "default":
            payer = {"medicare": OPEN, None: OPEN, "private": NOT}.get(f.get("payer"), MET)
            placed = f.get("state") is not None or f.get("zip") is not None
            return {
                "diagnosis": dx(f, *usual, open_list=True),
                "impairment": any_of(least(p.stays24(), 2), least(p.long(*CRISIS), 2), areas(f)),
                "residency": MET if placed else OPEN,
                "funding": payer,
            }
        case "mn":
            days, more = p.days12(), p.alone("residential_days_12_months")
            expert = all_of(dx(f, *usual), areas(f), yes(f.get("professional_opinion")))
            need = any_of(
                least(p.stays24(), 2),
                least((days[0] + more[0], days[1] + more[1]), 183),
                least(p.long(*CRISIS), 2),
                expert,
                yes(f.get("committed_36_months")),
            )
            return {"need": need, "residency": lives_in(f, "MN", (550, 567))}
        case "pa-icm":
            history = any_of(
                least(p.alone("state_hospital_days_24_months"), 60),
                all_of(least(p.stays24(), 2), least(p.days24(), 20)),
                least(p.long(*CRISIS), 5),
                least(p.alone("years_in_service"), 3),
                least(p.short(*MISSED), 3),
            )
            gaf = f.get("gaf") or None
            level = OPEN
            if gaf is not None:
                level = MET if gaf <= 40 else NOT if gaf >= 61 else most(p.alone("age"), 35)
            return {"need": two_of(dx(f, *usual), history, level), "residency": lives_in(f, "PA", (150, 196))}
        case "pa-tcm":
            need = any_of(
                least(p.days12(), 6),
                least(p.long(*MISSED), 3),
                least(p.short(*CRISIS), 2),
                least(p.alone("days_off_medication"), 30),
                least(p.alone("systems_involved"), 2),
            )
            return {"need": need, "residency": lives_in(f, "PA", (150, 196))}
        case "ga-act":
            need = any_of(
                least(p.admissions(), 2),
                least(p.alone("incarcerations_180_days"), 2),
                least(p.alone("homeless_months"), 12),
                least(p.alone("homeless_episodes_36_months"), 4),
                OPEN,
            )
            return {"need": need, "residency": lives_in(f, "GA", (300, 319), (398, 399))}
    veteran = OPEN if f.get("veteran") is False and f.get("payer") == "va" else yes(f.get("veteran"))
    return {
        "veteran": veteran,
        "diagnosis": dx(f, "schizophrenia", "bipolar"),
        "need": any_of(least(p.days12(), 31), least(p.stays12(), 3)),
        "distance": most(p.alone("miles_to_va"), 60),
    }


def routes(policy: str, f: dict[str, Any]) -> list[str]:
    listed_open = any(stay.get("discharged") is None for stay in f.get("inpatient_stays") or [])
    there = f.get("in_hospital_now") is True or (f.get("in_hospital_now") is None and listed_open)
    va = f.get("veteran") is True or f.get("payer") == "va" or (policy == "va-icmhr" and f.get("veteran") is not False)
    age = f.get("age")
    named_ones = {
        "discharge_planner": there,
        "va": va,
        "child_program": age is not None and age <= 17,
        "older_adult_program": age is not None and age >= 60,
        "insurer": f.get("payer") == "private",
        "cmhc": True,
        "primary_care": f.get("diagnosed_by_professional") is not True,
    }
    return [name for name, on in named_ones.items() if on]


def documents(policy: str, f: dict[str, Any]) -> list[str]:
    found = routes(policy, f)
    stays = Plain(f).stays
    counted = (f.get("inpatient_stays_24_months") or 0) > 0 or (f.get("inpatient_days_12_months") or 0) > 0
    named_ones = {
        "photo_id": True,
        "proof_of_address": True,
        "proof_of_income": f.get("payer") == "uninsured",
        "insurance_card": f.get("payer") != "uninsured",
        "diagnosis_letter": f.get("diagnosed_by_professional") is not False,
        "hospital_records": bool(stays) or counted,
        "military_discharge": "va" in found,
        "guardian_consent": "child_program" in found,
    }
    return [name for name, on in named_ones.items() if on]


class Inventor:
    """People whose facts lie at and beside every number that a rule holds."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def person(self) -> dict[str, Any]:
        chance = self.chance
        as_of = chance.choice([date(2026, 11, 22), date(2024, 2, 29), date(2025, 8, 31), date(2026, 3, 30)])
        given: dict[str, Any] = {
            "age": chance.choice([0, 17, 18, 35, 36, 59, 60, 120]),
            "state": chance.choice(["MN", "mn", "PA", "GA", "Wi", "PR"]),
            "zip": chance.choice(["55001", "56799", "54999", "56800", "15001", "19699", "14999", "19700", "30001",
                                  "31999", "39801", "39999", "32000-1234", "29999", "00000"]),
            "county": "Hennepin",
            "veteran": chance.random() < 0.5,
            "in_hospital_now": chance.random() < 0.5,
            "diagnosed_by_professional": chance.random() < 0.7,
            "professional_opinion": chance.random() < 0.5,
            "committed_36_months": chance.random() < 0.2,
            "diagnoses": self.some("schizophrenia", "bipolar", "major_depression", "ptsd", "anxiety", "other"),
            "impairments": self.some("housing", "employment", "self_care", "daily_tasks", "social", "concentration"),
            "inpatient_stays": [self.stay(as_of) for _ in range(chance.choice([0, 1, 1, 2, 3]))],
            "payer": chance.choice(["medicaid", "medicare", "private", "va", "uninsured", "other"]),
            "years_in_service": chance.choice([0, 2.99, 3, 40]),
            "gaf": chance.choice([0, 1, 40, 41, 60, 61, 100]),
            "miles_to_va": chance.choice([0, 60, 60.01, 200]),
        }  # fmt: skip
        for name, near in (
            ("inpatient_stays_24_months", (0, 1, 2, 3)), ("crisis_contacts_12_months", (0, 1, 2, 5)),
            ("crisis_contacts_24_months", (0, 1, 2, 4, 5)), ("missed_appointments_6_months", (0, 2, 3)),
            ("missed_appointments_12_months", (0, 2, 3)), ("admissions_180_days", (0, 1, 2)),
            ("incarcerations_180_days", (0, 1, 2)), ("inpatient_days_12_months", (0, 5, 6, 19, 20, 30, 31)),
            ("residential_days_12_months", (0, 152, 177, 182, 183)), ("state_hospital_days_24_months", (0, 59, 60)),
            ("days_off_medication", (0, 29, 30)), ("homeless_months", (0, 11, 12)),
            ("homeless_episodes_36_months", (0, 3, 4)), ("systems_involved", (0, 1, 2)),
        ):  # fmt: skip
            given[name] = chance.choice(near)
        kept = chance.choice([0.15, 0.4, 0.7, 1.0])
        facts = {name: value for name, value in given.items() if chance.random() < kept}
        if chance.random() < 0.2:
            facts.update(dict.fromkeys(chance.sample(sorted(given), 3)))  # null is unknown
        return facts | {"as_of": as_of.isoformat()}

    def some(self, *names: str) -> list[str]:
        return self.chance.choices(names, k=self.chance.choice([0, 1, 1, 2, 3]))  # with repeats

    def stay(self, as_of: date) -> dict[str, Any]:
        edges = [as_of, as_of - timedelta(180), as_of - timedelta(181), months_before(as_of, 12),
                 months_before(as_of, 24), months_before(as_of, 12) - timedelta(1),
                 months_before(as_of, 24) - timedelta(1), as_of - timedelta(40)]  # fmt: skip
        last = self.chance.choice(edges)
        first = last - timedelta(self.chance.choice([0, 0, 1, 5, 19, 20, 30, 200]))
        stay: dict[str, Any] = {"admitted": first.isoformat()}
        end = self.chance.random()
        if end < 0.75:
            stay["discharged"] = last.isoformat()
        elif end < 0.85:
            stay["discharged"] = None
        return stay


@pytest.mark.parametrize("policy", ["default", "mn", "pa-icm", "pa-tcm", "ga-act", "va-icmhr"])
def test_two_readings_of_the_specification_come_to_the_same(policy: str) -> None:
    inventor, seen = Inventor(len(policy)), dict.fromkeys(("likely", "possible", "unlikely"), 0)
    for number in range(FEW):
        facts = inventor.person()
        result = screen(read_facts(facts), policy)
        wanted = criteria(policy, facts)
        assert {each.id: each.status.value for each in result.criteria} == wanted, (number, facts)
        outcome = "unlikely" if NOT in wanted.values() else "likely" if set(wanted.values()) == {MET} else "possible"
        assert result.outcome.value == outcome
        assert list(result.routes) == routes(policy, facts), facts
        assert list(result.documents) == documents(policy, facts), facts
        assert all(each.because and each.source for each in result.criteria)
        seen[outcome] += 1
    assert min(seen[each] for each in ("possible", "unlikely")) > 15
    assert seen["likely"] > 0

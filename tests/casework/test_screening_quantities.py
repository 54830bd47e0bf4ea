"""Windows, stays and days, at their edges and against a slow count of single calendar days."""

import math
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.screening.facts import Facts, Stay, read_facts
from casework.screening.logic import Status, all_of, any_of, two_of_three
from casework.screening.quantities import (
    Known,
    Range,
    Window,
    admissions,
    crisis_contacts,
    inpatient_days,
    inpatient_stays,
    missed_appointments,
)

M6, M12, M24, D180 = Window(months=6), Window(months=12), Window(months=24), Window(days=180)
INF = math.inf
MET, NOT_MET, UNKNOWN = Status.MET, Status.NOT_MET, Status.UNKNOWN


def known(**facts: Any) -> Known:
    return Known(read_facts({"as_of": "2026-11-22", **facts}))


def stay(admitted: str, discharged: str | None = None) -> dict[str, str | None]:
    return {"admitted": admitted, "discharged": discharged}


# Logic


def test_three_values() -> None:
    assert any_of([]) is NOT_MET
    assert all_of([]) is MET
    for one in Status:
        for two in Status:
            pair = {one, two}
            assert any_of([one, two]) is (MET if MET in pair else UNKNOWN if UNKNOWN in pair else NOT_MET)
            assert all_of([one, two]) is (NOT_MET if NOT_MET in pair else UNKNOWN if UNKNOWN in pair else MET)
            for three in Status:
                votes = [one, two, three]
                want = MET if votes.count(MET) >= 2 else NOT_MET if votes.count(NOT_MET) >= 2 else UNKNOWN
                assert two_of_three(votes) is want


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_range_is_met_when_all_of_it_is_and_not_met_when_none_of_it_is(floor: int, more: int, need: int) -> None:
    values = range(floor, floor + more + 1)
    amount = Range(floor, floor + more)
    for result, fits in (
        (amount.at_least(need), [value >= need for value in values]),
        (amount.at_most(need), [value <= need for value in values]),
    ):
        assert result is (MET if all(fits) else UNKNOWN if any(fits) else NOT_MET)


# Windows


@pytest.mark.parametrize(
    ("as_of", "window", "first"),
    [
        ("2026-11-22", M24, "2024-11-22"),
        ("2026-11-22", M12, "2025-11-22"),
        ("2026-08-31", M6, "2026-02-28"),
        ("2024-08-31", M6, "2024-02-29"),
        ("2024-02-29", M12, "2023-02-28"),
        ("2024-02-29", M24, "2022-02-28"),
        ("2028-02-29", Window(months=48), "2024-02-29"),
        ("2026-01-31", Window(months=2), "2025-11-30"),
        ("2026-12-31", M12, "2025-12-31"),
        ("2026-01-15", Window(months=1), "2025-12-15"),
        ("2026-11-22", D180, "2026-05-26"),
        ("2024-03-01", Window(days=1), "2024-02-29"),
        ("0001-06-01", M24, "0001-01-01"),
        ("0001-06-01", D180, "0001-01-01"),
        ("9999-12-31", M12, "9998-12-31"),
    ],
)
def test_the_first_day_of_a_window(as_of: str, window: Window, first: str) -> None:
    assert window.first_day(date.fromisoformat(as_of)) == date.fromisoformat(first)


@pytest.mark.parametrize(
    ("discharged", "stays24", "stays12", "stays180"),
    [
        ("2024-11-21", 0, 0, 0),
        ("2024-11-22", 1, 0, 0),
        ("2025-11-21", 1, 0, 0),
        ("2025-11-22", 1, 1, 0),
        ("2026-05-25", 1, 1, 0),
        ("2026-05-26", 1, 1, 1),
        ("2026-11-22", 1, 1, 1),
    ],
)
def test_what_touches_a_window_is_in_it(discharged: str, stays24: int, stays12: int, stays180: int) -> None:
    seen = known(inpatient_stays=[stay("2024-01-01", discharged)])
    assert inpatient_stays(seen, M24) == Range(stays24, stays24)
    assert inpatient_stays(seen, M12) == Range(stays12, stays12)
    assert admissions(seen, D180) == Range(stays180, INF)


# Stays and days


def test_a_transfer_is_one_stay_and_readmission_the_next_day_a_second_one() -> None:
    transfer = known(inpatient_stays=[stay("2026-03-01", "2026-03-05"), stay("2026-03-05", "2026-03-09")])
    again = known(inpatient_stays=[stay("2026-03-01", "2026-03-05"), stay("2026-03-06", "2026-03-09")])
    assert inpatient_stays(transfer, M24) == Range(1, 1)
    assert inpatient_stays(again, M24) == Range(2, 2)
    assert inpatient_days(transfer, M12) == inpatient_days(again, M12) == Range(9, 9)


def test_stays_joined_by_a_third_one_are_one_stay_in_any_order() -> None:
    parts = [stay("2026-03-08", "2026-03-09"), stay("2026-03-01", "2026-03-02"), stay("2026-03-02", "2026-03-08")]
    assert inpatient_stays(known(inpatient_stays=parts), M24) == Range(1, 1)
    inner = [stay("2026-03-01", "2026-03-20"), stay("2026-03-03", "2026-03-04"), stay("2026-03-10", "2026-03-11")]
    assert inpatient_stays(known(inpatient_stays=inner), M24) == Range(1, 1)


def test_days_count_both_ends_inside_the_window_only() -> None:
    assert inpatient_days(known(inpatient_stays=[stay("2026-03-01", "2026-03-01")]), M12) == Range(1, 1)
    assert inpatient_days(known(inpatient_stays=[stay("2025-11-01", "2025-11-22")]), M12) == Range(1, 1)
    assert inpatient_days(known(inpatient_stays=[stay("2025-11-01", "2025-11-22")]), M24) == Range(22, 22)


def test_an_open_stay_runs_to_the_day_asked_about() -> None:
    for now in (None, True):
        seen = known(inpatient_stays=[stay("2026-11-01")], in_hospital_now=now)
        assert inpatient_days(seen, M12) == Range(22, 22)
        assert inpatient_stays(seen, M24) == Range(1, 1)
        assert seen.closed


def test_an_open_stay_of_someone_who_is_out_has_an_unknown_length() -> None:
    seen = known(inpatient_stays=[stay("2026-11-01")], in_hospital_now=False)
    assert inpatient_stays(seen, M24) == Range(1, 1)
    assert inpatient_days(seen, M12) == Range(1, INF)
    assert inpatient_days(seen, M24) == Range(1, INF)
    old = known(inpatient_stays=[stay("2020-11-01")], in_hospital_now=False)
    assert inpatient_stays(old, M24) == Range(0, 0)
    assert inpatient_days(old, M12) == Range(0, INF)


def test_a_known_part_does_not_close_a_stay_of_unknown_length() -> None:
    stays = [stay("2026-11-01"), stay("2026-11-01", "2026-11-04")]
    assert inpatient_days(known(inpatient_stays=stays, in_hospital_now=False), M12) == Range(4, INF)


def test_being_in_hospital_now_is_a_stay_unless_one_covers_the_day() -> None:
    assert inpatient_stays(known(in_hospital_now=True), M24) == Range(1, INF)
    assert inpatient_days(known(in_hospital_now=True, inpatient_stays=[]), M12) == Range(1, INF)
    apart = known(in_hospital_now=True, inpatient_stays=[stay("2026-06-01", "2026-11-21")])
    assert inpatient_stays(apart, M24) == Range(2, 2)
    assert not apart.closed
    covered = known(in_hospital_now=True, inpatient_stays=[stay("2026-06-01", "2026-11-22")])
    assert inpatient_stays(covered, M24) == Range(1, 1)
    assert covered.closed


def test_undated_stays() -> None:
    one = [stay("2026-03-01", "2026-03-05")]
    assert inpatient_stays(known(), M24) == Range(0, INF)
    assert inpatient_stays(known(inpatient_stays=one), M24) == Range(1, 1)
    assert inpatient_stays(known(inpatient_stays=one, inpatient_stays_24_months=3), M24) == Range(3, 3)
    assert inpatient_stays(known(inpatient_stays=one, inpatient_stays_24_months=0), M24) == Range(1, 1)
    assert inpatient_stays(known(inpatient_stays_24_months=3), M24) == Range(3, 3)
    assert inpatient_stays(known(inpatient_stays_24_months=1, in_hospital_now=True), M24) == Range(1, 1)


def test_a_longer_count_rules_a_shorter_window_out_and_never_in() -> None:
    assert inpatient_stays(known(inpatient_stays_24_months=9), M12) == Range(0, 9)
    assert inpatient_stays(known(inpatient_stays_24_months=2), M12) == Range(0, 2)
    both = known(inpatient_stays=[stay("2025-01-01", "2025-01-02"), stay("2026-02-01", "2026-02-02")])
    assert inpatient_stays(both, M12) == Range(1, 1)
    more = known(inpatient_stays=[stay("2026-02-01", "2026-02-02")], inpatient_stays_24_months=3)
    assert inpatient_stays(more, M12) == Range(1, 3)
    assert inpatient_stays(known(), M12) == Range(0, INF)


def test_days_told_and_days_listed() -> None:
    five = [stay("2026-03-01", "2026-03-05")]
    assert inpatient_days(known(), M12) == Range(0, INF)
    assert inpatient_days(known(inpatient_days_12_months=3, inpatient_stays=five), M12) == Range(5, 5)
    assert inpatient_days(known(inpatient_days_12_months=8, inpatient_stays=five), M12) == Range(8, 8)
    assert inpatient_days(known(inpatient_stays=five), M12) == Range(5, 5)
    assert inpatient_days(known(inpatient_stays=five, inpatient_stays_24_months=2), M12) == Range(5, INF)
    assert inpatient_days(known(inpatient_stays_24_months=0), M12) == Range(0, 0)
    assert inpatient_days(known(inpatient_days_12_months=8), M24) == Range(8, INF)
    assert inpatient_days(known(inpatient_days_12_months=8, inpatient_stays=five), M24) == Range(8, 8)
    assert inpatient_days(known(inpatient_days_12_months=3, inpatient_stays=five), M24) == Range(5, 5)


def test_admissions_told_are_raised_to_those_listed() -> None:
    two = [stay("2026-06-01", "2026-06-02"), stay("2026-07-01", "2026-07-02")]
    assert admissions(known(admissions_180_days=1, inpatient_stays=two), D180) == Range(2, 2)
    assert admissions(known(admissions_180_days=5, inpatient_stays=two), D180) == Range(5, 5)
    assert admissions(known(), D180) == Range(0, INF)
    assert admissions(known(in_hospital_now=True), D180) == Range(1, INF)


@pytest.mark.parametrize(
    ("short", "long", "in_short", "in_long"),
    [
        (None, None, Range(0, INF), Range(0, INF)),
        (2, None, Range(2, 2), Range(2, INF)),
        (None, 3, Range(0, 3), Range(3, 3)),
        (2, 3, Range(2, 2), Range(3, 3)),
        (4, 3, Range(4, 4), Range(4, 4)),
        (0, None, Range(0, 0), Range(0, INF)),
    ],
)
def test_missed_visits_and_crisis_contacts(
    short: int | None, long: int | None, in_short: Range, in_long: Range
) -> None:
    missed = known(missed_appointments_6_months=short, missed_appointments_12_months=long)
    assert (missed_appointments(missed, M6), missed_appointments(missed, M12)) == (in_short, in_long)
    crisis = known(crisis_contacts_12_months=short, crisis_contacts_24_months=long)
    assert (crisis_contacts(crisis, M12), crisis_contacts(crisis, M24)) == (in_short, in_long)


# Against a count of single days


def slow_first_day(as_of: date, months: int) -> date:
    year, month = as_of.year, as_of.month
    for _ in range(months):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    for day in range(as_of.day, 0, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError


def slow_days(first: date, last: date) -> frozenset[date]:
    return frozenset(first + timedelta(days=count) for count in range((last - first).days + 1))


def slow_stays(facts: Facts) -> list[tuple[frozenset[date], bool]]:
    """Stays as sets of days with whether their length is unknown, joined until no two share a day."""
    sets: list[tuple[frozenset[date], bool]] = []
    for each in facts.inpatient_stays or ():
        if each.discharged is None and facts.in_hospital_now is False:
            sets.append((frozenset([each.admitted]), True))
        else:
            sets.append((slow_days(each.admitted, each.discharged or facts.as_of), False))
    if facts.in_hospital_now and all(facts.as_of not in days for days, _ in sets):
        sets.append((frozenset([facts.as_of]), True))
    joined = True
    while joined:
        joined = False
        for one in range(len(sets)):
            for two in range(one + 1, len(sets)):
                if sets[one][0] & sets[two][0]:
                    sets[one] = (sets[one][0] | sets[two][0], sets[one][1] or sets[two][1])
                    del sets[two]
                    joined = True
                    break
            if joined:
                break
    return sets


@st.composite
def histories(draw: st.DrawFn) -> Facts:
    as_of = draw(st.dates(date(2023, 1, 1), date(2028, 12, 31)))
    stays = []
    for _ in range(draw(st.integers(0, 6))):
        admitted = as_of - timedelta(days=draw(st.integers(0, 1000) | st.integers(0, 30) | st.integers(360, 370)))
        length = draw(st.integers(0, 40))
        end = None if draw(st.integers(0, 4)) == 0 else min(as_of, admitted + timedelta(days=length))
        stays.append(Stay(admitted, end))
    return Facts(
        as_of=as_of,
        inpatient_stays=draw(st.sampled_from([tuple(stays), tuple(stays), None])),
        in_hospital_now=draw(st.sampled_from([None, True, False])),
        inpatient_stays_24_months=draw(st.none() | st.integers(0, 6)),
        inpatient_days_12_months=draw(st.none() | st.integers(0, 60)),
        admissions_180_days=draw(st.none() | st.integers(0, 4)),
    )


@given(histories())
def test_stays_and_days_agree_with_a_count_of_single_days(facts: Facts) -> None:
    sets = slow_stays(facts)

    def inside(first: date) -> tuple[int, int]:
        window = slow_days(first, facts.as_of)
        return sum(bool(days & window) for days, _ in sets), len(
            frozenset[date]().union(*(d for d, _ in sets)) & window
        )

    n24, d24 = inside(slow_first_day(facts.as_of, 24))
    n12, d12 = inside(slow_first_day(facts.as_of, 12))
    n180, _ = inside(facts.as_of - timedelta(days=180))
    count, told = facts.inpatient_stays_24_months, facts.inpatient_days_12_months
    if count is not None:
        low = high = float(max(0, count - n24))
    else:
        low, high = 0, INF if facts.inpatient_stays is None else 0
    closed = high == 0 and not any(unknown for _, unknown in sets)

    seen = Known(facts)
    assert inpatient_stays(seen, M24) == Range(n24 + low, n24 + high)
    assert inpatient_stays(seen, M12) == Range(n12, n12 + high)
    days12 = Range(d12, d12 if closed else INF) if told is None else Range(max(told, d12), max(told, d12))
    assert inpatient_days(seen, M12) == days12
    floor24 = max(d24, told or 0)
    assert inpatient_days(seen, M24) == Range(floor24, floor24 if closed else INF)
    admitted = facts.admissions_180_days
    if admitted is None:
        assert admissions(seen, D180) == Range(n180, INF)
    else:
        assert admissions(seen, D180) == Range(max(n180, admitted), max(n180, admitted))


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(1, 60))
def test_windows_of_months_agree_with_walking_back_month_by_month(as_of: date, months: int) -> None:
    assert Window(months=months).first_day(as_of) == slow_first_day(as_of, months)

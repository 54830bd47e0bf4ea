"""Sums over counts, and what is hidden of them. No database."""

from __future__ import annotations

import random
from datetime import date
from itertools import pairwise, product

import pytest

from casework.reports import arithmetic, country, hiding
from casework.reports.arithmetic import SECONDS, Days, days_of, steps_of
from casework.reports.reading import funnel, same_people
from casework.reports.sheets import Fact, csv_rows, of_ranges, shared, shared_together, table

TODAY = date(2026, 11, 23)
_PARTS = ("booked", "others")


def test_half_of_the_answers_lie_below_the_median() -> None:
    took = [3, 4, 8, 12, 14, 50, 400]
    counts: dict[int, int] = {}
    for seconds in took:
        number = arithmetic.bucket(seconds, SECONDS)
        counts[number] = counts.get(number, 0) + 1
    median = arithmetic.quantile(counts, SECONDS, 0.5)
    assert median is not None
    assert 10 <= median <= 15  # the range that the middle one, 12, lies in
    assert arithmetic.quantile({}, SECONDS, 0.5) is None


def test_fine_ranges_are_put_together_without_losing_anybody() -> None:
    counts = {arithmetic.bucket(seconds, SECONDS): 1 for seconds in SECONDS}
    assert arithmetic.grouped(counts, SECONDS, (0, 60, 3_600)) == [8, 11, 16]
    assert sum(arithmetic.grouped(counts, SECONDS, (0, 10, 30, 60, 300, 3_600, 86_400))) == len(SECONDS)


def test_who_came_further_also_came_so_far() -> None:
    assert arithmetic.at_least([5, 0, 3, 2]) == [10, 5, 5, 2]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, Days(date(2026, 10, 25), TODAY)),
        (date(2026, 11, 1), date(2027, 1, 1), Days(date(2026, 11, 1), TODAY)),
        (date(2026, 12, 24), date(2026, 11, 2), Days(date(2026, 11, 2), date(2026, 11, 2))),
        (date(1990, 1, 1), TODAY, Days(date(2023, 11, 22), TODAY)),
    ],
)
def test_a_range_of_days_is_put_in_order(since: date | None, until: date | None, found: Days) -> None:
    assert days_of(since, until, TODAY) == found


def test_what_is_shared_covers_whole_finished_months() -> None:
    assert days_of(date(2026, 9, 12), TODAY, TODAY, whole_months=True) == Days(date(2026, 9, 1), date(2026, 10, 31))
    assert days_of(None, None, TODAY, whole_months=True) == Days(date(2026, 10, 1), date(2026, 10, 31))
    assert days_of(TODAY, TODAY, TODAY, whole_months=True) == Days(date(2026, 10, 1), date(2026, 10, 31))


def test_the_steps_of_a_chart_cover_each_day_once() -> None:
    for long, most in ((20, 31), (120, 28), (700, 37)):
        days = Days(date.fromordinal(TODAY.toordinal() - long), TODAY)
        steps = steps_of(days)
        assert (steps[0].since, steps[-1].until) == (days.since, days.until)
        assert all(b.since.toordinal() - a.until.toordinal() == 1 for a, b in pairwise(steps))
        assert len(steps) <= most


def test_numbers_from_one_to_four_are_hidden_and_none_is_not() -> None:
    assert hiding.hide([[0, 1, 4, 5, 120]]) == [[None, "small", "small", None, None]]


def test_a_single_hidden_number_takes_another_with_it_where_a_total_is_shown() -> None:
    assert hiding.hide([[3, 20, 9, 32]], row_totals=True) == [["small", None, "guard", None]]


def test_hidden_numbers_that_can_only_be_the_least_take_another_with_them() -> None:
    # Two hidden cells and a total of two over what is shown: each would be one.
    assert hiding.hide([[1, 1, 30, 32]], row_totals=True) == [["small", "small", "guard", None]]
    assert hiding.hide([[1, 2, 30, 33]], row_totals=True) == [["small", "small", None, None]]


def test_a_total_is_hidden_where_nothing_else_is_left_to_hide() -> None:
    assert hiding.hide([[3, 3]], row_totals=True) == [["small", "small"]]
    assert hiding.hide([[3, 9, 12]], row_totals=True) == [["small", "guard", None]]


def _possible(counts: list[list[int]], marks: list[list[hiding.Mark]]) -> dict[tuple[int, int], set[int]]:
    """Every value that each hidden cell could have, tried out: what a patient reader of the shared table can do."""
    own = [(row, at) for row in range(len(counts) - 1) for at in range(len(counts[0]) - 1)]
    hidden = [cell for cell in own if marks[cell[0]][cell[1]]]
    ranges = [range(1, 5) if marks[row][at] == "small" else (0, *range(5, 14)) for row, at in hidden]
    found: dict[tuple[int, int], set[int]] = {cell: set() for cell in hidden}
    for values in product(*ranges):
        given = dict(zip(hidden, values, strict=True))
        fits = True
        for line in [[(row, at) for at in range(len(counts[0]))] for row in range(len(counts))] + [
            [(row, at) for row in range(len(counts))] for at in range(len(counts[0]))
        ]:
            *parts, total = line
            if marks[total[0]][total[1]] or any(marks[r][a] and (r, a) not in given for r, a in parts):
                continue
            fits &= sum(given.get(cell, counts[cell[0]][cell[1]]) for cell in parts) == counts[total[0]][total[1]]
        if fits:
            for cell, value in given.items():
                found[cell].add(value)
    return found


def test_no_hidden_number_can_be_worked_out_from_what_is_shown() -> None:
    chance = random.Random(4)
    tried = 0
    while tried < 25:
        own = [[chance.choice((0, 1, 2, 3, 5, 6, 9)) for _ in range(2)] for _ in range(3)]
        counts = [[*line, sum(line)] for line in own]
        counts.append([sum(line[at] for line in counts) for at in range(3)])
        marks = hiding.hide(counts, row_totals=True, column_totals=True)
        if sum(mark is not None for line in marks[:-1] for mark in line[:-1]) > 4:
            continue
        tried += 1
        for (row, at), values in _possible(counts, marks).items():
            if marks[row][at] == "small":
                assert len(values) > 1, f"{counts} {marks}: {row}, {at} must be {values}"


def test_of_a_funnel_no_step_shows_that_one_to_four_people_were_lost() -> None:
    for counts in ([100, 97, 95, 40, 38, 3], [12, 12, 12, 7, 2, 2], [4, 3, 2, 1, 0]):
        marks = hiding.hide_chain(counts)
        shown = [n for n, mark in zip(counts, marks, strict=True) if mark is None]
        assert all(not 0 < n < 5 for n in shown)
        assert all(not 0 < a - b < 5 for a, b in pairwise(shown))


# Months as (booked, others), and how many were screened: what two readings of the same people show between them.
_MONTHS = (
    ((20, 212), (0, 3)), ((38, 0), (0, 60)), ((9, 40), (9, 40), (2, 3)), ((5, 0), (3, 0)), ((0, 0), (2, 1)), ((7, 90),),
    ((3, 90),), ((0, 40), (6, 0)), ((6, 6), (6, 6)), ((50, 2), (50, 1)), ((12, 0), (12, 0), (1, 0)),
)  # fmt: skip


@pytest.mark.parametrize("months", _MONTHS)
@pytest.mark.parametrize("lost", [0, 2, 9])
def test_what_is_shown_over_time_tells_nothing_that_the_funnel_hides_nor_the_other_way_round(
    months: tuple[tuple[int, int], ...], lost: int
) -> None:
    texted, booked = sum(map(sum, months)), sum(each for each, _ in months)
    chain = (texted, texted, max(texted - lost, booked), min(booked + lost, max(texted - lost, booked)), booked, 0)
    counts = {("stage", str(at), "sms", "en"): n - then for at, (n, then) in enumerate(pairwise((*chain, 0)))}
    cells = {(f"m{at}", part): n for at, own in enumerate(months) for part, n in zip(_PARTS, own, strict=True)}
    rows = [f"m{at}" for at in range(len(months))]
    time = table("over_time", rows, _PARTS, cells, "day", total_row=len(rows) > 1, total_column=True)
    way, shown = shared_together(funnel(counts), time, same_people(time))
    for (here, _), there in same_people(time).items():
        assert (way.cell(here, 0) is None) == (shown.cell(*there) is None)
    for at, part in enumerate((*_PARTS, "all")):  # no column gives its one hidden month away
        column = [shown.cell(row, at) for row in range(len(rows))]
        total = {"booked": way.cell(4, 0), "all": way.cell(0, 0)}.get(part, shown.cell(len(shown.rows) - 1, at))
        assert not (total is not None and column.count(None) == 1), f"{part}: {column} of {total}"
    if way.cell(4, 0) is None:  # nor do the steps beside it
        assert way.cell(3, 0) is None or way.cell(3, 0) != way.cell(5, 0)


def test_what_is_shared_over_time_are_months() -> None:
    steps = steps_of(Days(date(2026, 9, 1), date(2026, 10, 31)), months=True)
    assert steps == [Days(date(2026, 9, 1), date(2026, 9, 30)), Days(date(2026, 10, 1), date(2026, 10, 31))]


def test_a_shared_sheet_drops_figures_that_stand_on_few_people() -> None:
    sheet = table("needs", ["food"], ["people"], {("food", "people"): 7}, "need", facts=[Fact("half", 3.0, "days")])
    assert shared(sheet).facts[0].value is None
    many = table("needs", ["food"], ["people"], {("food", "people"): 70}, "need", facts=[Fact("half", 3.0, "days")])
    assert shared(many).facts[0].value == 3.0


def test_a_share_goes_where_it_would_tell_a_hidden_number() -> None:
    cells = {("phone", "attended"): 40, ("phone", "no_show"): 2}
    sheet = table("a", ["phone"], ["attended", "no_show"], cells, "kind", facts=[Fact("no_show_rate", 2 / 42, "share")])
    assert shared(sheet).facts[0].value is None


def test_the_csv_says_what_is_hidden_and_no_spreadsheet_runs_it() -> None:
    cells = {("=cmd()", "people"): 3, ("b", "people"): 50}
    sheet = table("needs", ["=cmd()", "b"], ["people"], cells, "need")
    rows = csv_rows(shared(sheet), {}, {"people": "People"})
    assert rows == [["", "People"], ["'=cmd()", "<5"], ["b", "50"]]
    assert csv_rows(sheet, {}, {})[1] == ["'=cmd()", "3"]


def test_times_keep_those_that_have_not_happened_apart() -> None:
    sheet = of_ranges("claim", {"3": {"1": 2, "none": 1}, "1": {"14": 6}}, SECONDS, (0, 300, 3_600), "seconds")
    assert sheet.rows == ("0", "300", "3600", "none", "all")
    assert [line[-1] for line in sheet.counts] == [2, 6, 0, 1, 9]
    assert [line[0] for line in sheet.counts] == [2, 0, 0, 1, 3]


def test_places_lie_on_the_map_where_they_lie_in_the_country() -> None:
    areas = country.areas()
    assert len(areas) > 850
    view = country.window([])
    seattle, miami, minneapolis = (view.place(areas[code].at) for code in ("981", "331", "554"))
    assert seattle[0] < minneapolis[0] < miami[0]
    assert seattle[1] < minneapolis[1] < miami[1]  # y goes down
    for area in areas.values():
        x, y = view.place(area.at)
        assert 0 <= x <= country.WIDTH
        assert 0 <= y <= country.HEIGHT, area
    assert len(country.ground(view)) < 12_000

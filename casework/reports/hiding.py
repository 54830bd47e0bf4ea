"""Small numbers, hidden in reports that leave the agency: from 1 to 4 people, somebody could tell who they are.

The threshold follows common practice for public health tables (cells under 5 are not published). Hiding a cell is not
enough where its row or column shows a total: what is missing could be worked out. So further cells are hidden, until
of no hidden cell the value follows from what is shown (complementary suppression).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

LEAST = 5
_ROUNDS = 50  # a span that has not narrowed to one value by then is wide
SMALL: Literal["small"] = "small"  # 1 to 4
GUARD: Literal["guard"] = "guard"  # larger; hidden because it would give a small one away
Mark = Literal["small", "guard"] | None
Grid = Sequence[Sequence[int]]
Cell = tuple[int, int]


def is_small(n: int) -> bool:
    return 0 < n < LEAST


def hide(
    counts: Grid, *, row_totals: bool = False, column_totals: bool = False, hidden: Collection[Cell] = ()
) -> list[list[Mark]]:
    """What to hide of a table of counts whose totals, where named, are shown. Totals are cells like all others here:
    `counts` has them as its last column (`row_totals`) and its last row (`column_totals`). `hidden`: cells that are
    hidden whatever they hold, because another table hides the same number.
    """
    marks: list[list[Mark]] = [
        [SMALL if is_small(n) else GUARD if (row, at) in hidden else None for at, n in enumerate(line)]
        for row, line in enumerate(counts)
    ]
    if not counts:
        return marks
    if row_totals and not column_totals and len(counts) > 1:  # no row can give another away
        return [
            hide([line], row_totals=True, hidden=[(0, at) for row, at in hidden if row == place])[0]
            for place, line in enumerate(counts)
        ]
    lines = _lines(len(counts), len(counts[0]), row_totals=row_totals, column_totals=column_totals)
    while given_away := _given_away(counts, marks, lines):
        cell = _to_guard(counts, marks, lines, given_away)
        if cell is None:
            break
        marks[cell[0]][cell[1]] = GUARD
    return marks


def hide_chain(counts: Sequence[int], *, hidden: Collection[int] = ()) -> list[Mark]:
    """The same for numbers of which each is part of the one before (a funnel): what is lost between two that are
    shown is none at all, or at least five. With one that is hidden anyway go those that are as large: of a number
    between two that are the same, all is known.
    """
    taken = {counts[at] for at in hidden}
    marks: list[Mark] = []
    shown: int | None = None
    for n in counts:
        if is_small(n):
            marks.append(SMALL)
        elif n in taken or (shown is not None and is_small(shown - n)):
            marks.append(GUARD)
        else:
            marks.append(None)
            shown = n
    return marks


def _lines(rows: int, columns: int, *, row_totals: bool, column_totals: bool) -> list[list[Cell]]:
    """Each row and column with a total: its parts and, last, the total."""
    lines: list[list[Cell]] = []
    if row_totals:
        lines += [[(row, column) for column in range(columns)] for row in range(rows)]
    if column_totals:
        lines += [[(row, column) for row in range(rows)] for column in range(columns)]
    return lines


def _given_away(counts: Grid, marks: list[list[Mark]], lines: list[list[Cell]]) -> list[Cell]:
    """Hidden cells whose value follows from what is shown: each has a span of values it could have, which every line
    it stands in narrows, again and again, until nothing changes."""
    most = max((n for row in counts for n in row), default=0) * max(len(counts) * len(counts[0]), 1) + LEAST
    span = {
        (row, column): (counts[row][column],) * 2 if mark is None else _possible(counts[row][column], mark, most)
        for row, line in enumerate(marks)
        for column, mark in enumerate(line)
    }
    for _ in range(_ROUNDS):
        changed = False
        for line in lines:
            *parts, total = line
            low, high = sum(span[cell][0] for cell in parts), sum(span[cell][1] for cell in parts)
            for cell in line:
                now = span[cell]
                if cell == total:
                    new = (max(now[0], low), min(now[1], high))
                else:
                    least = span[total][0] - (high - now[1])
                    greatest = span[total][1] - (low - now[0])
                    new = (max(now[0], least), min(now[1], greatest))
                if new != now:
                    span[cell], changed = new, True
                    low, high = sum(span[each][0] for each in parts), sum(span[each][1] for each in parts)
        if not changed:
            break
    return [
        (row, column)
        for row, line in enumerate(marks)
        for column, mark in enumerate(line)
        if mark is not None and span[row, column][0] == span[row, column][1]
    ]


def _possible(n: int, mark: Mark, most: int) -> tuple[int, int]:
    """What a reader knows of a hidden cell by its mark alone."""
    return (1, LEAST - 1) if mark == SMALL else (LEAST if n >= LEAST else 0, most)


def _to_guard(
    counts: Grid, marks: list[list[Mark]], lines: list[list[Cell]], given_away: Sequence[Cell]
) -> Cell | None:
    """The cell to hide next: of those beside a cell that is given away the smallest that is not empty, a part rather
    than a total."""
    beside = {
        (place == len(line) - 1, counts[cell[0]][cell[1]] == 0, counts[cell[0]][cell[1]], cell)
        for line in lines
        if any(cell in line for cell in given_away)
        for place, cell in enumerate(line)
        if marks[cell[0]][cell[1]] is None
    }
    return min(beside)[-1] if beside else None

"""What a report is made of: sheets of counts, with what is hidden and what is worked out of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from casework.reports import arithmetic, hiding
from casework.reports.hiding import Cell, Mark

ALL = "all"


@dataclass(frozen=True)
class Fact:
    """One figure beside a sheet: a code for its label, a value (None: nothing to work it out from, or hidden), and
    what it is measured in: seconds, days, share (0..1) or count."""

    code: str
    value: float | None
    unit: str


@dataclass(frozen=True)
class Sheet:
    """A table of counts. `rows` and `columns` are codes; `row_group` names the labels of the rows, `names` holds the
    labels of rows whose codes have none (places, days, staff). `total_row`, `total_column`: the last is a total.

    `chain`: each row is a part of the one before it. `marks` says of each cell whether it is hidden.
    """

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    row_group: str
    names: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    total_row: bool = False
    total_column: bool = False
    chain: bool = False
    marks: tuple[tuple[Mark, ...], ...] = ()

    def cell(self, row: int, column: int) -> int | None:
        """The count, or None where it is hidden."""
        return None if self.mark(row, column) else self.counts[row][column]

    def mark(self, row: int, column: int) -> Mark:
        return self.marks[row][column] if self.marks else None

    def column(self, code: str) -> list[int | None]:
        """A column's cells without the total's row."""
        at = self.columns.index(code)
        return [self.cell(row, at) for row in range(len(self.rows) - self.total_row)]

    @property
    def most(self) -> int:
        """The greatest count that is shown, totals left out; at least 1."""
        columns = range(len(self.columns) - self.total_column)
        shown = [self.cell(row, at) or 0 for row in range(len(self.rows) - self.total_row) for at in columns]
        return max(shown, default=0) or 1

    @property
    def empty(self) -> bool:
        return not any(n for row in self.counts for n in row)

    @property
    def hidden(self) -> bool:
        return any(mark for row in self.marks for mark in row)


def table(
    name: str,
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Mapping[tuple[str, str], int],
    row_group: str,
    *,
    total_row: bool = False,
    total_column: bool = False,
    names: Mapping[str, str] | None = None,
    facts: Iterable[Fact] = (),
) -> Sheet:
    """A sheet from counts by (row, column); what is not named is 0. Totals are worked out here."""
    grid = [[counts.get((row, column), 0) for column in columns] for row in rows]
    if total_column:
        grid = [[*line, sum(line)] for line in grid]
    if total_row:
        grid.append([sum(line[at] for line in grid) for at in range(len(columns) + total_column)])
    return Sheet(
        name=name,
        rows=(*rows, ALL) if total_row else tuple(rows),
        columns=(*columns, ALL) if total_column else tuple(columns),
        counts=tuple(tuple(line) for line in grid),
        row_group=row_group,
        names=names or {},
        facts=tuple(facts),
        total_row=total_row,
        total_column=total_column,
    )


def shared(sheet: Sheet, *, hidden: Collection[Cell] = ()) -> Sheet:
    """The sheet as it may leave the agency. Figures worked out from few people, or from hidden ones, go too.

    `hidden`: cells (row, column) whose number another sheet hides.
    """
    if sheet.chain:
        chain = [line[0] for line in sheet.counts]
        marks = [[mark] for mark in hiding.hide_chain(chain, hidden=[row for row, _ in hidden])]
    else:
        marks = hiding.hide(sheet.counts, row_totals=sheet.total_column, column_totals=sheet.total_row, hidden=hidden)
    people = sum(
        line[-1] if sheet.total_column else sum(line) for line in sheet.counts[: len(sheet.counts) - sheet.total_row]
    )
    facts = tuple(
        replace(fact, value=None) if people < 2 * hiding.LEAST or _tells(fact, marks) else fact for fact in sheet.facts
    )
    return replace(sheet, marks=tuple(tuple(line) for line in marks), facts=facts)


def shared_together(one: Sheet, other: Sheet, same: Mapping[Cell, Cell]) -> tuple[Sheet, Sheet]:
    """Two sheets that show some of the same numbers, `same`: what one of them hides of these the other hides too."""
    first = shared(one)
    second = shared(other, hidden=[there for here, there in same.items() if first.mark(*here)])
    return shared(one, hidden=[here for here, there in same.items() if second.mark(*there)]), second


def _tells(fact: Fact, marks: Sequence[Sequence[Mark]]) -> bool:
    """A share or a count beside a table with hidden cells could be turned back into them; a median cannot."""
    return fact.unit in ("share", "count") and any(mark for line in marks for mark in line)


def csv_rows(sheet: Sheet, row_label: Mapping[str, str], column_label: Mapping[str, str]) -> list[list[str]]:
    """The sheet as rows of texts, headings first. A hidden small number is `<5`, another hidden one `hidden`."""
    told = {hiding.SMALL: f"<{hiding.LEAST}", hiding.GUARD: "hidden"}
    head = ["", *(column_label.get(code, code) for code in sheet.columns)]
    body = [
        [
            plain(row_label.get(code, code)),
            *(
                told[mark] if (mark := sheet.mark(row, at)) else str(sheet.counts[row][at])
                for at in range(len(sheet.columns))
            ),
        ]
        for row, code in enumerate(sheet.rows)
    ]
    return [head, *body]


def plain(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def of_ranges(
    name: str, counts: Mapping[str, Mapping[str, int]], bounds: Sequence[float], edges: Sequence[float], unit: str
) -> Sheet:
    """A sheet of times: `counts` are, by column, the fine ranges' counts by their number (`none`: not yet). Beside it
    the time within which half, and nine of ten, of all were done; what is not done yet is left out of both."""
    rows = (*(f"{edge:g}" for edge in edges), arithmetic.NONE)
    cells: dict[tuple[str, str], int] = {}
    everything: dict[int, int] = {}
    for column, by_key in counts.items():
        fine = {int(key): n for key, n in by_key.items() if key != arithmetic.NONE}
        for edge, n in zip(rows, arithmetic.grouped(fine, bounds, edges), strict=False):
            cells[edge, column] = n
        cells[arithmetic.NONE, column] = by_key.get(arithmetic.NONE, 0)
        for number, n in fine.items():
            everything[number] = everything.get(number, 0) + n
    if not any(by_key.get(arithmetic.NONE) for by_key in counts.values()) and unit == "days":
        rows = rows[:-1]
    facts = (
        Fact("half", arithmetic.quantile(everything, bounds, 0.5), unit),
        Fact("nine_of_ten", arithmetic.quantile(everything, bounds, 0.9), unit),
    )
    group = "took" if unit == "seconds" else "days_waited"
    columns = list(counts)
    return table(name, rows, columns, cells, group, total_row=True, total_column=len(columns) > 1, facts=facts)

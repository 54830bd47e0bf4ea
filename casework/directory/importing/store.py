"""Taking a file's programs into the directory, and taking them out again. Every query of importing is here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.directory.importing.read import read
from casework.directory.importing.records import Record, Refused, Row
from casework.directory.tables import ImportChange, ImportRun, Program
from casework.errors import NotFound
from casework.storage import new_id

_BATCH = 500
_ONE_AT_A_TIME = 7_170_009  # advisory lock: two imports at once would not see each other's programs
_PROGRAMS: Table = Program.__table__  # type: ignore[assignment]

Progress = Callable[[int], None]


@dataclass
class Report:
    """What an import did. read = added + updated + unchanged + refused; `conflicts` counts programs of which the file
    says other than staff wrote by hand (staff's words are kept)."""

    kind: str
    file: str
    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    conflicts: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)  # {"row", "reason"}
    notes: list[dict[str, Any]] = field(default_factory=list)  # {"row", "program", "note"}: mended, left out, kept

    def counts(self) -> dict[str, int]:
        names = ("read", "added", "updated", "unchanged", "refused", "conflicts")
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, Any]:
        about = {"kind": self.kind, "file": self.file}
        return {**about, **self.counts(), "refusals": self.refusals, "notes": self.notes}


async def take(
    session: AsyncSession, kind: str, file: str, family: str, rows: Iterable[Row], progress: Progress | None = None
) -> Report:
    """Takes every row that can be a program; the others are refused one by one. `family` starts the programs' ids."""
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    run = ImportRun(id=new_id(), kind=kind, file=file, started_at=clock.now())
    session.add(run)
    await session.flush()
    report = Report(kind, file)
    first_row: dict[str, int] = {}
    for batch in _batched(rows):
        wanted: dict[str, tuple[int, dict[str, Any]]] = {}
        for number, given in batch:
            report.read += 1
            try:
                name, columns, notes = _columns(given, kind, family)
            except Refused as refused:
                _refuse(report, number, str(refused))
                continue
            if name in first_row:
                _refuse(report, number, f"the same program as row {first_row[name]}")
                continue
            first_row[name] = number
            wanted[name] = (number, columns)
            report.notes += [{"row": number, "program": name, "note": note} for note in notes]
        await _keep(session, run, report, wanted)
        if progress:
            progress(report.read)
    run.counts, run.finished_at = report.counts(), clock.now()
    return report


def _batched(rows: Iterable[Row]) -> Iterable[list[Row]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch


def _refuse(report: Report, number: int, reason: str) -> None:
    report.refused += 1
    report.refusals.append({"row": number, "reason": reason})


def _columns(given: Record | Refused, kind: str, family: str) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    if isinstance(given, Refused):
        raise given
    made = read(given)
    return f"{family}-{given.key}", {**made.columns, "source": kind, "source_id": given.key}, made.notes


async def _keep(
    session: AsyncSession, run: ImportRun, report: Report, wanted: dict[str, tuple[int, dict[str, Any]]]
) -> None:
    """Adds what is new and updates what differs, for one batch."""
    rows = await session.execute(select(_PROGRAMS).where(_PROGRAMS.c.id.in_(wanted)))
    known = {row["id"]: dict(row) for row in rows.mappings()}
    added, updated, changes = [], [], []
    for name, (number, columns) in wanted.items():
        there = known.get(name)
        if there is None:
            added.append({"id": name, "sample": False, "edited": [], **columns, "changed_at": run.started_at})
            changes.append({"id": new_id(), "run_id": run.id, "program_id": name, "before": None})
            continue
        if _older(columns["verified_on"], there["verified_on"]):
            report.unchanged += 1
            note = f"kept: {there['source']} verified it later, on {there['verified_on']}"
            report.notes.append({"row": number, "program": name, "note": note})
            continue
        different = {key for key, value in columns.items() if there[key] != value}
        theirs = different & set(there["edited"])
        if theirs:
            report.conflicts += 1
            note = f"kept as staff wrote it: {', '.join(sorted(theirs))}"
            report.notes.append({"row": number, "program": name, "note": note})
        if not different - theirs:
            report.unchanged += 1
            continue
        before = {key: _plain(there[key]) for key in different - theirs}
        changes.append({"id": new_id(), "run_id": run.id, "program_id": name, "before": before})
        kept = {key: there[key] if key in theirs else value for key, value in columns.items()}
        updated.append({"the_id": name, **kept, "changed_at": run.started_at})
    if added:
        await session.execute(insert(_PROGRAMS), added)
    if updated:
        statement = update(_PROGRAMS).where(_PROGRAMS.c.id == bindparam("the_id"))
        connection = await session.connection()
        await connection.execute(statement, updated)
    if changes:
        await session.execute(insert(ImportChange), changes)
    report.added += len(added)
    report.updated += len(updated)


def _older(given: date | None, there: date | None) -> bool:
    return given is not None and there is not None and given < there


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


async def undo_last(session: AsyncSession) -> dict[str, Any]:
    """Undoes the last import that changed something and is not undone yet. Raises NotFound where there is none.

    What it added goes; a program that staff edited since, or that a calendar, client or case hangs on, is only taken
    off the list. What it changed is as before, but for fields that staff edited since.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    changed = select(ImportChange.id).where(ImportChange.run_id == ImportRun.id).exists()
    newest = select(ImportRun).where(ImportRun.undone_at.is_(None), changed).order_by(ImportRun.started_at.desc())
    run = (await session.execute(newest.limit(1))).scalar_one_or_none()
    if run is None:
        raise NotFound("there is no import to undo")
    changes = list((await session.execute(select(ImportChange).where(ImportChange.run_id == run.id))).scalars())
    added = [change.program_id for change in changes if change.before is None]
    in_use = await _in_use(session, run)
    gone = [name for name in added if name not in in_use]
    off = [name for name in added if name in in_use]
    for names in (gone[start : start + _BATCH] for start in range(0, len(gone), _BATCH)):
        await session.execute(delete(_PROGRAMS).where(_PROGRAMS.c.id.in_(names)))
    if off:
        await session.execute(update(_PROGRAMS).where(_PROGRAMS.c.id.in_(off)).values(active=False))
    restored = 0
    for change in changes:
        program = await session.get(Program, change.program_id) if change.before is not None else None
        if program is None:
            continue
        for key, value in change.before.items():
            if key not in program.edited:
                setattr(program, key, date.fromisoformat(value) if key == "verified_on" and value else value)
        program.changed_at = clock.now()
        restored += 1
    run.undone_at = clock.now()
    about = {"kind": run.kind, "file": run.file, "imported_at": run.started_at.isoformat()}
    return {**about, "removed": len(gone), "taken_off_the_list": len(off), "restored": restored}


async def _in_use(session: AsyncSession, run: ImportRun) -> set[str]:
    """Which of the programs the import added must not vanish: edited, or something points at them."""
    from casework.storage.tables import Base

    added = select(ImportChange.program_id).where(ImportChange.run_id == run.id, ImportChange.before.is_(None))
    edited = select(_PROGRAMS.c.id).where(_PROGRAMS.c.id.in_(added), _PROGRAMS.c.edited != [])
    found = set((await session.execute(edited)).scalars())
    pointing = (key.parent for table in Base.metadata.sorted_tables for key in table.foreign_keys
                if key.column is _PROGRAMS.c.id)  # fmt: skip
    for column in pointing:
        found |= set((await session.execute(select(column).where(column.in_(added)).distinct())).scalars())
    return found

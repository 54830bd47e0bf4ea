"""`guidepost import`, its undo, and `guidepost export`: what they print. What they do is in the directory's room.

Each takes `with_database`, which runs a coroutine over a session in one transaction.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from casework.errors import GuidepostError

WithDatabase = Callable[[Callable[[AsyncSession], Coroutine[Any, Any, Any]]], Any]
ZIP_COUNTIES = "zip-counties"  # no programs: which counties a ZIP lies in
_SHOWN = 50  # refusals and notes on a terminal; --json has them all


def import_file(
    with_database: WithDatabase,
    kind: str,
    path: str,
    *,
    verified_on: str | None = None,
    clinics: str | None = None,
    as_json: bool = False,
) -> None:
    """Imports a file and prints the counts, each refusal with its row and reason, and what was mended or kept."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from casework.directory import importing
    from casework.geography import crosswalk

    try:
        checked = date.fromisoformat(verified_on) if verified_on else None
    except ValueError as error:
        raise GuidepostError("--verified-on is a date, as 2026-11-01") from error
    # How many rows a stream has is known at its end: the bar counts them.
    columns = (SpinnerColumn(), TextColumn("{task.completed} rows read"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("import", total=None)

        def seen(count: int) -> None:
            bar.update(task, completed=count)

        async def work(session: AsyncSession) -> dict[str, Any]:
            if kind == ZIP_COUNTIES:
                return await crosswalk.take(session, Path(path), seen)
            report = await importing.import_file(
                session, kind, path, verified_on=checked, clinics=clinics, progress=seen
            )
            return report.to_json()

        report: dict[str, Any] = with_database(work)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    print(", ".join(f"{count} {name}" for name, count in report.items() if isinstance(count, int)))
    for title, lines, key in (("refused", report["refusals"], "reason"), ("noted", report.get("notes", ()), "note")):
        for line in lines[:_SHOWN]:
            print(f"  {title}, row {line['row']}: {line[key]}")
        if len(lines) > _SHOWN:
            print(f"  ... and {len(lines) - _SHOWN} more {title}; --json prints them all")


def undo_import(with_database: WithDatabase, *, as_json: bool = False) -> None:
    """Undoes the last import and prints what became of its programs."""
    from casework.directory import importing

    done = with_database(importing.undo_last)
    if as_json:
        print(json.dumps(done, ensure_ascii=False))
        return
    print(f"undone: {done['kind']} of {done['file']}, imported {done['imported_at']}")
    print(f"{done['removed']} removed, {done['taken_off_the_list']} taken off the list, {done['restored']} restored")


def export(with_database: WithDatabase, kind: str, path: str, *, as_json: bool = False) -> None:
    """Writes the directory to a file (hsds, fhir) or a folder (slots) and prints how many of what."""
    from casework.directory import exporting

    counts = with_database(lambda session: exporting.export(session, kind, path))
    print(json.dumps(counts) if as_json else ", ".join(f"{count} {name}" for name, count in counts.items()))

"""This directory for partners: HSDS 3.1, FHIR R4B and free openings, as files and for `channels/directory`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from casework import clock
from casework.directory.exporting import fhir, hsds, queries, slots
from casework.errors import GuidepostError

KINDS = ("hsds", "fhir", "slots")


class CannotExport(GuidepostError):
    """The path cannot be written, or there is no such format."""


async def export(session: AsyncSession, kind: str, path: str) -> dict[str, int]:
    """Writes the directory. hsds: one JSON file, a page of full services; fhir: NDJSON, one resource a line; slots: a
    folder with `$bulk-publish` and the files it names. Returns how many of what."""
    if kind not in KINDS:
        raise CannotExport(f"'{kind}' is not a format this writes; one of {', '.join(KINDS)}")
    target = Path(path)
    try:
        if kind == "hsds":
            return await _hsds(session, target)
        if kind == "fhir":
            return await _fhir(session, target)
        return await _slots(session, target)
    except OSError as error:
        raise CannotExport(f"cannot write {path}: {error.strerror}") from error


async def _hsds(session: AsyncSession, target: Path) -> dict[str, int]:
    count = 0
    with target.open("w", encoding="utf-8") as file:
        file.write('{"contents": [\n')
        async for program in queries.everything(session):
            file.write((",\n" if count else "") + json.dumps(hsds.service(program, full=True), ensure_ascii=False))
            count += 1
        page = {"total_items": count, "total_pages": 1, "page_number": 1, "size": count}
        ends = {"first_page": True, "last_page": True, "empty": count == 0}
        file.write("\n], " + json.dumps(page | ends)[1:] + "\n")
    return {"services": count}


async def _fhir(session: AsyncSession, target: Path) -> dict[str, int]:
    counts, organizations = dict.fromkeys(fhir.TYPES, 0), set()
    with target.open("w", encoding="utf-8") as file:
        async for program in queries.everything(session):
            for kind in fhir.TYPES:
                if kind == "Organization" and program.organization in organizations:
                    continue
                organizations.add(program.organization)
                file.write(json.dumps(fhir.resource(kind, program), ensure_ascii=False) + "\n")
                counts[kind] += 1
    return counts


async def _slots(session: AsyncSession, target: Path) -> dict[str, int]:
    target.mkdir(parents=True, exist_ok=True)
    at, programs = clock.now(), await slots.bookable(session)
    states = sorted({program.state for program in programs})
    counts = {kind: await _write(target / name, slots.lines(session, kind, programs, at))
              for kind, name in slots.FILES.items()}  # fmt: skip
    manifest = slots.manifest(target.resolve().as_uri(), states, at)
    (target / "$bulk-publish").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return counts


async def _write(path: Path, lines: AsyncIterator[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        async for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    return count

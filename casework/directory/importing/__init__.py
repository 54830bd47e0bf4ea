"""Real directories into this one: each format has its reader, which yields a record or a reason a row is refused;
`read.py` puts records in order, `store.py` takes them in.

    samhsa         the national directory, .xlsx          findtreatment  FindTreatment.gov's JSON, file or address
    va-vast        VAST's csv and the clinics beside it   va-api         the Facilities API, v1 and v0 GeoJSON
    hsds           HSDS 3.x, JSON or tables
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.importing import findtreatment, hsds, samhsa, va
from casework.directory.importing.records import BadFile, Refused, Row
from casework.directory.importing.store import Progress, Report, take, undo_last

# Which formats name the same places: a place that both list is one program.
FAMILIES = {"samhsa": "samhsa", "findtreatment": "samhsa", "va-vast": "va", "va-api": "va", "hsds": "hsds"}
KINDS = tuple(FAMILIES)


async def import_file(
    session: AsyncSession,
    kind: str,
    path: str,
    *,
    verified_on: date | None = None,
    clinics: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Imports a file, a folder or (findtreatment) an address. Raises BadFile; then nothing was taken.

    `verified_on`: when the source was last checked, where the file does not say; `clinics`: VAST's clinical-services
    where it does not lie beside it; `progress` is called with the number of rows read so far.
    """
    rows = _rows(kind, path, verified_on, clinics)
    return await take(session, kind, Path(path).name or path, FAMILIES[kind], rows, progress)


def _rows(kind: str, path: str, verified_on: date | None, clinics: str | None) -> Iterator[Row]:
    if kind not in FAMILIES:
        raise BadFile(f"'{kind}' is not a format this reads; one of {', '.join(KINDS)}")
    if kind == "findtreatment" and path.startswith(("http://", "https://")):
        return findtreatment.rows(path, verified_on)
    file = Path(path)
    if not file.exists():
        raise BadFile(f"there is no file {path}")
    if kind == "samhsa":
        return samhsa.rows(file, verified_on)
    if kind == "findtreatment":
        return findtreatment.rows(file, verified_on)
    if kind == "va-vast":
        return va.vast_rows(file, verified_on, Path(clinics) if clinics else None)
    return va.api_rows(file, verified_on) if kind == "va-api" else hsds.rows(file, verified_on)


__all__ = ["KINDS", "BadFile", "Refused", "Report", "import_file", "undo_last"]

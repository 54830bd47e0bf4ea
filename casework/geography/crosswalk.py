"""ZIPs that lie in several counties: HUD's ZIP-to-county crosswalk, read from its spreadsheet.

The ZIP table of the wheel knows one county a ZIP, that of its post office. Which county a person lives in decides which
agencies serve them, so where this table says more than one, the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.errors import GuidepostError
from casework.geography.counties import county_name
from casework.geography.tables import ZipCounty
from casework.geography.zips import Place

SHARE = 0.02  # of a ZIP's homes; below that hardly anybody lives on that side of the line
_NEEDED = ("zip", "county", "res_ratio", "tot_ratio")
_BATCH = 2000


class BadCrosswalk(GuidepostError):
    """The file is no ZIP-to-county crosswalk."""


async def counties_of(session: AsyncSession, place: Place) -> list[str]:
    """The counties (FIPS) that people with this ZIP live in, most of them first; its post office's where the
    crosswalk says nothing."""
    found = await session.execute(
        select(ZipCounty.county)
        .where(ZipCounty.zip == place.zip, ZipCounty.share >= SHARE)
        .order_by(ZipCounty.share.desc(), ZipCounty.county)
    )
    return list(found.scalars()) or ([place.county_fips] if place.county_fips else [])


async def take(session: AsyncSession, path: Path, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Replaces the table by a file's. Counts read, added, updated, unchanged, removed, refused; refusals with rows.
    Raises BadCrosswalk; then nothing is changed."""
    there = {(row.zip, row.county): row.share for row in (await session.execute(select(ZipCounty))).scalars()}
    read, refusals, given = 0, [], {}
    for number, row in rows(path):
        read += 1
        if isinstance(row, str):
            refusals.append({"row": number, "reason": row})
        elif row[:2] in given:
            refusals.append({"row": number, "reason": "the same ZIP and county as a row before"})
        else:
            given[row[:2]] = row[2]
        if progress and read % _BATCH == 0:
            progress(read)
    added = {key for key in given if key not in there}
    updated = {key for key in given if key in there and abs(there[key] - given[key]) > 1e-6}
    removed = set(there) - set(given)
    if added or updated or removed:
        await session.execute(delete(ZipCounty))
        lines = [{"zip": zip_code, "county": county, "share": share} for (zip_code, county), share in given.items()]
        for start in range(0, len(lines), _BATCH):
            await session.execute(insert(ZipCounty), lines[start : start + _BATCH])
    counts = {"read": read, "added": len(added), "updated": len(updated)}
    counts |= {"unchanged": len(given) - len(added) - len(updated), "removed": len(removed), "refused": len(refusals)}
    return {**counts, "refusals": refusals}


def rows(path: Path) -> Iterator[tuple[int, tuple[str, str, float] | str]]:
    """Each row's ZIP, county and share of homes, or why it is refused."""
    # Here, not above: only the import needs it, and every process that knows ZIPs would carry its 8 MB.
    from openpyxl import load_workbook  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ParseError, ValueError, OSError) as error:
        raise BadCrosswalk(f"{path.name} cannot be read as an .xlsx spreadsheet") from error
    try:
        with closing(book.worksheets[0].iter_rows(values_only=True)) as lines:
            header = [str(cell or "").strip().lower() for cell in next(lines, ())]
            missing = [name for name in _NEEDED if name not in header]
            if missing:
                raise BadCrosswalk(f"{path.name}: the sheet lacks the columns {', '.join(missing)}")
            for number, line in enumerate(lines, 2):
                if any(cell is not None for cell in line):
                    yield number, _read(dict(zip(header, line, strict=False)))
    finally:
        book.close()


def _read(row: dict[str, Any]) -> tuple[str, str, float] | str:
    zip_code, county = (str(row[name] or "").strip().zfill(5) for name in ("zip", "county"))
    if not re.fullmatch(r"\d{5}", zip_code) or zip_code == "00000":
        return "there is no five-digit ZIP"
    if county_name(county) is None:
        return "there is no such county"
    ratio = row["res_ratio"]
    if not isinstance(ratio, int | float) or not 0 <= ratio <= 1.001:
        return "the share of homes is not a number from 0 to 1"
    return zip_code, county, float(ratio)

"""SAMHSA's national directory of mental health facilities: a spreadsheet, read row by row."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from casework.directory.importing import codes, tidy
from casework.directory.importing.records import BadFile, Record, Refused, Row

_NEEDED = ("name1", "name2", "street1", "street2", "city", "state", "zip", "phone", "intake1", "service_code_info")


def rows(path: Path, verified_on: date | None) -> Iterator[Row]:
    """Each facility. Raises BadFile where the file is no such spreadsheet."""
    year = re.search(r"(20\d\d)", path.name)
    known_on = verified_on or (date(int(year[1]), 1, 1) if year else None)
    # Here, not above: only the import needs it, and the web process would carry its 8 MB.
    from openpyxl import load_workbook  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ParseError, ValueError, OSError) as error:
        raise BadFile(f"{path.name} is not an .xlsx spreadsheet") from error
    try:
        sheet = book["Facilities List"] if "Facilities List" in book.sheetnames else book.worksheets[0]
        with closing(sheet.iter_rows(values_only=True)) as lines:  # it holds the sheet open inside the archive
            header = [str(cell or "").strip().lower() for cell in next(lines, ())]
            missing = [name for name in _NEEDED if name not in header]
            if missing:
                raise BadFile(f"{path.name}: the sheet lacks the columns {', '.join(missing)}")
            for number, line in enumerate(lines, 2):
                if any(cell is not None for cell in line):
                    yield number, _read(dict(zip(header, line, strict=False)), known_on)
    finally:
        book.close()


def _read(row: dict[str, Any], verified_on: date | None) -> Record | Refused:
    has = str(row["service_code_info"] or "").replace("*", " ").split()
    return facility(row, codes.described(has), verified_on)


def facility(row: dict[str, Any], described: dict[str, Any], verified_on: date | None) -> Record | Refused:
    """A facility of SAMHSA's, from the spreadsheet or from FindTreatment: both have these columns."""
    name = tidy.text(row.get("name1"))
    if not name:
        return Refused("there is no name")
    streets = [street for key in ("street1", "street2") if (street := tidy.text(row.get(key)))]
    return Record(
        key=key(row),
        organization=name,
        name=tidy.text(row.get("name2")) or name,
        zip=row.get("zip"),
        state=row.get("state"),
        city=row.get("city"),
        street=", ".join(streets) or None,
        phone=row.get("phone"),
        intake_phone=row.get("intake1"),
        verified_on=verified_on,
        **described,
    )


def key(row: dict[str, Any]) -> str:
    """SAMHSA gives its facilities no id: name, street and ZIP stand for one, as the directory and FindTreatment write
    them alike."""
    parts = [row.get("name1"), row.get("name2"), row.get("street1")]
    line = "|".join(re.sub(r"[^a-z0-9]+", " ", (tidy.text(part) or "").lower()).strip() for part in parts)
    return hashlib.sha256(f"{line}|{tidy.zip5(row.get('zip'))}".encode()).hexdigest()[:16]

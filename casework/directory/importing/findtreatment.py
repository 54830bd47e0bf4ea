"""FindTreatment.gov's live export: JSON, from files or paged from an address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from casework.directory.importing import codes, json_rows, samhsa, tidy
from casework.directory.importing.records import BadFile, Record, Refused, Row

_SECONDS = 60


def rows(source: Path | str, verified_on: date | None) -> Iterator[Row]:
    """Each facility of a file, or of every page at an http(s) address. Numbers go on from page to page."""
    pages = _fetched(source) if isinstance(source, str) else [json_rows.read_text(source)]
    name = source if isinstance(source, str) else source.name
    number = 0
    for page in pages:
        for row in json_rows.elements(page, ("rows",), name):
            number += 1
            yield number, _read(row, verified_on)


def _fetched(address: str) -> Iterator[str]:
    page, pages = 1, 1
    try:
        with httpx.Client(timeout=_SECONDS, follow_redirects=True) as client:
            while page <= pages:
                url = httpx.URL(address).copy_merge_params({"page": page})
                reply = client.get(url).raise_for_status()
                pages = int(json.loads(reply.text).get("totalPages") or 1)
                yield reply.text
                page += 1
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadFile(f"page {page} could not be fetched: {type(error).__name__}") from error
    except (json.JSONDecodeError, AttributeError, ValueError, TypeError) as error:
        raise BadFile(f"page {page} is not FindTreatment's JSON") from error


def _read(row: Any, verified_on: date | None) -> Record | Refused:
    if not isinstance(row, dict):
        return Refused("not a facility: an object is expected")
    named: list[str] = []
    for service in row.get("services") or ():
        if isinstance(service, dict):
            named += str(service.get("f3") or "").split(";")
    has, languages = codes.from_names(named)
    kind = tidy.text(row.get("typeFacility") or row.get("type_facility"))
    if kind and kind.upper() in ("SA", "SUBSTANCE USE") and not has & {"CMHC", "CBHC", "OMH", "CM"}:
        return Refused("a substance use facility without mental health care")
    described = codes.described(has)
    described["languages"] += [language for language in languages if language not in described["languages"]]
    record = samhsa.facility(row, described, verified_on)
    if isinstance(record, Record):
        record.latitude, record.longitude = row.get("latitude"), row.get("longitude")
        record.website = row.get("website")
        record.intake_phone = row.get("intake1") or row.get("hotline1")
    return record

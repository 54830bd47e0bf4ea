"""Counties by name: their five-digit FIPS codes, from the Census Bureau's own list (public domain).

`counties.csv` holds the counties of 2020 and, since ZIP tables lag behind, those that were renamed or divided since
2000 (Connecticut's old counties among them).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("counties.csv")
_WHOLE_STATE = {"DC": "11001", "GU": "66010"}  # one county each, and ZIP tables name none


def _key(name: str) -> str:
    """A county's name as tables spell it differently: accents, "Saint", "City and Borough of", spaces."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"^(city and borough|municipality|county) of ", "", plain)
    plain = re.sub(r"\bsaint(e?)\b", r"st\1", plain)
    plain = re.sub(r" (county|parish|municipio|municipality|borough|census area|city and borough)$", "", plain)
    return re.sub(r"[^a-z]", "", re.sub(r" city and$", "", plain))


@lru_cache(maxsize=1)
def _by_name() -> dict[tuple[str, str], str]:
    with _FILE.open(encoding="utf-8", newline="") as rows:
        return {(row["state"], _key(row["name"])): row["fips"] for row in csv.DictReader(rows)}


@lru_cache(maxsize=1)
def _by_fips() -> dict[str, tuple[str, str]]:
    with _FILE.open(encoding="utf-8", newline="") as rows:
        return {row["fips"]: (row["name"], row["state"]) for row in csv.DictReader(rows)}


def county_fips(state: str, name: str | None) -> str | None:
    """The FIPS code of a state's county, None where no county of that name is known."""
    if not name:
        return _WHOLE_STATE.get(state)
    return _by_name().get((state, _key(name)))


def county_name(fips: str) -> str | None:
    """ "Hennepin County, MN" for 27053."""
    known = _by_fips().get(fips)
    return f"{known[0]}, {known[1]}" if known else None

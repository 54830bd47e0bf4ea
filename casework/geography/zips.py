"""ZIP codes, from the `zipcodes` wheel (42,789 of them, with coordinates and time zones)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy
import zipcodes

from casework.errors import GuidepostError
from casework.geography.counties import county_fips
from casework.understanding.choices import fold

EARTH_RADIUS_MILES = 3958.7613  # mean radius, IUGG
_matching: Callable[[str], list[dict[str, Any]]] = zipcodes.matching
_list_all: Callable[[], list[dict[str, Any]]] = zipcodes.list_all
_ELSEWHERE = {"AK": "America/Anchorage", "HI": "Pacific/Honolulu", "PR": "America/Puerto_Rico"}
MILITARY = ("AA", "AE", "AP")


class UnknownPlace(GuidepostError):
    """A ZIP or a place that is not on the map. `military`: an APO, FPO or DPO address, which lies nowhere."""

    def __init__(self, text: str, *, military: bool = False) -> None:
        super().__init__(text)
        self.military = military


@dataclass(frozen=True)
class Place:
    """A ZIP's centroid. Degrees north and east; `zone` is an IANA name; `county_fips` is the county its post office
    counts to (a ZIP can reach into others)."""

    zip: str
    city: str
    state: str
    county: str | None
    latitude: float
    longitude: float
    zone: str
    county_fips: str | None = None


def _zone(name: str | None, state: str) -> str:
    """The zone as the table has it where it is one (it names a village in Alaska instead), else the state's."""
    try:
        return ZoneInfo(name).key if name else _ELSEWHERE.get(state, "America/New_York")
    except (ZoneInfoNotFoundError, ValueError):
        return _ELSEWHERE.get(state, "America/New_York")


@lru_cache(maxsize=4096)
def find(zip_code: str) -> Place:
    """The place of a five-digit ZIP (a +4 is left off). Raises UnknownPlace."""
    code = zip_code.strip()[:5]
    rows = _matching(code) if len(code) == 5 and code.isascii() and code.isdigit() else []
    if not rows:
        raise UnknownPlace("this ZIP is not known")
    row = rows[0]
    if row["state"] in MILITARY:
        raise UnknownPlace("a military address", military=True)
    return Place(
        zip=row["zip_code"],
        city=row["city"],
        state=row["state"],
        county=row.get("county") or None,
        latitude=float(row["lat"]),
        longitude=float(row["long"]),
        zone=_zone(row.get("timezone"), row["state"]),
        county_fips=county_fips(row["state"], row.get("county")),
    )


@lru_cache(maxsize=1)
def _centroids() -> tuple[list[str], Any]:
    """The ZIPs that lie somewhere, and their centroids as points on a sphere of radius 1."""
    rows = [row for row in _list_all() if row["state"] not in MILITARY and (row["lat"], row["long"]) != ("", "")]
    degrees = numpy.radians(numpy.array([(float(row["lat"]), float(row["long"])) for row in rows]))
    return [row["zip_code"] for row in rows], _on_sphere(degrees[:, 0], degrees[:, 1])


def _on_sphere(latitude: Any, longitude: Any) -> Any:
    across = numpy.cos(latitude)
    return numpy.stack([across * numpy.cos(longitude), across * numpy.sin(longitude), numpy.sin(latitude)], axis=-1)


def near_point(latitude: float, longitude: float) -> Place:
    """The place whose centroid lies nearest to a point (degrees)."""
    codes, points = _centroids()
    here = _on_sphere(numpy.radians(latitude), numpy.radians(longitude))
    return find(codes[int(numpy.argmax(points @ here))])


def everywhere() -> Iterator[Place]:
    """Every ZIP that lies somewhere. Its county's code is left out."""
    for row in _list_all():
        if row["state"] not in MILITARY and (row["lat"], row["long"]) != ("", ""):
            yield Place(
                zip=row["zip_code"],
                city=row["city"],
                state=row["state"],
                county=row.get("county") or None,
                latitude=float(row["lat"]),
                longitude=float(row["long"]),
                zone=row.get("timezone") or "",
            )


def nearest_miles(places: Sequence[tuple[float, float]], points: Sequence[tuple[float, float]]) -> list[float]:
    """For each place (degrees) how far the nearest of `points` is; infinite where there are no points."""
    if not points:
        return [math.inf] * len(places)
    if not places:
        return []
    there, here = (_on_sphere(*numpy.radians(numpy.array(each)).T) for each in (points, places))
    straight = numpy.clip((here @ there.T).max(axis=1), -1.0, 1.0)
    return [float(angle) * EARTH_RADIUS_MILES for angle in numpy.arccos(straight)]


@lru_cache
def _by_city() -> dict[tuple[str, str], str]:
    """(folded city, state) -> the ZIP whose number is the middle one of the city's standard ZIPs."""
    cities: dict[tuple[str, str], list[str]] = {}
    for row in _list_all():
        if row["zip_code_type"] == "STANDARD" and row["active"]:
            cities.setdefault((fold(row["city"]), row["state"]), []).append(row["zip_code"])
    return {key: sorted(codes)[len(codes) // 2] for key, codes in cities.items()}


def near_name(city: str, state: str | None) -> Place | None:
    """A place for a city's name; without a state only when just one state has a city of that name, or one is far
    larger (at least five times the ZIPs are not compared: the caller asks for the state then)."""
    name = fold(city)
    if state:
        code = _by_city().get((name, state.upper()))
        return find(code) if code else None
    found = [code for (known, _), code in _by_city().items() if known == name]
    return find(found[0]) if len(found) == 1 else None


def miles(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (latitude, longitude) pairs in degrees."""
    lat1, lon1, lat2, lon2 = (math.radians(x) for x in (*a, *b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_MILES * math.asin(min(1.0, math.sqrt(h)))

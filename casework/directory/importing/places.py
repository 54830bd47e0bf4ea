"""Where a program is: its own coordinates where they can be trusted, else its ZIP's centroid; its time zone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from casework import geography
from casework.directory.importing import tidy
from casework.directory.importing.records import UNKNOWN_STATE, Refused
from casework.understanding.places import STATES

TRUSTED_MILES = 50.0  # a point farther from its own ZIP is somebody's slip
_STATES = {*STATES.values(), "MP"}


@dataclass(frozen=True)
class Where:
    """`place_from`: source (its own coordinates), mended (they were swapped or had lost a minus) or zip."""

    zip: str
    city: str
    state: str
    latitude: float
    longitude: float
    zone: str
    place_from: str
    notes: tuple[str, ...] = ()


def where(zip_code: Any, city: Any, state: Any, latitude: Any, longitude: Any) -> Where:
    """The place of a row. Raises Refused where neither its ZIP nor its coordinates say where it is."""
    code, north, east = tidy.zip5(zip_code), tidy.number(latitude), tidy.number(longitude)
    named = _state(state)
    try:
        centroid = geography.find(code) if code else None
    except geography.UnknownPlace as unknown:
        if unknown.military:
            raise Refused("a military address (APO, FPO, DPO) has no place on the map") from unknown
        centroid = None
    given = f"latitude {latitude}, longitude {longitude}"
    point: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    if north is not None and east is not None and (north, east) != (0.0, 0.0):
        point, notes = _mend(north, east, centroid)
    if point is None and tidy.text(latitude) is not None and (north, east) != (0.0, 0.0):
        notes = (f"coordinates not trusted ({given}); placed at its ZIP",)
    if point is not None:
        home = centroid or geography.near_point(*point)
        if code is None:
            notes = (*notes, "no usable ZIP; the nearest one is kept")
        from_source = "mended" if notes and "mended" in notes[0] else "source"
        return Where(code or home.zip, _city(city, home), named or home.state, *point, home.zone, from_source, notes)
    if centroid is None:
        raise Refused(_nowhere(zip_code, code, given if tidy.text(latitude) is not None else None))
    if named and named != centroid.state:
        raise Refused(f"ZIP {code} lies in {centroid.state}, the address says {named}; no coordinates to tell")
    if tidy.text(state) and not named:
        raise Refused(UNKNOWN_STATE)
    return Where(
        centroid.zip,
        _city(city, centroid),
        centroid.state,
        centroid.latitude,
        centroid.longitude,
        centroid.zone,
        "zip",
        notes,
    )


def _state(value: Any) -> str | None:
    name = (tidy.text(value) or "").strip(".")
    code = name.upper() if len(name) == 2 else STATES.get(name.lower(), "")
    return code if code in _STATES else None


def _city(value: Any, place: geography.Place) -> str:
    return tidy.text(value) or place.city


def _mend(
    north: float, east: float, centroid: geography.Place | None
) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """The point as it was meant: as given, swapped, or with its minus put back; None where none of them can be."""
    ways = (
        ((north, east), ()),
        ((east, north), ("coordinates mended: latitude and longitude were swapped",)),
        ((north, -east), ("coordinates mended: the longitude had lost its minus",)),
        ((east, -north), ("coordinates mended: swapped, and a lost minus",)),
    )
    for point, notes in ways:
        if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
            continue
        home = centroid or geography.near_point(*point)
        if geography.miles(point, (home.latitude, home.longitude)) <= TRUSTED_MILES:
            return point, notes
    return None, ()


def _nowhere(zip_code: Any, code: str | None, given: str | None) -> str:
    if code:
        said = f"there is no ZIP {code}"
    elif tidy.text(zip_code):
        said = f"'{str(zip_code)[:20]}' is not a ZIP"
    else:
        said = "there is no ZIP"
    return f"cannot be placed: {said}, and {f'{given} is not trusted' if given else 'there are no coordinates'}"

"""Where places lie on a map of the United States that is drawn here: no tiles, no outlines, nothing from elsewhere.

The ground is the ZIP codes themselves: a dot for each three-digit area (or each ZIP, where little is shown). Albers'
equal-area conic projection with the standard parallels of the US Geological Survey's maps (29.5 and 45.5 degrees
north); Alaska, Hawaii and Puerto Rico stand below the south-west, as is usual.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from casework.geography import zips

WIDTH, HEIGHT = 720.0, 440.0
_PAD = 16.0
_SOUTH, _NORTH, _ORIGIN, _MIDDLE = (math.radians(x) for x in (29.5, 45.5, 37.5, -96.0))
_N = (math.sin(_SOUTH) + math.sin(_NORTH)) / 2
_C = math.cos(_SOUTH) ** 2 + 2 * _N * math.sin(_SOUTH)
_RHO = math.sqrt(_C - 2 * _N * math.sin(_ORIGIN)) / _N
# state -> (its middle on the globe, how much it is drawn smaller, where its middle comes to lie, in the plane)
_INSETS = {
    "AK": ((-152.0, 63.5), 0.35, (-0.31, -0.235)),
    "HI": ((-157.5, 20.6), 1.0, (-0.20, -0.255)),
    "PR": ((-66.3, 18.2), 1.0, (0.28, -0.235)),
    "VI": ((-66.3, 18.2), 1.0, (0.28, -0.235)),
}
_OFF_THE_MAP = ("GU", "AS", "MP", "PW", "FM", "MH")
_NARROW = 0.10  # of the earth's radius: what is shown is at least so wide, about 400 miles
_BY_ZIP = 0.30  # below this width each ZIP is a dot, above it each three-digit area

Point = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """A three-digit ZIP area: its middle in the plane, the state most of it lies in, its largest place by ZIPs."""

    code: str
    at: Point
    state: str
    city: str


@dataclass(frozen=True)
class Window:
    """A part of the plane, and how it is drawn onto WIDTH x HEIGHT (x to the right, y down)."""

    left: float
    top: float
    scale: float

    def place(self, at: Point) -> Point:
        return round((at[0] - self.left) * self.scale, 1), round((self.top - at[1]) * self.scale, 1)


def plane(latitude: float, longitude: float, state: str = "") -> Point:
    """Degrees to the plane, in radii of the earth, x to the east and y to the north."""
    if state in _INSETS:
        (middle_longitude, middle_latitude), scale, (x, y) = _INSETS[state]
        east = math.radians(longitude - middle_longitude)
        if east < -math.pi:  # the Aleutians reach over the date line
            east += 2 * math.pi
        elif east > math.pi:
            east -= 2 * math.pi
        north = math.radians(latitude - middle_latitude)
        return x + scale * east * math.cos(math.radians(latitude)), y + scale * north
    rho = math.sqrt(_C - 2 * _N * math.sin(math.radians(latitude))) / _N
    angle = _N * (math.radians(longitude) - _MIDDLE)
    return rho * math.sin(angle), _RHO - rho * math.cos(angle)


@lru_cache(maxsize=1)
def areas() -> dict[str, Area]:
    """Every three-digit area that lies on the map, by its code."""
    members: dict[str, list[tuple[Point, str, str]]] = {}
    for code, at, state, city in _zips():
        members.setdefault(code[:3], []).append((at, state, city))
    found = {}
    for code, inside in members.items():
        states = [state for _, state, _ in inside]
        cities = [city for _, _, city in inside]
        state = Counter(states).most_common(1)[0][0]
        at = (
            sum(point[0] for point, _, _ in inside) / len(inside),
            sum(point[1] for point, _, _ in inside) / len(inside),
        )
        found[code] = Area(code, at, state, Counter(cities).most_common(1)[0][0])
    return found


@lru_cache(maxsize=1)
def _zips() -> list[tuple[str, Point, str, str]]:
    return [
        (place.zip, plane(place.latitude, place.longitude, place.state), place.state, place.city)
        for place in zips.everywhere()
        if place.state not in _OFF_THE_MAP
    ]


def window(shown: Iterable[Point]) -> Window:
    """The part of the plane to draw: around what is shown, or the whole country where nothing is."""
    points = list(shown) or [area.at for area in areas().values()]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    bottom, top = min(y for _, y in points), max(y for _, y in points)
    inner_width, inner_height = WIDTH - 2 * _PAD, HEIGHT - 2 * _PAD
    wide = max((right - left) * 1.25, (top - bottom) * 1.25 * inner_width / inner_height, _NARROW)
    scale = inner_width / wide
    middle = ((left + right) / 2, (bottom + top) / 2)
    return Window(middle[0] - WIDTH / 2 / scale, middle[1] + HEIGHT / 2 / scale, scale)


@lru_cache(maxsize=64)
def ground(view: Window) -> str:
    """The dots of the ground as one SVG path: each a stroke of no length with a round end."""
    wide = WIDTH / view.scale
    points: Sequence[Point] = (
        [at for _, at, _, _ in _zips()] if wide < _BY_ZIP else [area.at for area in areas().values()]
    )
    spots = {(round(x), round(y)) for x, y in map(view.place, points) if -2 < x < WIDTH + 2 and -2 < y < HEIGHT + 2}
    return "".join(f"M{x} {y}h0" for x, y in sorted(spots))

"""A picture of where programs lie from a person's ZIP: rings of distance and bearings, no map. Pure.

Where a person looks for help is private: no tile, font or script is fetched from anywhere. The table beside it says the
same to somebody who cannot see the picture.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Protocol

from casework.directory.tables import Program
from casework.geography import Place
from casework.phones import as_called

_SIZE, _MARGIN = 420, 34  # of the square, in the picture's own units
_NICE = (1, 2, 5, 10, 20, 30, 50, 100, 150, 200, 300, 500, 1000, 2000, 5000, 15000)
_POINTS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
_APART = 18.0  # between two numbers, so that neither covers the other


class Lying(Protocol):
    """A found program and its distance in miles (`search.Found`)."""

    @property
    def program(self) -> Program: ...
    @property
    def miles(self) -> float: ...


@dataclass(frozen=True)
class Picture:
    """`svg` stands by itself in a page; `table` is its equal in words (HTML); `rows` the same as data."""

    svg: str
    table: str
    rows: list[dict[str, Any]]


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def bearing(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The first direction of the shortest way from a to b, degrees clockwise from north. (latitude, longitude)."""
    north, other = math.radians(a[0]), math.radians(b[0])
    east = math.radians(b[1] - a[1])
    x = math.sin(east) * math.cos(other)
    y = math.cos(north) * math.sin(other) - math.sin(north) * math.cos(other) * math.cos(east)
    return math.degrees(math.atan2(x, y)) % 360


def compass(degrees: float) -> str:
    """One of n, ne, e, se, s, sw, w, nw."""
    return _POINTS[round(degrees / 45) % 8]


def where_it_lies(here: Place, found: Sequence[Lying], language: str = "en") -> Picture:
    """The picture and the table of programs, numbered in the order they are given."""
    words = _words()[language if language in _words() else "en"]
    title = words["title"].format(place=f"{here.city}, {here.state} {here.zip}")
    centre = (here.latitude, here.longitude)
    rows, spots = [], []
    for number, each in enumerate(found, 1):
        degrees = bearing(centre, (each.program.latitude, each.program.longitude))
        near = each.miles < 0.1
        rows.append({
            "number": number,
            "id": each.program.id,
            "name": each.program.organization,
            "miles": round(each.miles, 1),
            "direction": "here" if near else compass(degrees),
            "phone": as_called(each.program.intake_phone or each.program.phone),
        })  # fmt: skip
        spots.append((0.0 if near else each.miles, degrees))
    return Picture(_svg(title, spots, words), _table(title, rows, words), rows)


def _rings(farthest: float) -> list[float]:
    """Three rings, evenly apart, the last beyond the farthest program. Miles."""
    step = next((each for each in _NICE if each * 3 >= farthest), _NICE[-1])
    return [float(step * count) for count in (1, 2, 3)]


def _svg(title: str, spots: Sequence[tuple[float, float]], words: dict[str, Any]) -> str:
    middle, radius = _SIZE / 2, _SIZE / 2 - _MARGIN
    rings = _rings(max((miles for miles, _ in spots), default=1.0))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" role="img" class="where">',
        f"<title>{escape(title)}</title>",
    ]
    for ring in rings:
        size = radius * ring / rings[-1]
        parts.append(f'<circle cx="{middle:g}" cy="{middle:g}" r="{size:.1f}" fill="none" stroke="#767676"/>')
        label = f"{ring:g} {words['miles']}"
        parts.append(f'<text x="{middle + 4:g}" y="{middle - size - 4:.1f}" font-size="11">{escape(label)}</text>')
    across = f"M{middle:g} {_MARGIN}V{_SIZE - _MARGIN}M{_MARGIN} {middle:g}H{_SIZE - _MARGIN}"
    parts.append(f'<path d="{across}" stroke="#c8c8c8"/>')
    letters = ((middle, 12, "n"), (middle, _SIZE - 6, "s"), (_SIZE - 10, middle + 4, "e"), (10, middle + 4, "w"))
    parts += [
        f'<text x="{x:g}" y="{y:g}" font-size="12" text-anchor="middle">{escape(words[key][0].upper())}</text>'
        for x, y, key in letters
    ]
    parts.append(f'<rect x="{middle - 5:g}" y="{middle - 5:g}" width="10" height="10"><title>{escape(words["you"])}')
    parts.append("</title></rect>")
    placed: list[tuple[float, float]] = []
    for number, (miles, degrees) in enumerate(spots, 1):
        x, y = _spot(middle, radius * miles / rings[-1], degrees, placed)
        placed.append((x, y))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="#0b5394"/>')
        label = f'<text x="{x:.1f}" y="{y + 4:.1f}" font-size="12" fill="#fff" text-anchor="middle">{number}</text>'
        parts.append(label)
    return "".join([*parts, "</svg>"])


def _spot(middle: float, away: float, degrees: float, placed: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Where a number goes: at its place, or as little beside it as keeps it readable."""
    angle = math.radians(degrees)
    x, y = middle + away * math.sin(angle), middle - away * math.cos(angle)
    taken = [(middle, middle), *placed]
    for step in range(60):  # outwards on a spiral
        turn, reach = step * 0.9, step * 1.6
        spot = (x + reach * math.cos(turn), y + reach * math.sin(turn))
        if all(math.dist(spot, other) >= _APART for other in taken):
            return spot
    return x, y


def _table(title: str, rows: Sequence[dict[str, Any]], words: dict[str, Any]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in words["columns"])
    body = "".join(
        f'<tr><td>{row["number"]}</td><th scope="row">{escape(row["name"])}</th>'
        f"<td>{row['miles']:g} {escape(words['miles'])}</td><td>{escape(words[row['direction']])}</td>"
        f"<td>{escape(row['phone'] or '')}</td></tr>"
        for row in rows
    )
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

"""Reports: charts and tables of a range of days, each table as CSV too; a version to share hides small numbers."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Query, Request, Response

from casework import clock
from casework.errors import NotFound
from casework.reports import arithmetic, country
from casework.reports.arithmetic import Days
from casework.reports.gathering import zone
from casework.reports.reading import AREAS_SHOWN, NOT_SHARED, PARTS
from casework.reports.sheets import Sheet, csv_rows
from channels.console import words
from channels.console.door import administration
from channels.console.pages import render
from channels.console.router import router

Part = Literal["way", "answers", "intakes", "places", "staff"]
Channel = Literal["", "sms", "web"]
Language = Literal["", "en", "es"]
Share = Annotated[bool, Query()]
Since = Annotated[str, Query(alias="from", max_length=10)]
Until = Annotated[str, Query(alias="to", max_length=10)]
_BIGGEST, _SMALLEST, _CROWD = 22.0, 2.5, 30  # radii of the map's circles; beyond so many areas they are drawn smaller


@router.get("/reports", name="console_reports")
async def page(
    request: Request,
    part: Part = "way",
    since: Since = "",
    until: Until = "",
    channel: Channel = "",
    language: Language = "",
    share: Share = False,
) -> Response:
    """`from`, `to`: days, both included. A shared report covers whole months and cannot be narrowed down further."""
    chosen, days, today = _asked(part, since, until, share=share)
    if share:
        channel = language = ""
    async with administration(request) as mine:
        made, coming = await mine.report_made()
        sheets = await mine.report(chosen, days, channel=channel, language=language, share=share) if made.at else []
        return render(
            request,
            "reports.html",
            part=chosen,
            parts=[name for name in PARTS if not (share and name in NOT_SHARED)],
            days=days,
            today=today,
            channel=channel,
            language=language,
            share=share,
            sheets=sheets,
            made=made,
            coming=coming,
            zone=zone(),
            row_names=row_names,
            heads=heads,
            areas_shown=AREAS_SHOWN,
            map=_map(sheets[0]) if chosen == "places" and sheets else None,
            alarms=await mine.open_alarms(),
        )


@router.get("/reports/{name}.csv", name="console_report_csv")
async def as_csv(
    request: Request,
    name: str,
    since: Since = "",
    until: Until = "",
    channel: Channel = "",
    language: Language = "",
    share: Share = False,
) -> Response:
    part = _PART_OF.get(name)
    if part is None or (share and part in NOT_SHARED):
        raise NotFound("no such table")
    _, days, _ = _asked(part, since, until, share=share)
    if share:
        channel = language = ""
    async with administration(request) as mine:
        sheets = await mine.report(part, days, channel=channel, language=language, share=share, saved=True)
    sheet = next(each for each in sheets if each.name == name)
    text = io.StringIO()
    rows = csv_rows(sheet, row_names(sheet), heads(sheet))
    rows[0][0] = words.label("sheet", name)
    csv.writer(text).writerows(rows)
    file = f"guidepost-{name}-{days.since}-{days.until}{'-shared' if share else ''}.csv"
    return Response(
        "\ufeff" + text.getvalue(),  # so that spreadsheets read it as UTF-8
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


_PART_OF = {
    "funnel": "way",
    "over_time": "way",
    "asked": "way",
    "stopped": "way",
    "needs": "way",
    "first_answer": "answers",
    "claim": "answers",
    "alarms": "answers",
    "wait": "intakes",
    "appointments": "intakes",
    "places": "places",
    "workload": "staff",
}


def _asked(part: str, since: str, until: str, *, share: bool) -> tuple[str, Days, date]:
    today = clock.now().astimezone(ZoneInfo(zone())).date()
    days = arithmetic.days_of(_day(since), _day(until), today, whole_months=share)
    return "way" if share and part in NOT_SHARED else part, days, today


def _day(given: str) -> date | None:
    """A day of a form that may be left empty; what is no day counts as empty."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None


def row_names(sheet: Sheet) -> dict[str, str]:
    """What the rows of a sheet are called."""
    own = words.labels().get(f"{sheet.row_group}_{sheet.name}", {})
    return {code: sheet.names.get(code) or own.get(code) or words.label(sheet.row_group, code) for code in sheet.rows}


def heads(sheet: Sheet) -> dict[str, str]:
    """What its columns are called."""
    own = words.labels().get(f"column_{sheet.name}", {})
    return {code: own.get(code) or words.label("column", code) for code in sheet.columns}


def _map(sheet: Sheet) -> dict[str, Any]:
    """Circles for the areas, the largest first so that small ones lie above; areas with hidden numbers are left out."""
    known = country.areas()
    shown = [
        (known[code], far, near)
        for row, code in enumerate(sheet.rows)
        if code in known and (far := sheet.cell(row, 0)) is not None and (near := sheet.cell(row, 1)) is not None
    ]
    view = country.window(area.at for area, _, _ in shown)
    most = max((far + near for _, far, near in shown), default=1)
    biggest = _BIGGEST * min(1.0, (_CROWD / max(len(shown), 1)) ** 0.5)
    circles = []
    for area, far, near in sorted(shown, key=lambda each: -(each[1] + each[2])):
        x, y = view.place(area.at)
        radius = max(biggest * ((far + near) / most) ** 0.5, _SMALLEST)
        circles.append(
            {
                "x": x,
                "y": y,
                "r": round(radius, 1),
                "far": far > 0,
                "inner": round(radius * (far / (far + near)) ** 0.5, 1),
            }
        )
    return {
        "width": int(country.WIDTH),
        "height": int(country.HEIGHT),
        "ground": country.ground(view),
        "circles": circles,
        "left_out": sheet.hidden,
    }

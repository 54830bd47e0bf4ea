"""The summary as a PDF of a page or two, for a program that takes no other form. Letter paper, selectable text."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from casework.staff.reading import Person
from channels.console.words import clock_time, label, moment, phone, value

_INK, _QUIET, _LINE = colors.HexColor("#1b282c"), colors.HexColor("#52626a"), colors.HexColor("#c3cdcd")
_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=9.5, leading=12.5, textColor=_INK)
_SMALL = ParagraphStyle("small", parent=_TEXT, fontSize=8, leading=10.5, textColor=_QUIET)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName="Helvetica-Bold", fontSize=16, leading=20)
_HEAD = ParagraphStyle(
    "head", parent=_TEXT, fontName="Helvetica-Bold", fontSize=11, leading=14, spaceBefore=8, spaceAfter=2
)
_SIGN = {"met": "Met", "not_met": "Not met", "unknown": "Not known"}


def summary_pdf(person: Person, *, agency: str, agency_phone: str | None, by: str, at: datetime) -> bytes:
    """`by` is who made it. Raises nothing for odd characters: what the font lacks is said in words."""
    client, handoff, summary = person.client, person.handoff, person.summary
    zone = client.zone or (person.program.zone if person.program else None)
    name = client.name or "A client who gave no name"
    story: list[Any] = [
        Paragraph(_safe(name), _TITLE),
        Paragraph(
            f"Made by {_safe(agency)}{f', {_safe(phone(agency_phone))}' if agency_phone else ''}"
            f" on {_safe(moment(at, zone))}",
            _SMALL,
        ),
        Spacer(1, 4),
        _pairs(
            [
                ("Language", label("language", client.language)),
                ("Reach by", _reach(person)),
                ("Their time", f"{clock_time(at, client.zone)} now" if client.zone else "not known"),
                ("Handed over", _handed_over(person, zone)),
                ("Agreed to share", moment(handoff.shared_at, zone) if handoff and handoff.shared_at else "no"),
                ("Risk", _risk(person, zone)),
            ]
        ),
        *_section("What they want, in their own words", _own_words(person)),
        *_section(
            "Needs",
            [Paragraph(_safe(", ".join(label("need", each.need) for each in person.needs)), _TEXT)]
            * bool(person.needs),
        ),
        *_section("Program and appointment", _intake(person)),
        *_section("Screening (worked out by software, told as to the client; a person decides)", _screening(person)),
        *_section("What they said", _answers(summary["said"])),
        *_section("Worked out from what they said", _answers(summary["found"])),
        *_section("Preferred not to say", _list(label("fact", fact) for fact in summary["preferred_not_to_say"])),
        *_section("Still to ask", _list(label("fact", fact) for fact in summary["still_to_ask"])),
        *_section(
            "Not asked (would not change the screening)",
            _list(label("fact", fact) for fact in summary["not_asked"] if fact not in summary["still_to_ask"]),
        ),
    ]
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=LETTER,
        leftMargin=0.8 * inch,
        rightMargin=0.8 * inch,
        topMargin=0.7 * inch,
        bottomMargin=0.8 * inch,
        title="Handoff summary",
        author=_safe(agency),
        lang="en-US",
    )

    def foot(canvas: Canvas, _: Any) -> None:
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(_QUIET)
        canvas.drawString(0.8 * inch, 0.5 * inch, f"Confidential health information. Made for {_latin(by)}.")
        canvas.drawRightString(LETTER[0] - 0.8 * inch, 0.5 * inch, f"Page {canvas.getPageNumber()}")

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _handed_over(person: Person, zone: str | None) -> str:
    if person.handoff is None:
        return "not handed over"
    return f"{label('reason', person.handoff.reason)}, {moment(person.handoff.created_at, zone)}"


def _section(title: str, body: list[Any]) -> list[Any]:
    """A heading that stays with what follows it; nothing where there is nothing to say."""
    return [KeepTogether([Paragraph(title, _HEAD), body[0]]), *body[1:]] if body else []


def _pairs(pairs: list[tuple[str, str]]) -> Table:
    rows = [[Paragraph(_safe(name), _SMALL), Paragraph(_safe(text), _TEXT)] for name, text in pairs]
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ]
    )
    return Table(rows, colWidths=[1.7 * inch, 5.0 * inch], style=style, hAlign="LEFT")


def _reach(person: Person) -> str:
    client = person.client
    how = label("channel", person.conversation.channel)
    ways = [f"{how}: {phone(client.phone)}" if client.phone else how]
    if client.opted_out_at:
        ways.append("has opted out of texts (STOP)")
    known = client.contact if isinstance(client.contact, dict) else {}
    for way in ("text", "voicemail"):
        ways.append(f"{label('contact', way)}: {'not asked' if known.get(way) is None else value(known[way])}")
    return "; ".join(ways)


def _risk(person: Person, zone: str | None) -> str:
    if not person.alarms:
        return "No sign of danger was found in the messages. The software can miss things."
    line = person.alarms[0]
    kinds = ", ".join(label("danger", kind) for kind in line.alarm.kinds)
    seen = f" by {line.acknowledged_by}" if line.acknowledged_by else ""
    about = f" ({kinds})" if kinds else ""
    return f"{label('alarm', line.alarm.status)}{seen}{about}, {moment(line.alarm.created_at, zone)}."


def _own_words(person: Person) -> list[Any]:
    return [Paragraph(f"“{_safe(message.text)}”", _TEXT) for message in person.own_words]


def _intake(person: Person) -> list[Any]:
    found = []
    for booking in person.bookings:
        made, program = booking.appointment, booking.program
        found.append(
            Paragraph(
                f"<b>{_safe(label('appointment', made.status))}:</b> {_safe(moment(made.starts_at, program.zone))},"
                f" {_safe(label('kind', made.kind))}. {_safe(program.name)}, {_safe(program.organization)},"
                f" {_safe(program.city)} {_safe(program.state)} {_safe(phone(program.intake_phone or program.phone))}",
                _TEXT,
            )
        )
    if not found and person.program:
        program = person.program
        found.append(Paragraph(f"{_safe(program.name)}, {_safe(program.organization)}. No appointment yet.", _TEXT))
    return found


def _screening(person: Person) -> list[Any]:
    if not person.screening:
        return []
    result = person.screening
    head = f"{label('outcome', result['outcome'])} ({result['title']}, version {result['version']})"
    lines = [
        (f"{label('criterion', each['id'])}: {_SIGN.get(each['status'], each['status'])}", each["because"])
        for each in person.screening["criteria"]
    ]
    besides = [
        f"{each['title']}, version {each['version']}: {label('outcome_short', each['outcome'])}"
        for each in (person.screened.others if person.screened else ())
    ]
    return [
        Paragraph(f"<b>{_safe(head)}</b>", _TEXT),
        _pairs(lines),
        *([Paragraph(_safe(f"Looked at besides: {'; '.join(besides)}."), _SMALL)] if besides else []),
    ]


def _answers(told: list[dict[str, Any]]) -> list[Any]:
    """What was said with their own words beside it; what was worked out, without: those words told something else."""
    rows = []
    for line in told:
        how = f"“{line['words'][:80]}”" if line["words"] else label("origin", line["origin"])
        beside = "" if line["origin"] == "worked_out" else f" ({how})"
        rows.append((label("fact", line["fact"]), f"{value(line['value'])}{beside}"))
    return [_pairs(rows)] if rows else []


def _list(texts: Iterable[str]) -> list[Any]:
    line = "; ".join(texts)
    return [Paragraph(_safe(line), _TEXT)] if line else []


def _safe(text: str) -> str:
    return escape(_latin(text)).replace("\n", "<br/>")


def _latin(text: str) -> str:
    """The text in the characters that the standard fonts have; others by their plain form or their name."""
    out = []
    for char in unicodedata.normalize("NFC", text):
        if char.encode("cp1252", "ignore") or char == "\n":
            out.append(char)
            continue
        plain = unicodedata.normalize("NFKD", char).encode("cp1252", "ignore").decode("cp1252")
        name = "" if unicodedata.category(char) in ("Cf", "Mn", "Cc") else unicodedata.name(char, "sign").lower()
        out.append(plain or (f"[{name}]" if name else ""))
    return "".join(out)

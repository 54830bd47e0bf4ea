"""The letter as PDF: set by Typst, tagged for screen readers (PDF/UA-1), always one page."""

from __future__ import annotations

import json

from casework.letters.content import Letter
from casework.paths import DATA

_TEMPLATE = DATA / "letters" / "letter.typ"


def pdf(letter: Letter) -> bytes:
    """The page. What the client or a directory wrote is text to it, never markup."""
    import typst  # 40 MB: only the process that prints a letter loads it

    return typst.compile(
        _TEMPLATE, root=_TEMPLATE.parent, sys_inputs=_given(letter), pdf_standards=["ua-1"], ignore_system_fonts=True
    )


def pages(letter: Letter, dots_an_inch: float = 60) -> list[bytes]:
    """The same as PNG, one picture a page (there is one): for looking at it."""
    import typst

    made = typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        sys_inputs=_given(letter),
        format="png",
        ppi=dots_an_inch,
        ignore_system_fonts=True,
    )
    return made if isinstance(made, list) else [made]


def _given(letter: Letter) -> dict[str, str]:
    return {"letter": json.dumps({"language": letter.language, **_plain(letter.fields)})}


def _plain(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return {key: _known(each) for key, each in value.items()}


def _known(value: object) -> object:
    """Only letters that the page's typeface has: the standard refuses a page with a box in place of a letter."""
    if isinstance(value, str):
        return "".join(each if ord(each) < 0x250 or each in "–—‘’“”…•" else "?" for each in value if each >= " ")
    return [_known(each) for each in value] if isinstance(value, list) else value

"""A real headless Chromium for the tests of what faces clients."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; `apt-get install chromium` runs these tests"),
]
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PICTURES = os.environ.get("GUIDEPOST_PICTURES")  # a folder: screenshots are kept there
sync_api.expect.set_options(timeout=15_000)  # milliseconds: a busy machine of two cores is slow, not wrong
SIZES = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        yield browser
        browser.close()


def new_page(chromium: Any, **options: Any) -> Any:
    """A page of a fresh browser profile; `page.wrong` collects errors of scripts and of the CSP."""
    page = chromium.new_context(**options).new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
    return page


def violations(page: Any) -> list[str]:
    """What axe finds wrong for people with disabilities."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}, "resultTypes": ["violations"]})
    return [
        f"{violation['id']}: {violation['help']} {[node['target'] for node in violation['nodes']]}"
        for violation in found.response["violations"]
    ]


def picture(page: Any, name: str, **options: Any) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", **options)

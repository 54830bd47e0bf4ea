"""FindTreatment's live export, fetched over HTTP as it serves it: page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from directory_helpers import work
from test_import import programs, taking

from casework.directory.importing import BadFile
from casework.storage import Database


class Pages(BaseHTTPRequestHandler):
    """FindTreatment's export: `page` and `pageSize` in the address; `broken` is a page that fails."""

    rows: ClassVar[list[dict[str, Any]]] = []
    broken: ClassVar[int | None] = None
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        page, size = int(query["page"][0]), int(query.get("pageSize", ["2000"])[0])
        Pages.asked.append(query["sType"][0])
        if page == Pages.broken:
            self.send_error(503)
            return
        pages = -(-len(Pages.rows) // size)
        rows = Pages.rows[(page - 1) * size : page * size]
        body = {"page": page, "totalPages": pages, "recordCount": len(Pages.rows), "rows": rows}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def findtreatment() -> Iterator[str]:
    """The address of a FindTreatment that holds five facilities, two a page."""
    services = [{"f1": "Facility Type", "f2": "FT", "f3": "Community mental health center; Case management"}]
    Pages.rows = [
        {"name1": f"Bend {n}", "name2": None, "street1": f"{n} Main St", "city": "Minneapolis", "state": "MN",
         "zip": "55401", "phone": "612-555-0101", "latitude": "44.98", "longitude": "-93.27", "typeFacility": "MH",
         "services": services} for n in range(5)
    ]  # fmt: skip
    Pages.broken, Pages.asked = None, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/locator/exportsAsJson/v2?sType=mh&pageSize=2&limitType=0&limitValue=27"
    server.shutdown()
    server.server_close()


def test_findtreatment_is_fetched_page_by_page_from_its_address(database: Database, findtreatment: str) -> None:
    report = work(database, taking("findtreatment", findtreatment))
    assert (report.read, report.added, report.refused) == (5, 5, 0)
    assert Pages.asked == ["mh"] * 3
    again = work(database, taking("findtreatment", findtreatment))
    assert (again.added, again.updated, again.unchanged) == (0, 0, 5)


def test_a_page_that_fails_leaves_the_directory_as_it_was(database: Database, findtreatment: str) -> None:
    Pages.broken = 2
    with pytest.raises(BadFile, match="page 2"):
        work(database, taking("findtreatment", findtreatment))
    assert work(database, programs) == []

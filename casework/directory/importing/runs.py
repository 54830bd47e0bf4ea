"""Imports asked for by staff: the file waits in the database until a worker, on whatever machine, takes it in.

    waiting -> running -> done | failed

`undo` is a run of its own kind: it undoes the last import that changed something.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, defer, mapped_column

from casework import clock, jobs
from casework.directory.importing.records import BadFile
from casework.errors import GuidepostError
from casework.staff.tables import Staff
from casework.storage import Database, new_id
from casework.storage.base import Base, Created, Id, Moment

JOB = "import_directory"
UNDO = "undo"
LARGEST = 64_000_000  # bytes; SAMHSA's whole directory is 8 MB
KEPT = 200  # refusals and notes that a report on the page shows; its counts are whole
_UNFINISHED = ("waiting", "running")


class ImportRequest(Base):
    """An import that staff asked for. `content` is gone once it is done; `report` is as `guidepost import --json`."""

    __tablename__ = "import_requests"
    __table_args__ = (Index("ix_import_requests_created", "created_at"),)

    id: Mapped[Id]
    kind: Mapped[str]
    file: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    path: Mapped[str | None]
    verified_on: Mapped[date | None]
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    status: Mapped[str] = mapped_column(default="waiting")
    read: Mapped[int] = mapped_column(default=0)  # rows so far
    report: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    error: Mapped[str | None]
    created_at: Mapped[Created]
    finished_at: Mapped[Moment | None]


async def ask(
    session: AsyncSession,
    staff: Staff,
    kind: str,
    at: datetime,
    *,
    file: str,
    content: bytes | None = None,
    path: str | None = None,
    verified_on: date | None = None,
) -> ImportRequest:
    """Puts an import into the queue; they run one after the other."""
    request = ImportRequest(
        id=new_id(),
        kind=kind,
        file=file,
        content=content,
        path=path,
        verified_on=verified_on,
        staff_id=staff.id,
        created_at=at,
        status="waiting",
        read=0,
    )
    session.add(request)
    await session.flush()
    await jobs.defer(session, JOB, lock=JOB, request_id=request.id)
    return request


async def latest(session: AsyncSession) -> Sequence[tuple[ImportRequest, str]]:
    """The newest requests with who asked, without their content."""
    rows = await session.execute(
        select(ImportRequest, Staff.name)
        .join(Staff, Staff.id == ImportRequest.staff_id)
        .options(defer(ImportRequest.content))
        .order_by(ImportRequest.created_at.desc())
        .limit(12)
    )
    return rows.tuples().all()


async def run(database: Database, request_id: uuid.UUID) -> None:
    """Does what was asked for. In a thread with a loop of its own: reading a file is work that would hold up turns."""
    await asyncio.to_thread(lambda: asyncio.run(_run(database.url, request_id)))


async def _run(url: str, request_id: uuid.UUID) -> None:
    database = Database(url, pool_size=2)
    try:
        async with database.session() as session:
            request = await session.get(ImportRequest, request_id, with_for_update=True)
            if request is None or request.status not in _UNFINISHED:
                return  # done by a try before
            request.status, request.read = "running", 0
        try:
            report, error = await _work(database, request), None
        except GuidepostError as refused:
            report, error = None, str(refused)
        await _finish(database, request_id, report, error)
    finally:
        await database.close()


async def _work(database: Database, request: ImportRequest) -> dict[str, Any]:
    from casework.directory import importing

    if request.kind == UNDO:
        async with database.session() as session:
            return await importing.undo_last(session)
    progress: asyncio.Queue[int] = asyncio.Queue()
    watching = asyncio.create_task(_keep_count(database, request.id, progress))
    try:
        with tempfile.TemporaryDirectory(prefix="guidepost-import-") as folder:
            path = request.path or ""
            if request.content is not None:
                path = str(Path(folder) / Path(request.file).name)
                Path(path).write_bytes(request.content)
            async with database.session() as session:
                report = await importing.import_file(
                    session, request.kind, path, verified_on=request.verified_on, progress=progress.put_nowait
                )
    except (OSError, UnicodeError) as error:
        raise BadFile(f"the file cannot be read: {type(error).__name__}") from error
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    found = report.to_json()
    return {**found, "file": request.file, "refusals": found["refusals"][:KEPT], "notes": found["notes"][:KEPT]}


async def _keep_count(database: Database, request_id: uuid.UUID, progress: asyncio.Queue[int]) -> None:
    """Writes how many rows were read, in transactions of its own: the import itself shows only at its end."""
    while True:
        count = await progress.get()
        while not progress.empty():
            count = progress.get_nowait()
        async with database.session() as session:
            await session.execute(update(ImportRequest).where(ImportRequest.id == request_id).values(read=count))


async def _finish(database: Database, request_id: uuid.UUID, report: dict[str, Any] | None, error: str | None) -> None:
    async with database.session() as session:
        await session.execute(
            update(ImportRequest)
            .where(ImportRequest.id == request_id)
            .values(
                status="failed" if error else "done",
                report=report,
                error=error,
                content=None,
                finished_at=clock.now(),
                read=(report or {}).get("read", 0),
            )
        )

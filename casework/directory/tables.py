"""Programs: the places that take clients on; and what each import changed, so that it can be undone."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created, Id, Moment

KINDS = ("cmhc", "ccbhc", "va", "child", "older_adult", "other")

# A place as a point on a sphere of radius 1: there, the straight line between two places grows as the way on the
# ground does, so that the index finds the nearest exactly, across the date line too. Of the extensions that could do
# it, `cube` is the one that needs no superuser.
ON_EARTH = (
    "cube(ARRAY[cos(radians(latitude)) * cos(radians(longitude)), "
    "cos(radians(latitude)) * sin(radians(longitude)), sin(radians(latitude))])"
)


class Program(Base):
    """A program at one place. Ages are full years, both ends included; `service_counties` are five-digit FIPS codes,
    empty where anyone near is served; phones are E.164; `zone` is the IANA zone its hours are meant in.

    `hours`: {"mon": [["08:00", "16:30"]], "sun": []}; a day that is absent is not known, an empty one is closed;
    "24:00" ends a day. `wait_days`: what the source says a new client waits. `edited`: fields that staff changed by
    hand; no import overwrites them.
    """

    __tablename__ = "programs"
    __table_args__ = (
        Index("ix_programs_place", "latitude", "longitude"),
        Index("ix_programs_state", "state"),
        Index("ix_programs_on_earth", text(ON_EARTH), postgresql_using="gist", postgresql_where=text("active")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    organization: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    description: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)  # language -> one sentence
    phone: Mapped[str | None]
    phone_extension: Mapped[str | None]
    intake_phone: Mapped[str | None]
    intake_extension: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    street: Mapped[str | None]
    city: Mapped[str]
    state: Mapped[str]
    zip: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]
    place_from: Mapped[str] = mapped_column(default="source")  # source, mended (swapped), or zip: its ZIP's centroid
    zone: Mapped[str]
    service_counties: Mapped[list[str]] = mapped_column(JSONB, default=list)
    age_min: Mapped[int] = mapped_column(default=0)
    age_max: Mapped[int | None]
    veterans_only: Mapped[bool] = mapped_column(default=False)
    payers: Mapped[list[str]] = mapped_column(JSONB, default=list)
    languages: Mapped[list[str]] = mapped_column(JSONB, default=lambda: ["en"])
    telehealth: Mapped[bool] = mapped_column(default=False)
    services: Mapped[list[str]] = mapped_column(JSONB, default=list)
    hours: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)
    wait_days: Mapped[float | None]
    active: Mapped[bool] = mapped_column(default=True)
    sample: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str]
    source_id: Mapped[str | None]
    verified_on: Mapped[date | None]
    edited: Mapped[list[str]] = mapped_column(JSONB, default=list)
    created_at: Mapped[Created]
    changed_at: Mapped[Moment | None]


class ImportRun(Base):
    """One import of one file. `counts`: read, added, updated, unchanged, refused, conflicts."""

    __tablename__ = "import_runs"

    id: Mapped[Id]
    kind: Mapped[str]
    file: Mapped[str]
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    undone_at: Mapped[Moment | None]


class ImportChange(Base):
    """What an import did to a program. `before`: the fields it changed as they were; none where it added it."""

    __tablename__ = "import_changes"
    __table_args__ = (Index("ix_import_changes_run", "run_id"),)

    id: Mapped[Id]
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("import_runs.id", ondelete="CASCADE"))
    program_id: Mapped[str]
    before: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)

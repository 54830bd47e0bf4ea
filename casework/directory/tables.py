"""Programs: the places that take clients on."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base, Created

KINDS = ("cmhc", "ccbhc", "va", "child", "older_adult", "other")


class Program(Base):
    """A program at one place. Ages are full years, both ends included; `service_counties` are five-digit FIPS codes,
    empty where anyone near is served; phones are E.164; `zone` is the IANA zone its hours are meant in."""

    __tablename__ = "programs"
    __table_args__ = (Index("ix_programs_place", "latitude", "longitude"), Index("ix_programs_state", "state"))

    id: Mapped[str] = mapped_column(primary_key=True)
    organization: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    description: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)  # language -> one sentence
    phone: Mapped[str | None]
    intake_phone: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    street: Mapped[str | None]
    city: Mapped[str]
    state: Mapped[str]
    zip: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]
    place_from: Mapped[str] = mapped_column(default="source")  # source, or zip: the centroid of its ZIP
    zone: Mapped[str]
    service_counties: Mapped[list[str]] = mapped_column(JSONB, default=list)
    age_min: Mapped[int] = mapped_column(default=0)
    age_max: Mapped[int | None]
    veterans_only: Mapped[bool] = mapped_column(default=False)
    payers: Mapped[list[str]] = mapped_column(JSONB, default=list)
    languages: Mapped[list[str]] = mapped_column(JSONB, default=lambda: ["en"])
    telehealth: Mapped[bool] = mapped_column(default=False)
    services: Mapped[list[str]] = mapped_column(JSONB, default=list)
    hours: Mapped[Any] = mapped_column(JSONB, nullable=True)
    active: Mapped[bool] = mapped_column(default=True)
    sample: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str]
    source_id: Mapped[str | None]
    verified_on: Mapped[date | None]
    edited: Mapped[list[str]] = mapped_column(JSONB, default=list)  # fields that staff changed by hand
    created_at: Mapped[Created]

"""Which counties a ZIP lies in. Filled by `guidepost import zip-counties`; empty until then."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from casework.storage.base import Base


class ZipCounty(Base):
    """A ZIP and a county (five-digit FIPS) that it reaches into. `share`: of the ZIP's homes, 0 to 1."""

    __tablename__ = "zip_counties"

    zip: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(primary_key=True)
    share: Mapped[float]

"""The nearest place with help for a need that a client named, beside 211: not one of the programs that are offered."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.directory.ranking import FAR_MILES, Seeker, takes
from casework.directory.search import box_around
from casework.directory.tables import Program
from casework.geography import miles

# Which services of the directory help with which need; for the others it holds none.
SERVICES: dict[str, tuple[str, ...]] = {
    "housing": ("supported_housing",),
    "job": ("supported_employment",),
    "medication": ("psychiatry",),
    "therapy": ("outpatient",),
    "substance_use": ("substance_use",),
}
_LOOKED_AT = 20  # the nearest; the first of them that would take the client is named


async def help_near(session: AsyncSession, who: Seeker, need: str) -> Program | None:
    """The nearest program within 60 miles that helps with this need, would take them and can be called."""
    services: Sequence[str] = SERVICES.get(need, ())
    if not services:
        return None
    box, here = box_around(who.place, FAR_MILES), (who.place.latitude, who.place.longitude)
    shrink = math.cos(math.radians(who.place.latitude))
    away = func.power(Program.latitude - here[0], 2) + func.power((Program.longitude - here[1]) * shrink, 2)
    near = await session.scalars(
        select(Program)
        .where(
            Program.active,
            Program.latitude.between(box["south"], box["north"]),
            Program.longitude.between(box["west"], box["east"]),
            or_(*(Program.services.contains([service]) for service in services)),
            func.coalesce(Program.intake_phone, Program.phone, "") != "",
        )
        .order_by(away)
        .limit(_LOOKED_AT)
    )
    return next(
        (each for each in near if takes(each, who) and miles(here, (each.latitude, each.longitude)) <= FAR_MILES),
        None,
    )

"""`guidepost rescreen` and `guidepost policy`: kept screenings run again, and an agency's own copies of policies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from casework.errors import GuidepostError

WithDatabase = Callable[[Callable[[AsyncSession], Coroutine[Any, Any, Any]]], Any]


def rescreen(with_database: WithDatabase, client: str | None, *, save: bool = False, as_json: bool = False) -> None:
    """Prints, for each kept screening, the outcome then and now; ids only, no facts."""
    from casework import clock
    from casework.handoff.screenings import Again, run_again

    try:
        client_id = uuid.UUID(client) if client else None
    except ValueError as error:
        raise GuidepostError("--client is a client's id, as it stands in the console's address") from error
    done: list[Again] = with_database(lambda session: run_again(session, client_id, save=save, at=clock.now()))
    if client_id and not done:
        raise GuidepostError("this client has no screening")
    if as_json:
        print(json.dumps([each.to_json() for each in done]))
        return
    for each in done:
        if each.differs:
            then, now = (f"{what[2]} by {what[0]} {what[1]}" for what in (each.before, each.now))
            print(f"{each.client_id}  {then} -> {now}")
    kept = "; kept anew" if save else ""
    print(f"{len(done)} run again, {sum(each.differs for each in done)} come out otherwise{kept}")

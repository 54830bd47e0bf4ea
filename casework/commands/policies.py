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


def copy(policy: str, new: str, *, states: list[str], counties: list[str], zips: list[str]) -> None:
    """Writes an agency's own copy of a shipped policy with its service area, checks it and says where it is."""
    import re

    from casework import screening
    from casework.intake.policies import own_folder

    if not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", new) or new in screening.policy_ids():
        raise GuidepostError("the new name is small letters, digits and hyphens, and no shipped policy's")
    if policy not in screening.policy_ids():
        raise screening.UnknownPolicy(policy, screening.policy_ids())
    if not counties and not zips:
        raise GuidepostError("give its service area: --county and --zip, as often as needed")
    folder = own_folder()
    file = folder / f"{new}.toml"
    if file.exists():
        raise GuidepostError(f"{file} is there already; edit it, or remove it first")
    text = (screening.CRITERIA / f"{policy}.toml").read_text(encoding="utf-8")
    for old, value in (
        (f'id = "{policy}"\n', f'id = "{new}"\nstates = {json.dumps([state.upper() for state in states])}\n'),
        ("counties = []\n", f"counties = {json.dumps(counties)}\n"),
        ("zips = []\n", f"zips = {json.dumps(zips)}\n"),
    ):
        if old not in text:
            raise GuidepostError(f"{policy} has no service area to fill in")
        text = text.replace(old, value, 1)
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    try:
        screening.load_policy(new, folder)
    except GuidepostError:
        file.unlink()
        raise
    print(f"{file} written. Clients there are screened by it from the next start on.")

"""What a client tells besides the answer to the open question: new facts, and corrections of earlier ones.

A correction says what was changed; where the outcome was told before, it says what it is now.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from actions import place, replies
from actions.case import Case
from casework import handoff
from casework.geography import UnknownPlace, find
from casework.handoff.screenings import keep, last_kept
from casework.handoff.tables import Need
from casework.intake import answers as told
from casework.intake import policies, walk
from casework.intake.policies import Screened
from casework.storage import new_id
from casework.understanding.heard import heard_from
from casework.understanding.volunteered import volunteered
from casework.wording import NoWording, say

SURE = 0.40  # a label below this is no reading: of two, the client is asked which was meant


async def note(case: Case, step: str | None) -> bool:
    """Writes down what came along unasked and says so. Nothing is written down before the client agreed to saving."""
    if case.answers.get(walk.SAVING) is not True:
        return False
    heard = volunteered(case.heard, besides=step)
    changed = {fact: value for fact, value in heard.items() if case.answers.get(fact, ...) != value}
    corrected = {fact: value for fact, value in changed.items() if fact in case.answers}
    for fact, value in changed.items():
        await write_down(case, fact, value)
    if corrected:
        case.say("utter_corrected", what=in_words(case, corrected))
    if fresh := {fact: value for fact, value in changed.items() if fact not in corrected}:
        case.say("utter_noted", what=in_words(case, fresh))
    if corrected:
        await what_it_means(case)
    return bool(changed)


async def note_earlier(case: Case) -> None:
    """Once the client agreed to saving: what they told before they were asked, each with the message it stood in."""
    facts: dict[str, Any] = {}
    needs: dict[str, uuid.UUID | None] = {}
    source: dict[str, tuple[uuid.UUID | None, str]] = {}
    for event in case.tracker.events:
        if event.get("event") == "action" and event.get("name") == "action_erase":
            facts, needs = {}, {}  # what was erased is not brought back
        if event.get("event") == "user" and not str(event.get("text") or "").startswith("/"):
            heard = heard_from(event.get("parse_data") or {}, str(event.get("text") or ""))
            told_then = volunteered(heard)
            facts |= told_then
            source |= dict.fromkeys(told_then, _stood_in(event))
            if heard.intent.startswith("need_") and heard.confidence >= SURE:
                needs.setdefault(heard.intent.removeprefix("need_"), _stood_in(event)[0])
    fresh = {fact: value for fact, value in facts.items() if fact not in case.answers}
    for fact, value in fresh.items():
        await write_down(case, fact, value, source=source[fact])
    for need, message_id in needs.items():
        await put_need(case, need, message_id)
    said = [in_words(case, fresh)] if fresh else []
    said += [case.word(f"utter_title_need_{need}") for need in needs]
    if said:
        case.say("utter_noted", what=", ".join(said))


async def put_need(case: Case, need: str, message_id: uuid.UUID | None) -> None:
    """Puts a need onto the summary, with the message it was told in."""
    await case.session.execute(
        insert(Need)
        .values(id=new_id(), client_id=case.client.id, need=need, message_id=message_id)
        .on_conflict_do_nothing()
    )


def _stood_in(event: dict[str, Any]) -> tuple[uuid.UUID | None, str]:
    """The message an earlier text of the client came in, and its words."""
    metadata = event.get("metadata") or {}
    words = str(metadata.get("words") or event.get("text") or "")
    return (uuid.UUID(str(metadata["turn"])) if metadata.get("turn") else None), words


async def write_down(case: Case, fact: str, value: Any, *, source: tuple[uuid.UUID | None, str] | None = None) -> None:
    """Records a fact, and with a place the time zone and the county. `source`: an earlier message and its words.

    A state that the ZIP does not lie in takes the ZIP back, so that it is asked anew, and follows from the new one.
    """
    if fact == "state" and await _lives_elsewhere(case, value):
        return
    await case.record(fact, value, source=source)
    if fact == "zip" and value:
        try:
            case.client.zone = find(value).zone
        except UnknownPlace:
            return
    if fact in ("zip", "veteran"):
        await place.settle(case)


async def _lives_elsewhere(case: Case, state: str) -> bool:
    """Whether the ZIP that is known lies in another state; it is taken back then."""
    try:
        here = find(str(case.answers.get("zip") or ""))
    except UnknownPlace:
        return False
    if here.state == state:
        return False
    await case.record("zip", None)  # with the programs that were chosen by it
    await case.forget("zip")
    await place.settle(case)
    return True


async def screen_and_keep(case: Case) -> tuple[Screened, bool]:
    """The screening as it stands now, by every policy that is theirs; True where it is not the one kept last."""
    facts = walk.facts(case.answers)
    result = policies.screen(facts, language=case.language)
    words = await told.words(case.session, case.client.id)
    used = {fact: words[fact] for fact in facts if fact in words}
    return result, await keep(case.session, case.client.id, facts, result.best, result.others, words=used, at=case.at)


async def tell_outcome_once(case: Case) -> None:
    """Tells the outcome: whole where it is new, in one line where other answers came to the same, else not at all."""
    before = await last_kept(case.session, case.client.id)
    result, new = await screen_and_keep(case)
    if before is None or (result.best.outcome, result.best.policy) != before:
        replies.tell_outcome(case, result)
    elif new:
        case.say(f"utter_outcome_still_{result.best.outcome}")


async def what_it_means(case: Case) -> None:
    """After a correction: the outcome anew, where it had been told and nothing is left to ask."""
    if await last_kept(case.session, case.client.id) is None or not walk.screened(case.answers):
        return
    await tell_outcome_once(case)
    if case.answers.get(walk.SHARING) is True:
        await handoff.refresh_open(case.session, case.client.id)


def in_words(case: Case, facts: dict[str, Any]) -> str:
    """Facts as a client would put them: "age 34, Medicaid"."""
    return ", ".join(dict.fromkeys(_one_in_words(case, fact, value) for fact, value in facts.items()))


def _one_in_words(case: Case, fact: str, value: Any) -> str:
    try:
        titles = {choice["payload"]: choice["title"] for choice in say(f"utter_ask_{fact}", case.language).choices}
    except NoWording:
        titles = {}
    if isinstance(value, bool):
        return case.word(f"utter_fact_{fact}_{'yes' if value else 'no'}")
    values = value if isinstance(value, list) else [value]
    named = [titles.get("/inform" + json.dumps({"answer": each}), str(each)) for each in values]
    return case.word(f"utter_fact_{fact}", value=", ".join(named))

"""Telling the outcome, showing the nearest programs, and taking the client's choice among them."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions import replies
from actions.case import SEEN_PROGRAMS as SEEN
from actions.case import SHOWN_PROGRAMS as SHOWN
from actions.case import Case, Events
from actions.corrections import tell_outcome_once
from actions.opening import elsewhere, may_be_a_wish, refer_instead, wished
from casework import letters
from casework.conversations.tables import WEB
from casework.directory import Found, Seeker, nearest
from casework.intake import walk
from casework.intake.seeking import seeker
from casework.scheduling import calendars, openings
from casework.understanding.choices import fold
from casework.understanding.interrupts import asks

MORE = "more"
LIMIT = 3
_SPARE = 3  # looked at besides, so that a program that moved up or down in the ranking is not lost


async def ask_program(case: Case, times: int) -> Events:
    """The outcome (once), then up to three nearest programs that would take the client, others on "more"."""
    await tell_outcome_once(case)
    who = seeker(case.answers, case.language)
    if who is None:
        case.say("utter_no_place")
        await case.record(walk.PROGRAM, walk.NO_PROGRAM, origin="worked_out")
        return []
    page = await _page(case, who, times)
    if not page:
        case.say("utter_no_programs_near")
        await case.record(walk.PROGRAM, walk.NO_PROGRAM, origin="worked_out")
        return []
    others = bool(case.slot(SEEN)) or await _others(case, who, page)
    await _offer(case, page, "utter_ask_program" if times % 2 == 0 else "utter_again_program", others=others)
    return [SlotSet(SHOWN, [each.program.id for each in page])]


async def _page(case: Case, who: Seeker, times: int) -> list[Found]:
    """Up to three programs: the nearest; asked again the same; on "others" the next ones, and then from the start."""
    passed_by = case.slot(SHOWN) is None and bool(case.slot(SEEN))  # the client wants another than the full one
    if not times and not passed_by:
        case.remember(SEEN, [])
        # Exactly as many as are shown: those that must be among them (the VA, one with room, one by video) then are.
        return await nearest(case.session, who, limit=LIMIT, at=case.at)
    seen: list[str] = case.slot(SEEN) or []
    found = await nearest(case.session, who, limit=LIMIT + len(seen) + _SPARE, at=case.at)
    fresh = [each for each in found if each.program.id not in seen]
    if not fresh and seen:
        case.say("utter_no_more_programs")
        case.remember(SEEN, [])
        return found[:LIMIT]
    again = [each for each in fresh if each.program.id in (case.slot(SHOWN) or [])]
    return again or fresh[:LIMIT]


async def _others(case: Case, who: Seeker, page: list[Found]) -> bool:
    """Whether there are programs besides these: nobody is to be offered others that do not exist."""
    shown = {each.program.id for each in page}
    return any(
        each.program.id not in shown for each in await nearest(case.session, who, limit=len(page) + _SPARE, at=case.at)
    )


async def _offer(case: Case, page: list[Found], response: str, *, others: bool) -> None:
    soonest = await openings.next_opening(case.session, [each.program.id for each in page], case.at)
    lines = [replies.program_line(case, each, soonest.get(each.program.id)) for each in page]
    choices = [replies.choice(line, each.program.id) for line, each in zip(lines, page, strict=True)]
    if others:
        choices.append(replies.choice(case.word("utter_choice_other_programs"), MORE))
    choices.append(replies.choice(case.word("utter_choice_none_of_these"), walk.NO_PROGRAM))
    if case.conversation.channel == WEB and response == "utter_ask_program":  # texts carry no links
        case.say("utter_where_link", link=letters.page_url(case.client.id, case.at))
    case.say(response, choices=choices)


async def take_program(case: Case) -> bool:
    """A choice by number, by name, "others", "none"; "the closest"."""
    shown: list[str] = case.tracker.get_slot(SHOWN) or []
    given = case.heard.entity("answer")
    chosen: str | None = str(given[0]) if given else None
    if chosen is None:
        chosen = await _by_words(case, shown)
        if chosen not in shown and elsewhere(case, walk.PROGRAM, others=chosen == MORE):
            return False
    if chosen == MORE:
        case.remember(SEEN, [*(case.slot(SEEN) or []), *shown])
        return True
    if chosen is None and shown and may_be_a_wish(case) and await wished(case, shown[0]):
        case.say("utter_place_first")
        return True
    if chosen is None and case.heard.intent in ("skip", "deny"):
        chosen = walk.NO_PROGRAM
    if chosen is None and case.heard.intent == "affirm" and len(shown) == 1:
        chosen = shown[0]
    if chosen is None or (chosen != walk.NO_PROGRAM and chosen not in shown):
        return False
    await case.record(walk.PROGRAM, chosen)
    if chosen == walk.NO_PROGRAM:
        return True
    if not await calendars.has_any(case.session, chosen):
        await refer_instead(case)
    return True


async def _by_words(case: Case, shown: list[str]) -> str | None:
    from sqlalchemy import select

    from casework.directory.tables import Program

    said = fold(case.heard.text)
    told = set(said.split())
    named = [place for place in case.heard.entity("program_choice") if str(place) in _PLACES[: len(shown)]]
    if len(named) == 1 and not asks(case.heard.text):  # "not the closest, the second one"
        return shown[int(named[0]) - 1]
    if shown and told & _CLOSEST and not told & _NOT_CLOSEST and not asks(case.heard.text):
        return shown[0]
    if told & _OTHERS:
        return MORE
    rows = (await case.session.execute(select(Program).where(Program.id.in_(shown)))).scalars()
    hits = []
    for program in rows:
        words = [w for w in fold(program.organization).split() if len(w) > 3 and w not in _COMMON]
        if any(word in said.split() for word in words):
            hits.append(program.id)
    return hits[0] if len(hits) == 1 else None


_PLACES = ("1", "2", "3")
_CLOSEST = {"closest", "nearest", "cercano", "cercana", "cerca"}
_NOT_CLOSEST = {"not", "isnt", "isn", "no", "ninguno", "ninguna", "nada", "mas", "algo",
                "something", "too", "tan", "muy"}  # fmt: skip
_OTHERS = {"more", "others", "other", "else", "neither", "otros", "otras", "mas", "tampoco"}
_COMMON = {"sample", "mental", "health", "center", "program", "community", "services", "case", "management", "adult",
           "behavioral", "care", "county", "clinic", "wellness", "veterans", "intake", "salud"}  # fmt: skip


async def tell_unsaved(case: Case, zip_code: str | None) -> None:
    """Programs near a ZIP for somebody who wants nothing saved."""
    if not zip_code:
        case.say("utter_no_zip_unsaved")
        return
    who = seeker({**case.answers, "zip": zip_code, walk.COUNTY: None}, case.language)
    found = await nearest(case.session, who, limit=LIMIT) if who else []
    if not found:
        case.say("utter_no_programs_near")
        return
    lines = [replies.program_line(case, each, None, with_phone=True) for each in found]
    case.tell("\n".join([case.word("utter_programs_unsaved"), *lines]))

"""Offering openings, holding the chosen one, and booking it once the client says so."""

from __future__ import annotations

import uuid
from datetime import datetime

from actions import replies
from actions.case import Case, Events
from casework.conversations.tables import WEB
from casework.directory.tables import Program
from casework.intake import policies, walk
from casework.scheduling import booking, calendars, links, openings, waitlist, wish_reader
from casework.scheduling.errors import AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken
from casework.scheduling.openings import Opening
from casework.scheduling.tables import Calendar
from casework.scheduling.wishes import Wishes
from casework.understanding.answers import Answer, read
from casework.understanding.choices import fold
from casework.understanding.interrupts import interrupts
from casework.understanding.numbers import word_tables

OFFERED = "openings_offered"  # slot: refs of the openings offered last
SEEN = "openings_seen"  # slot: refs offered before, not to be offered again
MOVING = "moving"  # slot: the appointment that a new opening is to replace
WISHES = "wishes"  # slot: what the client said of days and times
LIMIT = 3
MORE = "more"
WAIT, NEXT, REFER = "wait", "next_program", "refer"  # what there is to choose where nothing is free
_OF_TIMES = ("book_appointment", "reschedule_appointment", "appointment_status")
_NOT_THESE = ("deny", "cancel_appointment", "reschedule_appointment")


async def place(case: Case, calendar_id: uuid.UUID) -> tuple[Program, Calendar]:
    """The calendar and its program."""
    calendar = await case.session.get_one(Calendar, calendar_id)
    return await case.session.get_one(Program, calendar.program_id), calendar


async def ask_opening(case: Case, times: int) -> Events:
    """Three openings that fit what the client said, in the program's zone (named, so that it is not mistaken)."""
    program_id = str(case.answers[walk.PROGRAM])
    wishes = Wishes.from_json(case.slot(WISHES)) if case.slot(WISHES) else None
    seen: list[str] = (case.slot(SEEN) or []) if times else []
    found = await openings.find(
        case.session, [program_id], wishes=wishes, at=case.at, limit=LIMIT, exclude=seen, language=case.language
    )
    if not found and (wishes or seen):
        case.say("utter_no_such_openings")
        seen, wishes = [], None
        found = await openings.find(case.session, [program_id], at=case.at, limit=LIMIT)
    if not found:
        await _nothing_free(case, program_id)
        return []
    _offer(case, found, "utter_ask_opening" if times % 2 == 0 else "utter_again_opening")
    refs = [each.ref for each in found]
    case.remember(OFFERED, refs)
    case.remember(SEEN, seen)
    case.remember(WISHES, wishes.to_json() if wishes else None)
    return []


async def _nothing_free(case: Case, program_id: str) -> None:
    """A program whose calendar is full: wait for a time, see another program, or have the program call."""
    if not await calendars.has_any(case.session, program_id):
        await refer_instead(case)
        return
    case.remember(OFFERED, [])
    words = ((WAIT, "utter_choice_wait"), (NEXT, "utter_choice_next_program"), (REFER, "utter_choice_refer"))
    case.say("utter_ask_waiting", choices=[replies.choice(case.word(word), answer) for answer, word in words])


async def _instead(case: Case, chosen: str) -> None:
    """What the client wants where nothing is free. An appointment that was to be moved stands."""
    case.remember(MOVING, None)
    if chosen == REFER:
        await refer_instead(case)
    elif chosen == NEXT:
        case.remember("more_programs", True)
        await case.forget(walk.PROGRAM)
    else:
        wishes = Wishes.from_json(case.slot(WISHES)) if case.slot(WISHES) else None
        program_id = str(case.answers[walk.PROGRAM])
        entry = await waitlist.join(case.session, case.client.id, program_id, wishes=wishes)
        await case.record(walk.OPENING, walk.NO_PROGRAM)
        case.say("utter_waiting_joined", place=await waitlist.place(case.session, entry))


async def refer_instead(case: Case) -> None:
    """No opening online: the request goes to the program's intake as a referral, if the client agrees to share."""
    await case.record(walk.OPENING, walk.NO_PROGRAM, origin="worked_out")
    case.say("utter_referral_instead")


def _offer(case: Case, found: list[Opening], response: str) -> None:
    choices = [replies.choice(_title(case, each), each.ref) for each in found]
    choices.append(replies.choice(case.word("utter_choice_other_times"), MORE))
    zone = replies.zone_name(found[0].starts_at, found[0].zone, case.language)
    if case.client.zone and case.client.zone != found[0].zone:
        zone = case.word("utter_program_zone", zone=zone)
    case.say(response, choices=choices, zone=zone)


def _title(case: Case, opening: Opening) -> str:
    return case.word(
        "utter_opening_line",
        moment=replies.moment(opening.starts_at, opening.zone, case.language),
        kind=case.word(f"utter_kind_{opening.kind}"),
    )


async def take_opening(case: Case) -> bool:
    """A choice by number holds the opening; words about days and times bring others; "none" makes it a referral."""
    given = case.heard.entity("answer")
    chosen = str(given[0]) if given else None
    if chosen is None and _asks_for_others(case.heard.text):
        chosen = MORE
    if chosen in (WAIT, NEXT, REFER):
        await _instead(case, chosen)
        return True
    if chosen == MORE or (chosen is None and case.heard.intent in _NOT_THESE):
        case.remember(SEEN, [*(case.slot(SEEN) or []), *(case.slot(OFFERED) or [])])
        return True  # the form asks again, with others
    if chosen is None and case.heard.intent == "skip":
        await refer_instead(case)
        return True
    if chosen is None:
        return may_be_a_wish(case) and await wished(case, str(case.answers[walk.PROGRAM]))
    if chosen not in (case.slot(OFFERED) or []):
        return False
    try:
        await booking.hold(case.session, case.client.id, case.conversation.id, chosen, f"hold:{case.turn_id}", case.at)
    except (OpeningTaken, OpeningGone):
        case.say("utter_opening_taken")
        return True
    await case.record(walk.OPENING, chosen)
    return True


def _asks_for_others(text: str) -> bool:
    """ "neither", "otra", or "a later one" in few words, without an hour or a time of day: the next ones come later."""
    table, said = word_tables()["other_times"], set(fold(text).split())
    if said & set(table["words"]):
        return True
    short = len(text.split()) <= table["later_in"]
    return short and bool(said & set(table["later"])) and not said & set(table["not"])


def may_be_a_wish(case: Case) -> bool:
    """Whether what was said may be about days and times, also as a question ("anything on thursday?")."""
    return case.heard.intent in _OF_TIMES or not interrupts(case.heard, walk.OPENING)


async def wished(case: Case, program_id: str) -> bool:
    """Keeps what the text says of days and times, by the client's clock or the program's; False: nothing."""
    program = await case.session.get_one(Program, program_id)
    wishes = wish_reader.read(case.heard.text, at=case.at, zone=case.client.zone or program.zone)
    if wishes is None:
        return False
    if wishes.past:
        case.say("utter_date_is_past")
        return True
    before = Wishes.from_json(case.slot(WISHES)) if case.slot(WISHES) else Wishes()
    case.remember(SEEN, [])
    case.remember(WISHES, before.then(wishes).to_json())
    return True


async def _another_time(case: Case, answer: Answer | None) -> bool:
    """ "do you have anything in the morning", "no, tuesday": what was held is let go, and openings that fit are shown.

    A yes that names the very time that is held ("yes, 1 pm is good") is a yes.
    """
    if case.heard.chosen or (answer is not None and answer.value is True):
        return False
    if not may_be_a_wish(case) or not await wished(case, str(case.answers[walk.PROGRAM])):
        return False
    await case.let_go_of_held()
    await case.forget(walk.OPENING)
    return True


async def ask_booking(case: Case, times: int) -> Events:
    """Says what would be booked and asks for a yes."""
    calendar_id, starts_at = openings.read_ref(str(case.answers[walk.OPENING]))
    program, calendar = await place(case, calendar_id)
    case.say(
        "utter_ask_booking" if times % 2 == 0 else "utter_again_booking",
        program=program.organization,
        moment=replies.moment(starts_at, program.zone, case.language),
        zone=replies.zone_name(starts_at, program.zone, case.language),
        kind=case.word(f"utter_kind_{calendar.kind}"),
    )
    return []


async def take_booking(case: Case) -> bool:
    """Yes books what was held; no, or another day or time, offers other openings."""
    answer = read(walk.BOOKING, case.heard)
    if await _another_time(case, answer):
        return True
    if interrupts(case.heard, walk.BOOKING):
        return False
    if answer is None:
        return False
    if answer.value is not True:
        held = await booking.held(case.session, case.client.id, case.at)
        if held is not None:
            await booking.let_go(case.session, held.id, at=case.at)
        await case.forget(walk.OPENING)
        return True
    ref = str(case.answers[walk.OPENING])
    held = await booking.held(case.session, case.client.id, case.at)
    moving = case.slot(MOVING)
    key = f"book:{case.turn_id}"
    try:
        if moving:
            # The old appointment stands until the new one is certain.
            appointment = await booking.move(case.session, uuid.UUID(moving), ref, key, case.at)
            case.remember(MOVING, None)
        else:
            appointment = await booking.book(
                case.session,
                case.client.id,
                key=key,
                at=case.at,
                conversation_id=case.conversation.id,
                hold_id=held.id if held else None,
                opening_ref=ref,
            )
    except (OpeningTaken, OpeningGone, AppointmentClosed):
        case.remember(MOVING, None)
        case.say("utter_opening_taken")
        await case.forget(walk.OPENING)
        return True
    except AlreadyBooked:
        case.say("utter_booked_before")
        await case.record(walk.BOOKING, True)
        return True
    await case.record(walk.BOOKING, True)
    await tell_booked(case, appointment.calendar_id, appointment.starts_at)
    if case.conversation.channel == WEB:  # texts carry no links: people are told not to follow any
        case.say("utter_calendar_link", link=links.appointment_url(appointment.id))
    result = policies.screen(walk.facts(case.answers), language=case.language).best
    case.tell(replies.documents(case, list(result.documents)))
    return True


async def tell_booked(case: Case, calendar_id: uuid.UUID, starts_at: datetime) -> None:
    """What was booked: with whom, when, in which zone, how, and how to reach them."""
    program, calendar = await place(case, calendar_id)
    case.say(
        f"utter_booked_{calendar.kind}",
        program=program.organization,
        moment=replies.moment(starts_at, program.zone, case.language),
        zone=replies.zone_name(starts_at, program.zone, case.language),
        phone=replies.phone(program.intake_phone or program.phone),
        address=f"{program.street}, {program.city}",
    )

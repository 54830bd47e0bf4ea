"""Offering openings, holding the chosen one, and booking it once the client says so."""

from __future__ import annotations

import uuid
from typing import Any

from actions import passing_on, replies
from actions.case import SEEN_PROGRAMS, SHOWN_PROGRAMS, Case, Events
from casework.conversations.tables import WEB
from casework.directory.tables import Program
from casework.intake import policies, walk
from casework.moments import differ, shown
from casework.scheduling import booking, calendars, links, openings, waitlist, wish_reader
from casework.scheduling.errors import AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken
from casework.scheduling.openings import Opening
from casework.scheduling.tables import Appointment, Calendar
from casework.scheduling.wishes import Wishes
from casework.understanding.answers import Answer, read
from casework.understanding.choices import fold
from casework.understanding.interrupts import ALWAYS, interrupts
from casework.understanding.numbers import word_tables
from casework.understanding.yes_no import in_other_words

OFFERED = "openings_offered"  # slot: refs of the openings offered last, or what else there was to choose
SEEN = "openings_seen"  # slot: refs offered before, not to be offered again
MOVING = "moving"  # slot: the appointment that a new opening is to replace
WISHES = "wishes"  # slot: what the client said of days and times
LIMIT = 3
MORE = "more"
WAIT, NEXT, REFER = "wait", "next_program", "refer"  # what there is to choose where nothing is free
KEEP = "keep"  # the same, where an appointment was to be moved
OF_TIMES = ("book_appointment", "reschedule_appointment", "appointment_status")
_NOT_THESE = ("deny", "cancel_appointment", "reschedule_appointment")


async def place(case: Case, calendar_id: uuid.UUID) -> tuple[Program, Calendar]:
    """The calendar and its program."""
    calendar = await case.session.get_one(Calendar, calendar_id)
    return await case.session.get_one(Program, calendar.program_id), calendar


async def being_moved(case: Case) -> Appointment | None:
    """The appointment that a new opening is to replace, while it stands: staff may have moved it, or called it off."""
    moving = case.slot(MOVING)
    found = await case.session.get(Appointment, uuid.UUID(moving)) if moving else None
    return found if found is not None and found.status == "booked" and found.ends_at > case.at else None


async def keep(case: Case, appointment: Appointment) -> None:
    """It is not moved after all: nothing is left to choose."""
    await case.let_go_of_held()
    case.remember(MOVING, None)
    ref = openings.make_ref(appointment.calendar_id, appointment.starts_at)
    await case.record(walk.OPENING, ref, origin="worked_out")
    await case.record(walk.BOOKING, True, origin="worked_out")
    if walk.next_step(case.answers, booked=True) is None:
        case.events += case.ask_nothing_more()  # they have heard what comes next


async def _tell_kept(case: Case, appointment: Appointment) -> None:
    await keep(case, appointment)
    case.say("utter_time_stands", **await when(case, appointment))


async def ask_opening(case: Case, times: int) -> Events:
    """Three openings that fit what the client said; the zone is named, so that it is not mistaken."""
    program_id = str(case.answers[walk.PROGRAM])
    wishes = Wishes.from_json(case.slot(WISHES)) if case.slot(WISHES) else None
    seen: list[str] = (case.slot(SEEN) or []) if times else []
    mine: Any = {"at": case.at, "limit": LIMIT, "zone": case.client.zone}
    found = await openings.find(case.session, [program_id], wishes=wishes, exclude=seen, language=case.language, **mine)
    if not found and (wishes or seen):
        case.say("utter_no_such_openings")
        seen, wishes = [], None
        found = await openings.find(case.session, [program_id], **mine)
    if not found:
        await _nothing_free(case, program_id, times)
        return []
    program = await case.session.get_one(Program, program_id)
    _offer(case, found, program.zone, "utter_ask_opening" if times % 2 == 0 else "utter_again_opening")
    refs = [each.ref for each in found]
    case.remember(OFFERED, refs)
    case.remember(SEEN, seen)
    case.remember(WISHES, wishes.to_json() if wishes else None)
    return []


async def _nothing_free(case: Case, program_id: str, times: int) -> None:
    """A program whose calendar is full: wait for a time, see another program, or have the program call."""
    moved = await being_moved(case)
    if moved is None and not await calendars.has_any(case.session, program_id):
        await refer_instead(case)
        return
    others = {NEXT: "utter_choice_next_program", REFER: "utter_choice_refer"}
    words = {WAIT: "utter_choice_wait"} | (others if moved is None else {KEEP: "utter_choice_keep"})
    case.remember(OFFERED, list(words))
    choices = [replies.choice(case.word(word), answer) for answer, word in words.items()]
    case.say("utter_ask_waiting" if times % 2 == 0 else "utter_waiting_again", choices=choices)


async def _instead(case: Case, chosen: str) -> None:
    """What the client wants where nothing is free. An appointment that was to be moved stands."""
    moved = await being_moved(case)
    program_id = str(case.answers[walk.PROGRAM])
    if moved is not None and chosen != WAIT:
        await _tell_kept(case, moved)
    elif chosen == REFER:
        await refer_instead(case, "utter_referral_by_call")
    elif chosen == NEXT:
        case.remember(SEEN_PROGRAMS, [program_id])
        case.remember(SHOWN_PROGRAMS, None)
        await case.forget(walk.PROGRAM)
    else:
        wishes = Wishes.from_json(case.slot(WISHES)) if case.slot(WISHES) else None
        entry = await waitlist.join(case.session, case.client.id, program_id, wishes=wishes)
        case.say("utter_waiting_joined", place=await waitlist.place(case.session, entry))
        if moved is not None:
            await keep(case, moved)
            return
        await case.record(walk.OPENING, walk.NO_PROGRAM)
        await passing_on.chosen_anew(case)


async def refer_instead(case: Case, response: str = "utter_referral_instead") -> None:
    """No opening: the request goes to the program's intake as a referral, if the client agrees to that."""
    await case.record(walk.OPENING, walk.NO_PROGRAM, origin="worked_out")
    asked = await passing_on.ask_anew(case)
    case.say(response if asked else "utter_referral_stands")


def _offer(case: Case, found: list[Opening], program_zone: str, response: str) -> None:
    """The openings as choices. The zone is said once; a visit among calls, where the clocks differ, says its own."""
    mine, first = case.client.zone, found[0]
    zone = replies.zone_name(first.starts_at, first.zone, case.language)
    if mine and differ(first.starts_at, mine, program_zone):
        zone = case.word("utter_zone_yours" if first.zone == mine else "utter_program_zone", zone=zone)
    choices = [replies.choice(_title(case, each, first), each.ref) for each in found]
    choices.append(replies.choice(case.word("utter_choice_other_times"), MORE))
    case.say(response, choices=choices, zone=zone)


def _title(case: Case, opening: Opening, first: Opening) -> str:
    moment = replies.moment(opening.starts_at, opening.zone, case.language)
    if differ(opening.starts_at, opening.zone, first.zone):
        zone = replies.zone_name(opening.starts_at, opening.zone, case.language)
        moment = case.word("utter_moment_in_zone", moment=moment, zone=zone)
    return case.word("utter_opening_line", moment=moment, kind=case.word(f"utter_kind_{opening.kind}"))


async def take_opening(case: Case) -> bool:
    """A choice by number holds the opening; words about days and times bring others; "none" makes it a referral."""
    given = case.heard.entity("answer")
    chosen = str(given[0]) if given else None
    if chosen is None:
        return await _in_words(case)
    if chosen in (WAIT, NEXT, REFER, KEEP):
        await _instead(case, chosen)
        return True
    if chosen == MORE:
        return _others(case)
    if chosen not in (case.slot(OFFERED) or []):
        return False
    try:
        await booking.hold(case.session, case.client.id, case.conversation.id, chosen, f"hold:{case.turn_id}", case.at)
    except (OpeningTaken, OpeningGone):
        case.say("utter_opening_taken")
        return True
    await case.record(walk.OPENING, chosen)
    return True


async def _in_words(case: Case) -> bool:
    """What was said instead of a number. A day or a time that is named counts more than "other" beside it."""
    moved, intent = await being_moved(case), case.heard.intent
    others = _asks_for_others(case.heard.text)
    skips = intent == "skip" and not others
    if moved is not None and (skips or in_other_words("keeps_time", case.heard.text)):
        await _tell_kept(case, moved)
        return True
    if skips:
        await refer_instead(case, "utter_referral_by_call")
        return True
    if moved is not None and intent == "cancel_appointment":
        return False  # it is what they have that they mean
    if elsewhere(case, walk.OPENING, others=others):
        return False
    if await wished(case, str(case.answers[walk.PROGRAM])):
        return True
    return (others or intent in _NOT_THESE) and _others(case)


def _others(case: Case) -> bool:
    """The form asks again, with others."""
    case.remember(SEEN, [*(case.slot(SEEN) or []), *(case.slot(OFFERED) or [])])
    return True


def _asks_for_others(text: str) -> bool:
    """ "neither", "otra", or "a later one" in few words, without an hour or a time of day: the next ones come later."""
    table, said = word_tables()["other_times"], set(fold(text).split())
    if said & set(table["words"]):
        return True
    short = len(text.split()) <= table["later_in"]
    return short and bool(said & set(table["later"])) and not said & set(table["not"])


def elsewhere(case: Case, step: str, *, others: bool) -> bool:
    """Whether something else than a choice is asked for: a person, an answer to a question of the client's own.

    `others`: a word of theirs can mean other choices; then only a plain label makes it something else.
    """
    heard = case.heard
    if heard.intent in (*OF_TIMES, *_NOT_THESE, "find_program"):
        return False
    plainly = heard.intent in ALWAYS or heard.intent.startswith("faq_")
    return (plainly or not others) and interrupts(heard, step)


def may_be_a_wish(case: Case) -> bool:
    """Whether what was said may be about days and times, also as a question ("anything on thursday?")."""
    return case.heard.intent in OF_TIMES or not interrupts(case.heard, walk.OPENING)


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

    A yes that names the very time that is held ("yes, 1 pm is good") is a yes; one with a condition ("yes but in the
    morning") is none.
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
        kind=case.word(f"utter_kind_{calendar.kind}"),
        **shown(starts_at, calendar.kind, program.zone, case.client.zone, case.language),
    )
    return []


async def take_booking(case: Case) -> bool:
    """Yes books what was held; no, or another day or time, offers other openings."""
    moved = await being_moved(case)
    if moved is not None and not case.heard.chosen and in_other_words("keeps_time", case.heard.text):
        await _tell_kept(case, moved)
        return True
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
    # What is held may by now be another time, one that came free and was kept for them: they say yes to this one.
    hold_id = held.id if held and openings.make_ref(held.calendar_id, held.starts_at) == ref else None
    key = f"book:{case.turn_id}"
    try:
        if moved is not None:
            # The old appointment stands until the new one is certain.
            appointment = await booking.move(case.session, moved.id, ref, key, case.at)
        else:
            appointment = await booking.book(
                case.session,
                case.client.id,
                key=key,
                at=case.at,
                conversation_id=case.conversation.id,
                hold_id=hold_id,
                opening_ref=ref,
            )
    except (OpeningTaken, OpeningGone, AppointmentClosed):
        await case.let_go_of_held()  # else what they hold would be missing among the others
        case.say("utter_opening_taken")
        await case.forget(walk.OPENING)
        return True
    except AlreadyBooked:
        case.say("utter_booked_before")
        await case.record(walk.BOOKING, True)
        return True
    case.remember(MOVING, None)
    await case.record(walk.BOOKING, True)
    await tell_booked(case, appointment)
    if moved is None:
        await passing_on.chosen_anew(case)
    if case.conversation.channel == WEB:  # texts carry no links: people are told not to follow any
        case.say("utter_calendar_link", link=links.appointment_url(appointment.id))
    result = policies.screen(walk.facts(case.answers), language=case.language).best
    case.tell(replies.documents(case, list(result.documents)))
    return True


async def when(case: Case, appointment: Appointment) -> dict[str, Any]:
    """The appointment's `moment` and `zone`, for a response."""
    program = await case.session.get_one(Program, appointment.program_id)
    return shown(appointment.starts_at, appointment.kind, program.zone, case.client.zone, case.language)


async def tell_booked(case: Case, appointment: Appointment) -> None:
    """What was booked: with whom, when, in which zone, how, and how to reach them."""
    program = await case.session.get_one(Program, appointment.program_id)
    case.say(
        f"utter_booked_{appointment.kind}",
        program=program.organization,
        phone=replies.phone(program.intake_phone or program.phone),
        address=", ".join(part for part in (program.street, program.city) if part),
        **await when(case, appointment),
    )

"""An appointment that exists: when is it, confirm, move, call off; and what became of the case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rasa_sdk.events import ActiveLoop, SlotSet

from actions import offered, replies
from actions.case import ASKING, Case, CaseAction, Events
from actions.control import begin, go_on
from actions.opening import MOVING, OFFERED, SEEN, WISHES, being_moved, keep, place, tell_booked, when
from casework import handoff
from casework.intake import answers as told
from casework.intake import policies, walk
from casework.road import progress
from casework.scheduling import booking
from casework.scheduling.tables import Appointment

NOT_KNOWN = "unknown"  # the choice of somebody who cannot say how late they will be


async def tell_again(case: Case) -> None:
    """The outcome once more, for somebody who is through and asks."""
    replies.tell_outcome(case, policies.screen(walk.facts(case.answers), language=case.language))


async def _tell_where(case: Case) -> bool:
    """Tells where the case stands on the road; False where it is not there yet."""
    where = await progress.status(case.session, case.client, case.at)
    for words, choices in where or ():
        case.tell(words, choices)
    return where is not None


async def _tell(case: Case, appointments: list[Appointment]) -> Events:
    for each in appointments:
        await tell_booked(case, each)
    case.say("utter_change_hint")
    return go_on(case)


class AboutAppointment(CaseAction):
    """Subclasses act on the appointment that the choice names, or those offered last do; else on the next one.

    Without one the client is told so and can book. Where the one that is named was moved, called off or is over, they
    are told what they have: an old reminder's "I can't come" says nothing of another appointment. Who is further on the
    road, or has their intake elsewhere, is told where they stand.
    """

    async def act(self, case: Case) -> Events:
        upcoming = await booking.upcoming(case.session, case.client.id, case.at)
        if not upcoming:
            if await _tell_where(case):
                return go_on(case)
            case.say("utter_no_appointment")
            return go_on(case) or await begin(case)
        named = case.heard.entity("appointment") or await offered.about(case)
        meant = [each for each in upcoming if str(each.id) in named] if named else upcoming
        return await self.on(case, meant[0]) if meant else await _tell(case, upcoming)

    async def on(self, case: Case, appointment: Appointment) -> Events:
        raise NotImplementedError


class Status(AboutAppointment):
    """Every appointment that is ahead."""

    named = "action_appointment_status"

    async def on(self, case: Case, appointment: Appointment) -> Events:  # noqa: ARG002
        return await _tell(case, await booking.upcoming(case.session, case.client.id, case.at))


class Confirm(AboutAppointment):
    named = "action_confirm_appointment"

    async def on(self, case: Case, appointment: Appointment) -> Events:
        await booking.confirm(case.session, appointment.id, at=case.at)
        moved = await being_moved(case)
        if moved is not None:
            await keep(case, moved)
        case.say("utter_appointment_confirmed", **await when(case, appointment))
        return go_on(case)


class AskCancel(AboutAppointment):
    """Asks once before the opening is given away; moving it is offered first. Asked for again, it is called off."""

    named = "action_ask_call_off"

    async def on(self, case: Case, appointment: Appointment) -> Events:
        if await offered.asked_just_now(case):
            return await Cancel().on(case, appointment)
        again = await offered.asked_to_call_off(case)
        response = "utter_call_off_again" if again else "utter_ask_call_off"
        case.say(response, appointment=appointment.id, **await when(case, appointment))
        return case.ask_nothing_more()


class Cancel(AboutAppointment):
    named = "action_call_off"

    async def on(self, case: Case, appointment: Appointment) -> Events:
        await booking.cancel(case.session, appointment.id, by="client", at=case.at)
        await case.let_go_of_held()  # a time they were choosing instead
        case.remember(MOVING, None)
        await case.forget(walk.OPENING, walk.BOOKING)
        await handoff.refresh_open(case.session, case.client.id)
        case.say("utter_called_off")
        # What was asked with an appointment in view is not asked any more: an "ok" to this is no answer to it.
        return [ActiveLoop(None), SlotSet(ASKING, None)]


class Reschedule(AboutAppointment):
    """Other openings of the same program are offered; the old appointment stands until a new one is booked."""

    named = "action_reschedule"

    async def on(self, case: Case, appointment: Appointment) -> Events:
        await told.forget(case.session, case.client.id, walk.OPENING, walk.BOOKING, at=case.at)
        await case.record(walk.PROGRAM, appointment.program_id)
        case.say("utter_lets_move_it")
        fresh = [SlotSet(name, None) for name in (OFFERED, SEEN, WISHES)]
        case.remember(MOVING, str(appointment.id))
        return [*fresh, *await begin(case)]


class RunningLate(AboutAppointment):
    """Staff see that the client comes later; who does not say how much later is asked, once."""

    named = "action_running_late"

    async def on(self, case: Case, appointment: Appointment) -> Events:
        given = case.heard.entity("answer")
        said = str(given[0]) if given else ""
        minutes = int(said) if said.isdecimal() else None
        known = appointment.late_at is not None
        if said == NOT_KNOWN and minutes is None:
            minutes = appointment.late_minutes  # what they said before still counts
        appointment = await booking.running_late(case.session, appointment.id, minutes, at=case.at)
        program, _ = await place(case, appointment.calendar_id)
        values: dict[str, Any] = {
            "program": program.organization,
            **await when(case, appointment),
            "appointment": appointment.id,
            "minutes": minutes,
            "phone": replies.phone(program.intake_phone or program.phone),
        }
        if minutes is None:
            asked = not known and said != NOT_KNOWN
            case.say("utter_late_how_much" if asked else "utter_late_noted", **values)
        elif said != NOT_KNOWN and timedelta(minutes=minutes) >= appointment.ends_at - appointment.starts_at:
            case.say("utter_late_past_the_end", **values)
        else:
            case.say("utter_late_noted_minutes", **values)
        return case.ask_nothing_more()


class CaseStatus(CaseAction):
    """What became of the case: where it stands on the road, else waiting, with a person, with an appointment."""

    named = "action_intake_status"

    async def act(self, case: Case) -> Events:
        if await _tell_where(case):
            return go_on(case)
        case.say(await progress.with_whom(case.session, case.client))
        for appointment in await booking.upcoming(case.session, case.client.id, case.at):
            await tell_booked(case, appointment)
        return go_on(case)

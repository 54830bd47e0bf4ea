"""What can go wrong around appointments.

GuidepostError
|-- OpeningTaken       somebody else was quicker; another opening can be offered
|-- OpeningGone        it is past, too close, or the calendar is no longer open then
|-- AlreadyBooked      the client has an appointment with this program; it can be moved
`-- AppointmentClosed  it was cancelled, moved or kept already, or is not due yet
"""

from __future__ import annotations

import uuid

from casework.errors import GuidepostError


class OpeningTaken(GuidepostError):
    """Every seat of the opening went to somebody else."""


class OpeningGone(GuidepostError):
    """The opening is in the past, inside the notice a calendar needs, or outside its hours by now."""


class AlreadyBooked(GuidepostError):
    """The client has an upcoming appointment with the program: `appointment_id`. Move it instead."""

    def __init__(self, appointment_id: uuid.UUID) -> None:
        super().__init__(f"there is an appointment already: {appointment_id}")
        self.appointment_id = appointment_id


class AppointmentClosed(GuidepostError):
    """The appointment is not in a state in which this can be done to it."""

"""Openings, appointments, reminders and the waiting list.

openings.find / next_opening     what can be offered; wish_reader.read understands what the client asks for
booking.hold / book / move / …   who gets it
reminders, waitlist              what follows from it
"""

from casework.scheduling.errors import AlreadyBooked, AppointmentClosed, OpeningGone, OpeningTaken
from casework.scheduling.openings import Opening
from casework.scheduling.wishes import Wishes

__all__ = ["AlreadyBooked", "AppointmentClosed", "Opening", "OpeningGone", "OpeningTaken", "Wishes"]

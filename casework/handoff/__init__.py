"""Handing a client to people: the queue's rows, the summary they can trust."""

from casework.handoff.queue import take_back, to_people
from casework.handoff.summary import refresh, refresh_open, summarise

__all__ = ["refresh", "refresh_open", "summarise", "take_back", "to_people"]

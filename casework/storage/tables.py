"""All tables, imported for their metadata: what the migrations are held against."""

from casework import agency
from casework.conversations import tables as conversations
from casework.delivery import tables as delivery
from casework.directory import tables as directory
from casework.directory import upkeep
from casework.directory.importing import runs
from casework.geography import tables as geography
from casework.handoff import notes, ready_made
from casework.handoff import tables as handoff
from casework.reports import tables as reports
from casework.road import tables as road
from casework.safety import tables as safety
from casework.scheduling import tables as scheduling
from casework.staff import tables as staff
from casework.storage.base import Base

__all__ = [
    "Base",
    "agency",
    "conversations",
    "delivery",
    "directory",
    "geography",
    "handoff",
    "notes",
    "ready_made",
    "reports",
    "road",
    "runs",
    "safety",
    "scheduling",
    "staff",
    "upkeep",
]

"""The programs that take clients on: the search for the nearest that would take a person, importing real directories,
sharing this one with partners."""

from casework.directory.local import help_near
from casework.directory.picture import Picture, where_it_lies
from casework.directory.ranking import FARTHEST_MILES, Seeker
from casework.directory.sample import load_sample
from casework.directory.search import Found, county_matters, miles_to_va, nearest

__all__ = [
    "FARTHEST_MILES",
    "Found",
    "Picture",
    "Seeker",
    "county_matters",
    "help_near",
    "load_sample",
    "miles_to_va",
    "nearest",
    "where_it_lies",
]

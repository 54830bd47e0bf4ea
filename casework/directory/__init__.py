"""The programs that take clients on: the sample directory, and the search for the nearest that would take a person."""

from casework.directory.sample import load_sample
from casework.directory.search import Found, Seeker, nearest

__all__ = ["Found", "Seeker", "load_sample", "nearest"]

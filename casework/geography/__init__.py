"""Where a ZIP is: coordinates, county, state, time zone; distances on the ground."""

from casework.geography.zips import Place, UnknownPlace, find, miles, near_name

__all__ = ["Place", "UnknownPlace", "find", "miles", "near_name"]

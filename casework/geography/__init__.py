"""Where a ZIP is: coordinates, county, state, time zone; distances on the ground."""

from casework.geography.counties import county_fips, county_name
from casework.geography.crosswalk import counties_of
from casework.geography.zips import Place, UnknownPlace, find, miles, near_name, near_point, nearest_miles

__all__ = [
    "Place",
    "UnknownPlace",
    "counties_of",
    "county_fips",
    "county_name",
    "find",
    "miles",
    "near_name",
    "near_point",
    "nearest_miles",
]

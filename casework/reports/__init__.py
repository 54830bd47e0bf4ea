"""Reports: what happened on the line, counted by day.

gathering   the records, counted into `report_counts` by a job: pages read counts, never records
reading     the counts of a range of days, put together into sheets
sheets      what a report is made of: a table of counts, its totals, what is worked out from it
arithmetic  medians from ranges, shares, ranges of days
hiding      small numbers, for reports that leave the agency
country     where places lie on a map that is drawn here
"""

from casework.reports.gathering import ask_for_news, gather
from casework.reports.reading import PARTS, Made, made, part

__all__ = ["PARTS", "Made", "ask_for_news", "gather", "made", "part"]

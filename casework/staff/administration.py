"""What supervisors and administrators see and do beside clients' records. Every reading and change is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from casework import reports
from casework.reports.arithmetic import Days
from casework.reports.sheets import Sheet
from casework.staff import audit, reading
from casework.staff.tables import Staff


@dataclass(frozen=True)
class Administration:
    """The service as one member of staff, in one transaction, sees and changes it."""

    session: AsyncSession
    staff: Staff
    at: datetime

    async def open_alarms(self) -> list[reading.AlarmLine]:
        """Says of nobody who they are."""
        return await reading.open_alarms(self.session)

    # Reports

    async def report(
        self, part: str, days: Days, *, channel: str = "", language: str = "", share: bool = False, saved: bool = False
    ) -> list[Sheet]:
        """One part of the report, small numbers hidden where it is to be shared. `saved`: as a file."""
        audit.write(
            self.session,
            self.staff,
            "report.saved" if saved else "report.read",
            self.at,
            part=part,
            since=days.since.isoformat(),
            until=days.until.isoformat(),
            numbers="shared" if share else "exact",
        )
        return await reports.part(self.session, part, days, channel=channel, language=language, share=share)

    async def report_made(self) -> tuple[reports.Made, bool]:
        """How fresh the counts are, and whether fresher ones are being worked out."""
        coming = await reports.ask_for_news(self.session, self.at)
        return await reports.made(self.session), coming

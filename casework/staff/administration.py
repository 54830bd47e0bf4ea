"""What supervisors and administrators see and do beside clients' records. Every reading and change is written down."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import agency, reports
from casework.conversations.tables import PERSON, Conversation
from casework.directory import upkeep
from casework.directory.importing import runs
from casework.directory.tables import Program
from casework.errors import NotFound
from casework.handoff import ready_made
from casework.handoff.tables import Handoff
from casework.reports.arithmetic import Days
from casework.reports.sheets import Sheet
from casework.staff import accounts, audit, reading
from casework.staff.caseload import Caseload
from casework.staff.errors import CannotDo
from casework.staff.tables import Staff, StaffSession
from casework.storage import notify


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

    # Staff

    async def everybody(self) -> Sequence[Staff]:
        return await accounts.everybody(self.session)

    async def add_staff(self, email: str, name: str, role: str, languages: Sequence[str]) -> tuple[Staff, str]:
        """The account, and the password to tell them. Raises BadAccount."""
        password = accounts.made_up()
        staff = await accounts.add(self.session, email, name, role, password)
        staff.languages, staff.password_given = list(languages) or ["en"], True
        self._wrote("staff.added_by", account=staff.id, role=role)
        return staff, password

    async def change_staff(
        self,
        staff_id: uuid.UUID,
        *,
        name: str,
        role: str,
        languages: Sequence[str],
        skills: Sequence[str],
        reach: Sequence[str],
    ) -> None:
        """Raises BadAccount, LastAdmin."""
        staff = await self._staff(staff_id)
        await accounts.change(
            self.session, staff, name=name, role=role, languages=languages, skills=skills, reach=reach
        )
        self._wrote("staff.changed", account=staff.id, role=role)

    async def reset_sign_in(self, staff_id: uuid.UUID) -> tuple[Staff, str]:
        """A new password to tell them; they are signed out everywhere."""
        staff = await self._staff(staff_id)
        password = await accounts.reset(self.session, staff)
        self._wrote("staff.reset", account=staff.id)
        return staff, password

    async def disable(self, staff_id: uuid.UUID) -> None:
        """They can sign in no more. Their clients wait in the queue, also those whose case manager they were, and staff
        are called for them: nobody is left with who is gone."""
        staff = await self._staff(staff_id)
        if staff.id == self.staff.id:
            raise CannotDo("yourself")
        await accounts.disable(self.session, staff)
        self._wrote("staff.disabled", account=staff.id)
        caseload = Caseload(self.session, self.staff, self.at)
        held = select(Handoff.client_id).where(Handoff.claimed_by == staff.id, Handoff.status == "claimed")
        for client_id in (await self.session.scalars(held.order_by(Handoff.client_id))).all():
            await caseload.release(client_id)
        await caseload.leave(staff.id)
        await self.session.execute(
            update(Conversation)
            .where(Conversation.staff_id == staff.id, Conversation.owner == PERSON)
            .values(staff_id=None)
        )
        await notify(self.session, kind="queue")

    async def enable(self, staff_id: uuid.UUID) -> None:
        staff = await self._staff(staff_id)
        staff.active = True
        self._wrote("staff.enabled", account=staff.id)

    async def set_own_password(self, now: str, new: str, *, session_index: bytes) -> None:
        """Ends one's other sign-ins. Raises CannotDo (wrong_password), BadAccount."""
        from casework.staff import passwords

        if not await passwords.fits(now, self.staff.password_hash):
            raise CannotDo("wrong_password")
        mine = await self._staff(self.staff.id)
        await accounts.set_password(self.session, mine, new)
        mine.password_given = False
        await accounts.end_sessions(self.session, mine, but=session_index)

    async def last_seen(self) -> Mapping[uuid.UUID, datetime]:
        """Who is signed in now, and since when."""
        rows = await self.session.execute(
            select(StaffSession.staff_id, StaffSession.created_at)
            .where(StaffSession.expires_at > self.at)
            .order_by(StaffSession.created_at)
        )
        return dict(rows.tuples().all())

    async def _staff(self, staff_id: uuid.UUID) -> Staff:
        found = await self.session.get(Staff, staff_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise NotFound("no such member of staff")
        return found

    # Programs

    async def programs(self, words: str, *, to_call: bool, start: int) -> tuple[list[upkeep.Row], bool]:
        return await upkeep.programs(self.session, self.at, words=words, to_call=to_call, start=start)

    async def facts(self, program_id: str) -> tuple[Program, list[upkeep.Fact]]:
        return await upkeep.facts(self.session, program_id, self.at)

    async def save_facts(
        self, program_id: str, given: Mapping[str, str], checked: Sequence[str], today: date
    ) -> list[str]:
        """Raises BadFact."""
        changed = await upkeep.save(self.session, program_id, given, checked, self.staff, self.at, today)
        self._wrote("program.changed" if changed else "program.checked", program=program_id, facts=[*changed, *checked])
        return changed

    # Ready-made replies

    async def replies(self) -> Sequence[ready_made.ReadyMade]:
        return await ready_made.everything(self.session)

    async def save_reply(self, reply_id: uuid.UUID | None, **texts: str) -> None:
        """Raises BadReply."""
        saved = await ready_made.save(self.session, reply_id, **texts)
        self._wrote("reply.saved", reply=saved.id)

    async def remove_reply(self, reply_id: uuid.UUID) -> None:
        found = await self.session.get(ready_made.ReadyMade, reply_id)
        if found is None:
            raise NotFound("no such reply")
        await self.session.delete(found)
        self._wrote("reply.removed", reply=reply_id)

    async def add_starter_replies(self) -> int:
        added = await ready_made.add_starters(self.session)
        self._wrote("reply.starters", replies=str(added))
        return added

    # The agency, imports

    async def wording(self) -> agency.Wording:
        return await agency.written(self.session)

    async def write_agency(self, *, name: str, phone: str, hours: str, holidays: str) -> agency.Wording:
        """Raises BadWording."""
        written = await agency.write(self.session, name=name, phone=phone, hours=hours, holidays=holidays, at=self.at)
        self._wrote("agency.changed")
        return written

    async def imports(self) -> Sequence[tuple[runs.ImportRequest, str]]:
        return await runs.latest(self.session)

    async def ask_for_import(
        self, kind: str, *, file: str, content: bytes | None, path: str | None, verified_on: date | None
    ) -> None:
        request = await runs.ask(
            self.session, self.staff, kind, self.at, file=file, content=content, path=path, verified_on=verified_on
        )
        self._wrote("import.asked" if kind != runs.UNDO else "import.undone", request=request.id)

    def _wrote(self, action: str, **detail: object) -> None:
        told: dict[str, Any] = {
            name: str(each) if isinstance(each, uuid.UUID) else each for name, each in detail.items()
        }
        audit.write(self.session, self.staff, action, self.at, **told)

"""The one place through which staff read or change a client's record. Every reading and every change is written down.

Taking a client (claim) and taking the conversation over are two things: a case manager may prepare an intake while the
assistant goes on answering. The assistant falls silent when a person takes the conversation over, by button or by
replying, and speaks again when it is given back. The client is told who is there (`casework.handoff.presence`).

    handoff       open --claim--> claimed --close--> closed        claimed --reassign--> claimed (a colleague's)
                       <-release-
    conversation  assistant --take over, reply--> person --give back, close--> assistant
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from casework import handoff as handing
from casework import jobs
from casework.conversations import people
from casework.conversations.tables import ASSISTANT, OUT, PERSON, SMS, Client, Conversation, Message
from casework.delivery import outbox
from casework.errors import NotFound
from casework.handoff import calling, presence, screenings
from casework.handoff.queue import ORDINARY
from casework.handoff.tables import Handoff
from casework.safety import alarms, marks
from casework.safety.levels import LEVELS
from casework.safety.response import release
from casework.safety.tables import Alarm
from casework.staff import accounts, audit, reading
from casework.staff.errors import AlreadyClaimed, CannotDo, NotYours
from casework.staff.roles import leads
from casework.staff.tables import Staff
from casework.storage import notify

LONGEST = {SMS: 1_600}  # characters of one reply; Twilio refuses more
LONGEST_CHAT = 4_000


@dataclass(frozen=True)
class Records:
    """The records as one member of staff, in one transaction, sees and changes them."""

    session: AsyncSession
    staff: Staff
    at: datetime

    # Reading

    async def queue(self, view: reading.View, *, start: int = 0, live: bool = False) -> reading.Queue:
        """One page of it. `live`: an open page refreshes itself."""
        queue = await reading.queue(self.session, view, self.staff, start=start)
        shown = [row.client.id for row in queue.rows]
        await audit.listing(self.session, self.staff, shown, self.at, goes_on=live)
        return queue

    async def open_alarms(self) -> list[reading.AlarmLine]:
        """Says of nobody who they are, so it is no reading of a record."""
        return await reading.open_alarms(self.session)

    async def person(self, client_id: uuid.UUID, *, live: bool = False) -> reading.Person:
        """Raises NotFound, also for a client who was never handed over: they are not staff's to read."""
        person = await reading.person(self.session, client_id)
        if person is None:
            raise NotFound("no such person")
        await audit.reading(self.session, self.staff, client_id, self.at, goes_on=live)
        return person

    async def pass_on(self, client_id: uuid.UUID, form: str) -> reading.Person:
        """The person for a file that leaves the console. Raises CannotDo (not_shared) without their consent."""
        person = await reading.person(self.session, client_id)
        if person is None:
            raise NotFound("no such person")
        if not person.shared:
            raise CannotDo("not_shared")
        audit.write(self.session, self.staff, "summary.exported", self.at, client_id=client_id, form=form)
        return person

    async def transcript(
        self, client_id: uuid.UUID, *, before: int | None = None, live: bool = False
    ) -> reading.Transcript:
        await self._readable(client_id)
        await audit.reading(self.session, self.staff, client_id, self.at, goes_on=live)
        return await reading.transcript(self.session, client_id, before=before)

    async def place_of(self, client_id: uuid.UUID, message_id: uuid.UUID) -> int | None:
        """Where in the transcript to look for a message: the `before` of the part that shows it."""
        await self._readable(client_id)
        return await reading.place_of(self.session, client_id, message_id)

    async def conversations_of(self, client_id: uuid.UUID) -> frozenset[str]:
        await self._readable(client_id)
        return await reading.conversations_of(self.session, client_id)

    async def audit_trail(self, before: audit.Place | None = None) -> list[audit.Entry]:
        audit.write(self.session, self.staff, "audit.read", self.at)
        return await audit.trail(self.session, before=before)

    async def mark_message(self, client_id: uuid.UUID, message_id: uuid.UUID, level: str) -> None:
        """Says what a client's message was: none, concern or crisis. Raises NotFound, also for a level there is not."""
        await self._readable(client_id)
        message = await self.session.get(Message, message_id)
        talk = await self.session.get(Conversation, message.conversation_id) if message else None
        if talk is None or talk.client_id != client_id or level not in LEVELS:
            raise NotFound("no such message of this client, or no such level")
        await marks.mark(self.session, message_id, level, self.staff.id, self.at)
        await self._changed("safety.marked", client_id, message=message_id)

    async def set_contact(self, client_id: uuid.UUID, ways: dict[str, bool | None]) -> None:
        """How the client may be reached safely, as they told staff: `text` and `voicemail`; None: not asked."""
        await self._mine_or_nobodys(client_id)
        client = await self.session.get_one(Client, client_id)
        client.contact = {**(client.contact or {}), **ways}
        await self._changed("person.contact_set", client_id)

    async def _mine_or_nobodys(self, client_id: uuid.UUID) -> None:
        """Raises NotFound, NotYours where a colleague has claimed this client."""
        await self._readable(client_id)
        holder = await self.session.scalar(
            select(Handoff.claimed_by).where(Handoff.client_id == client_id, Handoff.status == "claimed")
        )
        if holder not in (None, self.staff.id) and not leads(self.staff.role):
            raise NotYours("a colleague has this client")

    async def look_again(self, client_id: uuid.UUID) -> bool:
        """Runs the newest screening by the policies in force now, the same facts and the same day. True where it comes
        out otherwise: that is kept as a new one, the earlier stays. Raises CannotDo (not_screened), NotYours."""
        await self._mine_or_nobodys(client_id)
        done = await screenings.run_again(self.session, client_id, save=True, at=self.at)
        if not done:
            raise CannotDo("not_screened")
        await handing.refresh_open(self.session, client_id)
        await self._changed("screening.looked_again", client_id)
        return done[0].differs

    # The client in the queue

    async def claim(self, client_id: uuid.UUID) -> None:
        """Takes the client. Of two who try at once one gets them; the other gets AlreadyClaimed, which says who."""
        taken = await self.session.execute(
            update(Handoff)
            .where(Handoff.client_id == client_id, Handoff.status == "open", Handoff.claimed_by.is_(None))
            .values(claimed_by=self.staff.id, claimed_at=self.at, status="claimed")
            .returning(Handoff.id)
        )
        handoff_id = taken.scalar_one_or_none()
        if handoff_id is None:
            await self._not_free(client_id)
            return
        await presence.received_later(self.session, await self.session.get_one(Handoff, handoff_id), self.at)
        await self._changed("handoff.claimed", client_id, handoff=handoff_id)

    async def release(self, client_id: uuid.UUID) -> None:
        """Puts the client back into the queue, for which staff are called as for everybody who waits there. A
        colleague's client only a supervisor may put back."""
        where = await self.session.scalar(
            select(Handoff.conversation_id).where(Handoff.client_id == client_id, Handoff.status == "claimed")
        )
        talk = await self._locked(where) if where else None  # in the order in which an inbound message locks them
        given = await self.session.execute(
            update(Handoff)
            .where(
                Handoff.client_id == client_id,
                Handoff.status == "claimed",
                true() if leads(self.staff.role) else Handoff.claimed_by == self.staff.id,
            )
            .values(claimed_by=None, claimed_at=None, status="open")
            .returning(Handoff.id)
        )
        handoff_id = given.scalar_one_or_none()
        if handoff_id is None:
            raise NotYours("only the one who has this client, or a supervisor, may put them back")
        # The conversation stays with people, but nobody in particular answers it now: the queue shows that.
        await self.session.execute(
            update(Conversation)
            .where(Conversation.client_id == client_id, Conversation.owner == PERSON)
            .values(staff_id=None)
        )
        handoff = await self.session.get_one(Handoff, handoff_id, populate_existing=True)
        if talk is not None and talk[1].owner == PERSON:
            await presence.stepped_away(self.session, *talk, handoff, self.at)
        await calling.begin(self.session, handoff, self.at)
        await self._changed("handoff.released", client_id, handoff=handoff_id)

    async def reassign(self, client_id: uuid.UUID, to: uuid.UUID) -> None:
        """Gives the client to a colleague, who is told, with the conversation if people have it. Raises CannotDo."""
        handoff, client, conversation = await self._mine(client_id)
        colleague = await accounts.at_work(self.session, to)
        if colleague is None:
            raise CannotDo("no_such_colleague")
        if handoff.claimed_by == colleague.id:
            return
        handoff.claimed_by, handoff.claimed_at, handoff.status = colleague.id, self.at, "claimed"
        if conversation.owner == PERSON:
            known = conversation.introduced_id is not None
            conversation.staff_id = colleague.id
            if known:
                await presence.introduce(self.session, client, conversation, colleague, self.at)
        await presence.received_later(self.session, handoff, self.at)
        if colleague.id != self.staff.id:
            await jobs.defer(self.session, "tell_colleague", staff_id=colleague.id)
        await self._changed("handoff.reassigned", client_id, handoff=handoff.id, to=colleague.id)

    async def close(self, client_id: uuid.UUID) -> None:
        """Nothing is left to do for now. The assistant has the conversation again: nobody texts into a void."""
        handoff, client, conversation = await self._mine(client_id)
        await self._no_open_alarm(client_id)
        if conversation.owner == PERSON or conversation.safety == "crisis":
            await self._to_assistant(client_id, client, conversation)
        handoff.status, handoff.closed_at = "closed", self.at
        if handoff.claimed_by is None:
            handoff.claimed_by, handoff.claimed_at = self.staff.id, self.at
        await self._changed("handoff.closed", client_id, handoff=handoff.id)

    # The conversation

    async def take_over(self, client_id: uuid.UUID) -> None:
        """The assistant is silent from here on, and what it had not sent yet is not sent. Claims the client."""
        client, conversation = await self._take_over(client_id)
        await presence.introduce(self.session, client, conversation, self.staff, self.at)

    async def reply(self, client_id: uuid.UUID, text: str, *, key: uuid.UUID) -> uuid.UUID | None:
        """Sends the client a person's words, taking the conversation over. `key` makes a form sent twice one message.

        Returns the message's id, None where it was there already. Raises CannotDo: empty, too_long, opted_out.
        """
        text = text.strip()
        if not text:
            raise CannotDo("empty")
        client, conversation = await self._take_over(client_id)
        if len(text) > LONGEST.get(conversation.channel, LONGEST_CHAT):
            raise CannotDo("too_long")
        if conversation.channel == SMS and client.opted_out_at is not None:
            raise CannotDo("opted_out")
        await presence.introduce(self.session, client, conversation, self.staff, self.at, now=True)
        await self.session.execute(
            update(Handoff)
            .where(Handoff.client_id == client_id, Handoff.status != "closed", Handoff.answered_at.is_(None))
            .values(answered_at=self.at)
        )
        message_id = await outbox.put(
            self.session,
            client,
            conversation,
            text,
            author=PERSON,
            staff_id=self.staff.id,
            in_reply_to=key,
            position=0,
        )
        if message_id is not None:
            await self._changed("conversation.replied", client_id, message=message_id)
        return message_id

    async def typing(self, client_id: uuid.UUID) -> None:
        """Tells the client's open chat that a person is writing, where this very person has the conversation."""
        talk = await self.session.scalar(
            select(Conversation.id)
            .where(Conversation.client_id == client_id, Conversation.staff_id == self.staff.id)
            .order_by(Conversation.last_inbound_at.desc().nulls_last())
            .limit(1)
        )
        if talk is not None:
            await notify(self.session, kind="typing", conversation=talk, author="person")

    async def give_back(self, client_id: uuid.UUID) -> None:
        """The assistant answers again. Raises CannotDo while an alarm is open, NotYours where a colleague has it."""
        _, client, conversation = await self._mine(client_id)
        await self._no_open_alarm(client_id)
        await self._to_assistant(client_id, client, conversation)

    async def acknowledge(self, alarm_id: uuid.UUID) -> uuid.UUID:
        """Somebody looks after this alarm now. Returns the client's id. A second acknowledgement changes nothing."""
        alarm = await alarms.acknowledge(self.session, alarm_id, self.staff.id, self.at)
        if alarm.acknowledged_by == self.staff.id and alarm.acknowledged_at == self.at:
            await self._changed("alarm.acknowledged", alarm.client_id, alarm=alarm.id)
        return alarm.client_id

    async def alarm(self, alarm_id: uuid.UUID) -> uuid.UUID:
        """Whose alarm this is: pages that call staff name the alarm only. Raises NotFound."""
        client_id = await self.session.scalar(select(Alarm.client_id).where(Alarm.id == alarm_id))
        if client_id is None:
            raise NotFound("no such alarm")
        return client_id

    # What these share

    async def _readable(self, client_id: uuid.UUID) -> None:
        for table in (Handoff, Alarm):
            if await self.session.scalar(select(table.id).where(table.client_id == client_id).limit(1)):
                return
        raise NotFound("no such person")

    async def _not_free(self, client_id: uuid.UUID) -> None:
        """Why a claim found nothing to take. Nothing is wrong where this very person has the client already."""
        handoff = await reading.latest_handoff(self.session, client_id)
        if handoff is None:
            raise NotFound("no such person")
        if handoff.status == "closed":
            raise CannotDo("closed")
        if handoff.claimed_by != self.staff.id:
            holder = await self.session.get(Staff, handoff.claimed_by) if handoff.claimed_by else None
            raise AlreadyClaimed(holder.name if holder else "A colleague")

    async def _mine(self, client_id: uuid.UUID) -> tuple[Handoff, Client, Conversation]:
        """The open handoff and its conversation, both rows locked. A colleague's are a supervisor's to change only."""
        where = await self.session.scalar(
            select(Handoff.conversation_id).where(Handoff.client_id == client_id, Handoff.status != "closed")
        )
        if where is None:
            await self._readable(client_id)
            raise CannotDo("closed")
        # The conversation's row first: an inbound message takes them in this order, too.
        client, conversation = await self._locked(where)
        handoff = (
            await self.session.execute(
                select(Handoff)
                .where(Handoff.client_id == client_id, Handoff.status != "closed")
                .with_for_update()
                .execution_options(populate_existing=True)
            )
        ).scalar_one_or_none()
        if handoff is None:
            raise CannotDo("closed")
        if handoff.claimed_by not in (None, self.staff.id) and not leads(self.staff.role):
            raise NotYours("a colleague has this client")
        return handoff, client, conversation

    async def _locked(self, conversation_id: uuid.UUID) -> tuple[Client, Conversation]:
        """The conversation as it is now, its row locked: the assistant's turn reads the owner under the same lock."""
        await self.session.execute(
            select(Conversation)
            .where(Conversation.id == conversation_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        found = await people.by_id(self.session, conversation_id)
        if found is None:
            raise NotFound("no such conversation")
        return found

    async def _take_over(self, client_id: uuid.UUID) -> tuple[Client, Conversation]:
        handoff = await reading.latest_handoff(self.session, client_id)
        if handoff is None or handoff.status == "closed":  # a conversation that people have is always in the queue
            await self._into_the_queue(client_id, "taken_over")
        else:
            await self._locked(handoff.conversation_id)
        await self.claim(client_id)
        _, client, conversation = await self._mine(client_id)
        if conversation.owner != PERSON or conversation.staff_id != self.staff.id:
            conversation.owner, conversation.staff_id, conversation.owner_turn = PERSON, self.staff.id, None
            await self.session.execute(
                update(Message)
                .where(
                    Message.conversation_id == conversation.id,
                    Message.direction == OUT,
                    Message.author == ASSISTANT,
                    Message.status == "queued",
                )
                .values(status="dropped")
            )
            await self._changed("conversation.taken_over", client_id, conversation=conversation.id)
        return client, conversation

    async def _into_the_queue(self, client_id: uuid.UUID, reason: str) -> None:
        await self._readable(client_id)
        newest = await self.session.scalar(
            select(Conversation.id)
            .where(Conversation.client_id == client_id)
            .order_by(Conversation.last_inbound_at.desc().nulls_last())
            .limit(1)
        )
        if newest is None:
            raise NotFound("no such conversation")
        client, conversation = await self._locked(newest)
        await handing.to_people(
            self.session, client, conversation, reason=reason, urgency=ORDINARY, at=self.at, take_over=False
        )

    async def _to_assistant(self, client_id: uuid.UUID, client: Client, conversation: Conversation) -> None:
        await release(self.session, conversation, self.staff.id, self.at)
        conversation.owner, conversation.staff_id, conversation.owner_turn = ASSISTANT, None, None
        await presence.assistant_back(self.session, client, conversation, self.at)
        await self._changed("conversation.given_back", client_id, conversation=conversation.id)

    async def _no_open_alarm(self, client_id: uuid.UUID) -> None:
        still_open = select(Alarm.id).where(Alarm.client_id == client_id, Alarm.status == alarms.OPEN).limit(1)
        if await self.session.scalar(still_open):
            raise CannotDo("alarm_open")

    async def _changed(self, action: str, client_id: uuid.UUID, **ids: uuid.UUID) -> None:
        detail = {name: str(value) for name, value in ids.items()}
        audit.write(self.session, self.staff, action, self.at, client_id=client_id, **detail)
        await notify(self.session, kind="queue", client=client_id)

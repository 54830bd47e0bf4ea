"""An action is done once in a turn, however often the turn is tried.

The bot keeps a turn whole or not at all: when a process dies in the middle, the turn is tried again from its beginning,
and actions whose changes are stored already are called a second time. Asked again, "I have PTSD" would be no news, and
the client would hear "sorry, I didn't get that". So what an action answered is stored in the transaction of its
changes, and given again as it was.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from rasa_sdk.interfaces import Tracker
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import ActionAnswer

Answer = dict[str, Any]  # {"events": [...], "responses": [...]} of Rasa's protocol


@dataclass(frozen=True)
class Call:
    """One call of an action: in which turn, at which place of it, and what the client's words were then."""

    conversation_id: uuid.UUID
    turn_id: uuid.UUID
    place: int
    action: str
    heard: str

    @classmethod
    def of(cls, tracker: Tracker, action: str) -> Call | None:
        """None where the turn has no id of its own, as in a shell: nobody will try it again."""
        latest = tracker.latest_message
        turn = (latest.get("metadata") or {}).get("turn")
        if turn is None:
            return None
        since = [event.get("event") for event in reversed(tracker.events)]
        place = since.index("user") if "user" in since else len(since)
        return cls(uuid.UUID(tracker.sender_id), uuid.UUID(turn), place, action, str(latest.get("text")))

    async def earlier(self, session: AsyncSession) -> Answer | None:
        """What this very call was answered with before."""
        stored = await session.get(ActionAnswer, (self.turn_id, self.place, self.action))
        if stored is None:
            return None
        return stored.answer if stored.answer["heard"] == self.heard else None

    async def keep(self, session: AsyncSession, answer: Answer) -> None:
        """Stores the answer with the action's changes; those of the conversation's earlier turns are not needed now.

        Where the same call is being made twice at once, the second of them fails and is tried again.
        """
        await session.execute(
            delete(ActionAnswer).where(
                ActionAnswer.conversation_id == self.conversation_id, ActionAnswer.turn_id != self.turn_id
            )
        )
        known = await session.get(ActionAnswer, (self.turn_id, self.place, self.action))
        kept = {"heard": self.heard, **answer}
        if known is None:
            session.add(
                ActionAnswer(
                    turn_id=self.turn_id,
                    place=self.place,
                    action=self.action,
                    conversation_id=self.conversation_id,
                    answer=kept,
                )
            )
        else:
            known.answer = kept

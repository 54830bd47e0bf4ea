"""The line stays with a client in crisis: asks, listens, offers a person, and goes on when they want to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from casework.conversations.tables import OUT, SYSTEM, Client, Conversation, Message
from casework.delivery import outbox
from casework.safety import answers
from casework.safety.resources import AGAIN, STAYING
from casework.understanding.choices import chosen, fold
from casework.wording import LANGUAGES, say

RESUME, TALK = "/resume", "/talk_to_person"
GLAD = "utter_safety_glad"

# What is said to what the client answered. Nothing understood: the line asks again, gently.
REPLIES = {
    answers.NOT_SAFE: AGAIN,
    answers.PERSON: "utter_safety_person_called",
    answers.SAFE: GLAD,
    answers.NO: "utter_safety_no_rush",
    None: STAYING,
}


async def meaning(session: AsyncSession, conversation: Conversation, message: Message) -> str | None:
    """What the client answers, read against what they were last asked: a key of REPLIES, or GO_ON.

    A bare "yes" or "no" answers "are you safe right now?", unless the last thing said was that it is good to hear and
    whether they want to go on.
    """
    text, choices = await _last_said(session, conversation, message)
    payload = message.payload or chosen(message.text, choices)
    if payload == RESUME:
        return answers.GO_ON
    if payload == TALK:
        return answers.PERSON
    understood = answers.understand(message.text)
    asked_to_go_on = text in {say(GLAD, language).text for language in LANGUAGES}
    if understood == answers.YES:
        return answers.GO_ON if asked_to_go_on else answers.SAFE
    if understood == answers.NO:
        return answers.NO if asked_to_go_on else answers.NOT_SAFE
    return understood


async def offered(session: AsyncSession, conversation: Conversation, message: Message) -> bool:
    """Whether the text is, word for word, one of the choices that the client was last offered."""
    _, choices = await _last_said(session, conversation, message)
    return fold(message.text) in {fold(choice["title"]) for choice in choices}


async def _last_said(
    session: AsyncSession, conversation: Conversation, message: Message
) -> tuple[str, list[dict[str, str]]]:
    """The last text that offered this client a choice, and the choices."""
    rows = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == OUT,
            Message.seq < message.seq,
            Message.status != "dropped",
            Message.choices.is_not(None),
        )
        .order_by(Message.seq.desc())
        .limit(1)
    )
    last = rows.first()
    return (last.text, last.choices or []) if last else ("", [])


async def say_to(
    session: AsyncSession,
    client: Client,
    conversation: Conversation,
    response: str,
    *,
    choices: bool = True,
    urgent: bool = True,
    even_if_opted_out: bool = False,
) -> None:
    """Puts a response into the outbox, by default ahead of everything else that waits to be sent."""
    wording = say(response, client.language)
    await outbox.put(
        session,
        client,
        conversation,
        wording.text,
        author=SYSTEM,
        choices=wording.choices if choices else (),
        urgent=urgent,
        even_if_opted_out=even_if_opted_out,
    )

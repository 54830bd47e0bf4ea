"""Ready-made replies in both languages, which staff put into the reply they write and may change before they send it.

`{name}`, `{me}`, `{agency}`, `{phone}` in a text become the client's name, the writer's, the agency's, its number.
"""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from casework.errors import GuidepostError
from casework.paths import DATA
from casework.storage import new_id
from casework.storage.base import Base, Created, Id

FIELDS = ("name", "me", "agency", "phone")
LONGEST = 1_000
_CODE = re.compile(r"[a-z][a-z0-9-]{1,19}")
_FIELD = re.compile(r"{(\w*)}")


class BadReply(GuidepostError):
    """A ready-made reply that cannot be kept. `code` is a key of the console's labels."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ReadyMade(Base):
    """One reply. `code` is what staff type after a slash; `texts` are by language."""

    __tablename__ = "ready_made_replies"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    text_en: Mapped[str]
    text_es: Mapped[str]
    created_at: Mapped[Created]


async def everything(session: AsyncSession) -> Sequence[ReadyMade]:
    return (await session.execute(select(ReadyMade).order_by(ReadyMade.title))).scalars().all()


async def save(
    session: AsyncSession, reply_id: uuid.UUID | None, *, code: str, title: str, text_en: str, text_es: str
) -> ReadyMade:
    """Makes or changes one. Raises BadReply."""
    code, title, texts = code.strip().lower().lstrip("/"), title.strip(), (text_en.strip(), text_es.strip())
    if not _CODE.fullmatch(code):
        raise BadReply("reply_code")
    if not title or not all(texts):
        raise BadReply("reply_empty")
    if any(len(text) > LONGEST for text in texts) or len(title) > 80:
        raise BadReply("reply_long")
    if any(field not in FIELDS for text in texts for field in _FIELD.findall(text)):
        raise BadReply("reply_field")
    same = await session.scalar(select(ReadyMade.id).where(ReadyMade.code == code))
    if same is not None and same != reply_id:
        raise BadReply("reply_taken")
    found = await session.get(ReadyMade, reply_id) if reply_id else None
    if found is None:
        found = ReadyMade(id=new_id())
        session.add(found)
    found.code, found.title, found.text_en, found.text_es = code, title, *texts
    await session.flush()
    return found


async def add_starters(session: AsyncSession) -> int:
    """Adds the replies of `data/replies.toml` whose codes are not in use yet. Returns how many."""
    known = {each.code for each in await everything(session)}
    starters = tomllib.loads((DATA / "replies.toml").read_text(encoding="utf-8"))
    new = [(code, texts) for code, texts in starters.items() if code not in known]
    for code, texts in new:
        await save(session, None, code=code, title=texts["title"], text_en=texts["en"], text_es=texts["es"])
    return len(new)


def filled(text: str, values: Mapping[str, str | None]) -> str:
    """The text with its fields filled in. What is not known is left out, with the space before it."""
    for field in FIELDS:
        given = values.get(field)
        text = text.replace("{" + field + "}", given) if given else re.sub(r",? ?{" + field + "}", "", text)
    return text

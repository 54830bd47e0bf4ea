"""Staff mark assessments; marks become lines of training data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from texting import Line

from casework.errors import NotFound
from casework.safety import marks
from casework.safety.train import read
from casework.storage import new_id


def test_marks_are_exported_as_training_lines(line: Callable[..., Line], tmp_path: Any) -> None:
    client = line()
    client.say("hello there friend")
    client.say("i want to die | for real\nplease")
    staff = client.staff()
    first, second = client.assessments()

    async def work(session: Any) -> list[str]:
        await marks.mark(session, first.message_id, "none", staff, client.now)
        marked = await marks.mark(session, second.message_id, "crisis", staff, client.now)
        assert (marked.mark, marked.marked_by) == ("crisis", staff)
        await session.flush()
        return [exported async for exported in marks.export_marks(session)]

    exported = client.run(work)
    assert exported[0] == "none|-|en|hello there friend"
    assert exported[1] == "crisis|suicide|en|hello there friend // i want to die / for real please"
    (tmp_path / "marked.psv").write_text("\n".join(exported))
    assert [example.level for example in read(tmp_path)] == ["none", "crisis"]


def test_a_mark_is_one_of_three_levels_on_a_known_message(line: Callable[..., Line]) -> None:
    client = line()
    client.say("hello there friend")
    staff = client.staff()
    known = client.assessments()[0].message_id
    with pytest.raises(ValueError, match="none, concern, crisis"):
        client.run(lambda session: marks.mark(session, known, "bad", staff, client.now))
    with pytest.raises(NotFound):
        client.run(lambda session: marks.mark(session, new_id(), "none", staff, client.now))

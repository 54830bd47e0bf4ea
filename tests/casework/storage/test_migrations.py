"""What a migration makes of the rows that are there."""

from __future__ import annotations

import uuid

import psycopg

from casework.storage import embedded
from casework.storage.encryption import EncryptedJSON
from casework.storage.engine import plain_url
from casework.storage.migrate import migrate

TALK = uuid.uuid4()
BEFORE = f"""
insert into clients (id, language, created_at) values ('{TALK}', 'en', now());
insert into conversations (id, client_id, channel, owner, safety, created_at)
    values ('{TALK}', '{TALK}', 'sms', 'assistant', 'none', now());
insert into messages (id, conversation_id, direction, author, text, media_count, status, attempts, created_at)
    values ('{TALK}', '{TALK}', 'in', 'client', '', 0, 'handled', 0, now());
insert into safety_assessments (message_id, conversation_id, level, kinds, score, model_version, created_at)
    values ('{TALK}', '{TALK}', 'crisis', '["suicide", "abuse"]', 0.9, '1', now());
insert into alarms (id, conversation_id, client_id, level, kinds, status, step, pages, created_at)
    values ('{TALK}', '{TALK}', '{TALK}', 'crisis', '["suicide", "abuse"]', 'open', 0, '[]', now());
"""


def test_which_danger_somebody_was_in_is_encrypted_where_it_stood_in_plain_words(database_url: str) -> None:
    url = embedded.create_database(plain_url(database_url), "before", fresh=True)
    migrate(url, "0037")
    with psycopg.connect(plain_url(url)) as connection:
        connection.execute(BEFORE)
    migrate(url)
    with psycopg.connect(plain_url(url)) as connection:
        for table in ("safety_assessments", "alarms"):
            (kinds,) = connection.execute(f"select kinds from {table}").fetchone()  # type: ignore[misc,call-overload]
            assert b"suicide" not in kinds
            assert EncryptedJSON().process_result_value(kinds, None) == ["suicide", "abuse"]  # type: ignore[arg-type]

"""Postgres: the engine, one session a unit of work, columns that are encrypted at rest, the migrations."""

from casework.storage.base import Base, Id, Moment, new_id
from casework.storage.encryption import EncryptedJSON, EncryptedText, blind_index
from casework.storage.engine import Database, notification, notify

__all__ = [
    "Base",
    "Database",
    "EncryptedJSON",
    "EncryptedText",
    "Id",
    "Moment",
    "blind_index",
    "new_id",
    "notification",
    "notify",
]

"""Ids for partners: UUIDs that follow from ours, so that they are the same in every export."""

from __future__ import annotations

import hashlib
import uuid

from sqlalchemy import ColumnElement, Uuid, cast, func, literal

from casework.directory.tables import Program


def uuid_of(what: str, name: str) -> str:
    """The UUID of a thing: `what` is service, location, organization or whatever hangs on them."""
    return str(uuid.UUID(hashlib.md5(f"{what}:{name}".encode(), usedforsecurity=False).hexdigest()))


def in_database(what: str) -> ColumnElement[uuid.UUID]:
    """The same, worked out by Postgres for a program's row."""
    name = Program.organization if what == "organization" else Program.id
    return cast(func.md5(literal(f"{what}:") + name), Uuid)

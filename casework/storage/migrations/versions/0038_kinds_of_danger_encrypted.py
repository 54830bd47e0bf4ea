"""which danger a client is in, encrypted"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from casework.storage.encryption import EncryptedJSON

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_PLAIN, _ENCRYPTED = postgresql.JSONB(), EncryptedJSON()
_TABLES = {"safety_assessments": "message_id", "alarms": "id"}
_AT_ONCE = 1_000


def upgrade() -> None:
    for table, key in _TABLES.items():
        _written_as(table, key, _PLAIN, _ENCRYPTED)


def downgrade() -> None:
    for table, key in _TABLES.items():
        _written_as(table, key, _ENCRYPTED, _PLAIN)


def _written_as(table: str, key: str, was: sa.types.TypeEngine[Any], becomes: sa.types.TypeEngine[Any]) -> None:
    op.add_column(table, sa.Column("kinds_now", becomes, nullable=True))
    rows = sa.table(table, sa.column(key, sa.Uuid()), sa.column("kinds", was), sa.column("kinds_now", becomes))
    connection, last = op.get_bind(), None
    write = sa.update(rows).where(rows.c[key] == sa.bindparam("row")).values(kinds_now=sa.bindparam("now"))
    while True:
        read = sa.select(rows.c[key], rows.c.kinds).order_by(rows.c[key]).limit(_AT_ONCE)
        found = connection.execute(read if last is None else read.where(rows.c[key] > last)).all()
        if not found:
            break
        connection.execute(write, [{"row": row, "now": kinds} for row, kinds in found])
        last = found[-1][0]
    op.drop_column(table, "kinds")
    op.alter_column(table, "kinds_now", new_column_name="kinds", nullable=False)

"""whose time a calendar is: a clinician's calendars are never booked at the same time"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("calendars", "appointments"):
        op.add_column(table, sa.Column("clinician", sa.String(), nullable=True))
    op.create_exclude_constraint(
        "one_calendar_a_clinician",
        "appointments",
        (sa.column("program_id"), "="),
        (sa.column("clinician"), "="),
        (sa.column("calendar_id"), "<>"),
        (sa.column("during"), "&&"),
        where=sa.text("clinician is not null and status in ('held', 'booked')"),
        using="gist",
    )
    op.create_index(
        "ix_appointments_clinician",
        "appointments",
        ["program_id", "starts_at"],
        postgresql_where=sa.text("clinician is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_appointments_clinician", "appointments")
    op.drop_constraint("one_calendar_a_clinician", "appointments")
    for table in ("calendars", "appointments"):
        op.drop_column(table, "clinician")

"""clients who are late; referrals that go by e-mail"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("late_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("appointments", sa.Column("late_minutes", sa.Integer(), nullable=True))
    op.add_column("referrals", sa.Column("mail", sa.String(), nullable=True))
    op.add_column("referrals", sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("referrals", "mailed_at")
    op.drop_column("referrals", "mail")
    op.drop_column("appointments", "late_minutes")
    op.drop_column("appointments", "late_at")

"""referrals to programs that have no online calendar"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UNSETTLED = sa.text("status in ('made', 'sent', 'no_answer')")


def upgrade() -> None:
    op.create_table(
        "referrals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_by", sa.Uuid(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_referrals_client_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_referrals_program_id")),
        sa.ForeignKeyConstraint(["status_by"], ["staff.id"], name=op.f("fk_referrals_status_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
    )
    op.create_index("ix_referrals_client", "referrals", ["client_id", "created_at"], unique=False)
    op.create_index(
        "uq_referrals_unsettled",
        "referrals",
        ["client_id", "program_id"],
        unique=True,
        postgresql_where=_UNSETTLED,
    )


def downgrade() -> None:
    op.drop_index("uq_referrals_unsettled", table_name="referrals", postgresql_where=_UNSETTLED)
    op.drop_index("ix_referrals_client", table_name="referrals")
    op.drop_table("referrals")

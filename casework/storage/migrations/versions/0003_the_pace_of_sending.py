"""the pace of each sending number, and an index for what is not sent yet"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paces",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", name=op.f("pk_paces")),
    )
    op.create_index(
        "ix_messages_unsent",
        "messages",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status in ('queued', 'sending')"),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_unsent", table_name="messages")
    op.drop_table("paces")

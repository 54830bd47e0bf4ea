"""what actions answered in a conversation's last turn, for a turn that is tried again"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "action_answers",
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_action_answers_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("turn_id", "place", "action", name=op.f("pk_action_answers")),
    )
    op.create_index("ix_action_answers_conversation", "action_answers", ["conversation_id"])


def downgrade() -> None:
    op.drop_table("action_answers")

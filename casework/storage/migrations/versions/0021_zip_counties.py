"""which counties a ZIP lies in"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "zip_counties",
        sa.Column("zip", sa.String(), nullable=False),
        sa.Column("county", sa.String(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("zip", "county", name=op.f("pk_zip_counties")),
    )


def downgrade() -> None:
    op.drop_table("zip_counties")

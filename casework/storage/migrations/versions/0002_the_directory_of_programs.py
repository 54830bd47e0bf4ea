"""imports that can be undone, and an index for the nearest programs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEAREST = """
create index ix_programs_on_earth on programs using gist (cube(array[
    cos(radians(latitude)) * cos(radians(longitude)),
    cos(radians(latitude)) * sin(radians(longitude)),
    sin(radians(latitude))
])) where active
"""


def _may_have_cube() -> bool:
    """Whether the `cube` extension is there or can be made; a server without it searches by latitude and longitude."""
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("create extension if not exists cube"))
    except sa.exc.DBAPIError:
        return False
    return True


def upgrade() -> None:
    for name, kind in (
        ("phone_extension", sa.String()),
        ("intake_extension", sa.String()),
        ("wait_days", sa.Double()),
        ("changed_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("programs", sa.Column(name, kind, nullable=True))
    if _may_have_cube():
        op.execute(_NEAREST)
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_table(
        "import_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_runs.id"], name=op.f("fk_import_changes_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
    )
    op.create_index("ix_import_changes_run", "import_changes", ["run_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_import_changes_run", table_name="import_changes")
    op.drop_table("import_changes")
    op.drop_table("import_runs")
    op.execute("drop index if exists ix_programs_on_earth")
    for name in ("changed_at", "wait_days", "intake_extension", "phone_extension"):
        op.drop_column("programs", name)

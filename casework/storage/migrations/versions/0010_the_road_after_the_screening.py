"""the road after the screening, promised answers, calling staff; indexes that erasing and the audit page miss"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0021"
branch_labels = None
depends_on = None

_OPEN = sa.text("status = 'open'")
_OPEN_PLAN = sa.text("status in ('draft', 'offered')")
_OPEN_KIND = sa.text("status = 'open' and kind <> 'other'")
_LISTS = (("staff", "skills"), ("staff", "reach"), ("handoffs", "calls"))
_MOMENTS = ("promised_at", "answered_at", "received_told_at")


def _client(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["client_id"], ["clients.id"], name=op.f(f"fk_{table}_client_id"), ondelete="CASCADE"
    )


def _staff(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["staff.id"], name=op.f(f"fk_{table}_{column}"))


def _moment(name: str, *, needed: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not needed)


def _created() -> sa.Column[datetime]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        _moment("since", needed=True),
        sa.Column("case_manager_id", sa.Uuid(), nullable=True),
        sa.Column("reassess_on", sa.Date(), nullable=True),
        sa.Column("ended", sa.String(), nullable=True),
        _created(),
        _client("cases"),
        _staff("cases", "case_manager_id"),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_stage", "cases", ["stage", "since"])
    op.create_index("ix_cases_case_manager", "cases", ["case_manager_id", "stage", "since"])
    op.create_table(
        "case_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("from_stage", sa.String(), nullable=False),
        sa.Column("to_stage", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        _moment("at", needed=True),
        _moment("told_at"),
        _moment("undone_at"),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        _client("case_moves"),
        _staff("case_moves", "staff_id"),
        _staff("case_moves", "undone_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_moves")),
    )
    op.create_index("ix_case_moves_client", "case_moves", ["client_id", "at"])
    op.create_table(
        "service_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        _moment("offered_at"),
        _moment("approved_at"),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        _created(),
        _client("service_plans"),
        _staff("service_plans", "staff_id"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_service_plans_message_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_plans")),
        sa.UniqueConstraint("client_id", "number", name=op.f("uq_service_plans_client_id_number")),
    )
    op.create_index("uq_service_plans_open", "service_plans", ["client_id"], unique=True, postgresql_where=_OPEN_PLAN)
    op.create_table(
        "goals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("measure", sa.LargeBinary(), nullable=True),
        sa.Column("target_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        _created(),
        _client("goals"),
        sa.ForeignKeyConstraint(["plan_id"], ["service_plans.id"], name=op.f("fk_goals_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
    )
    op.create_index("ix_goals_plan", "goals", ["plan_id", "created_at"])
    op.create_index("ix_goals_client", "goals", ["client_id"])
    op.create_table(
        "plan_services",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=True),
        _created(),
        _client("plan_services"),
        sa.ForeignKeyConstraint(["goal_id"], ["goals.id"], name=op.f("fk_plan_services_goal_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_services")),
    )
    op.create_index("ix_plan_services_goal", "plan_services", ["goal_id"])
    op.create_index("ix_plan_services_client", "plan_services", ["client_id"])
    op.create_table(
        "case_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        _moment("done_at"),
        _moment("reminded_at"),
        _created(),
        _client("case_tasks"),
        _staff("case_tasks", "done_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_tasks")),
    )
    op.create_index("ix_case_tasks_client", "case_tasks", ["client_id", "due_on"])
    op.create_index("ix_case_tasks_due", "case_tasks", ["due_on", "client_id"], postgresql_where=_OPEN)
    op.create_index("uq_case_tasks_kind", "case_tasks", ["client_id", "kind"], unique=True, postgresql_where=_OPEN_KIND)
    for table, column in _LISTS:
        op.add_column(table, sa.Column(column, postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("handoffs", sa.Column("call_step", sa.Integer(), server_default=sa.text("0"), nullable=False))
    for name in _MOMENTS:
        op.add_column("handoffs", _moment(name))
    op.add_column("conversations", sa.Column("introduced_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_conversations_introduced_id"), "conversations", "staff", ["introduced_id"], ["id"])
    op.drop_index("ix_handoffs_queue", table_name="handoffs")
    op.create_index("ix_handoffs_queue", "handoffs", ["status", "urgency", "promised_at"])
    op.create_index("ix_handoffs_client", "handoffs", ["client_id"])
    op.create_index("ix_alarms_client", "alarms", ["client_id"])
    op.create_index("ix_audit_events_at", "audit_events", ["at"])
    # Who is known to people already begins where their appointments say.
    op.execute(
        """
        insert into cases (client_id, stage, since)
        select client_id,
               case when exists (select 1 from appointments a
                                 where a.client_id = h.client_id and a.status in ('booked', 'attended'))
                    then 'intake_booked' else 'screening' end,
               min(created_at)
        from handoffs h group by client_id
        """
    )


def downgrade() -> None:
    op.drop_index("ix_audit_events_at", table_name="audit_events")
    op.drop_index("ix_alarms_client", table_name="alarms")
    op.drop_index("ix_handoffs_client", table_name="handoffs")
    op.drop_index("ix_handoffs_queue", table_name="handoffs")
    op.create_index("ix_handoffs_queue", "handoffs", ["status", "urgency", "created_at"])
    op.drop_constraint(op.f("fk_conversations_introduced_id"), "conversations", type_="foreignkey")
    op.drop_column("conversations", "introduced_id")
    for name in (*_MOMENTS, "call_step"):
        op.drop_column("handoffs", name)
    for table, column in _LISTS:
        op.drop_column(table, column)
    for table in ("case_tasks", "plan_services", "goals", "service_plans", "case_moves", "cases"):
        op.drop_table(table)

"""Companies that get a measure without applying."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from matcher.store.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "grant_lists",
        sa.Column("list_id", sa.String(length=22), nullable=False),
        sa.Column("measure_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("budget_yuan", sa.Double(), nullable=True),
        sa.Column("committed_yuan", sa.Double(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_grant_lists")),
    )
    with op.batch_alter_table("grant_lists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grant_lists_measure_id"), ["measure_id"], unique=False)
        batch_op.create_index(
            "ix_grant_lists_open",
            ["measure_id", "region"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    op.create_table(
        "grants",
        sa.Column("grant_id", sa.String(length=22), nullable=False),
        sa.Column("list_id", sa.String(length=22), nullable=False),
        sa.Column("company_id", sa.String(length=22), nullable=False),
        sa.Column("identity", sa.String(length=22), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("within_budget", sa.Boolean(), nullable=False),
        sa.Column("low_yuan", sa.Double(), nullable=True),
        sa.Column("high_yuan", sa.Double(), nullable=True),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("amount_yuan", sa.Double(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("willing_at", Instant(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.company_id"], name=op.f("fk_grants_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["grant_lists.list_id"], name=op.f("fk_grants_list_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grants")),
        sa.UniqueConstraint("list_id", "company_id", name=op.f("uq_grants_list_id_company_id")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_grants_identity"), ["identity"], unique=False)
        batch_op.create_index(batch_op.f("ix_grants_list_id"), ["list_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_grants_state"), ["state"], unique=False)
    op.create_table(
        "grant_events",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.String(length=22), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.grant_id"], name=op.f("fk_grant_events_grant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_grant_events")),
    )
    with op.batch_alter_table("grant_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grant_events_grant_id"), ["grant_id"], unique=False)
    op.create_table(
        "grant_claims",
        sa.Column("claim", sa.String(length=64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("claim", name=op.f("pk_grant_claims")),
    )
    op.create_table(
        "grant_checks",
        sa.Column("company_id", sa.String(length=22), nullable=False),
        sa.Column("measure_id", sa.String(length=200), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.company_id"], name=op.f("fk_grant_checks_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("company_id", "measure_id", "mark", name=op.f("pk_grant_checks")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("grant_checks")
    op.drop_table("grant_claims")
    op.drop_table("grant_events")
    op.drop_table("grants")
    op.drop_table("grant_lists")

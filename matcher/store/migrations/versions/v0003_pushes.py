"""What is known of measures, who wants to hear, and what is on its way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from matcher.store.tables import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "allowed_targets",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "host", name=op.f("pk_allowed_targets")),
    )
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.String(length=22), nullable=False),
        sa.Column("measure_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("occasion", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batches")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batches_measure_id"), ["measure_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batches_state"), ["state"], unique=False)
    op.create_table(
        "measure_states",
        sa.Column("measure_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("closes", sa.Date(), nullable=True),
        sa.Column("reminded", sa.Date(), nullable=True),
        sa.Column("ending", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("measure_id", name=op.f("pk_measure_states")),
    )
    op.create_table(
        "paces",
        sa.Column("way", sa.String(length=300), nullable=False),
        sa.Column("free_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("way", name=op.f("pk_paces")),
    )
    op.create_table(
        "snapshots",
        sa.Column("measure_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("eligible", sa.LargeBinary(), nullable=False),
        sa.Column("nearly", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("measure_id", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("subscription_id", sa.String(length=22), nullable=False),
        sa.Column("company_id", sa.String(length=22), nullable=False),
        sa.Column("contact_id", sa.String(length=22), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("themes", sa.JSON(), nullable=False),
        sa.Column("frequency", sa.String(length=16), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_to", sa.Integer(), nullable=False),
        sa.Column("workdays_only", sa.Boolean(), nullable=False),
        sa.Column("weekly_cap", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.company_id"], name=op.f("fk_subscriptions_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.contact_id"], name=op.f("fk_subscriptions_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_subscriptions")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscriptions_state"), ["state"], unique=False)
    op.create_table(
        "messages",
        sa.Column("message_id", sa.String(length=22), nullable=False),
        sa.Column("batch_id", sa.String(length=22), nullable=True),
        sa.Column("company_id", sa.String(length=22), nullable=False),
        sa.Column("subscription_id", sa.String(length=22), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("measure_id", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("not_before", Instant(), nullable=False),
        sa.Column("claimed_by", sa.String(length=22), nullable=False),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("digest_id", sa.String(length=22), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.batch_id"], name=op.f("fk_messages_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.company_id"], name=op.f("fk_messages_company_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["messages.message_id"], name=op.f("fk_messages_digest_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.subscription_id"],
            name=op.f("fk_messages_subscription_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_digest_id"), ["digest_id"], unique=False)
        batch_op.create_index("ix_messages_due", ["state", "channel", "not_before"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_subscription_id"), ["subscription_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=22), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.message_id"], name=op.f("fk_deliveries_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_message_id"), ["message_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("deliveries")
    op.drop_table("messages")
    op.drop_table("subscriptions")
    op.drop_table("snapshots")
    op.drop_table("paces")
    op.drop_table("measure_states")
    op.drop_table("batches")
    op.drop_table("allowed_targets")

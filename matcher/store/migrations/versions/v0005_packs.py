"""Application forms of single measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from matcher.store.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pack_templates",
        sa.Column("measure_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("measure_id", name=op.f("pk_pack_templates")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("pack_templates")

"""Companies in place of saved profiles: credit code, region, sources, history, contacts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from alembic import op

from matcher.store.companies import region_of, uscc_of
from matcher.store.tables import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEPT = ("owner", "name", "raw", "created_at", "changed_at")


def _kept() -> tuple[sa.ColumnClause[Any], ...]:
    return (
        sa.column("owner", sa.String(22)), sa.column("name", sa.Text()), sa.column("raw", sa.JSON()),
        sa.column("created_at", Instant()), sa.column("changed_at", Instant()),
    )  # fmt: skip


PROFILES = sa.table("profiles", sa.column("profile_id", sa.String(22)), *_kept())
COMPANIES = sa.table(
    "companies", sa.column("company_id", sa.String(22)), *_kept(), sa.column("uscc", sa.String(18)),
    sa.column("region", sa.String(12)), sa.column("sources", sa.JSON()), sa.column("version", sa.Integer()),
)  # fmt: skip
VERSIONS = sa.table(
    "company_versions", sa.column("company_id", sa.String(22)), sa.column("version", sa.Integer()),
    sa.column("raw", sa.JSON()), sa.column("sources", sa.JSON()), sa.column("made_at", Instant()),
    sa.column("made_by", sa.String(64)),
)  # fmt: skip
RUNS = sa.table("runs", sa.column("company_id", sa.String(22)))


def _take_over(connection: sa.Connection) -> None:
    """Every saved profile as a company that declared itself, with what it is found by."""
    taken: set[tuple[str, str]] = set()
    for old in connection.execute(sa.select(PROFILES).order_by(PROFILES.c.created_at)).mappings():
        raw, uscc = old["raw"], uscc_of(old["raw"])[:18]
        if (old["owner"], uscc) in taken:
            uscc = ""  # written in two ways, it was kept twice
        taken.add((old["owner"], uscc))
        on = old["changed_at"].astimezone(dt.timezone(dt.timedelta(hours=8))).date().isoformat()
        sources = {name: {"kind": "declared", "by": "", "on": on} for name in raw}
        new = {"company_id": old["profile_id"], **{name: old[name] for name in _KEPT}}
        new |= {"uscc": uscc, "region": region_of(raw), "sources": sources, "version": 1}
        connection.execute(sa.insert(COMPANIES).values(new))
        row = {"company_id": new["company_id"], "version": 1, "raw": raw, "sources": sources}
        connection.execute(sa.insert(VERSIONS).values(made_at=old["changed_at"], made_by="", **row))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "companies",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.String(length=22), nullable=False),
        sa.Column("owner", sa.String(length=22), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_companies")),
        sa.UniqueConstraint("company_id", name=op.f("uq_companies_company_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_companies_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_companies_owner"), ["owner"], unique=False)
        batch_op.create_index("ix_companies_owner_name", ["owner", "name"], unique=False)
        batch_op.create_index(
            "ix_companies_owner_uscc",
            ["owner", "uscc"],
            unique=True,
            sqlite_where=sa.text("uscc <> ''"),
            postgresql_where=sa.text("uscc <> ''"),
        )
        batch_op.create_index(batch_op.f("ix_companies_region"), ["region"], unique=False)
    op.create_table(
        "company_versions",
        sa.Column("company_id", sa.String(length=22), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.company_id"], name=op.f("fk_company_versions_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("company_id", "version", name=op.f("pk_company_versions")),
    )
    op.create_table(
        "contacts",
        sa.Column("contact_id", sa.String(length=22), nullable=False),
        sa.Column("company_id", sa.String(length=22), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.company_id"], name=op.f("fk_contacts_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_mark"), ["mark"], unique=False)
    _take_over(op.get_bind())
    with op.batch_alter_table("runs") as runs:
        runs.drop_constraint("fk_runs_profile_id", type_="foreignkey")
        runs.alter_column("profile_id", new_column_name="company_id", existing_type=sa.String(length=22))
    with op.batch_alter_table("runs") as runs:
        runs.create_foreign_key("fk_runs_company_id", "companies", ["company_id"], ["company_id"], ondelete="SET NULL")
    op.drop_table("profiles")


def downgrade() -> None:
    """Take back."""
    op.create_table(
        "profiles",
        sa.Column("profile_id", sa.String(length=22), nullable=False),
        sa.Column("owner", sa.String(length=22), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_profiles")),
    )
    with op.batch_alter_table("profiles") as profiles:
        profiles.create_index(profiles.f("ix_profiles_owner"), ["owner"], unique=False)
    connection = op.get_bind()
    for new in connection.execute(sa.select(COMPANIES).where(COMPANIES.c.owner != "department")).mappings():
        old = {"profile_id": new["company_id"], **{name: new[name] for name in _KEPT}}
        connection.execute(sa.insert(PROFILES).values(old))
    kept = sa.select(PROFILES.c.profile_id)
    connection.execute(sa.update(RUNS).where(RUNS.c.company_id.not_in(kept)).values(company_id=None))
    with op.batch_alter_table("runs") as runs:
        runs.drop_constraint("fk_runs_company_id", type_="foreignkey")
        runs.alter_column("company_id", new_column_name="profile_id", existing_type=sa.String(length=22))
    with op.batch_alter_table("runs") as runs:
        runs.create_foreign_key("fk_runs_profile_id", "profiles", ["profile_id"], ["profile_id"], ondelete="SET NULL")
    op.drop_table("contacts")
    op.drop_table("company_versions")
    op.drop_table("companies")

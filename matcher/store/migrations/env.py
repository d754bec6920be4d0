"""Run by alembic: every migration in the transaction that `matcher.store.database` has begun."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Enum

from matcher.store.tables import Instant, Table


def render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """How a new migration names our own column types."""
    if kind == "type" and isinstance(item, Instant):
        return "Instant()"
    return f"sa.String(length={item.length})" if kind == "type" and isinstance(item, Enum) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()

"""Numbers that are given out once and never again, also after what had them is gone."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Connection, func, select

from matcher.store.tables import Table

_SEQUENCES = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


def _counted() -> dict[str, sa.Column[int]]:
    """Primary keys that the database numbers by itself, by table and column."""
    keys = (table.autoincrement_column for table in Table.metadata.sorted_tables)
    return {f"{key.table.name}.{key.name}": key for key in keys if key is not None}


def read_counters(connection: Connection) -> dict[str, int]:
    """The last number given out, by table and column."""
    return {name: _last(connection, key) for name, key in _counted().items()}


def set_counters(connection: Connection, counters: Mapping[str, int]) -> None:
    """Go on after these numbers, and after the largest that is there."""
    for name, key in _counted().items():
        last = max(counters.get(name, 0), connection.scalar(select(func.max(key))) or 0)
        table = key.table.name
        if connection.dialect.name != "sqlite":
            sequence = func.pg_get_serial_sequence(table, key.name)
            connection.execute(select(func.setval(sequence, max(last, 1), last > 0)))
        elif _is_remembered(key):
            connection.execute(sa.delete(_SEQUENCES).where(_SEQUENCES.c.name == table))
            connection.execute(sa.insert(_SEQUENCES).values(name=table, seq=last))


def _last(connection: Connection, key: sa.Column[int]) -> int:
    if connection.dialect.name != "sqlite":
        sequence = connection.scalar(select(func.pg_get_serial_sequence(key.table.name, key.name)))
        state = connection.execute(sa.text(f"select last_value, is_called from {sequence}"))  # a name of our own
        last, called = state.one()
        return int(last) if called else 0
    largest = select(func.max(key))
    remembered = select(_SEQUENCES.c.seq).where(_SEQUENCES.c.name == key.table.name)
    return int(connection.scalar(remembered if _is_remembered(key) else largest) or 0)


def _is_remembered(key: sa.Column[int]) -> bool:
    """Whether SQLite keeps the last number beside the table."""
    return bool(key.table.dialect_options["sqlite"]["autoincrement"])

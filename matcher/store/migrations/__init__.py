"""Alembic: one file for each change of the tables; `huiqi` applies them when it opens a database."""

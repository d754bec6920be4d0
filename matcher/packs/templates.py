"""The application forms that an admin uploads for single measures: checked before they are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import defer

from matcher.packs import words
from matcher.packs.archive import steady
from matcher.packs.confined import fill_confined
from matcher.packs.inspection import inspect
from matcher.packs.kinds import why_no_pack
from matcher.packs.values import one_line
from matcher.packs.variables import example
from matcher.store.database import Database
from matcher.store.packs import PackTemplate
from matcher.store.tables import NAME_CHARS
from policies.errors import InputError, Problem
from policies.library import Library

MAX_NAME_CHARS = 120


@dataclass(frozen=True)
class Checked:
    """A template that may be used.

    Attributes:
        used: Names of the variables and lists that it asks for.
        sample: The template filled for an example company (DOCX).
    """

    used: tuple[str, ...]
    sample: bytes


def check_template(content: bytes, name: str) -> Checked:
    """Look through a template, and fill it for an example company.

    Args:
        content: The uploaded file.
        name: What it is called.

    Raises:
        InputError: it is no plain Word document, says what a template may not say, names an unknown variable (with
            those that there are), names none, or cannot be filled in time.
    """
    shown = plain_name(name)
    where = words.FILE.format(name=shown)
    if not shown.lower().endswith(".docx"):
        raise InputError([Problem(where, words.NO_WORD, words.SAVE_AGAIN)])
    inspect(content, shown)
    filled = fill_confined(content, example(), where)
    if not filled.used:
        raise InputError([Problem(where, words.NO_VARIABLES, words.WRITE_ONE)])
    inspect(filled.content, shown)
    return Checked(filled.used, steady(filled.content))


def plain_name(name: str) -> str:
    """A file's name without its folders, in one line."""
    return one_line(name.replace("\\", "/").rpartition("/")[2])[-MAX_NAME_CHARS:]


class Templates:
    """The kept forms, at most one for a measure."""

    def __init__(self, database: Database) -> None:
        """Keep them in a database."""
        self._database = database

    def list(self) -> list[PackTemplate]:
        """All forms by measure, without their contents."""
        wanted = select(PackTemplate).options(defer(PackTemplate.content)).order_by(PackTemplate.measure_id)
        with self._database.reading() as session:
            return list(session.scalars(wanted))

    def find(self, measure_id: str) -> PackTemplate | None:
        """The form of a measure, with its content."""
        with self._database.reading() as session:
            return session.get(PackTemplate, measure_id)

    def add(self, library: Library, measure_id: str, name: str, content: bytes, by: str, now: dt.datetime) -> Checked:
        """Check a form and keep it in place of the one that the measure has.

        Args:
            library: Has the measure.
            measure_id: Whose form it is.
            name: The file's name.
            content: The file.
            by: Who adds it.
            now: The moment, with a time zone.

        Raises:
            InputError: as `check_template`; or there is no such measure, or nothing to apply for.
        """
        entry = library.by_id.get(measure_id)
        if entry is None:
            raise InputError(
                [Problem(words.MEASURE_ID.format(measure_id=one_line(measure_id)[:80]), words.NO_SUCH_MEASURE)]
            )
        if reason := why_no_pack(entry):
            raise InputError([Problem(entry.measure.name, reason)])
        checked = check_template(content, name)
        form = PackTemplate(
            measure_id=measure_id, name=plain_name(name), content=content, added_by=by[:NAME_CHARS], added_at=now
        )
        with self._database.session() as session:
            session.merge(form)
        return checked

    def remove(self, measure_id: str) -> bool:
        """Remove the form of a measure; whether there was one."""
        with self._database.session() as session:
            found = session.get(PackTemplate, measure_id)
            if found is not None:
                session.delete(found)
        return found is not None

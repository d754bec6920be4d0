"""An upload as it is understood: its header with what its owner corrected, and a look at the first rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from itertools import islice

from matcher.jobs import Correction, Corrections, corrected
from matcher.services import Services
from matcher.sheet import HeaderMapping, ReadRow, RowProblem, Source, open_source
from matcher.sheet.header import UNIT_WORDS
from matcher.sheet.mapping import (
    HONOUR,
    PLAN,
    PLAN_TEXT,
    REGION_PARTS,
    field_unit,
    target_field,
    target_label,
    unit_factor,
)
from matcher.store.tables import StoredFile
from matcher.ui.staff import words
from policies.errors import InputError, Problem
from policies.facts import show_fact
from policies.fields import registry
from policies.profile import CompanyProfile
from policies.vocabulary import vocabularies

CHECKED_ROWS = 200
SHOWN_ROWS = 5
Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Checked:
    """The first rows of an upload.

    Attributes:
        rows: Rows looked at.
        good: Those that are companies; `first` are SHOWN_ROWS of them.
        skipped: Those that are no company.
        problems: What is wrong with the others; `bad` is how many they are.
    """

    rows: int
    good: int
    bad: int
    skipped: int
    first: tuple[ReadRow, ...]
    problems: tuple[RowProblem, ...]


class Readings:
    """Reads uploads; what is said of them names them as their owner does."""

    def __init__(self, services: Services) -> None:
        """Work on the uploads of a service."""
        self._services = services
        self._corrections = Corrections(services.database)

    def recognised(self, upload: StoredFile, mapping: HeaderMapping | None = None) -> Source:
        """The upload opened, with its header recognised, or read by a mapping.

        Raises:
            InputError: it cannot be read.
        """
        path = self._services.files.path_of(upload)
        try:
            return open_source(path, mapping=mapping, limits=self._services.jobs.limits)
        except InputError as error:
            named = [Problem(p.where.replace(path.name, upload.name), p.reason, p.remedy) for p in error.problems]
            raise InputError(named) from error

    def remembered(self, owner: str, recognised: HeaderMapping) -> list[Correction]:
        """What the owner corrected in this header."""
        return self._corrections.of(owner, recognised)

    def mapping(self, owner: str, recognised: HeaderMapping) -> HeaderMapping:
        """What each column fills, corrections included."""
        return corrected(recognised, self._corrections.of(owner, recognised))

    def confirmed(self, owner: str, upload: StoredFile) -> HeaderMapping | None:
        """The mapping to match by; None for a file without a header.

        Raises:
            InputError: the upload cannot be read, or no column is used.
        """
        source = self.recognised(upload)
        return usable(self.mapping(owner, source.mapping)) if source.mapping.sheets else None

    def correct(self, owner: str, upload: StoredFile, correction: Correction) -> tuple[HeaderMapping, HeaderMapping]:
        """Remember a correction; returns the mapping before and after it.

        Raises:
            InputError: it does not fit.
        """
        recognised = self.recognised(upload).mapping
        before = self.mapping(owner, recognised)
        self._corrections.keep(owner, recognised, correction, self._services.now())
        return before, self.mapping(owner, recognised)

    def forget(self, owner: str, upload: StoredFile) -> None:
        """Go back to what is recognised."""
        self._corrections.forget(owner, self.recognised(upload).mapping)

    def check(self, upload: StoredFile, mapping: HeaderMapping | None, as_of: dt.date) -> Checked:
        """Read the first rows.

        Raises:
            InputError: the upload cannot be read in this way.
        """
        source = self.recognised(upload, mapping)
        rows = [row.at(as_of) for row in islice(source.read(), CHECKED_ROWS)]
        good = [row for row in rows if row.profile is not None]
        bad = [row for row in rows if row.problems]
        problems = tuple(problem for row in bad for problem in row.problems)
        return Checked(
            len(rows), len(good), len(bad), len(rows) - len(good) - len(bad), tuple(good[:SHOWN_ROWS]), problems
        )


def usable(mapping: HeaderMapping) -> HeaderMapping:
    """The sheets of which some column is used; InputError if there is none."""
    sheets = tuple(sheet for sheet in mapping.sheets if sheet.used)
    if not sheets:
        raise InputError([Problem(words.COLUMNS, words.NOTHING_MAPPED, words.NOTHING_MAPPED_REMEDY)])
    return HeaderMapping(sheets=sheets)


@cache
def target_choices() -> Choices:
    """What a column can fill, as (Chinese label, target), the ways to leave it out first."""
    fields = registry().values()
    company = [field.name for field in fields if field.scope == "company"]
    plan = [PLAN_TEXT, *(PLAN + field.name for field in fields if field.scope == "plan")]
    honours = [HONOUR + term for term in vocabularies()["honours"].terms]
    targets = [*company[:3], *REGION_PARTS, *company[3:], *plan, *honours]
    return [(words.UNUSED, ""), *((target_label(target), target) for target in targets if _possible(target))]


def _possible(target: str) -> bool:
    try:
        target_field(target)
    except ValueError:
        return False
    return True


def unit_choices(target: str) -> Choices:
    """Units in which a column can be given; empty where it has none to choose."""
    own = field_unit(target_field(target)) if target and _possible(target) else ""
    units = [unit for unit in sorted(UNIT_WORDS, key=len) if own and unit_factor(unit, own) is not None]
    if len(units) < 2:
        return []
    shown = "比例" if own == "ratio" else own
    return [(words.OWN_UNIT.format(unit=shown), ""), *((unit, unit) for unit in units)]


def understood(profile: CompanyProfile, target: str) -> str:
    """What a company says in the field of a column, in Chinese; "" if nothing."""
    if target == "uscc":
        return profile.uscc or ""
    if target in profile.texts:
        return profile.texts[target]
    plan = profile.plans[0] if profile.plans else None
    if target == PLAN_TEXT:
        return plan.text if plan else ""
    field = target_field(target)
    facts = {**(plan.facts if plan else {}), **profile.facts}
    if target.startswith(PLAN):
        facts = dict(plan.facts) if plan else {}
    return show_fact(field, facts[field.name]) if field.name in facts else ""

"""The application pack: one zip with the cover, the filled form, the list of papers, the worksheet, the timetable."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.documents.words import file_name
from matcher.packs import words
from matcher.packs.archive import archive, steady
from matcher.packs.cover import checklist, cover
from matcher.packs.draft import Draft
from matcher.packs.timetable import timetable
from matcher.packs.worksheet import worksheet

COVER, FORM, PAPERS, SUMS, DAYS = "封面说明.docx", "申请表.docx", "材料清单.docx", "金额测算表.xlsx", "时间安排.ics"


@dataclass(frozen=True)
class Pack:
    """One zip.

    Attributes:
        name: What the zip is called.
        files: What is in it, in its order.
    """

    name: str
    files: tuple[str, ...]
    content: bytes


def files_of(draft: Draft) -> tuple[tuple[str, str], ...]:
    """Name of each file of a pack, and what it is for."""
    described = (
        (COVER, words.ABOUT_COVER),
        (FORM, words.ABOUT_FORM.format(name=draft.form_name)),
        (PAPERS, words.ABOUT_PAPERS),
        (SUMS, words.ABOUT_SUMS),
        (DAYS, words.ABOUT_DAYS),
    )
    return tuple(one for one in described if one[0] != SUMS or draft.case.match.amount.money)


def pack_of(draft: Draft) -> Pack:
    """Make the pack; the same application at the same moment gives the same bytes."""
    made = {COVER: cover(draft, files_of(draft)), FORM: steady(draft.form), PAPERS: checklist(draft)}
    if draft.case.match.amount.money:
        made[SUMS] = worksheet(draft.case, draft.values)
    made[DAYS] = timetable(draft.case)
    entry, day = draft.case.match.entry, draft.case.as_of.isoformat()
    name = file_name(draft.company, entry.measure.name, words.PACK, day, suffix=".zip")
    return Pack(name, tuple(made), archive(made, draft.case.made_at))

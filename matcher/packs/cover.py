"""The cover page and the list of papers of a pack, as Word documents."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.documents.word import Word
from matcher.documents.words import DISCLAIMER
from matcher.packs import words
from matcher.packs.archive import steady
from matcher.packs.draft import Draft
from matcher.packs.papers import counts
from matcher.packs.timetable import days_of, steps_of
from matcher.packs.values import show_moment
from matcher.show import verdict_text
from matcher.steps import show_day, show_window

HEADER_CHARS, SOURCE_CHARS = 30, 120
"""Longer texts are cut short here; the form has them whole."""
_PAPERS_MM = (12, 54, 20, 80)
_SOURCES_MM = (44, 68, 54)
_LINES_MM = (76, 52, 38)


def cover(draft: Draft, files: Sequence[tuple[str, str]]) -> bytes:
    """封面说明: what is in the pack, what is still to be filled in, where its facts come from, what was not verified.

    Args:
        draft: The application.
        files: Name of each file in the pack and what it is for.
    """
    word = _new(draft, words.COVER)
    _summary(word, draft)
    for warning in draft.warnings:
        word.text(warning, label=words.WARNING)
    numbers = iter("一二三四五六七八九")
    word.heading(f"{next(numbers)}、{words.COVER_FILES}", 1)
    word.pairs(files)
    if not draft.case.match.amount.money:
        word.text(words.NO_WORKSHEET, quiet=True)
    word.heading(f"{next(numbers)}、{words.COVER_BLANKS}", 1)
    _blanks(word, draft)
    word.heading(f"{next(numbers)}、{words.COVER_OPEN}", 1)
    _open(word, draft)
    word.heading(f"{next(numbers)}、{words.COVER_SOURCES}", 1)
    _sources(word, draft)
    word.heading(f"{next(numbers)}、{words.COVER_UNVERIFIED}", 1)
    _unverified(word, draft)
    word.heading(f"{next(numbers)}、{words.COVER_DAYS}", 1)
    for line in _days(draft):
        word.line("·", "", line)
    word.heading(f"{next(numbers)}、{words.COVER_NOTE}", 1)
    word.text(words.COVER_CHECK)
    word.text(DISCLAIMER)
    return steady(word.content())


def checklist(draft: Draft) -> bytes:
    """材料清单: each paper with 已有, 缺 or 须核实; and the conditions that it has to prove."""
    word = _new(draft, words.CHECKLIST)
    found = "，".join(f"{state.value} {n} 项" for state, n in counts(draft.papers).items())
    word.text(words.PAPER_COUNTS.format(n=len(draft.papers), counts=found))
    if any(paper.usual for paper in draft.papers):
        named = bool(draft.case.match.entry.policy.materials)
        word.text(words.PAPERS_UNVERIFIED if named else words.PAPERS_USUAL, label=words.CAUTION)
    rows = [
        (str(number), row["名称"], row["状态"], row["说明"])
        for number, row in enumerate((paper.row for paper in draft.papers), 1)
    ]
    word.table(words.FORM_PAPERS, rows, _PAPERS_MM)
    word.heading(words.CONDITIONS_TITLE, 2)
    word.text(words.CONDITIONS_LEAD, quiet=True)
    lines = [(row["内容"], row["企业情况"], row["结论"]) for row in draft.conditions]
    word.table(words.FORM_CONDITIONS, lines or [(words.NO_CONDITIONS, "—", "—")], _LINES_MM)
    word.text(DISCLAIMER, quiet=True)
    return steady(word.content())


def _new(draft: Draft, title: str) -> Word:
    word = Word(f"{title}：{draft.case.match.entry.measure.name}"[:200], author=words.BRAND, made_at=draft.case.made_at)
    word.frame(_short(draft.company, HEADER_CHARS), f"{title}　{draft.case.as_of.isoformat()}")
    word.heading(title, 0)
    return word


def _summary(word: Word, draft: Draft) -> None:
    case, policy = draft.case, draft.case.match.entry.policy
    word.pairs(
        (
            (words.COMPANY, draft.company),
            (words.MEASURE, case.match.entry.measure.name),
            (words.BASIS, draft.values["政策依据"].text),
            (words.ISSUERS, draft.values["发文单位"].text),
            (words.VERDICT, verdict_text(case.match)),
            (words.AMOUNT, draft.values["预计金额"].text),
            (words.WINDOW, show_window(case.match.window)),
            (words.CHANNEL, policy.channel or words.UNSTATED),
            (words.CONTACT, policy.contact or words.UNSTATED),
            (words.AS_OF, show_day(case.as_of)),
            (words.MADE_AT, show_moment(case.made_at)),
            (words.VERSION, case.version),
        )
    )


def _blanks(word: Word, draft: Draft) -> None:
    if not draft.blanks:
        word.text(words.NO_BLANKS)
        return
    word.text(words.BLANKS_LEAD.format(n=len(draft.blanks)))
    word.text("、".join(draft.blanks))


def _open(word: Word, draft: Draft) -> None:
    waiting = [row for row in draft.conditions if row["结论"] not in {words.TRUTHS["TRUE"]}]
    if not waiting:
        word.text(words.NOTHING_OPEN)
    for row in waiting:
        word.line("□", row["结论"], row["内容"])


def _sources(word: Word, draft: Draft) -> None:
    if draft.facts:
        rows = [(label, _short(text, SOURCE_CHARS), source) for label, text, source in draft.facts]
        word.table(words.SOURCES_HEADER, rows, _SOURCES_MM)
    word.text(words.SOURCES_LEAD if draft.case.sources else words.SOURCES_ALL_DECLARED, quiet=True)


def _unverified(word: Word, draft: Draft) -> None:
    """What the library does not vouch for, and where the policy was read."""
    case, source = draft.case, draft.case.match.entry.policy.source
    if not case.match.cautions:
        word.text(words.ALL_READ)
    for caution in case.match.cautions:
        word.line("·", words.CAUTION, caution)
    if case.match.entry.policy.provenance.note:
        word.line("·", words.CAUTION, case.match.entry.policy.provenance.note)
    origin = words.SOURCE_KINDS.get(source.quality, words.SOURCE_OTHER)
    word.text(f"{source.title or words.UNSTATED}（{origin}）{source.url or ''}", label=words.SOURCE)


def _days(draft: Draft) -> list[str]:
    own = [f"{show_day(one.day)}：{one.turn.value}" for one in days_of(draft.case)]
    steps = [f"{show_day(one.day)}前：{one.text}（{words.SUGGESTED}）" for one in steps_of(draft.case)]
    return [*(own or [words.NO_DAYS.format(text=show_window(draft.case.match.window))]), *steps]


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "……"

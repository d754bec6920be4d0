"""The report of one match as a Word document."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.documents import words
from matcher.documents.content import Chapter, Report
from matcher.documents.views import CardView, LineView, MeasureView
from matcher.documents.word import Word
from matcher.steps import show_day

_OVERVIEW_MM = (12, 52, 32, 34, 36)
_REST_MM = (42, 26, 26, 26, 46)


def word_report(report: Report) -> bytes:
    """The document (DOCX)."""
    word = Word(f"{words.REPORT}：{report.company}", author=words.BRAND, made_at=report.made_at)
    word.frame(report.company, f"{words.REPORT}　{report.as_of.isoformat()}")
    word.heading(words.REPORT, 0)
    word.pairs(
        (
            (words.COMPANY, report.company),
            (words.AS_OF, show_day(report.as_of)),
            (words.VERSION, report.version),
            (words.MADE_AT, report.made_at.strftime("%Y-%m-%d %H:%M")),
        )
    )
    for warning in report.warnings:
        word.text(warning, label=words.WARNING)
    numbers = iter(words.CHINESE_NUMBERS)
    word.heading(f"{next(numbers)}、{words.SUMMARY}", 1)
    _summary(word, report)
    word.heading(f"{next(numbers)}、{words.GIVEN}", 1)
    _given(word, report)
    for chapter in report.chapters:
        word.heading(f"{next(numbers)}、{chapter.title}", 1)
        _chapter(word, chapter)
    if report.rest:
        word.heading(f"{next(numbers)}、{words.REST}", 1)
        _rest(word, report.rest)
    word.heading(f"{next(numbers)}、{words.DISCLAIMER_HEADING}", 1)
    word.text(words.DISCLAIMER)
    return word.content()


def _summary(word: Word, report: Report) -> None:
    word.text(report.headline)
    word.pairs(report.totals)
    word.text(words.TOTAL_NOTE, quiet=True)
    if report.left_out:
        word.text("", label=words.LEFT_OUT)
        for title, reason in report.left_out:
            word.line("·", "", f"{title}：{reason}")
    for note in report.notes:
        word.text(note, label=words.NOTES)
    told = list(report.measures())
    if not told:
        return
    word.text("", label=words.OVERVIEW)
    header = (words.NUMBER, words.MEASURE, words.VERDICT, words.AMOUNT, words.WINDOW)
    rows = [
        (str(number), f"{measure.name}\n{card.policy.title}", measure.verdict, measure.amount or "—", measure.window)
        for number, (card, measure) in enumerate(told, 1)
    ]
    word.table(header, rows, _OVERVIEW_MM, numbers=(0, 3))


def _given(word: Word, report: Report) -> None:
    if not report.given and not report.plans:
        word.text(words.NOT_GIVEN)
    if report.given:
        word.pairs(report.given)
    for number, plan in enumerate(report.plans, 1):
        word.heading(words.PLAN.format(number=number), 2)
        word.pairs(plan)


def _chapter(word: Word, chapter: Chapter) -> None:
    word.text(chapter.lead, quiet=True)
    for card in chapter.cards:
        word.heading(card.policy.title, 2)
        word.text(card.source, quiet=True)
        for measure in card.measures:
            _measure(word, measure)
        _policy(word, card)


def _measure(word: Word, measure: MeasureView) -> None:
    word.heading(f"{measure.name}（{measure.verdict}）", 3)
    rows = (
        (words.BODY, measure.body),
        (words.AMOUNT, measure.amount),
        (words.TRACE, measure.trace if measure.amount else ""),
        (words.WINDOW, measure.window),
        (words.FOR_PLAN, measure.plan),
    )
    word.pairs([row for row in rows if row[1]])
    if measure.open or measure.met:
        word.text("", label=words.CONDITIONS)
        _lines(word, (*measure.open, *measure.met))
    if measure.manual:
        word.text("", label=words.MANUAL)
        for check in measure.manual:
            word.line("□", "", check)
    if measure.preferred:
        word.text("；".join(measure.preferred), label=words.PREFERRED)
    word.text(measure.next_step, label=words.GAP if measure.missed else words.NEXT_STEP)


def _lines(word: Word, lines: Sequence[LineView], depth: int = 0) -> None:
    for line in lines:
        word.line(words.MARKS[line.mark], line.label, line.text, "；".join(line.facts), depth=depth)
        _lines(word, line.parts, depth + 1)


def _policy(word: Word, card: CardView) -> None:
    policy = card.policy
    rows = (
        (words.GIST, policy.summary),
        (words.MATERIALS, "、".join(policy.materials)),
        (words.CHANNEL, policy.channel or ""),
        (words.CONTACT, policy.contact or ""),
        (words.EXCLUSIONS, policy.exclusions or ""),
        (words.STACKING, policy.stacking_text or ""),
        (words.SOURCE, source_of(card)),
    )
    word.pairs([row for row in rows if row[1]])
    for note in card.cautions:
        word.text(note, label=words.CAUTION, quiet=True)


def source_of(card: CardView) -> str:
    """Where a policy was read: its official address, or whose words they are."""
    title = card.policy.source.title
    return card.link or (words.SOURCE_OTHER.format(title=title) if title else "")


def _rest(word: Word, rest: Sequence[tuple[CardView, MeasureView]]) -> None:
    word.text(words.REST_LEAD, quiet=True)
    header = (words.MEASURE, words.VERDICT, words.AMOUNT, words.WINDOW, words.NEXT_STEP)
    rows = [
        (f"{measure.name}\n{card.policy.title}", measure.verdict, measure.amount or "—", measure.window,
         measure.next_step)
        for card, measure in rest
    ]  # fmt: skip
    word.table(header, rows, _REST_MM, numbers=(2,))

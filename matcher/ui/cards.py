"""Match results as HTML: views of what is shown, rendered by Jinja with autoescape; no widget and no rule here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from matcher.amounts import show_amount
from matcher.eligibility import Truth
from matcher.packs.kinds import why_no_pack
from matcher.results import Amount, Condition, Match, MatchResult, Section, Total
from matcher.steps import show_day, show_window
from matcher.ui import layout, text
from matcher.ui.form import plain_where, problem_key
from matcher.ui.session import Outcome
from policies.errors import Problem
from policies.fields import registry
from policies.lifecycle import WindowPhase
from policies.policy import Policy

URGENT_DAYS = 30
POLICIES_SHOWN = {
    Section.ELIGIBLE: 50,
    Section.TO_CHECK: 5,
    Section.TO_ANSWER: 6,
    Section.BACKGROUND: 1,
    Section.NOT_NOW: 5,
}
"""Policies at the top of each section; the rest is folded."""
MAX_MET_REQUIREMENT = 24
"""A longer requirement is left out where it is met: the line's own text says it."""
_FLAG_REQUIREMENTS = frozenset({text.YES, text.NO})


@dataclass(frozen=True)
class LineView:
    """One condition: `mark` is met, unmet or ask; the alternatives of a composite are shown below it."""

    mark: str
    label: str
    text: str
    facts: tuple[str, ...]
    hint: str
    parts: tuple[LineView, ...]


@dataclass(frozen=True)
class Actions:
    """What a person can do with the measures of a list.

    Attributes:
        run_id: The kept match that feedback is about; "" where it could not be kept: then there is no feedback.
        favourites: measure ids that the person watches.
    """

    run_id: str
    favourites: frozenset[str]


@dataclass(frozen=True)
class MeasureView:
    """One measure of a card; `slug` names it within its policy, `money` and `pack` are whether it gives or has one."""

    measure_id: str
    policy_id: str
    slug: str
    money: bool
    kind: str
    icon: str
    verdict: str
    name: str
    body: str
    amount: str
    trace: str
    window: str
    urgent: bool
    plan: str
    met: tuple[LineView, ...]
    open: tuple[LineView, ...]
    manual: tuple[str, ...]
    preferred: tuple[str, ...]
    missed: bool
    next_step: str
    pack: bool


@dataclass(frozen=True)
class CardView:
    """One policy with its measures of one section."""

    policy: Policy
    source: str
    link: str
    cautions: tuple[str, ...]
    measures: tuple[MeasureView, ...]


@dataclass(frozen=True)
class SectionView:
    """One section; `rest` is folded."""

    key: str
    title: str
    lead: str
    count: int
    cards: tuple[CardView, ...]
    rest: tuple[CardView, ...]

    @property
    def folded(self) -> int:
        """Number of measures in the folded cards."""
        return sum(len(card.measures) for card in self.rest)


@dataclass(frozen=True)
class ProblemView:
    """One line of the error summary; `key` is the input that it is about."""

    key: str
    where: str
    reason: str


def render_problems(problems: Sequence[Problem], heading: str = "") -> str:
    """The error summary."""
    views = [ProblemView(problem_key(one.where), plain_where(one.where), _reason(one)) for one in problems]
    shown = heading or text.ERRORS_HEADING.format(n=len(views))
    return layout.render("errors", problems=views, heading=shown)


def render_hint(hint: str) -> str:
    """The offer under a plan."""
    return layout.render("hint", hint=hint)


def render_summary(outcome: Outcome) -> str:
    """What was found, in one sentence, with the totals."""
    result = outcome.result
    name = result.company if outcome.session["raw"].get("name") else text.YOUR_COMPANY
    return layout.render(
        "summary",
        heading=text.RESULTS_HEADING.format(name=name),
        sentence=_sentence(result),
        empty=not any(result.counts.values()),
        run_id=outcome.session["run_id"],
        as_of=text.AS_OF.format(day=show_day(result.as_of), version=result.library_version),
        words_only=not result.dense,
        sure=_sure(result.total),
        may=show_amount(Amount(result.potential.high_yuan, result.potential.high_yuan, "")).removeprefix("约 "),
        any_sum=result.potential.high_yuan > 0,
        left_out=_left_out(result),
        notes=[plain_where(note) for note in result.notes],
        answered=outcome.answered,
    )


def render_question(outcome: Outcome) -> str:
    """The open question, or the sentence that there is none."""
    question = outcome.question
    plans = question is not None and registry()[question.field].scope == "plan"
    return layout.render("question", question=question, plans=plans)


def render_list(result: MatchResult, actions: Actions | None = None) -> str:
    """All sections with their cards.

    Args:
        result: What was found.
        actions: Buttons to watch, compare and comment; None for a list that is only read.
    """
    return layout.render("results", sections=sections(result), actions=actions)


def sections(result: MatchResult) -> list[SectionView]:
    """The sections that are not empty, in their order."""
    found = []
    for section in Section:
        matches = (
            result.nearest_misses
            if section is Section.NOT_NOW
            else [match for match in result.matches if match.section is section]
        )
        if matches:
            cards = tuple(_cards(matches))
            title, lead = text.SECTIONS[section.name]
            top = POLICIES_SHOWN[section]
            found.append(SectionView(section.name, title, lead, len(matches), cards[:top], cards[top:]))
    return found


def _cards(matches: Sequence[Match]) -> Iterable[CardView]:
    """Matches grouped by policy; a policy stands where its best measure stands."""
    place: dict[str, int] = {}
    for match in matches:
        place.setdefault(match.entry.policy.policy_id, len(place))
    ordered = sorted(matches, key=lambda match: place[match.entry.policy.policy_id])
    for _, group in groupby(ordered, key=lambda match: match.entry.policy.policy_id):
        members = list(group)
        policy = members[0].entry.policy
        cautions = tuple(dict.fromkeys(note for match in members for note in match.cautions))
        official = policy.source.quality == "official" and (policy.source.url or "").startswith(("https://", "http://"))
        yield CardView(
            policy=policy,
            source=" · ".join([*policy.issuers, policy.doc_no or text.NO_DOC_NO]),
            link=policy.source.url or "" if official else "",
            cautions=cautions,
            measures=tuple(_measure(match) for match in members),
        )


def _measure(match: Match) -> MeasureView:
    count = len(match.missing) if match.section is Section.TO_ANSWER else len(match.manual)
    own = [line for line in match.conditions if not line.manual]
    met = tuple(_line(line) for line in own if line.truth is Truth.TRUE)
    waiting = tuple(_line(line) for line in own if line.truth is not Truth.TRUE)
    window, missed = match.window, match.section is Section.NOT_NOW
    return MeasureView(
        measure_id=match.entry.measure_id,
        policy_id=match.entry.policy.policy_id,
        slug=match.entry.measure.slug,
        money=match.amount.money,
        kind=match.section.name,
        icon=text.ICONS[match.section.name],
        verdict=text.VERDICTS[match.section.name].format(n=count),
        name=match.entry.measure.name,
        body=match.entry.measure.text,
        amount="" if missed else _amount(match.amount),
        trace=match.amount.trace,
        window=show_window(window),
        urgent=window.phase is WindowPhase.OPEN and window.days_left is not None and window.days_left <= URGENT_DAYS,
        plan=text.FOR_PLAN.format(number=match.plan + 1) if match.plan > 0 else "",
        met=met,
        open=tuple(sorted(waiting, key=lambda line: line.mark != "unmet")),
        manual=match.manual,
        preferred=tuple(line.text for line in match.preferences if line.truth is Truth.TRUE),
        missed=missed,
        next_step=match.next_step,
        pack=not missed and not why_no_pack(match.entry),
    )


def _amount(amount: Amount) -> str:
    shown = show_amount(amount)
    if shown != "—":
        return shown
    return text.AMOUNT_OPEN if amount.money else text.NO_AMOUNT


def _line(line: Condition) -> LineView:
    mark = {Truth.TRUE: "met", Truth.FALSE: "unmet", Truth.UNKNOWN: "ask"}[line.truth]
    label = {"met": text.MET, "unmet": text.UNMET, "ask": text.ASK}[mark]
    parts = tuple(_line(part) for part in line.parts) if mark == "ask" and len(line.parts) > 1 else ()
    return LineView(mark, label, line.text, () if parts else _facts(line), line.hint, parts)


def _facts(line: Condition) -> tuple[str, ...]:
    """The own value against the requirement, without what the line says already."""
    facts = []
    known = "；".join(part for part in line.observed.split("；") if part != text.NOT_FILLED)
    if not known and not line.manual:
        facts.append(text.NOT_FILLED)
    elif known:
        derived = line.field is not None and registry()[line.field].derived
        facts.append((text.DERIVED if derived else text.YOU_SAID).format(value=known))
    spoken = line.required in {line.text, "", *_FLAG_REQUIREMENTS} or line.required in line.text
    if not spoken and (line.truth is not Truth.TRUE or len(line.required) <= MAX_MET_REQUIREMENT):
        facts.append(text.REQUIRED.format(value=line.required))
    return tuple(facts)


def _sentence(result: MatchResult) -> str:
    counts = {section.name: n for section, n in result.counts.items()}
    parts = [words.format(n=counts[key]) for key, words in text.SUMMARY_PARTS if counts.get(key)]
    misses = len(result.nearest_misses)
    if not parts:
        return text.EMPTY_NEAREST.format(n=misses) if misses else text.EMPTY
    if misses:
        parts.append(text.SUMMARY_MISSES.format(n=misses))
    return text.SUMMARY_TOTAL.format(n=len(result.matches), parts="；".join(parts))


def _sure(total: Total) -> str:
    return show_amount(Amount(total.low_yuan, total.high_yuan, "")) if total.high_yuan > 0 else text.TOTAL_SURE_NONE


def _left_out(result: MatchResult) -> list[tuple[str, str]]:
    titles = {match.entry.measure_id: match.entry.title for match in result.matches}
    return [(titles.get(key, key), reason) for key, reason in result.potential.left_out.items()]


def _reason(problem: Problem) -> str:
    return problem.reason + (f"。{problem.remedy}" if problem.remedy else "")

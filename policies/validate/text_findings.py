"""Rules against text: figures of the text that no data carries, and figures of the data that no text states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from policies.library import Library
from policies.policy import Measure, Policy
from policies.rules import Leaf, Rule, leaves
from policies.validate.carried import (
    benefit_numbers,
    benefit_rules_and_texts,
    leaf_numbers,
    measure_carries,
    other_forms,
    policy_carries,
    rule_numbers,
)
from policies.validate.numbers import COUNT, RATIO, Number, measured, numbers_in
from policies.validate.report import Finding, Findings

NOT_IN_DATA = "事项文字中的数字没有条件或金额承载"
LOOSE = "政策文字中的数字没有条件或金额承载"
NOT_IN_TEXT = "条件或金额中的数字原文没有"
WORDING = "条件与其说明文字不符"
_CARRY = "请对照原文：补上条件或金额，改正数字，或在 benefit.note 说明它是什么"
_SAID_IN_WORDS = frozenset({(COUNT, 1.0), (RATIO, 1.0)})
"""“有……” and “全部”: a text needs no figure for them."""
_GOAL = re.compile(r"(?:目标|力争|到\d{4}年)[^。；]*")


def text_findings(library: Library) -> Findings:
    """Compare every policy's figures with its wording, both ways."""
    policies = library.policies.values()
    problems = [found for policy in policies for found in (*_measure_texts(policy), *_wordings(policy))]
    warnings = [found for policy in policies for found in (*_policy_texts(policy), *_data(policy))]
    return Findings(tuple(problems), tuple(warnings))


def _measure_texts(policy: Policy) -> Iterator[Finding]:
    common = policy_carries(policy)
    for measure in policy.measures:
        for number in _strange(f"{measure.name}；{measure.text}", (*measure_carries(measure), *common)):
            path = f"measures.{measure.slug}.text"
            yield _finding(NOT_IN_DATA, policy, path, f"“{number.written}”在这一事项的条件、金额和说明里都没有", _CARRY)


def _policy_texts(policy: Policy) -> Iterator[Finding]:
    """Title, summary, exclusions and stacking against everything that any measure carries."""
    carried = [number for measure in policy.measures for number in measure_carries(measure)]
    texts = {"title": policy.title, "summary": _GOAL.sub(_without_goal, policy.summary)}
    inner = {"exclusions": policy.exclusions or "", "stacking_text": policy.stacking_text or ""}
    everything = (*carried, *policy_carries(policy), *_numbers(measure.text for measure in policy.measures))
    for path, text in texts.items():
        for number in _strange(text, everything):
            yield _finding(LOOSE, policy, path, f"“{number.written}”在任何事项的条件、金额和说明里都没有", _CARRY)
    conditions = (*carried, *rule_numbers((*policy.applies, *policy.prefer)), *numbers_in(policy.summary))
    for path, text in inner.items():
        for number in _strange(text, conditions):
            yield _finding(LOOSE, policy, path, f"“{number.written}”没有写成条件、叠加规则或说明", _CARRY)


def _without_goal(match: re.Match[str]) -> str:
    """A goal of the government is no figure of a measure, unless the sentence goes on to speak of money given."""
    return match[0] if re.search("[奖补贴息]|资助", match[0]) else ""


def _strange(text: str, carried: Iterable[Number]) -> Iterator[Number]:
    known = tuple(carried)
    told: list[Number] = []
    for number in numbers_in(text):
        if number.firm and not any(number.same(other) for other in (*known, *told)):
            told.append(number)
            yield number


def _data(policy: Policy) -> Iterator[Finding]:
    stated = tuple(_numbers(_sources(policy)))
    for path, number, forms in _figures(policy):
        if (number.dimension, number.value) in _SAID_IN_WORDS:
            continue
        if not any(form.same(other) for form in forms for other in stated):
            remedy = "请对照原文改正；原文确有的，在 text、note 或 provenance.note 里写明出处"
            yield _finding(NOT_IN_TEXT, policy, path, f"“{number.written}”在标题、摘要、条文和说明里都没有", remedy)


def _sources(policy: Policy) -> Iterator[str]:
    yield from (policy.title, policy.summary, policy.exclusions or "", policy.stacking_text or "")
    yield from (policy.provenance.note, policy.status_note, policy.window.text)
    for measure in policy.measures:
        yield from (measure.name, measure.text, measure.benefit.note, getattr(measure.benefit, "base_text", ""))
        yield from (step.text for step in getattr(measure.benefit, "tiers", ()))
        yield from (step.text for step in getattr(measure.benefit, "uplifts", ()))


def _figures(policy: Policy) -> Iterator[tuple[str, Number, tuple[Number, ...]]]:
    """Each figure of the data with its place and the forms in which a text may state it."""
    for number in dict.fromkeys(rule_numbers(policy.applies)):
        yield "applies", number, (number,)
    for measure in policy.measures:
        inner_rules, _ = benefit_rules_and_texts(measure.benefit)
        for number in dict.fromkeys(rule_numbers((*measure.when, *inner_rules))):
            yield f"measures.{measure.slug}.when", number, (number,)
        for number in dict.fromkeys(benefit_numbers(measure.benefit)):
            forms = (number, *other_forms(number, measure.benefit), *_uplifted(measure, number))
            yield f"measures.{measure.slug}.benefit", number, forms


def _uplifted(measure: Measure, number: Number) -> Iterator[Number]:
    """A cap or rate that a text states as an uplift on the ordinary one (上浮20%)."""
    benefit = measure.benefit
    for uplift in getattr(benefit, "uplifts", ()):
        for name, unit in (("cap_wan", "万元"), ("rate", "ratio")):
            new, old = getattr(uplift, name), getattr(benefit, name)
            if new and old and measured(new, unit).same(number):
                yield measured(round(new / old - 1, 9), "ratio")


def _wordings(policy: Policy) -> Iterator[Finding]:
    yield from _rule_wordings(policy, (*policy.applies, *policy.prefer), "applies")
    for measure in policy.measures:
        inner_rules, _ = benefit_rules_and_texts(measure.benefit)
        path = f"measures.{measure.slug}"
        yield from _rule_wordings(policy, (*measure.when, *measure.prefer, *inner_rules), f"{path}.when")
        yield from _step_wordings(policy, measure, f"{path}.benefit")


def _rule_wordings(policy: Policy, rules: Iterable[Rule], path: str) -> Iterator[Finding]:
    for leaf in (leaf for rule in rules for leaf in leaves(rule)):
        for number in _unsaid(leaf):
            reason = f"条件写的是“{number.written}”，说明文字是“{leaf.text}”"
            yield _finding(WORDING, policy, path, reason, "请对照原文，把界限和文字改成一致")


def _unsaid(leaf: Leaf) -> Iterator[Number]:
    """Bounds of a condition whose wording states figures of the same dimension, but not this one."""
    said = numbers_in(leaf.text)
    for number in leaf_numbers(leaf):
        stated = any(other.firm and other.dimension == number.dimension for other in said)
        if stated and not any(number.same(other) for other in said):
            yield number


def _step_wordings(policy: Policy, measure: Measure, path: str) -> Iterator[Finding]:
    """Figures in the wording of a tier or uplift that its condition and value do not carry."""
    for step in (*getattr(measure.benefit, "tiers", ()), *getattr(measure.benefit, "uplifts", ())):
        carried = [*rule_numbers([step.when]), *_numbers(_leaf_words(step.when))]
        carried += [measured(value, unit) for value, unit in _values(step) if value]
        carried += [form for number in tuple(carried) for form in other_forms(number, measure.benefit)]
        carried += (*_uplifted_all(measure), *numbers_in(measure.benefit.note))
        for number in _strange(step.text, carried):
            if number.dimension != COUNT:
                reason = f"档次“{step.text}”里的“{number.written}”与它的条件和金额不符"
                yield _finding(WORDING, policy, path, reason, "请对照原文改正这一档的文字、条件或金额")


def _values(step: object) -> Iterator[tuple[float | None, str]]:
    for name, unit in (("amount_wan", "万元"), ("cap_wan", "万元"), ("rate", "ratio")):
        yield getattr(step, name, None), unit


def _uplifted_all(measure: Measure) -> Iterator[Number]:
    for number in benefit_numbers(measure.benefit):
        yield from _uplifted(measure, number)


def _leaf_words(rule: Rule) -> Iterator[str]:
    for leaf in leaves(rule):
        yield leaf.text
        yield getattr(leaf, "manual", "")
        yield from (*getattr(leaf, "items", ()), *getattr(leaf, "values", ()))


def _numbers(texts: Iterable[str]) -> Iterator[Number]:
    for text in texts:
        yield from numbers_in(text)


def _finding(kind: str, policy: Policy, path: str, reason: str, remedy: str) -> Finding:
    return Finding(kind, f"{policy.policy_id}.yaml", path, reason, remedy)

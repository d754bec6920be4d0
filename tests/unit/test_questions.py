"""The next-best question."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.questions import MAX_AFFECTED_SHOWN, Listed, next_question
from matcher.results import Question
from tests.support import AS_OF, company, entry, measure


def listed(key: str, *when: dict[str, Any], missing: tuple[str, ...], weight: float = 1.0) -> Listed:
    return Listed(entry(key, measure(when=list(when))), weight, missing)


def ask(*items: Listed, **raw: Any) -> Question | None:
    return next_question(company(**raw), items, AS_OF)


EXPORT = {"field": "export", "is": True}
PATENTS = {"field": "patents", "min": 5}
FALSE = {"field": "employees", "min": 100}


def test_nothing_to_ask() -> None:
    assert ask() is None
    assert ask(listed("a", {"manual": "x"}, missing=())) is None
    assert ask(listed("a", {"field": "region", "in": ["济南市"]}, missing=("region",))) is None


def test_none_when_no_answer_changes_the_list() -> None:
    stuck = {"any": [{"not": FALSE}, EXPORT]}
    assert ask(listed("a", stuck, missing=("export",)), employees=5) is None


def test_the_field_that_decides_most() -> None:
    found = ask(
        listed("a", EXPORT, missing=("export",)), listed("b", EXPORT, missing=("export",)),
        listed("c", PATENTS, missing=("patents",)),
    )  # fmt: skip
    assert found is not None and found.field == "export" and found.options == ("是", "否")
    assert found.text == "有没有进出口业务？" and found.affects == (
        "关于a的通知：支持事项grant",
        "关于b的通知：支持事项grant",
    )


def test_weight_may_outdo_number() -> None:
    found = ask(
        listed("a", EXPORT, missing=("export",)), listed("b", EXPORT, missing=("export",)),
        listed("c", PATENTS, missing=("patents",), weight=10.0),
    )  # fmt: skip
    assert found is not None and found.field == "patents" and found.affects == ("关于c的通知：支持事项grant",)


def test_a_field_whose_answer_is_one_of_two_unknowns_still_counts_when_it_can_exclude() -> None:
    found = ask(listed("a", EXPORT, PATENTS, missing=("export", "patents")))
    assert found is not None and found.field in {"export", "patents"}


def test_manual_checks_do_not_hide_a_question() -> None:
    found = ask(listed("a", EXPORT, {"manual": "x"}, missing=("export",)))
    assert found is not None and found.field == "export"


@pytest.mark.parametrize(
    ("when", "field", "options"),
    [
        ({"field": "honours", "has": ["高企", "瞪羚企业"]}, "honours", ("高企", "瞪羚企业")),
        ({"field": "tax_credit_grade", "in": ["A", "B"]}, "tax_credit_grade", ("D", "C", "M", "B", "A")),
        ({"field": "taxpayer_type", "in": ["小规模"]}, "taxpayer_type", ("一般纳税人", "小规模纳税人")),
        ({"field": "patents", "over": 3}, "patents", ()), ({"field": "established", "min": "2020"}, "established", ()),
        ({"field": "loan_wan", "min": 100}, "loan_wan", ()),
    ],
)  # fmt: skip
def test_options_by_kind(when: dict[str, Any], field: str, options: tuple[str, ...]) -> None:
    found = ask(listed("a", when, missing=(field,)), plans=[{"text": "一"}, {"text": "二"}])
    assert found is not None and (found.field, found.options) == (field, options) and found.weight > 0


def test_inputs_of_a_derived_field_are_asked_for() -> None:
    item = listed("a", {"field": "rd_ratio", "min": 0.05}, missing=("rd_expense_wan",))
    found = ask(item, revenue_wan=3000)
    assert found is not None and found.field == "rd_expense_wan"


def test_only_a_few_affected_measures_are_named() -> None:
    found = ask(*[listed(f"m{n}", EXPORT, missing=("export",)) for n in range(9)])
    assert found is not None and len(found.affects) == MAX_AFFECTED_SHOWN

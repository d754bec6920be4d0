"""The dialogue about one company, its review, and what is kept of it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from matcher.ui import session, text
from matcher.ui.review import render_review, review
from matcher.ui.session import Session
from policies.errors import InputError

AS_OF = dt.date(2026, 11, 23)
RAW: dict[str, object] = {"name": "甲公司", "uscc": "", "region": "370100", "employees": "58", "revenue_wan": ""}


def asked(field: str, *options: str, **raw: object) -> Session:
    state = session.started(session.empty(), {**RAW, **raw})
    return Session(**{**state, "question": field, "options": list(options)})


def test_an_answer_counts_like_a_fact() -> None:
    state = session.answered(asked("patents"), "12")
    assert session.told(state)["patents"] == "12"
    assert session.profile_of(session.undone(state)).facts.get("patents") is None


def test_unreadable_answers_are_refused_and_nothing_is_lost() -> None:
    state = asked("patents")
    for value in ("许多", "", None, ["1"]):
        with pytest.raises(InputError):
            session.answered(state, value)
    with pytest.raises(InputError, match="过期"):
        session.answered(session.empty(), "1")


def test_a_choice_that_was_not_offered_is_refused() -> None:
    with pytest.raises(InputError, match="先选择"):
        session.answered(asked("export", "是", "否"), "也许")
    with pytest.raises(InputError, match="不能和其他选项"):
        session.answered(asked("honours", "瞪羚企业"), ["瞪羚企业", text.NONE_OF_THESE])
    assert session.answered(asked("honours", "瞪羚企业"), [text.NONE_OF_THESE])["answers"][0]["raw"] == []


def test_the_same_company_keeps_its_answers_and_its_entry() -> None:
    state = Session(**{**session.answered(asked("patents"), "12"), "run_id": "r", "company_id": "p"})
    again = session.started(state, {**RAW, "employees": "60"})
    assert [one["field"] for one in again["answers"]] == ["patents"]
    assert (again["run_id"], again["company_id"], again["question"]) == ("r", "p", "")
    other = session.started(state, {**RAW, "name": "乙公司"})
    assert (other["answers"], other["run_id"], other["company_id"]) == ([], "", "")


def test_the_form_overrules_an_answer() -> None:
    state = session.answered(asked("revenue_wan"), "3200万")
    assert session.told(session.started(state, {**RAW, "revenue_wan": "100万"}))["revenue_wan"] == "100万"
    assert session.told(session.started(state, dict(RAW)))["revenue_wan"] == "3200万"


@pytest.mark.parametrize(
    ("field", "options", "value"),
    [
        ("patents", (), "12"),
        ("equipment_type", ("工业机器人", "数控机床"), ["工业机器人"]),
        ("project_type", ("设备更新",), [text.NONE_OF_THESE]),
        ("tax_credit_grade", ("A", "B"), "A"),
    ],
)
def test_what_is_kept_gives_the_same_company(field: str, options: tuple[str, ...], value: object) -> None:
    state = session.answered(asked(field, *options), value)
    kept: dict[str, Any] = json.loads(json.dumps(session.told(state), ensure_ascii=False))
    again = session.restored(kept, run_id="r")
    assert session.profile_of(again).facts == session.profile_of(state).facts
    assert [one["field"] for one in again["answers"]] == [field]
    assert again["run_id"] == "r"


def test_what_cannot_be_read_any_more_is_refused() -> None:
    with pytest.raises(InputError):
        session.restored({"region": "没有这个地方"})


def test_the_review_tells_known_unknown_and_derived_apart() -> None:
    state = session.started(
        session.empty(), {**RAW, "industry_code": "C3421", "revenue_wan": "3200万", "plans": [{"text": "换，床"}]}
    )
    found = review(session.answered(Session(**{**state, "question": "patents"}), "12"), AS_OF)
    rows = {row.label: row for group in found.groups for block in group.blocks for row in block.rows}
    assert rows["上年营业收入"].value == "3,200 万元"
    assert rows["资产总额"].value == ""
    assert (rows["企业规模"].value, rows["企业规模"].note) == ("小型", "按您填写的推算")
    assert rows["计划内容"].value == "换，床"
    assert rows["专利数"].value == "12 项"
    assert [group.key for group in found.groups] == ["name", "employees", "plan1_text", ""]
    assert found.known == 7


def test_the_review_refuses_a_company_founded_in_the_future() -> None:
    with pytest.raises(InputError, match="晚于查询日期"):
        review(session.started(session.empty(), {**RAW, "established": "2030"}), AS_OF)


def test_the_review_escapes() -> None:
    state = session.started(session.empty(), {**RAW, "name": "<b>甲</b>", "needs": "<script>1</script>"})
    shown = render_review(state, AS_OF)
    assert "<b>甲" not in shown and "<script" not in shown and "&lt;b&gt;甲" in shown
    assert "不清楚" in shown

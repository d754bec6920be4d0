"""The next step and the window in words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from matcher.results import Verdict
from matcher.steps import next_step, show_day, show_window
from policies.lifecycle import WindowPhase, WindowState
from tests.support import entry, measure

OPEN = WindowState(WindowPhase.OPEN, "常年受理")
CLOSING = WindowState(WindowPhase.OPEN, "", None, dt.date(2026, 12, 5), 12)


def step(verdict: Verdict = Verdict.ELIGIBLE, window: WindowState = OPEN, **changes: Any) -> str:
    own = measure(benefit=changes.pop("benefit", {"type": "fixed", "amount_wan": 1}))
    return next_step(entry("p", own, **changes.pop("policy", {})), verdict, window, **changes)


def test_an_eligible_company_applies() -> None:
    said = step(policy={"materials": ["甲", "乙", "丙", "丁"], "channel": "登录平台申报"}, window=CLOSING)
    assert said == "准备甲、乙、丙等 4 项材料，登录平台申报，2026 年 12 月 5 日前办理。"


def test_what_is_missing_comes_first() -> None:
    said = step(Verdict.POSSIBLE, missing=("export", "patents", "honours", "employees"), manual=("甲", "乙"))
    assert said.startswith("补充“有进出口业务”“专利数”“已获荣誉资质”等 4 项，即可得到更确定的结论；请核实：甲等 2 项；")


def test_one_gap_is_closed_first() -> None:
    assert step(Verdict.INELIGIBLE, gaps=["还差 专利数 1 项"]) == "还差 专利数 1 项，之后再申报。"
    assert step(Verdict.INELIGIBLE) == "可关注政策调整。"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"policy": {"contact": "市工信局"}}, "联系市工信局"), ({}, "向主管部门咨询"),
        ({"benefit": {"type": "direction"}}, "了解政策内容，关注配套细则"),
        ({"benefit": {"type": "right"}, "policy": {"channel": "银行柜台"}}, "银行柜台"),
        ({"window": WindowState(WindowPhase.BY_NOTICE, "")}, "关注年度申报通知"),
        ({"window": WindowState(WindowPhase.UPCOMING, "", dt.date(2027, 1, 1))},
         "2027 年 1 月 1 日起申报（按往年时间，以通知为准）"),
        ({"window": WindowState(WindowPhase.UPCOMING, "")}, "等待开放"),
    ],
)  # fmt: skip
def test_where_and_when(changes: dict[str, Any], says: str) -> None:
    assert says in step(**changes)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (CLOSING, "2026 年 12 月 5 日，只剩 12 天"), (OPEN, "常年受理"),
        (WindowState(WindowPhase.OPEN, "", None, dt.date(2026, 12, 5), 31), "2026 年 12 月 5 日，还剩 31 天"),
        (WindowState(WindowPhase.UPCOMING, "", dt.date(2027, 1, 1), dt.date(2027, 2, 1), 99),
         "预计 2027 年 1 月 1 日开放"),
        (WindowState(WindowPhase.UNKNOWN, ""), "时间待核实"),
    ],
)  # fmt: skip
def test_show_window(window: WindowState, text: str) -> None:
    assert show_window(window) == text


def test_no_day_is_no_text() -> None:
    assert show_day(None) == "" and show_day(dt.date(2026, 1, 2)) == "2026 年 1 月 2 日"

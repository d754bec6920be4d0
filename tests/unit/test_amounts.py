"""What a measure is worth, by hand-computed examples."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from matcher.amounts import CAVEAT, show_amount
from matcher.results import Amount
from tests.support import AS_OF, worth

WAN = 10_000
HIGH_TECH = {"field": "honours", "has": ["高新技术企业"]}
PLAN: dict[str, Any] = {"plans": [{"equipment_invest_wan": 1000}]}


@pytest.mark.parametrize(
    ("benefit", "raw", "low", "high", "says"),
    [
        ({"type": "fixed", "amount_wan": 20}, {}, 20, 20, "定额 20 万元"),
        ({"type": "fixed", "amount_wan": 20, "up_to": True}, {}, 0, 20, "最高 20 万元"),
        ({"type": "fixed", "amount_wan": 50, "low_wan": 20, "years": 2}, {}, 20, 50, "定额 20—50 万元，分 2 年兑现"),
        ({"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan"}, PLAN, 100, 100,
         "按设备投资额 1,000 万元 × 10% 估算"),
        ({"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan", "cap_wan": 60}, PLAN, 60, 60, "，最高 60 万元"),
        ({"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan", "up_to": True}, PLAN, 0, 100,
         "× 不超过 10% 估算"),
        ({"type": "ratio", "rate": 0.1, "rate_max": 0.15, "base": "equipment_invest_wan"}, PLAN, 100, 150, "10%—15%"),
        ({"type": "ratio", "rate": 0.001, "floor_wan": 5, "base": "equipment_invest_wan"}, PLAN, 5, 5, "0.1%"),
        ({"type": "ratio", "rate": 0.1, "base": "rd_expense_wan"}, {"rd_expense_wan": "100-300万"}, 10, 30, "研发费用"),
        ({"type": "ratio", "rate": 0.2, "base_text": "合同额", "cap_wan": 30}, {}, 0, 30,
         "按合同额的 20.00%，最高 30 万元"),
        ({"type": "tiered", "base": "equipment_invest_wan", "tiers": [
            {"text": "一档", "when": {"field": "equipment_invest_wan", "min": 500}, "rate": 0.2, "cap_wan": 150},
            {"text": "二档", "when": {"field": "equipment_invest_wan", "min": 100}, "rate": 0.1}]},
         PLAN, 150, 150, "分档标准：一档"),
        ({"type": "tiered", "tiers": [
            {"text": "高企", "when": HIGH_TECH, "amount_wan": 50},
            {"text": "其他", "when": {"all": []}, "amount_wan": 10}]}, {}, 10, 50, "分档标准：高企、其他"),
        ({"type": "tiered", "per": "units_scrapped", "cap_wan": 25, "tiers": [
            {"text": "国三", "when": {"all": []}, "amount_wan": 4}]},
         {"plans": [{"units_scrapped": 10}]}, 25, 25, "（报废或更新数量 10 台（辆））"),
        ({"type": "tiered", "cap_wan": 100}, {}, 0, 100, "分档支持，累计最高 100 万元"),
        ({"type": "interest", "form": "points", "rate": 0.015, "years": 2},
         {"plans": [{"loan_wan": 1000, "loan_years": 3}]}, 30, 30, "贷款金额 1,000 万元 × 年贴息 1.5% × 2 年估算"),
        ({"type": "interest", "form": "points", "rate": 0.015, "years": 2}, {"plans": [{"loan_wan": 1000}]}, 15, 30,
         "1—2 年"),
        ({"type": "interest", "form": "points", "rate": 0.01, "principal_cap_wan": 500},
         {"plans": [{"loan_wan": 1000, "loan_years": 1}]}, 5, 5, "贴息本金不超过 500 万元"),
        ({"type": "interest", "form": "lpr_share", "rate": 0.35}, {"plans": [{"loan_wan": 1000, "loan_years": 1}]},
         10.5, 10.5, "一年期LPR 3%（2025-05-20起，以申报时公布为准）的 35%"),
        ({"type": "interest", "form": "rate_share", "rate": 0.5},
         {"plans": [{"loan_wan": 1000, "loan_years": 1, "loan_rate": "4%"}]}, 20, 20, "贷款年利率 4% 的 50%"),
        ({"type": "interest", "form": "points", "cap_wan": 80}, {}, 0, 80, "贴息比例未在来源中查到，最高 80 万元"),
        ({"type": "tax", "form": "rate", "rate": 0.15, "base": "taxable_income_wan"}, {"taxable_income_wan": 500},
         50, 50, "（25% − 15%）"),
        ({"type": "tax", "form": "credit", "rate": 0.1, "base": "special_equipment_wan"},
         {"plans": [{"special_equipment_wan": 500}]}, 50, 50, "10%"),
        ({"type": "tax", "form": "reduction", "rate": 0.5, "base": "taxable_income_wan", "base_cap_wan": 100},
         {"taxable_income_wan": 300}, 50, 50, "50%"),
        ({"type": "tax", "form": "refund", "rate": 1, "base": "taxable_income_wan"}, {"taxable_income_wan": -20}, 0, 0,
         "100%"),
        ({"type": "premium", "rate": 0.8, "cap_wan": 50}, {"premium_wan": 40}, 0, 32, "实缴保费 40 万元 × 不超过 80%"),
        ({"type": "premium", "rate": 0.8, "cap_wan": 20, "up_to": False}, {"premium_wan": 40}, 20, 20, "80%"),
        ({"type": "per_unit", "amount_wan": 0.1, "unit": "人", "base": "new_hires", "years": 3}, {"new_hires": 4},
         1.2, 1.2, "招用重点群体人数 4 人 × 每人 1,000 元 × 3 年"),
        ({"type": "per_unit", "amount_wan": 0.6, "low_wan": 0.4, "unit": "人", "base": "new_hires", "cap_wan": 2},
         {"new_hires": 4}, 1.6, 2, "每人 4,000—6,000 元，最高 2 万元"),
    ],
)  # fmt: skip
def test_sums(benefit: dict[str, Any], raw: dict[str, Any], low: float, high: float, says: str) -> None:
    amount = worth(benefit, **raw)
    assert amount.low_yuan == pytest.approx(low * WAN)
    assert amount.high_yuan == pytest.approx(high * WAN)
    assert says in amount.trace and amount.trace.endswith(CAVEAT)
    assert amount.money and amount.needs == ()


@pytest.mark.parametrize(
    ("benefit", "needs", "says"),
    [
        (
            {"type": "ratio", "rate": 0.1, "base": "equipment_invest_wan"},
            "equipment_invest_wan",
            "补充“设备投资额”后可以估算",
        ),
        ({"type": "interest", "form": "points", "rate": 0.01}, "loan_wan", "补充“贷款金额”"),
        (
            {"type": "tax", "form": "rate", "rate": 0.15, "base": "taxable_income_wan"},
            "taxable_income_wan",
            "年应纳税所得额",
        ),
        ({"type": "premium", "rate": 0.8}, "premium_wan", "补充“实缴保费”"),
        (
            {"type": "per_unit", "amount_wan": 0.1, "unit": "人", "base": "new_hires"},
            "new_hires",
            "每人 1,000 元；补充",
        ),
    ],
)
def test_an_unknown_base_is_asked_for(benefit: dict[str, Any], needs: str, says: str) -> None:
    amount = worth(benefit)
    assert (amount.low_yuan, amount.high_yuan, amount.needs, amount.money) == (None, None, (needs,), True)
    assert says in amount.trace


def test_a_base_without_an_upper_end_gives_no_sum() -> None:
    amount = worth({"type": "ratio", "rate": 0.1, "base": "rd_expense_wan"}, rd_expense_wan="100万以上")
    assert amount.needs == ("rd_expense_wan",) and amount.high_yuan is None


def test_the_paid_interest_needs_the_rate() -> None:
    amount = worth({"type": "interest", "form": "rate_share", "rate": 0.5}, plans=[{"loan_wan": 1000}])
    assert amount.needs == ("loan_rate",)


@pytest.mark.parametrize(
    ("benefit", "says"),
    [
        ({"type": "honour", "grants": "瞪羚企业"}, "授予资格称号，本身不直接给资金（瞪羚企业）"),
        ({"type": "guarantee", "principal_cap_wan": 1000, "fee_rate": 0.01},
         "担保额度最高 1000 万元、费率不高于 1.00%"),
        ({"type": "credit_line", "principal_cap_wan": 500}, "提供贷款或授信，不直接给资金、额度最高 500 万元"),
        ({"type": "equity", "cap_wan": 3000, "share_max": 0.3},
         "以股权投资方式支持，不是补助、最高 3000 万元、持股不超过 30%"),
        ({"type": "direction"}, "方向性或权益性政策"), ({"type": "right"}, "方向性或权益性政策"),
        ({"type": "tax", "form": "deferral"}, "不减少税款总额"),
    ],
)  # fmt: skip
def test_no_money(benefit: dict[str, Any], says: str) -> None:
    amount = worth(benefit)
    assert says in amount.trace
    assert (amount.low_yuan, amount.high_yuan, amount.money) == (None, None, False)


@pytest.mark.parametrize(("recipient", "word"), [("bank", "银行"), ("individual", "个人"), ("guarantor", "担保机构")])
def test_money_for_somebody_else_is_none_for_the_company(recipient: str, word: str) -> None:
    amount = worth({"type": "fixed", "amount_wan": 20}, recipient=recipient)
    assert amount == Amount(None, None, f"资金拨付对象是{word}，不直接给企业", money=False)


@pytest.mark.parametrize(
    "benefit",
    [{"type": "fixed"}, {"type": "ratio"}, {"type": "tiered"}, {"type": "interest", "form": "points"},
     {"type": "tax", "form": "credit"}, {"type": "per_unit", "unit": "人"},
     {"type": "per_unit", "unit": "人", "amount_wan": 1},
     {"type": "premium", "rate": 0.5, "base": None, "base_text": "保费"},
     {"type": "top_up", "rate": 0.5, "of": "省级奖励"}],
)  # fmt: skip
def test_what_the_source_does_not_say_is_not_guessed(benefit: dict[str, Any]) -> None:
    amount = worth(benefit, revenue_wan=1_000_000)
    assert (amount.low_yuan, amount.high_yuan, amount.money) == (None, None, True) and amount.trace


UPLIFTED = {"type": "ratio", "rate": 0.1, "base": "rd_expense_wan", "cap_wan": 20,
            "uplifts": [{"text": "高企上浮", "when": HIGH_TECH, "rate": 0.15, "cap_wan": 40}]}  # fmt: skip


def test_uplifts() -> None:
    sure = worth(UPLIFTED, rd_expense_wan=300, honours=["高企"])
    assert (sure.low_yuan, sure.high_yuan) == (40 * WAN, 40 * WAN) and "；高企上浮" in sure.trace
    may = worth(UPLIFTED, rd_expense_wan=300)
    assert (may.low_yuan, may.high_yuan) == (20 * WAN, 40 * WAN) and "若高企上浮则更高" in may.trace
    no = worth(UPLIFTED, rd_expense_wan=300, honours=[])
    assert (no.low_yuan, no.high_yuan) == (20 * WAN, 20 * WAN) and "上浮" not in no.trace


def test_an_uplift_that_brings_a_cap_is_a_possibility_only() -> None:
    benefit = {"type": "ratio", "rate": 0.1, "base": "rd_expense_wan",
               "uplifts": [{"text": "重大项目", "when": {"manual": "x"}, "rate": 0.15, "cap_wan": 40}]}  # fmt: skip
    amount = worth(benefit, rd_expense_wan=1000)
    assert (amount.low_yuan, amount.high_yuan) == (40 * WAN, 100 * WAN)


def test_a_span_of_the_loan_rate_is_a_span_of_the_sum() -> None:
    benefit = {"type": "interest", "form": "rate_share", "rate": 0.5}
    amount = worth(benefit, plans=[{"loan_wan": 1000, "loan_years": 1, "loan_rate": "3-5%"}])
    assert (amount.low_yuan, amount.high_yuan) == (15 * WAN, 25 * WAN) and "贷款年利率 3%—5% 的 50%" in amount.trace


def test_an_uplift_may_sit_on_a_later_sure_one() -> None:
    two = {**UPLIFTED, "cap_wan": None, "uplifts": [
        {"text": "或许更高", "when": {"manual": "x"}, "rate": 0.3}, {"text": "高企", "when": HIGH_TECH, "rate": 0.15},
    ]}  # fmt: skip
    amount = worth(two, rd_expense_wan=100, honours=["高企"])
    assert (amount.low_yuan, amount.high_yuan) == (15 * WAN, 30 * WAN)


@pytest.mark.parametrize(
    ("raw", "low", "high", "says"),
    [
        ({"honours": ["高企"], "tax_status": "否"}, 15, 15, "所得税税率 15%（"),
        ({"honours": [], "tax_status": "是"}, 5, 5, "所得税税率 5%（"),
        ({"honours": ["高企"], "tax_status": "是"}, 5, 5, "5%"),
        ({"honours": [], "tax_status": "否"}, 25, 25, "25%（"), ({"tax_status": "否"}, 15, 25, "15%—25%"),
        ({"honours": []}, 5, 25, "5%—25%"), ({"honours": ["高企"]}, 5, 15, "5%—15%"), ({}, 5, 25, "5%—25%"),
    ],
)  # fmt: skip
def test_income_tax_rate_spans(raw: dict[str, Any], low: float, high: float, says: str) -> None:
    amount = worth(
        {"type": "tax", "form": "super_deduction", "rate": 1, "base": "rd_expense_wan"}, rd_expense_wan=100, **raw
    )
    assert (amount.low_yuan, amount.high_yuan) == (low * WAN, high * WAN) and says in amount.trace


def test_the_rate_of_the_day_counts() -> None:
    benefit = {"type": "interest", "form": "lpr_share", "rate": 1}
    raw: dict[str, Any] = {"plans": [{"loan_wan": 1000, "loan_years": 1}]}
    assert worth(benefit, dt.date(2025, 5, 19), **raw).high_yuan == pytest.approx(31 * WAN)
    assert worth(benefit, dt.date(2025, 5, 20), **raw).high_yuan == pytest.approx(30 * WAN)
    assert worth(benefit, AS_OF, **raw).high_yuan == pytest.approx(30 * WAN)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Amount(450_000, 750_000, ""), "约 45—75 万元"), (Amount(0, 5_000_000, ""), "最高 500 万元"),
        (Amount(200_000, 200_000, ""), "约 20 万元"), (Amount(50_000_000, 150_000_000, ""), "约 5,000 万元—1.5 亿元"),
        (Amount(None, None, "", needs=("loan_wan",)), "待补充信息后估算"), (Amount(None, None, "", money=False), "—"),
    ],
)  # fmt: skip
def test_show(amount: Amount, text: str) -> None:
    assert show_amount(amount) == text

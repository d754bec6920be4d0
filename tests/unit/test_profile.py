"""Company profiles: what is accepted, and what the refusals say."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from policies.errors import InputError
from policies.facts import MAX_TEXT_CHARS, Items
from policies.profile import MAX_PLANS, CompanyProfile
from policies.uscc import make_uscc
from policies.values import Span
from tests.support import AS_OF, company, problems_of

USCC = make_uscc("91370100MA3C00000")


def test_reads_what_people_write() -> None:
    profile = company(
        name=" 甲公司 ", uscc=USCC.lower(), region="山东省/济南市", industry="C3421", employees="58人",
        revenue_wan="3200万",
        honours="高企、小巨人", plans=[{"text": "购置五轴机床", "equipment_invest_wan": "380万"}], needs="贷款难",
    )  # fmt: skip
    assert profile.name == "甲公司" and profile.uscc == USCC and profile.notes == ()
    assert profile.facts["employees"] == Span(58, 58) and profile.facts["revenue_wan"] == Span(3200, 3200)
    assert "industry_code" in profile.facts and "industry" not in profile.facts
    assert profile.plans[0].text == "购置五轴机床" and profile.plans[0].facts == {
        "equipment_invest_wan": Span(380, 380)
    }
    assert profile.texts == {"name": "甲公司", "needs": "贷款难"}


def test_everything_may_be_unknown() -> None:
    profile = company()
    assert (profile.facts, profile.plans, profile.texts, profile.uscc, profile.notes) == ({}, (), {}, None, ())
    assert profile.name == "该企业"
    assert company(employees=None, honours=None, plans=None, other=None, uscc="", name=None).facts == {}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "企业信息：应为一个 JSON 对象"), ("甲", "企业信息：应为一个 JSON 对象"), (None, "应为一个 JSON 对象"),
        ({"employees": -5}, "从业人数（employees）：不能小于 0，收到的是 -5"),
        ({"employees": [1]}, "从业人数（employees）：应为数字，收到的是列表"),
        ({"employees": "3200万元"}, "从业人数（employees）：“3200万元”：单位“元”与本项单位“人”不符"),
        ({"employes": 58}, "“employes”：没有这个字段。您是不是要填：从业人数（employees）"),
        ({"honors": ["高企"]}, "您是不是要填：已获荣誉资质（honours）"),
        ({"😀": 1}, "“😀”：没有这个字段。请对照字段表填写"),
        ({"\x00\r": 1}, "“”：没有这个字段"),
        ({"region": "山东省/清岛市"}, "注册地（region）：行政区划中没有“山东省/清岛市”，您是不是要填：山东省/青岛市"),
        ({"industry_code": "A3421"}, "所属行业（industry_code）：国民经济行业分类中没有“A3421”，您是不是要填：C3421"),
        ({"established": "2015-13"}, "成立日期（established）"), ({"name": 5}, "企业名称（name）：应为文字"),
        ({"plans": {}}, "计划（plans）：应为列表，每项是一个对象"), ({"plans": ["买设备"]}, "计划（plans）：应为列表"),
        ({"plans": [{}] * (MAX_PLANS + 1)}, f"计划（plans）：最多 {MAX_PLANS} 项，收到 {MAX_PLANS + 1} 项"),
        ({"plans": [{}, {"equipment_invest_wan": "很多"}]}, "第 2 项计划的设备投资额（equipment_invest_wan）"),
        ({"plans": [{"equipment_invest": 3}]},
         "第 1 项计划的“equipment_invest”：没有这个字段。您是不是要填：设备投资额"),
        ({"plans": [{"text": 3}]}, "第 1 项计划的文字"), ({"other": []}, "其他信息（other）：应为一个对象"),
        ({"employees": "9" * 10**6}, "太长"), ({"employees": "\x00"}, ""),
    ],
)  # fmt: skip
def test_refusals_name_the_field(raw: object, says: str) -> None:
    if not says:
        assert CompanyProfile.model_validate(raw).facts == {}
        return
    assert says in problems_of(raw)


def test_wrong_check_digit_names_the_expected_one() -> None:
    wrong = USCC[:17] + ("1" if USCC[17] == "0" else "0")
    message = problems_of({"uscc": wrong})
    assert message.startswith("统一社会信用代码（uscc）") and f"校验位应为“{USCC[17]}”，实为“{wrong[17]}”" in message


def test_all_problems_come_at_once() -> None:
    with pytest.raises(InputError) as caught:
        company(employees=-1, revenue_wan="很多", nonsense=1, plans=[{"loan_wan": []}])
    assert len(caught.value.problems) == 4
    assert len(str(caught.value).splitlines()) == 4


def test_founded_in_the_future() -> None:
    profile = company(established="2027-01-01")
    with pytest.raises(InputError, match="成立日期（established）：晚于查询日期 2026-06-15"):
        profile.check_at(AS_OF)
    profile.check_at(dt.date(2027, 1, 1))
    company(established="2026").check_at(AS_OF)


def test_long_texts_are_cut_with_a_note() -> None:
    profile = company(needs="钱" * 1_000_000, plans=[{"text": "x" * (MAX_TEXT_CHARS + 1)}])
    assert len(profile.texts["needs"]) == MAX_TEXT_CHARS == len(profile.plans[0].text)
    assert len(profile.notes) == 2 and "政策需求（needs）：超过 5000 字" in " ".join(profile.notes)


def test_emoji_nul_and_full_width() -> None:
    profile = company(name="甲\x00公司😀", revenue_wan="３２００万", products="ＡＢＣ")
    assert profile.name == "甲公司😀" and profile.texts["products"] == "ABC"
    assert profile.facts["revenue_wan"] == Span(3200, 3200)


def test_unknown_honours_are_noted_and_open_the_set() -> None:
    profile = company(honours=["高企", "某某称号"])
    fact = profile.facts["honours"]
    assert isinstance(fact, Items) and not fact.exhaustive
    assert profile.notes[0].startswith("已获荣誉资质（honours）：未收录：某某称号")


def test_code_and_region_that_differ_are_noted_only() -> None:
    assert company(uscc=USCC, region="山东省/济南市/历城区").notes == ()
    (note,) = company(uscc=USCC, region="北京市").notes
    assert "登记机关地区与注册地不一致" in note and "不影响匹配" in note
    assert company(uscc=make_uscc("91999999MA3C00000"), region="北京市").notes == ()


def test_other_takes_known_fields_and_honours_and_notes_the_rest() -> None:
    profile = company(other={"patents": 7, "科技型企业": True, "天气": "晴"})
    assert profile.facts["patents"] == Span(7, 7)
    honours = profile.facts["honours"]
    assert isinstance(honours, Items) and honours.held == {"科技型企业"} and not honours.exhaustive
    assert profile.notes == ("其他信息中的“天气”未收录，不参与条件判断",)


def test_with_fact_adds_an_answer() -> None:
    before = company(employees=10)
    after = before.with_fact("honours", "无").with_fact("employees", "20人")
    assert before.facts == {"employees": Span(10, 10)}
    assert after.facts == {"employees": Span(20, 20), "honours": Items(frozenset(), True)}
    with pytest.raises(InputError, match="从业人数"):
        before.with_fact("employees", "很多")


def test_from_json() -> None:
    text = json.dumps({"name": "甲公司", "employees": 5}, ensure_ascii=False)
    assert CompanyProfile.from_json(text) == CompanyProfile.from_json(b"\xef\xbb\xbf" + text.encode())
    for broken, says in (
        ("{", "第 1 行第 2 列"), (b"\xff", "不是 UTF-8 编码（第 1 个字节）"), ("[" * 100_000, "不是正确的 JSON"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            CompanyProfile.from_json(broken)

"""Every check of the library can fail: a folder with exactly one defect gives exactly that finding."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from matcher.library_check import validate_library
from policies.library import load_library
from policies.validate.report import Report

AS_OF = dt.date(2026, 11, 23)
JINAN = {"field": "region", "in": ["山东省/济南市"]}
SMALL = {"field": "employees", "max": 300, "text": "不超过300人"}
HERE = {"region": "山东省/济南市/历下区", "employees": 50}


def measure(**changes: Any) -> dict[str, Any]:
    """A sound measure, changed."""
    sound = {
        "slug": "award",
        "name": "一次性奖励",
        "text": "不超过300人的企业，一次性奖励10万元",
        "when": [SMALL],
        "benefit": {"type": "fixed", "amount_wan": 10},
        "examples": {"met": HERE, "unmet": {"employees": 301}, "unsure": {"employees": None}},
    }
    return {**sound, **changes}


def policy(policy_id: str = "one", **changes: Any) -> dict[str, Any]:
    """A sound policy, changed."""
    sound = {
        "policy_id": policy_id,
        "title": "济南市企业奖励办法",
        "issuers": ["济南市工业和信息化局"],
        "level": "city",
        "region": "山东省/济南市",
        "kind": "award",
        "summary": "对不超过300人的企业给予10万元奖励。",
        "published": "2025-01",
        "valid_from": "2025-01",
        "status": "in_force",
        "applies": [JINAN],
        "window": {"kind": "year_round"},
        "source": {"title": "济南市企业奖励办法", "url": "https://jngxj.jinan.gov.cn/art.html", "quality": "official"},
        "provenance": {"grade": "verified", "confidence": "high"},
        "measures": [measure()],
    }
    return {**sound, **changes}


def report_on(folder: Path, *policies: Mapping[str, Any]) -> Report:
    """Write the policies as a library folder, load and validate it."""
    for data in policies:
        text = yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False)
        (folder / f"{data['policy_id']}.yaml").write_text(text, encoding="utf-8")
    return validate_library(load_library(folder), AS_OF)


def with_rule(*rules: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A policy whose only measure has these conditions and whose examples are not looked at."""
    return policy(measures=[measure(when=list(rules), **changes)])


def with_example(**changes: object) -> dict[str, Any]:
    """A policy whose only measure has one example changed."""
    return policy(measures=[measure(examples={**measure()["examples"], **changes})])


def manual(text: str) -> dict[str, Any]:
    """A manual check."""
    return {"manual": text}


def related(policy_id: str, kind: str, target: str, **changes: Any) -> dict[str, Any]:
    """A policy of its own words with one relation."""
    titles = {"one": "济南市企业奖励办法", "two": "科研设备共享补贴规定", "three": "稳定就业专项资金细则"}
    amount = {"one": 10, "two": 20, "three": 30}[policy_id]
    award = measure(text=f"一次性奖励{amount}万元", benefit={"type": "fixed", "amount_wan": amount})
    summary = f"给予{amount}万元奖励。"
    relation = [{"type": kind, "target": target}]
    return policy(
        policy_id, title=titles[policy_id], summary=summary, measures=[award], relations=relation, **changes
    )  # fmt: skip


def test_a_sound_library_has_neither_problems_nor_warnings(tmp_path: Path) -> None:
    report = report_on(tmp_path, policy())
    assert report.problems == ()
    assert [warning.kind for warning in report.warnings if warning.kind != "条件或金额中的数字原文没有"] == []


PROBLEMS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "dangling": ("失效的关系", [related("one", "amends", "nowhere")]),
    "self": ("自指的关系", [related("one", "amends", "one")]),
    "circle of succession": (
        "循环的关系",
        [
            related("one", "superseded_by", "two", status="superseded"),
            related("two", "superseded_by", "three", status="superseded"),
            related("three", "superseded_by", "one", status="superseded"),
        ],
    ),
    "circle in both directions": (
        "循环的关系",
        [
            related("one", "superseded_by", "two", status="superseded"),
            related("two", "superseded_by", "one", status="superseded"),
        ],
    ),
    "circle of following": (
        "循环的关系",
        [related("one", "followed_by", "two"), related("two", "followed_by", "one")],
    ),
    "superseded by nobody": ("被取代而无后继", [policy(status="superseded")]),
    "superseded and in force": (
        "取代关系与状态矛盾",
        [related("one", "amends", "two"), related("two", "supersedes", "one")],
    ),
    "valid_from after valid_to": ("起止日期矛盾", [policy(valid_from="2027-05", valid_to="2027-03")]),
    "published after valid_to": ("起止日期矛盾", [policy(published="2028", valid_to="2027")]),
    "in force but over": ("状态与有效期矛盾", [policy(valid_to="2026-11-22")]),
    "expired but not over": ("状态与有效期矛盾", [policy(status="expired", valid_to="2026-11-23")]),
    "window after the end": (
        "申报窗口与有效期矛盾",
        [policy(valid_to="2026-12", window={"kind": "fixed", "opens": "2027-01-01", "closes": "2027-01-31"})],
    ),
    "window runs past the end": (
        "申报窗口与有效期矛盾",
        [policy(valid_to="2026-12", window={"kind": "fixed", "opens": "2026-12-01", "closes": "2027-01-31"})],
    ),
    "window before the start": (
        "申报窗口与有效期矛盾",
        [policy(measures=[measure(window={"kind": "fixed", "closes": "2024-12-31"})])],
    ),
    "window upside down": (
        "申报窗口与有效期矛盾",
        [policy(window={"kind": "fixed", "opens": "2026-02-01", "closes": "2026-01-31"})],
    ),
    "region unknown": ("适用地区有误", [policy(region="山东省/济难市")]),
    "region of another level": ("适用地区有误", [policy(level="national")]),
    "duplicate": (
        "重复的支持事项",
        [policy(measures=[measure(), measure(slug="again", name="另一项", text="奖励10万元，不超过300人")])],
    ),
    "figure only in the text": (
        "事项文字中的数字没有条件或金额承载",
        [policy(measures=[measure(text="不超过300人的企业，一次性奖励10万元，另补8%")])],
    ),
    "figure wrong in the text": (
        "事项文字中的数字没有条件或金额承载",
        [policy(measures=[measure(text="不超过300人的企业，一次性奖励十二万元")])],
    ),
    "wording of a condition": (
        "条件与其说明文字不符",
        [policy(measures=[measure(when=[{**SMALL, "text": "不超过200人"}])])],
    ),
    "wording of a tier": (
        "条件与其说明文字不符",
        [
            policy(
                measures=[
                    measure(
                        text="奖励",
                        benefit={"type": "tiered", "tiers": [{"text": "奖励20万元", "when": SMALL, "amount_wan": 10}]},
                    )
                ]
            )
        ],
    ),
    "met is not met": ("示例不符", [with_example(met={**HERE, "employees": 400})]),
    "unmet is met": ("示例不符", [with_example(unmet={"employees": 300})]),
    "unmet is unknown": ("示例不符", [with_example(unmet={"employees": None})]),
    "unsure is met": ("示例不符", [with_example(unsure={})]),
    "unsure is false": ("示例不符", [with_example(unsure={"employees": 999})]),
    "no examples": ("缺少示例", [policy(measures=[measure(examples=None)])]),
    "no unmet": ("缺少示例", [policy(measures=[measure(examples={"met": HERE, "unsure": {"employees": None}})])]),
    "no unsure": ("缺少示例", [policy(measures=[measure(examples={"met": HERE, "unmet": {"employees": 301}})])]),
    "example of an unknown field": ("示例无法读取", [with_example(met={**HERE, "emploees": 1})]),
    "example of an unknown honour": (
        "示例无法读取",
        [policy(measures=[measure(examples={**measure()["examples"], "met": {**HERE, "honours": ["世界第一企业"]}})])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem_is_found_alone(name: str, tmp_path: Path) -> None:
    kind, policies = PROBLEMS[name]
    report = report_on(tmp_path, *policies)
    assert {problem.kind for problem in report.problems} == {kind}
    for problem in report.problems:
        assert problem.file in {f"{data['policy_id']}.yaml" for data in policies}
        assert problem.path
        assert problem.reason
        assert problem.remedy


UNSATISFIABLE: dict[str, list[dict[str, Any]]] = {
    "numbers apart": [{"field": "employees", "min": 301}, SMALL],
    "strict ends touch": [{"field": "employees", "over": 300}, SMALL],
    "below what is possible": [{"field": "employees", "under": 0}],
    "regions apart": [{"field": "region", "in": ["山东省/青岛市"]}],
    "not the region of the policy": [{"not": {"field": "region", "in": ["山东省"]}}],
    "industries apart": [{"field": "industry_code", "in": ["C"]}, {"field": "industry_code", "in": ["I65"]}],
    "classes apart": [{"field": "size", "in": ["大型"]}, {"field": "size", "in": ["小型", "微型"]}],
    "choices apart": [{"field": "ownership", "in": ["民营"]}, {"field": "ownership", "in": ["国有"]}],
    "flag both ways": [{"field": "credit_ok", "is": True}, {"not": {"field": "credit_ok", "is": True}}],
    "dates apart": [{"field": "established", "min": "2020"}, {"field": "established", "max": "2019"}],
    "set held and not held": [
        {"field": "honours", "has": ["专精特新“小巨人”企业"]},
        {"not": {"field": "honours", "has": ["专精特新中小企业"]}},
    ],
    "every branch dead": [
        {"any": [{"field": "employees", "min": 400}, {"all": [{"field": "employees", "min": 500}, manual("x")]}]},
        SMALL,
    ],
    "derived size": [
        {"field": "size", "in": ["大型"]},
        {"field": "industry_code", "in": ["C"]},
        {"field": "employees", "max": 300},
    ],
}


@pytest.mark.parametrize("name", UNSATISFIABLE)
def test_unsatisfiable_rule(name: str, tmp_path: Path) -> None:
    report = report_on(tmp_path, with_rule(*UNSATISFIABLE[name]))
    assert "不可能满足的规则" in {problem.kind for problem in report.problems}


SATISFIABLE: dict[str, list[dict[str, Any]]] = {
    "ends touch": [{"field": "employees", "min": 300}, SMALL],
    "one branch lives": [{"any": [{"field": "employees", "min": 400}, {"field": "employees", "min": 200}]}, SMALL],
    "a district of the city": [{"field": "region", "in": ["山东省/济南市/历下区"]}],
    "all but one district": [{"not": {"field": "region", "in": ["山东省/济南市/历下区"]}}],
    "the weaker honour alone": [
        {"field": "honours", "has": ["专精特新中小企业"]},
        {"not": {"field": "honours", "has": ["专精特新“小巨人”企业"]}},
    ],
    "manual is passed": [manual("须核实")],
    "industrial size": [
        {"field": "size", "in": ["小型"]},
        {"field": "industry_code", "in": ["C"]},
        {"field": "employees", "max": 300},
    ],
}


@pytest.mark.parametrize("name", SATISFIABLE)
def test_satisfiable_rule(name: str, tmp_path: Path) -> None:
    report = report_on(tmp_path, with_rule(*SATISFIABLE[name]))
    assert "不可能满足的规则" not in {problem.kind for problem in report.problems}


def test_tautology_is_a_problem(tmp_path: Path) -> None:
    either = {"any": [{"field": "employees", "min": 10}, {"field": "employees", "under": 10}]}
    award = measure(when=[either], text="奖励10万元", examples=None)
    report = report_on(tmp_path, policy(level="national", region="全国", applies=[], measures=[award]))
    assert "恒成立的规则" in {problem.kind for problem in report.problems}


def test_no_condition_is_a_warning(tmp_path: Path) -> None:
    award = measure(when=[manual("须核实")], text="奖励10万元", examples={"met": {}, "unsure": {}})
    report = report_on(tmp_path, policy(level="national", region="全国", applies=[], measures=[award]))
    assert report.problems == ()
    assert "不设条件" in {warning.kind for warning in report.warnings}


WARNINGS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "implied part": ("多余的条件", [with_rule(SMALL, {"field": "employees", "max": 500})]),
    "wider region": ("多余的条件", [with_rule(SMALL, {"field": "region", "in": ["山东省"]})]),
    "implied honour": (
        "多余的条件",
        [
            with_rule(
                {"field": "honours", "has": ["专精特新“小巨人”企业"]},
                {"field": "honours", "has": ["专精特新中小企业"]},
            )
        ],
    ),
    "always true": ("多余的条件", [with_rule(SMALL, {"field": "revenue_wan", "min": 0})]),
    "dead branch": (
        "不会用到的分支",
        [with_rule(SMALL, {"any": [{"field": "employees", "min": 400}, {"field": "credit_ok", "is": True}]})],
    ),
    "dead tier": (
        "不会用到的档次",
        [
            with_rule(
                SMALL,
                benefit={
                    "type": "tiered",
                    "tiers": [
                        {"text": "甲", "when": {"field": "employees", "min": 10}, "amount_wan": 10},
                        {"text": "乙", "when": {"field": "employees", "min": 20}, "amount_wan": 10},
                    ],
                },
            )
        ],
    ),
    "dead uplift": (
        "不会用到的档次",
        [
            with_rule(
                SMALL,
                benefit={
                    "type": "ratio",
                    "rate": 0.1,
                    "uplifts": [{"text": "甲", "when": {"field": "employees", "min": 400}, "rate": 0.2}],
                },
            )
        ],
    ),
    "expired without a day": ("失效而无失效日", [policy(status="expired")]),
    "successor is older": (
        "取代先后颠倒",
        [
            related("one", "superseded_by", "two", status="superseded"),
            related("two", "amends", "one", published="2020"),
        ],
    ),
    "duplicate elsewhere": ("重复的支持事项", [policy(), policy("two", title="科研设备共享补贴规定")]),
    "title nearly the same": (
        "近似的名称",
        [
            policy(title="济南市企业技术改造和设备更新专项奖励资金管理办法"),
            policy("two", title="济南市企业技术改造和设备更新专项奖励资金的管理办法"),
        ],
    ),
    "name the same": (
        "近似的名称",
        [
            policy(
                measures=[measure(), measure(slug="again", benefit={"type": "fixed", "amount_wan": 10, "up_to": True})]
            )
        ],
    ),
    "figure only in the summary": (
        "政策文字中的数字没有条件或金额承载",
        [policy(summary="对不超过300人的企业给予10万元奖励，另给5亿元。")],
    ),
    "figure only in the data": (
        "条件或金额中的数字原文没有",
        [with_rule(SMALL, {"field": "revenue_wan", "min": 777})],
    ),
    "local policy for everyone": ("地方政策未限定地区", [policy(applies=[])]),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_warning_is_found(name: str, tmp_path: Path) -> None:
    kind, policies = WARNINGS[name]
    (tmp_path / "sound").mkdir()
    (tmp_path / "bad").mkdir()
    sound = {warning.kind for warning in report_on(tmp_path / "sound", policy()).warnings}
    found = {warning.kind for warning in report_on(tmp_path / "bad", *policies).warnings}
    assert kind not in sound
    assert kind in found


def test_a_related_policy_may_repeat_a_measure(tmp_path: Path) -> None:
    again = policy("two", title="科研设备共享补贴规定", relations=[{"type": "implements", "target": "one"}])
    report = report_on(tmp_path, policy(), again)
    assert "重复的支持事项" not in {warning.kind for warning in report.warnings}


def test_a_note_explains_a_figure(tmp_path: Path) -> None:
    benefit = {"type": "fixed", "amount_wan": 10, "note": "资金总额5000万元"}
    text = "不超过300人的企业，一次性奖励10万元，总额5000万元"
    assert report_on(tmp_path, policy(measures=[measure(text=text, benefit=benefit)])).problems == ()


def test_all_problems_at_once_in_file_order(tmp_path: Path) -> None:
    first = policy(valid_to="2020", relations=[{"type": "amends", "target": "nowhere"}])
    second = policy("two", title="科研设备共享补贴规定", measures=[measure(examples=None, text="奖励99万元")])
    kinds = [(problem.file, problem.kind) for problem in report_on(tmp_path, first, second).problems]
    assert len(kinds) >= 5
    assert [file for file, _ in kinds] == sorted(file for file, _ in kinds)


def test_json_holds_everything(tmp_path: Path) -> None:
    data = report_on(tmp_path, policy(valid_to="2020")).to_json()
    again = json.loads(json.dumps(data, ensure_ascii=False))
    assert again["counts"]["problems"] == {"起止日期矛盾": 2, "状态与有效期矛盾": 1}
    assert set(again["problems"][0]) == {"kind", "file", "path", "reason", "remedy"}
    assert 0 < again["completeness"]["one"]["score"] <= 1
    assert again["coverage"]["cells"] == len(again["coverage"]["counts"])

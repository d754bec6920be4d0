"""`huiqi grants …` and `huiqi briefing …`: from the store to the files, with what is said when something is wrong."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from matcher.cli import main
from matcher.store.database import Database
from matcher.store.tables import Audit
from tests.grants_support import AS_OF, AWARD, PARTLY, RANGE, folder_of_policies, keep

DAY = ("--as-of", AS_OF.isoformat())


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUIQI_LIBRARY", str(folder_of_policies(tmp_path / "library")))
    opened = Database.in_folder(tmp_path / "data")
    yield opened
    opened.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def wrong(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    return result.stderr


def test_the_whole_way(store: Database, tmp_path: Path) -> None:
    keep(store, "济南甲公司")
    keep(store, "未核实的", verified=())
    made = answer("grants", "propose", AWARD, "--budget", "10万", "--region", "山东省/济南市", *DAY, "--by", "王专员")
    assert (made["companies"], made["budget_yuan"], made["region"]) == (1, 100_000, "370100")
    assert [one["fields"] for one in made["left_out"]] == [["region", "employees", "honours"]]
    assert [one["list_id"] for one in answer("grants", "list")] == [made["list_id"]]
    (grant,) = answer("grants", "show", made["list_id"])["grants"]
    assert grant["evidence"][1]["verified"][0]["by"] == "济南市工业和信息化局"
    one = grant["grant_id"]
    assert answer("grants", "confirm", made["list_id"], "--all")["confirmed"] == 1
    assert answer("grants", "will", one, "--yes", "--note", "来函")["willing_at"] is not None
    assert answer("grants", "pay", one)["state"] == "paid"
    assert answer("grants", "archive", one)["state"] == "archived"
    out = tmp_path / "list.xlsx"
    assert answer("grants", "export", made["list_id"], str(out))["companies"] == 1
    assert CalamineWorkbook.from_path(out).sheet_names == ["名单", "未列入", "办理记录", "说明"]
    with store.session() as session:
        done = session.scalars(select(Audit.action).order_by(Audit.audit_id)).all()
    steps = ("propose", "confirm_all", "accept", "pay", "archive", "export")
    assert done == [f"grant.{step}" for step in steps]


def test_lines_for_people(store: Database) -> None:
    keep(store, "济南甲公司")
    said = run("grants", "propose", AWARD, "--budget", "10万", *DAY).output
    assert "列入名单 1 家" in said and "预算 100,000.00 元" in said
    made = said.partition("名单编号：")[2].split("　")[0]
    shown = run("grants", "show", made).output
    assert "1. 济南甲公司　100,000.00 元　已比对　企业未确认意愿" in shown and "从业人数由济南市工业和信息化局" in shown
    assert "共 1 份名单" in run("grants", "list").output


def test_what_goes_wrong_is_said_with_exit_code_1(store: Database) -> None:
    record = keep(store, verified=("region", "equipment_invest_wan"), equipment_invest_wan=200)
    assert "没有这项政策或事项" in wrong("grants", "propose", "nothing", *DAY)
    assert "是否仍然有效" in wrong("grants", "propose", "doubtful/grant", *DAY)
    assert "不是数字" in wrong("grants", "propose", AWARD, "--budget", "很多", *DAY)
    assert "行政区划中没有" in wrong("grants", "propose", AWARD, "--region", "没有这里", *DAY)
    assert "没有这份名单" in wrong("grants", "show", "x")
    assert "没有这条记录" in wrong("grants", "pay", "x")
    made = answer("grants", "propose", RANGE, *DAY)
    (grant,) = answer("grants", "show", made["list_id"])["grants"]
    assert "只能得出范围" in wrong("grants", "confirm", grant["grant_id"])
    assert "不能和 --all" in wrong("grants", "confirm", made["list_id"], "--all", "--amount", "5万")
    assert "没有填写" in wrong("grants", "refuse", grant["grant_id"])
    assert "请用 .xlsx" in wrong("grants", "export", made["list_id"], "list.pdf")
    assert answer("grants", "confirm", grant["grant_id"], "--amount", "5万")["amount_yuan"] == 50_000
    assert answer("grants", "refuse", grant["grant_id"], "--note", "迁出")["state"] == "refused"
    assert "只有 1 项" in wrong("grants", "check", PARTLY, record.company_id, "--condition", "2", "--by", "李")


def test_manual_conditions_are_vouched_for(store: Database) -> None:
    record = keep(store)
    assert answer("grants", "check", PARTLY)["conditions"] == ["项目符合产业政策"]
    assert answer("grants", "propose", PARTLY, *DAY)["companies"] == 0
    assert "没有填写" in wrong("grants", "check", PARTLY, record.company_id)
    day = dt.date(2026, 6, 1).isoformat()
    answer("grants", "check", PARTLY, record.company_id, "--by", "李科长", "--on", day)
    assert answer("grants", "propose", PARTLY, *DAY)["companies"] == 1
    answer("grants", "check", PARTLY, record.company_id, "--by", "李科长", "--holds", "withdraw", "--on", day)
    assert answer("grants", "propose", PARTLY, *DAY)["companies"] == 0


def test_an_invite_list(store: Database, tmp_path: Path) -> None:
    keep(store, "济南甲公司")
    keep(store, "外地", region="山东省/青岛市")
    out = tmp_path / "invite.xlsx"
    found = answer("briefing", "list", "award", PARTLY, "--region", "济南", "--seats", "5", "--out", str(out), *DAY)
    assert (found["companies"], found["seen"], found["contacts"]) == (1, 1, False)
    assert CalamineWorkbook.from_path(out).sheet_names == ["邀请名单", "说明"]
    said = run("briefing", "list", AWARD, "--out", str(tmp_path / "invite.csv"), *DAY)
    assert "列入名单 1 家" in said.stdout and "没有联系方式" in said.stderr
    assert "请用 .xlsx 或 .csv" in wrong("briefing", "list", AWARD, "--out", "invite.txt", *DAY)
    assert "没有这项政策或事项" in wrong("briefing", "list", "nothing", "--out", str(out), *DAY)
    with store.session() as session:
        actions = session.scalars(select(Audit.action)).all()
    assert actions == ["briefing.export", "briefing.export"]

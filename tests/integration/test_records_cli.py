"""The commands `huiqi records` and `huiqi store`: what they do, say and refuse, and that secrets are no arguments."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.access.audit import AuditLog
from matcher.cli import main
from matcher.seal import Seal
from matcher.store.database import Database, revisions
from policies.uscc import make_uscc

CODE, OTHER = make_uscc("91370100MA3C00001"), make_uscc("91370100MA3C00002")
HOOK = "https://oapi.dingtalk.com/robot/send?access_token=hidden-token"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder and a working folder of the test's own."""
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUIQI_CONTACT_KEY", Seal.new_key())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=given, prog_name="huiqi")


def as_json(*words: str, given: str | None = None) -> Any:
    done = run(*words, "--json", given=given)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def refused(*words: str, given: str | None = None) -> str:
    done = run(*words, given=given)
    assert done.exit_code == 1 and "Traceback" not in done.output
    return done.stderr


def write(path: Path, *rows: list[str]) -> str:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["企业名称", "统一社会信用代码", "注册地", "从业人数"], *rows])
    return str(path)


@pytest.fixture
def listed(folder: Path) -> str:
    """Two companies, imported; the id of the first."""
    path = write(folder / "规上名单.csv", ["甲公司", CODE, "济南", "58"], ["乙公司", OTHER, "青岛", "6"])
    assert as_json("records", "import", path)["new"] == 2
    return str(as_json("records", "show", CODE)["company_id"])


def test_a_list_is_imported_and_looked_at(folder: Path, listed: str) -> None:
    path = write(folder / "a.csv", ["甲公司", CODE, "济南", "60"], ["坏", "1", "", ""], ["丙公司", "", "", ""])
    seen = as_json("records", "import", path, "--preview")
    assert (seen["new"], seen["changed"], seen["rejected"], seen["preview"]) == (1, 1, 1, True)
    assert as_json("records", "list")["total"] == 2
    done = run("records", "import", path, "--by", "市局", "--on", "2026-01-02", "--errors", "bad.csv")
    assert "新增 1，更新 1，无变化 0），未能读取 1 行" in done.stdout and "未能读取的行：bad.csv" in done.stdout
    assert "应为18位" in (folder / "bad.csv").read_text("utf-8-sig")
    shown = run("records", "show", CODE).stdout
    assert "从业人数：60 人（名单导入，市局，2026-01-02）" in shown and "企业名称：甲公司（名单导入，规上名单" in shown
    found = as_json("records", "list", "--region", "济南", "--text", "甲")
    assert [one["company_id"] for one in found["companies"]] == [listed]
    assert "共 3 家，列出 1 家" in run("records", "list", "--limit", "1", "--offset", "1").stdout


def test_facts_are_verified_and_their_history_is_told(folder: Path, listed: str) -> None:
    done = run("records", "verify", CODE, "employees", "region", "--by", "人社局", "--on", "2026-01-05")
    assert "已记为由人社局核实：从业人数、注册地（第 2 版）" in done.stdout
    run("records", "import", write(folder / "b.csv", ["甲公司", CODE, "", "99"]))
    shown = run("records", "show", listed).stdout
    assert "注意：从业人数曾由人社局于 2026-01-05 核实为 58 人，现为 99 人" in shown
    assert "从业人数：58 人 → 99 人（改动了已核实的内容）" in run("records", "history", CODE).stdout
    newest, middle, oldest = as_json("records", "history", CODE)
    assert [newest["version"], middle["version"], oldest["version"]] == [3, 2, 1]
    assert newest["changes"][0]["overrules"] and middle["made_by"] == "cli"
    assert "没有这项信息" in refused("records", "verify", CODE, "revenue_wan", "--by", "税务局")
    path = write(folder / "c.csv", ["甲公司", CODE, "济南", "99"])
    assert "没有写由谁核实" in refused("records", "import", path, "--verified")
    assert as_json("records", "import", path, "--verified", "--by", "统计局")["changed"] == 1
    assert as_json("records", "show", CODE)["sources"]["employees"]["kind"] == "verified"


def test_contacts_take_secrets_from_standard_input_only(listed: str) -> None:
    mail = as_json("records", "contacts", "add", CODE, "email", "zhang@example.cn", "--name", "张三")
    assert (mail["name"], mail["address"], mail["has_secret"]) == ("张**", "z***@example.cn", False)
    robot = as_json("records", "contacts", "add", CODE, "dingtalk", given=f"{HOOK}\nSECabc\n")
    assert (robot["address"], robot["has_secret"]) == ("oapi.dingtalk.com/***", True)
    assert "不能写在命令里" in refused("records", "contacts", "add", CODE, "dingtalk", HOOK)
    plain = run("records", "contacts", "list", CODE).stdout
    assert "hidden-token" not in plain and "zhang@" not in plain and "共 2 个" in plain
    told = as_json("records", "contacts", "list", CODE, "--reveal")
    assert [one["address"] for one in told] == ["zhang@example.cn", HOOK] and "SECabc" not in str(told)
    assert "不是邮箱地址" in refused("records", "contacts", "add", CODE, "email", given="nobody\n")
    assert "已删除" in run("records", "contacts", "remove", CODE, robot["contact_id"]).stdout
    assert "没有这个联系方式" in refused("records", "contacts", "remove", CODE, robot["contact_id"])


def test_without_a_key_nothing_is_kept_in_the_open(listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUIQI_CONTACT_KEY")
    assert "HUIQI_CONTACT_KEY" in refused("records", "contacts", "add", CODE, "email", "zhang@example.cn")
    monkeypatch.setenv("HUIQI_CONTACT_KEY", "nonsense")
    assert "不是有效的密钥" in refused("records", "contacts", "list", CODE)


def test_one_company_is_exported_and_erased(folder: Path, listed: str) -> None:
    run("records", "contacts", "add", CODE, "email", "zhang@example.cn")
    told = json.loads(run("records", "export", CODE).stdout)
    assert told["contacts"][0]["address"] == "zhang@example.cn" and told["company"]["raw"]["uscc"] == CODE
    assert "已导出到" in run("records", "export", CODE, "--out", "one.json").stdout
    assert json.loads((folder / "one.json").read_text("utf-8")) == told
    assert "请加 --yes" in refused("records", "erase", CODE)
    assert as_json("records", "erase", CODE, "--yes") == {"company_id": listed, "erased": True}
    assert "没有这家企业" in refused("records", "show", CODE)
    database = Database.in_folder(folder / "data")
    actions = {line.action for line in AuditLog(database).lines()}
    database.close()
    assert {"records.import", "contact.add", "records.export", "records.erase"} <= actions


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("records", "list", "--user", "nobody"), "没有这个用户"),
        (("records", "list", "--region", "没有的地方"), "没有"),
        (("records", "import", "none.csv"), "打不开或不存在"),
        (("records", "import", "none.csv", "--errors", "none.csv"), "既要读又要写"),
        (("store", "downgrade", "9999"), "可选：0001"),
        (("store", "restore", "none.zip"), "没有这个文件"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], said: str) -> None:
    assert said in refused(*words)


# ---- store ----------------------------------------------------------------------------------------------------------


def test_a_key_is_made_and_its_change_warned_of() -> None:
    done = run("store", "key")
    assert Seal(done.stdout.strip()) and "不能解开" in done.stderr


def test_everything_is_backed_up_and_restored(folder: Path, listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run("records", "contacts", "add", CODE, "email", "zhang@example.cn")
    info = as_json("store", "info")
    assert (info["revision"], info["rows"]["companies"]) == (revisions()[-1], 2) and "相符" in info["key"]
    told = as_json("store", "backup", "all.zip")
    assert told["rows"]["contacts"] == 1 and stat.S_IMODE((folder / "all.zip").stat().st_mode) == 0o600
    assert "备份完好" in run("store", "restore", "all.zip", "--check").stdout
    assert "不是空的" in refused("store", "restore", "all.zip")
    assert "请加 --yes" in refused("store", "restore", "all.zip", "--replace")
    run("records", "erase", CODE, "--yes")
    assert "已恢复" in run("store", "restore", "all.zip", "--replace", "--yes").stdout
    assert as_json("records", "contacts", "list", CODE, "--reveal")[0]["address"] == "zhang@example.cn"
    monkeypatch.setenv("HUIQI_DATA_DIR", str(folder / "elsewhere"))
    monkeypatch.setenv("HUIQI_CONTACT_KEY", Seal.new_key())
    assert "与已保存的联系方式不符" in run("store", "restore", "all.zip").stdout
    assert as_json("records", "show", CODE)["company_id"] == listed


def test_going_back_says_first_what_is_lost(folder: Path, listed: str) -> None:
    run("records", "contacts", "add", CODE, "email", "zhang@example.cn")
    warned = run("store", "downgrade", "0001")
    assert warned.exit_code == 1 and "还没有执行" in warned.stderr
    assert "companies：2 行 → 0 行" in warned.stderr and "contacts：1 行 → 0 行" in warned.stderr
    assert as_json("store", "info")["rows"]["contacts"] == 1, "it was only tried"
    assert "已退回到版本 0001" in run("store", "downgrade", "0001", "--yes").stdout
    database = Database.in_folder(folder / "data", upgrade=False)
    assert database.revision() == "0001"
    database.close()
    assert as_json("store", "upgrade") == {"before": "0001", "after": revisions()[-1]}
    assert "已是最新版本" in run("store", "upgrade").stdout
    assert as_json("records", "list")["total"] == 0

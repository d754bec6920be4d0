"""The commands `huiqi push list|show|approve|…`: what staff do with pushes without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.access.audit import AuditLog
from matcher.cli import main
from matcher.store.database import Database
from matcher.store.pushes import MessageState
from tests.desk_support import DRAFTED, Desk, furnished
from tests.support import measure, policy, write_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("library"), policy("policy-a", measure("1", name="设备更新补助")))


@pytest.fixture
def made(tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HUIQI_LIBRARY", str(library))
    database = Database.in_folder(tmp_path / "data")
    yield furnished(database)
    database.close()


def run(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["push", *words], prog_name="huiqi")
    assert done.exit_code == code, done.output
    assert "wangfang" not in done.output, "no address is ever written"
    return done


def as_json(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def states(made: Desk, batch_id: str) -> dict[str, int]:
    counts: dict[str, int] = as_json("show", batch_id)["messages"]
    return counts


def test_pushes_are_listed_and_shown(made: Desk) -> None:
    found = as_json("list")
    assert found["total"] == 5 and found["pushes"][0]["title"] == "关于policy-a的通知：设备更新补助"
    assert [each["state"] for each in as_json("list", "--state", "paused")["pushes"]] == ["paused"]
    listed = run("list", "--limit", "2").stdout
    assert f"{made.draft}　待审核" in listed and "60 家企业 60 条消息" in listed and "共 5 个推送，列出 2 个" in listed
    assert f"{made.nobody}　无须推送" in run("list").stdout
    one = as_json("show", made.approved, "--messages", "1000")
    assert one["unsent"] == {"companies": 3, "channels": {"email": 3}} and len(one["shown"]) == 7
    shown = run("show", made.approved).stdout
    assert "policy-b/1\n即将截止　已批准" in shown and "王芳 于" in shown and "以前就符合" in shown
    assert "未能送达（目标“b.example.cn”不在电子邮件的允许列表中" in shown
    assert "没有这个推送" in run("show", "nothing", code=1).stderr


def test_a_push_from_draft_to_cancelled(made: Desk) -> None:
    asked = run("approve", made.draft, code=1).stderr
    assert (
        "将发给 60 家企业，共 60 条消息（站内信 20 条、电子邮件 20 条、企业微信机器人 20 条）" in asked
        and "--yes" in asked
    )
    assert states(made, made.draft) == {"held": DRAFTED}, "nothing without an answer"
    approved = run("approve", made.draft, "--yes").stdout
    assert "已批准推送" in approved and "已送达 20 条" in approved
    assert "只有“待审核”的推送才能批准" in run("approve", made.draft, "--yes", code=1).stderr
    assert as_json("pause", made.draft)["state"] == "paused"
    assert states(made, made.draft) == {"held": 40, "sent": 20}
    assert as_json("resume", made.draft)["messages"] == {"ready": 40, "sent": 20}
    assert "还没有发出的 40 条消息将不再发送" in run("cancel", made.draft, code=1).stderr
    assert as_json("cancel", made.draft, "--yes")["messages"] == {"cancelled": 40, "sent": 20}
    log = [(line.actor, line.action, line.target) for line in AuditLog(made.world.database).lines()]
    wanted = ("cancel", "resume", "pause", "approve")
    assert log == [("cli", f"push.{action}", made.draft) for action in wanted]


def test_statistics(made: Desk) -> None:
    found = as_json("statistics", "--by", "measure")
    assert found["total"] == {
        "name": "", "made": 67, "sent": 2, "read": 1, "dead": 2, "cancelled": 2, "rate": 0.0299,
    }  # fmt: skip
    assert run("statistics", "--by", "region").stdout.splitlines()[-1].startswith("合计　触达率 3.0%")
    assert "站内信　触达率 4.8%" in run("statistics").stdout
    assert as_json("statistics", "--to", "2026-10-31")["total"]["cancelled"] == 1
    assert as_json("statistics", "--from", "2026-11-23", "--to", "2026-11-23")["total"]["cancelled"] == 1
    assert "晚于 --to" in run("statistics", "--from", "2026-11-23", "--to", "2026-11-22", code=1).stderr
    assert "不是日期" in run("statistics", "--from", "昨天", code=2).stderr


def test_what_was_given_up_is_sent_anew(made: Desk) -> None:
    dead = as_json("dead")
    assert dead["total"] == 3 and [each["messages"] for each in dead["reasons"]] == [2, 1]
    assert "共 3 条未能送达，列出 1 条" in run("dead", "--limit", "1").stdout
    assert as_json("requeue", made.messages[MessageState.DEAD]) == {"requeued": 1}
    assert made.world.get(made.messages[MessageState.DEAD]).state is MessageState.READY
    assert "没有未能送达的消息" in run("requeue", "--push", made.approved, code=1).stderr
    assert "只能选一种" in run("requeue", code=2).stderr
    assert as_json("requeue", "--all") == {"requeued": 2} and as_json("requeue", "--all") == {"requeued": 0}


def test_targets(made: Desk) -> None:
    assert [each["host"] for each in as_json("targets", "list")["targets"]] == ["a.example.cn", "qyapi.weixin.qq.com"]
    assert as_json("targets", "list")["settings"] == {"contact_key": False, "smtp": False}
    assert "没有设置发信服务器 HUIQI_SMTP" in run("targets", "list").stderr
    assert as_json("targets", "add", "webhook", "Hook.Example.cn")["host"] == "hook.example.cn"
    assert "不是主机名" in run("targets", "add", "feishu", "open feishu", code=1).stderr
    assert "已移除 webhook hook.example.cn" in run("targets", "remove", "webhook", "hook.example.cn").stdout
    assert "不在允许列表中" in run("targets", "remove", "webhook", "hook.example.cn", code=1).stderr
    run("targets", "add", "inbox", "x.cn", code=2)
    log = [(line.action, line.target) for line in AuditLog(made.world.database).lines()]
    assert log == [(f"push.target.{each}", "webhook hook.example.cn") for each in ("remove", "add")]


def test_no_secret_is_listed(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIQI_SMTP", "mailtos://user:geheim@smtp.example.cn?from=a@example.cn")
    monkeypatch.setenv("HUIQI_CONTACT_KEY", "zaV0b8e0m2dGkVMEZ2Jk0x5zVv0mJzv8nQG2b1gq6lE=")
    done = run("targets", "list")
    assert "geheim" not in done.output and "zaV0" not in done.output and "没有设置" not in done.output

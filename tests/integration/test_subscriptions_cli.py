"""The commands `huiqi subscriptions …`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.cli import main
from matcher.contacts import Contacts
from matcher.push.targets import Targets
from matcher.records import Kind, Records
from matcher.seal import Seal
from matcher.store.companies import DEPARTMENT, Channel
from matcher.store.database import Database
from matcher.store.pushes import Message
from matcher.store.tables import Audit, new_id
from tests.subscription_support import KEY, MAIL, NOW


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """What the commands work on, with two companies, the second of which the department keeps."""
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HUIQI_CONTACT_KEY", KEY)
    opened = Database.in_folder(tmp_path)
    Targets(opened).allow(Channel.EMAIL, "*", "root", NOW)
    for owner, name in (("u1", "甲公司"), (DEPARTMENT, "乙公司")):
        Records(opened).save(owner, {"name": name, "region": "山东省/济南市"}, Kind.DECLARED, "", NOW)
    yield opened
    opened.close()


def company(database: Database, owner: str = "u1") -> str:
    return Records(database).list(owner)[0].company_id


def run(*words: str, lines: str = "") -> Result:
    return CliRunner().invoke(main, ["subscriptions", *words], input=lines, prog_name="huiqi")


def as_json(*words: str, lines: str = "") -> Any:
    done = run(*words, "--json", lines=lines)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_from_first_to_last(database: Database) -> None:
    cid = company(database)
    box = as_json("add", cid, "inbox", "--theme", "税费")
    assert (box["state"], box["themes"]) == ("confirmed", ["税费"])
    wishes = ("--frequency", "weekly", "--quiet", "20", "9", "--any-day", "--weekly-cap", "3")
    mail = as_json("add", cid, "email", *wishes, lines=f"{MAIL}\n\n")
    assert mail["state"] == "waiting" and (mail["quiet_from"], mail["quiet_to"]) == (20, 9)
    assert (mail["frequency"], mail["workdays_only"], mail["weekly_cap"]) == ("weekly", False, 3)
    assert mail["confirmed_at"] is None and mail["made_at"].endswith("+08:00")

    listed = run("list")
    assert "共 2 个订阅" in listed.stdout and "等待确认" in listed.stdout and MAIL not in listed.stdout
    assert [one["subscription_id"] for one in as_json("list", "--state", "waiting")] == [mail["subscription_id"]]
    assert as_json("list", "--company", "nothing") == []

    assert as_json("end", mail["subscription_id"])["state"] == "ended"
    assert run("end", mail["subscription_id"]).exit_code == 0, "twice is fine"
    with database.session() as session:
        lines = [(line.action, line.actor) for line in session.query(Audit)]
        assert all(MAIL not in line.target for line in session.query(Audit))
    assert lines == [("subscription.add", "cli")] * 2 + [("subscription.end", "cli")] * 2


def test_staff_invite_all_contacts_of_a_company(database: Database) -> None:
    cid, contacts = company(database, DEPARTMENT), Contacts(database, Seal(KEY))
    contacts.add(cid, Channel.EMAIL, "张", "zhang@example.cn", now=NOW)
    robot = contacts.add(cid, Channel.WECOM, "", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a", now=NOW)
    done = as_json("invite", cid)
    assert len(done["asked"]) == 1 and len(done["problems"]) == 1 and robot.contact_id in done["problems"][0]
    with database.session() as session:
        assert [one.channel for one in session.query(Message)] == [Channel.EMAIL]
    told = run("invite", cid, "--contact", robot.contact_id)
    assert told.exit_code == 1 and "允许列表" in told.stderr


@pytest.mark.parametrize(
    ("words", "lines", "told"),
    [
        (("add", "nothing", "inbox"), "", "没有这家企业"),
        (("add", "CID", "email"), "nobody\n\n", "不是邮箱地址"),
        (("add", "CID", "webhook"), "https://hook.example.cn/x\n\n", "签名密钥"),
        (("add", "CID", "inbox", "--theme", "炒股"), "", "没有“炒股”这个主题"),
        (("end", "nothing"), "", "没有这个订阅"),
        (("invite", "CID"), "", "不是专员导入的企业"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], lines: str, told: str, database: Database) -> None:
    done = run(*(company(database) if word == "CID" else word for word in words), lines=lines)
    assert done.exit_code == 1 and told in done.stderr and done.stdout == ""


def test_without_a_key_nothing_leaves(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUIQI_CONTACT_KEY")
    done = run("add", company(database), "email", lines=f"{MAIL}\n\n")
    assert done.exit_code == 1 and "HUIQI_CONTACT_KEY" in done.stderr


@pytest.mark.parametrize(
    "words", [("add", "c", "fax"), ("list", "--state", "x"), ("add", "c", "inbox", "--quiet", "24", "1")]
)
def test_wrong_usage(words: tuple[str, ...], database: Database) -> None:
    assert run(*words).exit_code == 2


def test_an_id_is_never_like_an_option() -> None:
    assert not any(new_id().startswith("-") for _ in range(2000))

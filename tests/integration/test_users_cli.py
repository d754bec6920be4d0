"""The commands `huiqi users` and `huiqi keys`, and what `huiqi serve` does without users."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.access.accounts import Accounts
from matcher.access.keys import Keys
from matcher.cli import main
from matcher.store.database import Database
from matcher.store.tables import Role

ROOT = Path(__file__).parents[2]
WORDS = "correct horse battery"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("HUIQI_DATA_DIR", str(tmp_path))
    return tmp_path


def run(*words: str, password: str | bytes | None = None) -> Result:
    """A command; a password goes in by standard input."""
    given = [*words, "--password-stdin"] if password is not None else list(words)
    line = f"{password}\n" if isinstance(password, str) else password
    return CliRunner().invoke(main, given, input=line, prog_name="huiqi")


def as_json(*words: str, password: str | None = None) -> Any:
    done = run(*words, "--json", password=password)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_user_from_first_to_last(data_folder: Path) -> None:
    added = as_json("users", "add", "王芳", "--role", "staff", password=WORDS)
    assert added == {**added, "name": "王芳", "role": "staff", "disabled_at": None}
    assert MOMENT.fullmatch(added["created_at"]) and len(added["user_id"]) == 22
    assert "已添加用户 bob，角色：企业" in run("users", "add", "Bob", "--role", "enterprise", password=WORDS).stdout
    assert as_json("users", "role", "bob", "admin")["role"] == "admin"
    assert MOMENT.fullmatch(as_json("users", "disable", "bob")["disabled_at"])
    listed = run("users", "list").stdout.splitlines()
    assert re.fullmatch(r"bob　管理员　已于 \d{4}-\d\d-\d\d \d\d:\d\d 停用　创建于 .*", listed[0])
    assert re.fullmatch(r"王芳　专员　可登录　创建于 .*", listed[1]) and listed[2] == "共 2 个用户"
    assert as_json("users", "enable", "bob")["disabled_at"] is None
    assert as_json("users", "list")[1] == added
    assert as_json("users", "passwd", "bob", password="another phrase of words")["name"] == "bob"
    database = Database.in_folder(data_folder)
    now = Accounts(database).users()[0].created_at
    assert Accounts(database).log_in("bob", WORDS, now, 1) is None
    assert Accounts(database).log_in("bob", "another phrase of words", now, 1) is not None
    database.close()


def test_a_key_is_shown_once(data_folder: Path) -> None:
    done = run("keys", "add", "erp", "--role", "staff")
    secret = done.stdout.strip()  # nothing else goes to standard output
    assert re.fullmatch(r"hq_[\w-]{43}", secret) and "以后不再显示" in done.stderr
    second = as_json("keys", "add", "agent", "--role", "enterprise", "--per-minute", "30")
    assert second["per_minute"] == 30 and second["key"].startswith("hq_")
    listed = run("keys", "list").stdout
    assert "agent　企业　每分钟 30 次　可用" in listed and secret not in listed and "共 2 个密钥" in listed
    assert run("keys", "revoke", "erp").stdout == "已吊销密钥 erp\n"
    assert MOMENT.fullmatch(as_json("keys", "list")[1]["revoked_at"])
    database = Database.in_folder(data_folder)
    assert Keys(database).resolve(secret) is None and Keys(database).resolve(second["key"]) is not None
    database.close()


def test_every_change_is_in_the_log_without_passwords() -> None:
    run("users", "add", "alice", "--role", "staff", password=WORDS)
    run("users", "passwd", "alice", password="another phrase of words")
    run("users", "disable", "alice")
    run("keys", "add", "erp", "--role", "staff")
    lines = as_json("users", "audit")
    found = [(line["actor"], line["action"], line["target"], line["outcome"]) for line in lines]
    assert found == [
        ("cli", "key.add", "erp", "ok"),
        ("cli", "user.disable", "alice", "ok"),
        ("cli", "user.passwd", "alice", "ok"),
        ("cli", "user.add", "alice", "ok"),
    ]
    assert as_json("users", "audit", "--action", "user.add", "--user", "CLI")[0]["target"] == "alice"
    assert as_json("users", "audit", "--limit", "1")[0]["action"] == "key.add"
    shown = run("users", "audit").stdout
    assert "cli　user.add　alice　完成　本机命令" in shown and "共 4 条" in shown
    assert WORDS not in shown + json.dumps(lines)


@pytest.mark.parametrize(
    ("words", "password", "message"),
    [
        (("users", "add", "a b", "--role", "staff"), WORDS, "用户名“a b”：须为 2 至 64 个字符"),
        (("users", "add", "alice", "--role", "staff"), "short", "密码：至少 10 个字符"),
        (("users", "add", "alice", "--role", "staff"), "1234567890", "密码：过于常见或简单"),
        (("users", "add", "alice", "--role", "staff"), "alicealice1", "密码：与用户名太接近"),
        (("users", "add", "alice", "--role", "staff"), b"\xff\xfe\n", "密码不是 UTF-8 文字"),
        (("users", "add", "alice", "--role", "staff"), None, "请加 --password-stdin"),
        (("users", "passwd", "nobody"), WORDS, "没有这个用户。可用 huiqi users list 查看"),
        (("users", "disable", "nobody"), None, "没有这个用户"),
        (("users", "enable", "nobody"), None, "没有这个用户"),
        (("users", "role", "nobody", "staff"), None, "没有这个用户"),
        (("keys", "revoke", "nothing"), None, "没有这个密钥。可用 huiqi keys list 查看"),
        (("keys", "add", "erp", "--role", "staff", "--per-minute", "0"), None, "应在 1 至 10000 之间"),
    ],
)
def test_wrong_input_is_told_and_ends_with_1(words: tuple[str, ...], password: str | None, message: str) -> None:
    done = run(*words, password=password)
    assert done.exit_code == 1 and message in done.stderr and done.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ("users", "add", "alice"), ("users", "add", "alice", "--role", "boss"), ("users", "role", "alice"),
        ("users", "add", "alice", "secret", "--role", "staff"), ("users", "audit", "--limit", "0"), ("keys", "add"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.exit_code == 2 and "错误" in done.stderr


def test_the_same_name_twice() -> None:
    assert run("users", "add", "alice", "--role", "staff", password=WORDS).exit_code == 0
    again = run("users", "add", "ALICE", "--role", "staff", password=WORDS)
    assert again.exit_code == 1 and "用户名“alice”：已经有这个用户。请换一个名称" in again.stderr


def test_at_a_terminal_the_password_is_typed_twice_and_not_shown(data_folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "matcher.cli", "users", "add", "alice", "--role", "staff"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=dict(os.environ)
    ) as process:
        os.close(theirs)
        shown = ""
        for prompt in ("密码", "再输一次密码"):
            while not shown.rstrip().endswith(f"{prompt}:"):
                shown += os.read(ours, 1000).decode()
            os.write(ours, f"{WORDS}\n".encode())
        assert process.wait(60) == 0
    os.close(ours)
    assert WORDS not in shown
    database = Database.in_folder(data_folder)
    assert [(user.name, user.role) for user in Accounts(database).users()] == [("alice", Role.STAFF)]
    database.close()


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("--host", "0.0.0.0"), {}),
        (("--login",), {}),
        ((), {"HUIQI_ORIGIN": "https://huiqi.example.cn"}),
        (("--host", "192.0.2.1"), {}),
    ],
)
def test_where_one_has_to_log_in_and_nobody_can_it_does_not_start(
    words: tuple[str, ...], environment: dict[str, str]
) -> None:
    run("users", "add", "alice", "--role", "staff", password=WORDS)
    run("users", "disable", "alice")
    command = [sys.executable, "-m", "matcher.cli", "serve", "--port", "1", *words]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, timeout=120)
    told = done.stderr.decode()
    assert done.returncode == 2 and done.stdout == b""
    assert "拒绝启动" in told and "huiqi users add 名称 --role staff" in told


def test_a_port_that_is_taken_ends_with_3() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "matcher.cli", "serve", "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == 3
    assert f"端口 {port} 已被占用" in done.stderr.decode() and f"--port {port + 1}" in done.stderr.decode()

"""The commands `huiqi users …` and `huiqi keys …`; matcher.cli finds them by the entry point group `huiqi.commands`."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from matcher.cli import Group, json_option, print_json
from matcher.clock import iso_seconds, now, show_minute
from matcher.command_support import audited, opened, say
from policies.errors import InputError, Problem

if TYPE_CHECKING:
    from matcher.store.database import Database
    from matcher.store.tables import ApiKey, Role, User

Named = TypeVar("Named", "User", "ApiKey")
ROLES = {"enterprise": "企业", "staff": "专员", "evaluator": "评测", "admin": "管理员"}
MAX_PASSWORD_BYTES = 1024
OUTCOMES = {"ok": "完成", "refused": "拒绝", "failed": "失败"}

role_choice = click.Choice(list(ROLES))
role_option = click.option(
    "--role", type=role_choice, required=True,
    help="角色： enterprise 企业， staff 专员， evaluator 评测， admin 管理员（可用全部页面）",
)  # fmt: skip
password_option = click.option(
    "--password-stdin", is_flag=True, help="从标准输入读一行作为密码；不加则在终端提示输入（不显示）"
)


@click.group("users", cls=Group, help="用户：添加、停用、改密码、改角色，查看操作日志。")
def users() -> None:
    """Commands over users."""


@users.command(help="添加用户；密码按提示输入，不写在命令里。")
@click.argument("name", metavar="名称")
@role_option
@password_option
@json_option
def add(name: str, role: str, password_stdin: bool, as_json: bool) -> None:
    """Add a user."""
    from matcher.access.accounts import Accounts, new_name
    from matcher.access.passwords import check_new

    plain = new_name("用户名", name)
    password = _password(password_stdin)
    check_new(password, plain)
    user = _changed("user.add", lambda database: Accounts(database).add(name, _role(role), password, now()))
    say(as_json, _user_json(user), f"已添加用户 {user.name}，角色：{ROLES[user.role]}")


@users.command("list", help="列出全部用户。")
@json_option
def list_users(as_json: bool) -> None:
    """List users."""
    from matcher.access.accounts import Accounts

    with opened() as database:
        found = Accounts(database).users()
    if as_json:
        print_json([_user_json(user) for user in found])
        return
    for user in found:
        state = f"已于 {show_minute(user.disabled_at)} 停用" if user.disabled_at else "可登录"
        click.echo(f"{user.name}　{ROLES[user.role]}　{state}　创建于 {show_minute(user.created_at)}")
    click.echo(f"共 {len(found)} 个用户")


@users.command(help="停用用户：不能再登录，已有的登录立即失效。")
@click.argument("name", metavar="名称")
@json_option
def disable(name: str, as_json: bool) -> None:
    """Disable a user."""
    from matcher.access.accounts import Accounts

    user = _changed("user.disable", lambda database: Accounts(database).disable(name, now()))
    say(as_json, _user_json(user), f"已停用用户 {user.name}，其登录全部失效")


@users.command(help="恢复已停用的用户。")
@click.argument("name", metavar="名称")
@json_option
def enable(name: str, as_json: bool) -> None:
    """Enable a user."""
    from matcher.access.accounts import Accounts

    user = _changed("user.enable", lambda database: Accounts(database).enable(name))
    say(as_json, _user_json(user), f"已恢复用户 {user.name}")


@users.command(help="重设密码；该用户已有的登录立即失效。")
@click.argument("name", metavar="名称")
@password_option
@json_option
def passwd(name: str, password_stdin: bool, as_json: bool) -> None:
    """Give a user another password."""
    from matcher.access.accounts import Accounts

    password = _password(password_stdin)
    user = _changed("user.passwd", lambda database: Accounts(database).set_password(name, password))
    say(as_json, _user_json(user), f"已重设用户 {user.name} 的密码，其登录全部失效")


@users.command(help="改角色：enterprise、staff、evaluator 或 admin；立即生效。")
@click.argument("name", metavar="名称")
@click.argument("role", type=role_choice, metavar="角色")
@json_option
def role(name: str, role: str, as_json: bool) -> None:
    """Give a user another role."""
    from matcher.access.accounts import Accounts

    user = _changed("user.role", lambda database: Accounts(database).set_role(name, _role(role)))
    say(as_json, _user_json(user), f"用户 {user.name} 的角色已改为{ROLES[user.role]}")


@users.command("audit", help="查看操作日志，最新的在前：登录、拒绝、用户和密钥的变动、下载。")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, metavar="条数", help="最多列出多少条，默认 100")
@click.option("--user", "actor", default="", metavar="名称", help="只看这个用户或密钥的操作")
@click.option("--action", default="", metavar="动作", help="只看这种动作，如 user.add")
@json_option
def audit(limit: int, actor: str, action: str, as_json: bool) -> None:
    """List the audit log."""
    from matcher.access.accounts import plain_name
    from matcher.access.audit import AuditLog

    with opened() as database:
        lines = AuditLog(database).lines(limit, actor=plain_name(actor), action=action)
    if as_json:
        fields = ("actor", "action", "target", "outcome", "request_id", "address")
        print_json([{"at": _iso(line.at), **{field: getattr(line, field) for field in fields}} for line in lines])
        return
    for line in lines:
        who, where = line.actor or "（未登录）", line.address or "本机命令"
        click.echo(f"{show_minute(line.at)}　{who}　{line.action}　{line.target}　{OUTCOMES[line.outcome]}　{where}")
    click.echo(f"共 {len(lines)} 条")


# ---- keys -----------------------------------------------------------------------------------------------------------


@click.group("keys", cls=Group, help="接口密钥：供其他系统调用本服务的接口。")
def keys() -> None:
    """Commands over keys."""


@keys.command("add", help="新建密钥；密钥只显示这一次。")
@click.argument("name", metavar="名称")
@role_option
@click.option("--per-minute", type=int, default=120, metavar="次数", help="每分钟最多请求数，默认 120")
@json_option
def add_key(name: str, role: str, per_minute: int, as_json: bool) -> None:
    """Make a key."""
    from matcher.access.keys import Keys

    with opened() as database:
        secret, key = Keys(database).add(name, _role(role), per_minute, now())
        audited(database, "key.add", key.name)
    if as_json:
        print_json({**_key_json(key), "key": secret})
        return
    click.echo(f"已新建密钥 {key.name}，角色：{ROLES[key.role]}，每分钟最多 {key.per_minute} 次请求。", err=True)
    click.echo("请立即保存，以后不再显示：", err=True)
    click.echo(secret)


@keys.command("list", help="列出全部密钥（不含密钥本身）。")
@json_option
def list_keys(as_json: bool) -> None:
    """List keys."""
    from matcher.access.keys import Keys

    with opened() as database:
        found = Keys(database).all()
    if as_json:
        print_json([_key_json(key) for key in found])
        return
    for key in found:
        state = f"已于 {show_minute(key.revoked_at)} 吊销" if key.revoked_at else "可用"
        click.echo(f"{key.name}　{ROLES[key.role]}　每分钟 {key.per_minute} 次　{state}")
    click.echo(f"共 {len(found)} 个密钥")


@keys.command(help="吊销密钥，立即生效。")
@click.argument("name", metavar="名称")
@json_option
def revoke(name: str, as_json: bool) -> None:
    """Revoke a key."""
    from matcher.access.keys import Keys

    key = _changed("key.revoke", lambda database: Keys(database).revoke(name, now()))
    say(as_json, _key_json(key), f"已吊销密钥 {key.name}")


# ---- shared ---------------------------------------------------------------------------------------------------------


def _changed(action: str, change: Callable[[Database], Named]) -> Named:
    with opened() as database:
        changed = change(database)
        audited(database, action, changed.name)
    return changed


def _password(from_stdin: bool) -> str:
    """The password: a line of standard input, or typed twice at the terminal."""
    if from_stdin:
        line = sys.stdin.buffer.readline(MAX_PASSWORD_BYTES + 1)
        try:
            return line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError([Problem("标准输入", "密码不是 UTF-8 文字")]) from error
    if not sys.stdin.isatty():
        raise InputError([Problem("密码", "没有可以输入密码的终端", "请加 --password-stdin，从标准输入传入密码")])
    typed: str = click.prompt("密码", hide_input=True, confirmation_prompt="再输一次密码")
    return typed


def _role(name: str) -> Role:
    from matcher.store.tables import Role

    return Role(name)


def _iso(moment: dt.datetime | None) -> str | None:
    return iso_seconds(moment) if moment else None


def _user_json(user: User) -> dict[str, Any]:
    return {
        "user_id": user.user_id, "name": user.name, "role": user.role.value,
        "created_at": _iso(user.created_at), "disabled_at": _iso(user.disabled_at),
    }  # fmt: skip


def _key_json(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id, "name": key.name, "role": key.role.value, "per_minute": key.per_minute,
        "created_at": _iso(key.created_at), "revoked_at": _iso(key.revoked_at),
    }  # fmt: skip

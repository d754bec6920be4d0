"""The command `huiqi`. Heavy modules are imported inside the commands, so that `--help` is instant.

Exit codes: 0 done, 1 the input was wrong, 2 wrong usage, 3 something needed is unavailable.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import gettext
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is fetched at run time
os.environ["LANGUAGE"] = "zh_CN"
gettext.bindtextdomain("messages", str(Path(__file__).with_name("locale")))  # click's own messages in Chinese

import click  # noqa: E402  # after its language is set

from matcher import clock  # noqa: E402  # as above
from policies.errors import HuiqiError, IndexStateError, InputError, ModelUnavailable, PolicyError, Problem  # noqa: E402

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from matcher.service import Matcher
    from matcher.settings import Settings
    from policies.library import Library

WRONG_INPUT, UNAVAILABLE = 1, 3
MAX_PROFILE_BYTES = 2_000_000
YEARS = range(1900, 2200)

for _stream in (sys.stdout, sys.stderr):
    # A terminal in GBK or ASCII lacks some characters: a sign lost is better than no answer.
    if isinstance(_stream, io.TextIOWrapper) and _stream.errors == "strict":
        _stream.reconfigure(errors="replace")


class Command(click.Command):
    """A command whose usage line is Chinese."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        super().__init__(*args, **kwargs)


class Group(click.Group):
    """A group that turns every huiqi error into a Chinese message and an exit code."""

    command_class = Command
    group_class: type[click.Group] | type[type] | None = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        kwargs.setdefault("subcommand_metavar", "命令 …")
        super().__init__(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; no traceback ever reaches a user for an error made on purpose."""
        try:
            return super().invoke(ctx)
        except (ModelUnavailable, IndexStateError) as error:
            _fail(error, UNAVAILABLE)
        except HuiqiError as error:
            _fail(error, WRONG_INPUT)


class Root(Group):
    """The top group: it also has the commands that the package declares as entry points `huiqi.commands`."""

    group_class = Group

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, without loading the declared ones."""
        return sorted({*super().list_commands(ctx), *_declared()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command; a declared one is imported now."""
        found = super().get_command(ctx, cmd_name)
        if found is not None or cmd_name not in _declared():
            return found
        loaded: click.Command = _declared()[cmd_name].load()
        return loaded


@functools.cache
def _declared() -> dict[str, EntryPoint]:
    """Entry points of this package only: reading those of every package would cost more than the command."""
    from importlib.metadata import distributions

    # In a checkout an old egg-info can stand in front of the installed metadata: both are read.
    found = [entry for installed in distributions(name="huiqi") for entry in installed.entry_points]
    return {entry.name: entry for entry in found if entry.group == "huiqi.commands"}


def _fail(error: HuiqiError, code: int) -> None:
    problems = error.problems if isinstance(error, InputError | PolicyError) else ()
    if len(problems) > 1:
        click.echo(f"有 {len(problems)} 处需要修改：", err=True)
    for line in [f"- {problem}" for problem in problems] if len(problems) > 1 else [str(error)]:
        click.echo(line, err=True)
    raise SystemExit(code)


def _as_of(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.date:
    """The query date: as given, else today in China. The only place where the clock is read for matching."""
    return clock.now().date() if value is None else read_day(value)


def read_day(value: str) -> dt.date:
    """A date option as given; BadParameter says what is wrong with it."""
    try:
        day = dt.date.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"“{value}”不是日期，请写成 2026-11-23") from error
    if day.year not in YEARS:
        raise click.BadParameter(f"“{value}”应在 {YEARS.start} 年至 {YEARS.stop - 1} 年之间")
    return day


as_of_option = click.option("--as-of", callback=_as_of, metavar="日期", help="查询日期，如 2026-11-23；默认今天")
library_option = click.option(
    "--library", type=click.Path(path_type=Path), metavar="目录", help="政策库文件夹；默认随软件的政策库"
)
json_option = click.option("--json", "as_json", is_flag=True, help="输出 JSON")
lenient_option = click.option("--lenient", is_flag=True, help="跳过有错误的政策文件")
dense_option = click.option(
    "--no-dense", "dense", flag_value=False, default=True, help="不用语义模型，只按规则和字词匹配"
)


@click.group(
    cls=Root,
    help="惠企：找到企业真正能享受的政策，说明理由、金额、期限和下一步。",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="huiqi", prog_name="huiqi", message="%(prog)s %(version)s")
def main() -> None:
    """The command group."""


def read_settings() -> Settings:
    """The settings; InputError names what is wrong in huiqi.toml or the environment."""
    from pydantic import ValidationError

    from matcher.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        names = "、".join(str(item["loc"][0]) for item in error.errors())
        raise InputError([Problem("设置（huiqi.toml 或 HUIQI_ 环境变量）", f"{names} 的值不正确")]) from error


def open_matcher(library: Path | None, *, lenient: bool, dense: bool, batch: bool = False) -> Matcher:
    """The matcher for a command: options before settings; says on stderr what a lenient load left out."""
    from matcher.service import Matcher

    settings = read_settings()
    matcher = Matcher.open(
        library or settings.library, model=settings.model, dense=dense and settings.dense, lenient=lenient, batch=batch
    )
    _say_left_out(matcher.library)
    return matcher


def load(library: Path | None, *, lenient: bool) -> Library:
    """The library of an option or of the settings; names the files that a lenient load left out."""
    from policies.library import load_library

    loaded = load_library(library or read_settings().library, lenient=lenient)
    _say_left_out(loaded)
    return loaded


def _say_left_out(library: Library) -> None:
    """Name the policy files that a lenient load left out."""
    if library.problems:
        click.echo(f"已跳过有错误的政策文件，{len(library.problems)} 处错误：", err=True)
    for problem in library.problems:
        click.echo(f"- {problem}", err=True)


def print_json(value: object) -> None:
    """Print a value as JSON that this terminal can show."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)  # what reads it gets every character
    click.echo(text)


@main.command(help="为一家企业匹配政策（“-” 表示从标准输入读取）。")
@click.argument("profile", type=click.Path(path_type=Path), metavar="企业信息.json")
@as_of_option
@click.option("-k", "k", type=click.IntRange(1, 500), default=10, metavar="项数", help="显示的事项数，默认 10")
@library_option
@lenient_option
@dense_option
@json_option
def match(
    profile: Path, as_of: dt.date, k: int, library: Path | None, lenient: bool, dense: bool, as_json: bool
) -> None:
    """Match one company."""
    from matcher.wire import result_json
    from policies.profile import CompanyProfile

    company = CompanyProfile.from_json(read_input(profile))
    result = open_matcher(library, lenient=lenient, dense=dense).match(company, as_of, k)
    if as_json:
        print_json(result_json(result))
        return
    from rich.console import Console

    from matcher.show import print_result

    print_result(result, Console(width=None if sys.stdout.isatty() else 120))


def read_input(path: Path) -> bytes:
    """Content of a file, or of standard input for "-"; InputError if it is too large or cannot be read."""
    where = "标准输入" if str(path) == "-" else str(path)
    try:
        with contextlib.nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as stream:
            content = stream.read(MAX_PROFILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = "没有这个文件" if isinstance(error, FileNotFoundError) else "读不了这个文件"
        raise InputError([Problem(where, reason, "请检查路径和权限")]) from error
    if len(content) > MAX_PROFILE_BYTES:
        reason = f"内容超过 {MAX_PROFILE_BYTES // 1_000_000} MB"
        raise InputError([Problem(where, reason, "请只保留一家企业的信息")])
    return content


@main.group(help="检索索引。")
def index() -> None:
    """Commands over the index."""


@index.command(help="重新生成检索索引。")
@library_option
@lenient_option
@dense_option
@click.option("--ship", is_flag=True, help="维护者用：同时更新随软件发布的向量")
@json_option
def build(library: Path | None, lenient: bool, dense: bool, ship: bool, as_json: bool) -> None:
    """Build the index anew."""
    from index.encoder import lazy_encoder
    from matcher.retrieval import index_folder, prepare_index, ship_vectors

    settings = read_settings()
    loaded = load(library, lenient=lenient)
    encoder = lazy_encoder(settings.model, batch=True) if dense and settings.dense else None
    if ship and encoder is not None:
        click.echo(f"已更新 {ship_vectors(loaded, encoder)}", err=True)
    built = prepare_index(loaded, encoder, rebuild=True)
    folder = index_folder(loaded, built.manifest.model_id)
    if as_json:
        print_json({"measures": len(built), "model": built.manifest.model_id, "folder": str(folder)})
        return
    click.echo(f"已为 {len(built)} 个事项生成索引（模型：{built.manifest.model_id or '无，只按字词'}），位于 {folder}")


@main.command(help="启动网站：在本机使用不需要登录；监听其他地址，或设置了浏览器使用的网址，就须登录后使用。")
@click.option("--host", metavar="地址", help="监听地址，默认 127.0.0.1")
@click.option("--port", type=click.IntRange(1, 65535), metavar="端口", help="监听端口，默认 7860")
@click.option("--login", is_flag=True, help="在本机使用也须登录")
def serve(host: str | None, port: int | None, login: bool) -> None:
    """Serve the pages."""
    import app

    settings = read_settings()
    raise SystemExit(app.main(host or settings.host, port or settings.port, login))


if __name__ == "__main__":
    main()

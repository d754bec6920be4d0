"""The reference of commands, settings, profile fields and vocabularies, made from the code itself.

`python -m matcher.reference > docs/reference.md` writes it; a test fails where the file is not what this module prints.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

import click

from matcher.cli import main
from matcher.settings import Settings
from policies.facts import MAX_ITEMS, MAX_TEXT_CHARS
from policies.fields import Field, Kind, registry
from policies.profile import MAX_PLANS
from policies.vocabulary import Term, Vocabulary, vocabularies

INTRODUCTION = """# 参考手册

<!-- 由 python -m matcher.reference > docs/reference.md 生成，请勿手改。 -->

命令、设置、企业信息字段和词表。内容由程序代码生成。

- [命令](#命令)
- [设置](#设置)
- [企业信息字段](#企业信息字段)
- [词表](#词表)
"""

COMMANDS = """## 命令

每个命令都可以加 `-h` 或 `--help` 查看帮助；`huiqi --version` 显示版本。`--json` 输出 JSON，供其他程序读取。

| 退出码 | 含义 |
|---|---|
| 0 | 完成 |
| 1 | 输入有误：信息里说明哪一项、为什么、怎么改 |
| 2 | 命令写法有误 |
| 3 | 缺少所需的东西（如向量模型、计算集群） |
| 130 | 按 Ctrl-C 停下；`huiqi bulk` 可加 `--resume` 接着算 |
"""

SETTINGS = """## 设置

写在当前文件夹的 `huiqi.toml` 里，或用环境变量；两处都有时以环境变量为准，命令行选项优先于两者。例如：

```toml
model = "/data/models/bge-small-zh-v1.5"
port = 8000
```

另有环境变量 `HUIQI_CACHE_DIR`：缓存文件夹，默认在用户缓存目录；缓存可以随时删除，会自动重新生成。
"""

FIELDS = f"""## 企业信息字段

企业信息是一个 JSON 对象，键为下表的字段名。
每一项都可以不填（不写，或写 `null`、`"不清楚"`）；不填就是未知，不会当作“没有”。

- 范围为“计划”的字段写在 `plans` 的各项计划里；写在企业一级时，对没有填写该项的计划同样有效。
- `plans`：列表，最多 {MAX_PLANS} 项，每项是一个对象，用 `text` 写计划内容，再加计划字段。
- `other`：对象，其他信息。里面未收录的键只作提示，不参与条件判断；别处出现未知的字段则报错。
- “可推算”的字段不必填，由其他字段算出；填写了就以填写的为准。

```json
{{"name": "…", "region": "山东省/济南市", "employees": 168, "revenue_wan": "1.5亿", "honours": ["高新技术企业"],
 "plans": [{{"text": "购置五轴加工中心 3 台", "equipment_invest_wan": 1300}}], "other": {{"patents": 7}}}}
```
"""

VOCABULARIES = """## 词表

列表类和选项类字段可以填写的值。别名与正名等同；括号全角半角、空格、引号不影响识别。
"""

SETTING_KINDS = {
    "Path": "文件夹", "SecretStr": "密文", "str": "文字", "bool": "是否", "int": "数字", "date": "日期",
}  # fmt: skip
SETTING_TEXTS = {
    "library": "政策库文件夹；不填用随软件的政策库",
    "model": "sentence-transformers 模型的名称或文件夹；不填用随软件的 multilingual-e5-small。运行时不下载模型",
    "dense": "是否用语义模型；否则只按规则和字词匹配",
    "host": "网站监听地址",
    "port": "网站监听端口",
    "as_of": "网页没有指定日期时按哪一天查询；不填为今天（北京时间）",
    "data_dir": "数据文件夹：数据库、上传的表格和生成的结果；默认在用户数据目录",
    "database": "数据库地址（SQLAlchemy 写法）；不填用数据文件夹里的 huiqi.sqlite",
    "login": "在本机使用也须登录；监听其他地址或设置了 `origin` 时总须登录",
    "origin": "浏览器使用的网址，如 `https://huiqi.example.cn`（前面有反向代理时填写）；https 开头时登录只走加密",
    "login_hours": "登录后多少小时须重新登录，1 至 720",
    "upload_mib": "上传表格的大小上限，单位 MiB，1 至 1024",
    "contact_key": "联系方式加密、链接签名所用的密钥，只放在环境变量里；用 `huiqi store key` 生成",
    "smtp": "发信服务器，如 `mailtos://用户:密码@smtp.example.cn?from=huiqi@example.cn`",
    "closing_days": "截止前多少天再提醒一次",
}
KIND_NAMES: dict[Kind, str] = {
    "number": "数字", "ratio": "比例", "date": "日期", "class": "等级", "industry": "行业", "region": "地区",
    "set": "列表", "choice": "选项", "flag": "是否", "text": "文字",
}  # fmt: skip
WRITING: dict[Kind, str] = {
    "ratio": '`0.03` 或 `"3%"`',
    "date": '`"2015-06-01"`、`"2015-06"`、`"2015年6月"` 或 `"2015"`',
    "industry": '`"C3421"`、`"金属切削机床制造"` 或两者一起',
    "region": '`"山东省/济南市/历城区"` 或 `"370112"`',
    "flag": '`true`、`false`，或 `"是"`、`"否"`',
    "text": f"文字，最多 {MAX_TEXT_CHARS} 字",
}
EXAMPLES = {
    "万元": '`3200`、`"3200万"`、`"1.5亿"` 或 `"1000-2000万元"`',
    "人": '`168`、`"168人"` 或 `"20-49人"`',
}


def reference() -> str:
    """The whole reference in Markdown."""
    parts = [INTRODUCTION, COMMANDS, *_commands(main, ("huiqi",)), SETTINGS, _settings(), FIELDS, *_groups()]
    parts += [VOCABULARIES, *(_vocabulary(entry) for entry in vocabularies().values())]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _commands(command: click.Command, words: tuple[str, ...]) -> Iterator[str]:
    """One section per command, those of a group after it; a group's nameless command speaks for the group."""
    context = click.Context(command, info_name=" ".join(words), help_option_names=["-h", "--help"])
    below = {}
    if isinstance(command, click.Group):
        found = {name: command.get_command(context, name) for name in command.list_commands(context)}
        below = {name: entry for name, entry in found.items() if entry is not None and not entry.hidden}
    if len(words) > 1 and "" not in below:
        yield _command(command, context, words)
    for name, entry in sorted(below.items()):
        yield from _commands(entry, (*words, name) if name else words)


def _command(command: click.Command, context: click.Context, words: tuple[str, ...]) -> str:
    usage = " ".join((*words, *command.collect_usage_pieces(context)))
    text = f"### {' '.join(words)}\n\n{command.help or ''}\n\n```\n{usage}\n```\n"
    rows = [_parameter(entry, context) for entry in command.params]
    return text + ("\n" + _table(("参数或选项", "说明"), rows) if rows else "")


def _parameter(entry: click.Parameter, context: click.Context) -> tuple[str, str]:
    metavar = entry.make_metavar(context)
    if not isinstance(entry, click.Option):
        return f"`{metavar}`", "可不写" if not entry.required else "必写"
    named = "、".join(f"`{name}`" for name in (*entry.opts, *entry.secondary_opts))
    value = "" if entry.is_flag else f" {metavar}"
    return named + value, (entry.help or "") + ("（必写）" if entry.required else "")


def _settings() -> str:
    rows = []
    for name, entry in Settings.model_fields.items():
        default = "空" if entry.default is None else f"`{str(entry.default).lower()}`"
        kind = _setting_kind(entry.annotation)
        rows.append((f"`{name}`", f"`HUIQI_{name.upper()}`", kind, default, SETTING_TEXTS[name]))
    return _table(("设置", "环境变量", "类型", "默认", "说明"), rows)


def _setting_kind(annotation: Any) -> str:
    optional = get_origin(annotation) in {Union, UnionType}
    plain = next(kind for kind in get_args(annotation) if kind is not type(None)) if optional else annotation
    return SETTING_KINDS[plain.__name__]


def _groups() -> Iterator[str]:
    head = ("字段", "名称", "类型", "单位", "范围", "写法", "说明")
    for group in dict.fromkeys(entry.group for entry in registry().values()):
        rows = [_field(entry) for entry in registry().values() if entry.group == group]
        yield f"### {group}\n\n{_table(head, rows)}"


def _field(entry: Field) -> tuple[str, ...]:
    notes = [entry.help, "可推算" if entry.derived else ""]
    notes += [f"也可写作 {'、'.join(f'`{alias}`' for alias in entry.aliases)}"] if entry.aliases else []
    notes += [] if entry.exhaustive else ["没有列出的不当作“没有”"]
    scope = "计划" if entry.scope == "plan" else "企业"
    note = "；".join(filter(None, notes))
    return f"`{entry.name}`", entry.label, KIND_NAMES[entry.kind], entry.unit, scope, how_to_write(entry), note


def how_to_write(entry: Field) -> str:
    """How a field is written in a profile, in Chinese with an example."""
    if entry.name == "uscc":
        return "18 位文字，校验位须正确"
    match entry.kind:
        case "number":
            return EXAMPLES.get(entry.unit, "`3`")
        case "class":
            return "、".join(f'`"{name}"`' for name in entry.classes)
        case "set":
            return f"[{entry.vocabulary}](#词表-{entry.vocabulary}) 中的若干项，最多 {MAX_ITEMS} 项；没有写 `[]`"
        case "choice":
            return f"[{entry.vocabulary}](#词表-{entry.vocabulary}) 中的一项"
        case _:
            return WRITING[entry.kind]


def _vocabulary(vocabulary: Vocabulary) -> str:
    users = [entry.where for entry in registry().values() if entry.vocabulary == vocabulary.name]
    terms = list(vocabulary.terms.values())
    rich = any(term.level or term.valid_years or term.implies or term.requires or term.note for term in terms)
    head = ("值", "别名", "级别", "有效期", "同时视为", "须先取得", "说明") if rich else ("值", "别名")
    table = _table(head, [_term(term)[: len(head)] for term in terms])
    return f"### 词表 {vocabulary.name}\n\n用于：{'、'.join(users) or '政策规则'}\n\n{table}"


def _term(term: Term) -> tuple[str, ...]:
    years = f"{term.valid_years:g} 年" if term.valid_years else ""
    links = ("、".join(term.implies), "、".join(term.requires))
    return term.name, "、".join(term.aliases), term.level or "", years, *links, term.note


if __name__ == "__main__":
    sys.stdout.buffer.write(reference().encode())

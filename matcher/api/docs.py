"""The OpenAPI document as one page for people: no script of its own, nothing from outside."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from matcher.api import words
from matcher.api.problems import KINDS
from matcher.api.reference import BASE, METHODS

Json = dict[str, Any]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"type_parts": type_parts, "first_example": first_example, "as_json": as_json, "w": words}
    return environment


def docs_page(document: Json) -> str:
    """The document as a page."""
    lead, _, rest = document["info"]["description"].partition("\n\n")
    points = [line.removeprefix("- ") for line in rest.splitlines() if line]
    listed = [
        {**operation, "method": method.upper(), "path": path}
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    return _environment().get_template("docs.html").render(
        document=document, lead=lead, points=points, operations=listed, kinds=KINDS, base=BASE
    )  # fmt: skip


def type_parts(schema: Json) -> list[tuple[str, str | None]]:
    """What a schema allows, as pieces of text, each with the component that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return [(name, name)]
    if "anyOf" in schema:
        return _joined([type_parts(each) for each in schema["anyOf"]])
    if "const" in schema:
        return [(as_json(schema["const"]), None)]
    if "enum" in schema:
        return _joined([[(str(value), None)] for value in schema["enum"]])
    if schema.get("type") == "array":
        return [*type_parts(schema["items"]), (words.LIST_OF, None)]
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return [(words.MAP_OF, None), *type_parts(schema["additionalProperties"])]
    if schema.get("format") in words.FORMATS:
        return [(words.FORMATS[schema["format"]], None)]
    return [(words.TYPES.get(schema.get("type", ""), words.ANY_TYPE), None)]


def _joined(parts: list[list[tuple[str, str | None]]]) -> list[tuple[str, str | None]]:
    found = parts[0]
    for part in parts[1:]:
        found = [*found, (words.COMMA, None), *part]
    return found


def first_example(shown: Json) -> Any:
    """The first example of a parameter or a property; None without one."""
    examples = shown.get("examples") or shown.get("schema", {}).get("examples") or [None]
    return examples[0] if isinstance(examples, list) else next(iter(examples.values()))["value"]


def as_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, indent=indent)

"""The OpenAPI document is complete and Chinese; docs/api.zh.md and the page name everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from matcher.api import create
from matcher.api.company import MAX_TEXT_CHARS, MAX_VALUE_CHARS
from matcher.api.documented import OPERATIONS
from matcher.api.problems import KINDS
from matcher.api.reference import METHODS, example
from matcher.api.requests import MAX_BATCH, MAX_K, MAX_REVERSE
from matcher.jobs import MAX_OPEN
from matcher.services import Services
from matcher.store.tables import Role
from policies.profile import MAX_PLANS
from tests.api_support import client, mounted, open_services

GUIDE = Path(__file__).parents[2] / "docs" / "api.zh.md"
CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{4,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row; names of fields and of formats are single words."""
Json = dict[str, Any]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    waiting = open_services(tmp_path_factory.mktemp("api"))
    yield waiting
    waiting.database.close()


@pytest.fixture(scope="module")
def document(services: Services) -> Json:
    return create(services).openapi()


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in item:
            assert method in METHODS
            yield method.upper(), path, item[method]


def test_every_operation_is_described_in_chinese(document: Json) -> None:
    found = list(operations(document))
    assert {operation["operationId"] for _, _, operation in found} == OPERATIONS.keys() and len(found) == 20
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, operation in found:
        where = f"{method} {path}"
        assert CHINESE.search(operation["summary"]) and CHINESE.search(operation["description"]), where
        assert set(operation["tags"]) <= tags and operation["tags"], where
        for parameter in operation.get("parameters", []):
            said = parameter.get("description") or parameter["schema"].get("description")
            assert CHINESE.search(said), (where, parameter["name"])
            assert parameter.get("examples") or parameter["schema"].get("examples"), (where, parameter["name"])


def test_every_operation_shows_its_answers_and_its_errors(document: Json) -> None:
    for method, path, operation in operations(document):
        responses = operation["responses"]
        assert any(status.startswith("2") for status in responses), path
        open_to_all = path.startswith("/health")
        assert ("security" in operation) != open_to_all, path
        expected = {"405", "500"} if open_to_all else {"401", "403", "405", "429", "500"}
        expected |= {"400", "413", "415", "422"} if method == "POST" else set()
        expected |= {"404", "422"} if "{" in path else set()
        assert expected <= responses.keys(), path
        for status, response in responses.items():
            assert CHINESE.search(response["description"]), (path, status)
            for media_type, body in response["content"].items():
                assert (media_type == "application/problem+json") == (int(status) >= 400), (path, status)
                if "json" in media_type and "$ref" in body["schema"]:
                    assert body["example"], (path, status)
        assert "requestBody" in operation or method != "POST"


def test_every_field_has_a_meaning_and_an_example(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        assert CHINESE.search(schema["description"]), name
        for key, part in schema.get("properties", {}).items():
            assert CHINESE.search(part["description"]), (name, key)
            assert "examples" in part or "#/components" in str(part), (name, key)


def test_no_english_is_left(document: Json) -> None:
    def texts(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (node[key] for key in ("title", "description", "summary") if isinstance(node.get(key), str))
        for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from texts(each)

    said = list(texts(document))
    assert len(said) > 300 and [text for text in said if not CHINESE.search(text) or ENGLISH.search(text)] == []


def test_the_examples_keep_to_their_schemas(document: Json) -> None:
    schemas = document["components"]["schemas"]
    checked = 0
    for name, schema in schemas.items():
        shape = jsonschema_rs.validator_for({**schema, "components": document["components"]})
        assert shape.is_valid(example(schema, schemas)) or "enum" in schema, (name, example(schema, schemas))
        for key, part in schema.get("properties", {}).items():
            own = jsonschema_rs.validator_for({**part, "components": document["components"]})
            for shown in part.get("examples", []):
                assert own.is_valid(shown), (name, key, shown)
                checked += 1
    assert checked > 200


def test_the_document_is_sound(document: Json) -> None:
    assert document["openapi"].startswith("3.1") and document["servers"] == [{"url": "/api/v1"}]
    references = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert references == document["components"]["schemas"].keys()  # none dangles, none is left over
    for group in document["components"].values():
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in group)
    assert "x-huiqi" not in str(document)


def test_the_page_needs_nothing_from_outside(services: Services) -> None:
    page = client(mounted(services), None).get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    links = _Links()
    links.feed(page.text)
    assert {link for link in links.loaded} == {"/static/huiqi.css", "/static/huiqi.js"}
    assert links.anchors <= links.ids and not links.handlers and "<style" not in page.text
    for name in OPERATIONS:
        assert name in links.ids


class _Links(HTMLParser):
    """What a page loads, links to within itself, and runs."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.anchors: set[str] = set()
        self.ids: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "link", "img", "iframe"}:
            self.loaded.add(str(given.get("src") or given.get("href")))
        href = given.get("href") or ""
        if tag == "a" and href.startswith("#"):
            self.anchors.add(href[1:])
        self.ids |= {given["id"]} if given.get("id") else set()
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]


def test_the_guide_names_every_path_error_and_role(document: Json) -> None:
    guide = GUIDE.read_text("utf-8")
    for method, path, _ in operations(document):
        assert f"`{method} {path}`" in guide, (method, path)
    for kind in KINDS:
        assert f"| {kind.status} | `{kind.name}` |" in guide
    assert all(f"| `{role.value}`" in guide for role in Role)
    limits = {"`POST /match` 的 `k`": MAX_K, "`POST /match/batch` 的企业": MAX_BATCH, "一家企业的计划": MAX_PLANS,
              "`POST /reverse` 的候选企业": MAX_REVERSE, "文字字段": MAX_TEXT_CHARS, "其他字段": MAX_VALUE_CHARS,
              "同时排队或处理的作业": f"每个密钥 {MAX_OPEN}"}  # fmt: skip
    for what, limit in limits.items():
        assert re.search(rf"\| {re.escape(what)} \| {limit}\b", guide), what
    links = re.findall(r"\]\(#([^)]+)\)", guide)
    assert links and set(links) <= set(re.findall(r"(?m)^## (.+)$", guide))

"""The OpenAPI document, completed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from matcher.api.company import SCHEMA_KEY, components
from matcher.api.problems import KINDS, MEDIA_TYPE

Json = dict[str, Any]

TITLE = "惠企政策匹配接口"
DESCRIPTION = """\
用企业信息匹配惠企政策：为什么、大约多少钱、什么时候截止、下一步做什么；或按政策找企业。

- 每个回答都有 request_id（请求编号）、library_version（政策库版本）和 as_of（按哪一天判断）。
- 不清楚的信息不填或填 null，绝不当成 0 或“没有”。金额可以写成“3200万”“1.5亿”。
- 出错时回答 application/problem+json（RFC 9457），problems 逐处说明哪里错了、怎样改。
- 结果由系统按政策规定自动比对，仅供参考，以主管部门解释和最终审核为准。
"""
TAGS = [
    {"name": "匹配", "description": "企业与政策的匹配、解释、追问和反馈。"},
    {"name": "政策库", "description": "查政策，查字段。"},
    {"name": "作业", "description": "成批的企业：上传、看进度、取结果。"},
    {"name": "运行", "description": "状态和指标。"},
]
_ENUMS = {"Lifecycle": "政策在查询日期的状态", "WindowPhase": "申报时间在查询日期的状态"}
BASE = "/api/v1"
"""Where the interface is mounted."""
METHODS = ("get", "post", "put", "patch", "delete")
_DEPTH = 6


def complete(document: Json) -> Json:
    """Complete what FastAPI has made: schemas of a company, problem details, examples; no English titles."""
    schemas: Json = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= components(full=False)
    _walk(document["paths"])
    for name, schema in schemas.items():
        title = schema.pop("title", "")
        _walk(schema)
        if name not in components(full=False):
            schema["description"] = f"{_ENUMS.get(name, title)}。"
    for operation in operations(document):
        _complete(operation, schemas)
    return document


def operations(document: Json) -> Iterator[Json]:
    """Every operation of a document."""
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in METHODS)


def _walk(node: Any) -> None:
    """Put the components' references in, and take the titles out that were made from English names."""
    if isinstance(node, list):
        for each in node:
            _walk(each)
    elif isinstance(node, dict):
        named = node.pop(SCHEMA_KEY, None)
        if named is not None:
            node["$ref"] = f"#/components/schemas/{named}"
        if isinstance(node.get("title"), str):
            del node["title"]
        for key, each in node.items():
            if key not in {"examples", "example", "default"}:
                _walk(each)


def _complete(operation: Json, schemas: Json) -> None:
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        if int(status) >= 400:
            schema = content.pop("application/json")["schema"]
            content[MEDIA_TYPE] = {"schema": schema, "example": _problem(int(status))}
        elif "application/json" in content:
            content["application/json"]["example"] = example(content["application/json"]["schema"], schemas)
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == "application/json":
            body["example"] = example(body["schema"], schemas)


def _problem(status: int) -> Json:
    kind = [kind for kind in KINDS if kind.status == status][-1]
    listed = (
        [{"field": "从业人数（employees）", "reason": "应为数字，收到的是列表", "remedy": ""}] if status == 422 else []
    )
    return {
        "type": f"urn:huiqi:problem:{kind.name}",
        "title": kind.title,
        "status": status,
        "detail": kind.detail,
        "problems": listed,
        "request_id": "6f1c1d5b8f7f4d0e9a4b7f0f3c2d1e00",
    }


def example(schema: Json, schemas: Json, depth: int = 0) -> Any:
    """An example of a schema, put together from the examples of its fields."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, depth + 1)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas, depth)
    if schema.get("type") == "array":
        return [] if depth > _DEPTH else [example(schema["items"], schemas, depth + 1)]
    required = schema.get("required", ())
    return {
        name: example(part, schemas, depth + 1)
        for name, part in schema.get("properties", {}).items()
        if name in required
    }

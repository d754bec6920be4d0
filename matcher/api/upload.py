"""A list of companies that comes with a request: as a file of a form, or as JSON lines."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from matcher.api.context import Context
from matcher.api.problems import INVALID_REQUEST, MALFORMED, MEDIA, ApiProblem
from matcher.sheet import HeaderMapping
from matcher.sheet.mapping import MAX_MAPPING_BYTES
from matcher.store.tables import StoredFile
from policies.errors import InputError, Problem

LINES = ("application/x-ndjson", "application/jsonl")
FORM = "multipart/form-data"
FILE, MAPPING = "file", "mapping"
LINES_NAME = "企业名单.jsonl"
BODY = {
    "required": True,
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "description": "企业名单和（可选的）表头对应。",
                "properties": {
                    FILE: {
                        "type": "string",
                        "format": "binary",
                        "description": "企业名单：csv、xlsx、parquet 或 jsonl，按文件名的扩展名识别。",
                        "examples": ["企业名单.csv"],
                    },
                    MAPPING: {
                        "type": "string",
                        "description": "确认过的表头对应（JSON，写法同 huiqi columns 的导出）；不给就自动识别表头。",
                        "examples": ['{"sheets": []}'],
                    },
                },
                "required": [FILE],
                "additionalProperties": False,
            }
        },
        LINES[0]: {
            "schema": {
                "type": "string",
                "format": "binary",
                "description": "每行一家企业的 JSON，写法同 POST /match 的 profile。",
                "examples": ['{"name": "甲公司", "region": "济南市"}\n'],
            }
        },
    },
}
"""The body in the OpenAPI document."""


@dataclass(frozen=True)
class Taken:
    """What came with a request."""

    stored: StoredFile
    mapping: HeaderMapping | None


async def take(request: Request, context: Context, owner: str) -> Taken:
    """Keep the list that came with a request.

    Raises:
        ApiProblem: it is no form and no JSON lines, or the form is broken.
        InputError: the file or the mapping is wrong.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in LINES:
        return Taken(await _lines(request, context, owner), None)
    if kind != FORM:
        raise ApiProblem(MEDIA, f"请上传文件（{FORM}），或逐行提交 JSON（{LINES[0]}）。")
    try:
        form = await request.form(max_files=1, max_fields=1, max_part_size=MAX_MAPPING_BYTES)
    except (HTTPException, ClientDisconnect):
        raise
    except Exception as error:  # the parser raises what it likes for a broken form
        raise ApiProblem(MALFORMED, "表单读不懂，请用常用的 HTTP 库生成。") from error
    try:
        return await _form(form, context, owner)
    finally:
        await form.close()


async def _form(form: FormData, context: Context, owner: str) -> Taken:
    strange = [
        Problem(name, "没有这个名称", f"只用 {FILE} 和 {MAPPING}") for name in form if name not in (FILE, MAPPING)
    ]
    upload, text = form.get(FILE), form.get(MAPPING)
    if not isinstance(upload, UploadFile):
        strange.append(Problem(FILE, "缺少文件", "请在表单的 file 中上传企业名单"))
    if text is not None and not isinstance(text, str):
        strange.append(Problem(MAPPING, "应为 JSON 文字，不是文件"))
    if strange:
        raise ApiProblem(INVALID_REQUEST, problems=strange)
    assert isinstance(upload, UploadFile)
    assert text is None or isinstance(text, str)
    mapping = _mapping(text) if text else None
    return Taken(await run_in_threadpool(_keep, upload, context, owner), mapping)


def _mapping(text: str) -> HeaderMapping:
    try:
        return HeaderMapping.model_validate_json(text)
    except ValidationError as error:
        places = {".".join(map(str, one["loc"])) for one in error.errors()}
        raise InputError(
            [Problem(f"{MAPPING} {place}".strip(), "写法不对", "请用导出的对应表修改") for place in sorted(places)]
        ) from None


def _keep(upload: UploadFile, context: Context, owner: str) -> StoredFile:
    path = context.services.files.new_path(".upload")
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        return context.services.jobs.take(path, upload.filename or "", owner, context.services.now())
    finally:
        path.unlink(missing_ok=True)  # where it was not taken over


async def _lines(request: Request, context: Context, owner: str) -> StoredFile:
    path, jobs = context.services.files.new_path(".upload"), context.services.jobs
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                await run_in_threadpool(file.write, chunk)
        return await run_in_threadpool(jobs.take, path, LINES_NAME, owner, context.services.now())
    finally:
        path.unlink(missing_ok=True)

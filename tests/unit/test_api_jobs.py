"""Jobs over REST: what is taken, what is refused, whose it is. The queue is not running here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from matcher.api import answers_jobs as answers
from matcher.jobs import MAX_OPEN
from matcher.services import Services
from tests.api_support import NOW, client, mounted, open_services, started

LIST = "企业名称,注册地\n甲公司,济南市\n".encode()
LINES = '{"name": "甲公司", "region": "济南市"}\n'.encode()
NAMELESS = b"--x\r\nContent-Disposition: form-data\r\n\r\nhi\r\n--x--\r\n"
NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with started(open_services(tmp_path)) as running:
        yield running


@pytest.fixture
def api(services: Services) -> TestClient:
    return client(mounted(services), "staff")


def upload(api: TestClient, path: str = "/jobs/bulk", name: str = "名单.csv", **form: str) -> httpx2.Response:
    return api.post(path, files={"file": (name, LIST)}, data=form)


def taken(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert answers.JobAnswer.model_validate(found).job.job_id == found["job"]["job_id"]
    assert found["job"].keys() == answers.JobInfo.model_fields.keys()
    assert answer.headers["location"] == f"/api/v1/jobs/{found['job']['job_id']}"
    job: dict[str, Any] = found["job"]
    return job


def uploads(services: Services) -> list[Path]:
    return [path for path in services.files.folder.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_list_is_queued_with_its_options(api: TestClient, services: Services) -> None:
    job = taken(upload(api, "/jobs/bulk?k=3&out_format=csv&as_of=2026-06-01"))
    assert (job["kind"], job["name"], job["state"], job["created_at"]) == (
        "bulk",
        "名单.csv",
        "waiting",
        NOW.isoformat(),
    )
    options = job["options"]
    assert (options["k"], options["out_format"], options["as_of"]) == (3, "csv", "2026-06-01")
    (kept,) = services.jobs.uploads("key-staff")
    assert services.files.path_of(kept).read_bytes() == LIST


def test_json_lines_need_no_form(api: TestClient, services: Services) -> None:
    job = taken(api.post("/jobs/bulk", content=LINES, headers=NDJSON))
    (kept,) = services.jobs.uploads("key-staff")
    assert services.files.path_of(kept).read_bytes() == LINES and job["name"].endswith(".jsonl")


def test_a_reverse_job(api: TestClient) -> None:
    job = taken(upload(api, "/jobs/reverse?target=open/invest&limit=50&out_format=jsonl"))
    assert job["kind"] == "reverse" and (job["options"]["target"], job["options"]["limit"]) == ("open/invest", 50)


def test_a_confirmed_mapping(api: TestClient, services: Services) -> None:
    mapping = {"sheets": [{"columns": [{"column": 1, "header": "企业名称", "target": "name"}]}]}
    job = taken(upload(api, mapping=json.dumps(mapping)))
    found = services.jobs.find("key-staff", job["job_id"])
    assert found is not None and found.options["mapping"]["sheets"][0]["columns"][0]["target"] == "name"


@pytest.mark.parametrize(
    ("mapping", "says"), [("{", "写法不对"), ('{"sheets": 3}', "sheets"), ('{"sheets": [], "x": 1}', "x")]
)
def test_a_wrong_mapping_keeps_nothing(api: TestClient, services: Services, mapping: str, says: str) -> None:
    answer = upload(api, mapping=mapping)
    assert answer.status_code == 422 and says in answer.text and uploads(services) == []


@pytest.mark.parametrize("name", ["名单.doc", "名单", "名单.xlsx", "名单.parquet", "../../etc/passwd"])
def test_a_file_of_another_kind_keeps_nothing(api: TestClient, services: Services, name: str) -> None:
    answer = upload(api, name=name)
    assert answer.status_code == 422 and answer.json()["problems"][0]["remedy"] and uploads(services) == []


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"files": {"list": ("名单.csv", LIST)}}, 422, "file"),
        ({"data": {"file": "名单.csv"}, "files": {"mapping": ("a.json", b"{}")}}, 422, "mapping"),
        ({"files": [("file", ("a.csv", LIST)), ("file", ("b.csv", LIST))]}, 400, ""),
        ({"content": b"--x", "headers": {"content-type": "multipart/form-data"}}, 400, ""),
        ({"content": NAMELESS, "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400, ""),
        ({"content": b"--x\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 422, "file"),
        ({"content": LIST, "headers": {"content-type": "text/csv"}}, 415, "application/x-ndjson"),
        ({"json": {"file": "x"}}, 415, "multipart"),
        ({}, 415, "multipart"),
        ({"content": b"", "headers": NDJSON}, 422, "空"),
    ],
)
def test_what_is_no_upload(api: TestClient, services: Services, form: dict[str, Any], status: int, says: str) -> None:
    answer = api.post("/jobs/bulk", **form)
    assert answer.status_code == status and says in answer.text, answer.text
    assert answer.headers["content-type"] == "application/problem+json" and uploads(services) == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/jobs/bulk?k=0", 422),
        ("/jobs/bulk?out_format=pdf", 422),
        ("/jobs/bulk?limit=3", 422),
        ("/jobs/reverse", 422),
        ("/jobs/reverse?target=open/nothing", 422),
        ("/jobs/reverse?target=expired", 422),
        ("/jobs/reverse?target=open&limit=0", 422),
    ],
)
def test_wrong_options_keep_nothing(api: TestClient, services: Services, path: str, status: int) -> None:
    assert upload(api, path).status_code == status and uploads(services) == []


def test_jobs_belong_to_whoever_asked(api: TestClient, services: Services) -> None:
    job_id = taken(upload(api))["job_id"]
    for caller in ("other-staff", "admin", "local"):
        other = client(mounted(services), caller)
        for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/result", f"/jobs/{job_id}/errors"):
            assert other.get(path).status_code == 404
        assert other.delete(f"/jobs/{job_id}").status_code == 404 and other.get("/jobs").json()["total"] == 0
    assert api.get(f"/jobs/{job_id}").json()["job"]["state"] == "waiting"


def test_a_job_is_cancelled_once(api: TestClient) -> None:
    job_id = taken(upload(api))["job_id"]
    assert api.get(f"/jobs/{job_id}/result").status_code == 409
    assert api.delete(f"/jobs/{job_id}").json()["job"]["state"] == "cancelled"
    assert api.delete(f"/jobs/{job_id}").status_code == 409 and api.get(f"/jobs/{job_id}/errors").status_code == 409
    assert api.get(f"/jobs/{job_id}").json()["job"]["ended_at"] == NOW.isoformat()


def test_too_many_open_jobs(api: TestClient, services: Services) -> None:
    for _ in range(MAX_OPEN):
        taken(upload(api))
    before = uploads(services)
    answer = upload(api)
    assert answer.status_code == 429 and answer.headers["retry-after"] and uploads(services) == before
    taken(upload(client(mounted(services), "other-staff")))


def test_pages_of_jobs(api: TestClient) -> None:
    made = [taken(upload(api))["job_id"] for _ in range(3)]
    pages = [api.get(f"/jobs?size=2&page={number}").json() for number in (1, 2, 5)]
    assert [len(page["jobs"]) for page in pages] == [2, 1, 1] and {page["pages"] for page in pages} == {2}
    assert {job["job_id"] for page in pages for job in page["jobs"]} == set(made)
    assert pages[0].keys() == answers.JobsAnswer.model_fields.keys()

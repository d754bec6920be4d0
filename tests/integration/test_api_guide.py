"""Every example of docs/api.zh.md is carried out, in order, over the shipped library; jobs really run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from matcher.services import Services
from policies.library import library_dir
from tests.api_support import client, mounted, open_services, started
from tests.jobs_support import until

GUIDE = Path(__file__).parents[2] / "docs" / "api.zh.md"
BASE = "http://test/api/v1"
FILES = {
    "企业名单.csv": "企业名称,注册地,员工人数,资质荣誉\n甲公司,济南市,168,高新技术企业\n乙公司,青岛市,很多,\n",
    "企业.jsonl": '{"name": "甲公司", "region": "济南市", "honours": ["高新技术企业"]}\n',
}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with started(open_services(tmp_path, library_dir())) as running:
        running.jobs.start()
        yield running
        running.jobs.stop()


@dataclass
class Curl:
    """Carries out the few forms of curl that the guide uses."""

    api: TestClient
    variables: dict[str, str] = field(default_factory=lambda: {"HUIQI": BASE, "KEY": "staff"})

    def run(self, command: str) -> httpx2.Response:
        words = shlex.split(Template(command).substitute(self.variables))
        assert words.pop(0) == "curl"
        url, method, headers, more = "", "GET", {}, dict[str, Any]()
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            elif word in {"-d", "--data-binary"}:
                given = words.pop(0)
                more["content"] = (FILES[given[1:]] if given.startswith("@") else given).encode()
                method = "POST"
            elif word == "-F":
                name, _, value = words.pop(0).partition("=@")
                more["files"], method = {name: (value, FILES[value].encode())}, "POST"
            elif word not in {"-s", "-OJ"}:
                url = word
        return self.api.request(method, url.removeprefix(BASE), headers=headers, **more)


def examples() -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return [f"curl{command}" for block in blocks for command in re.split(r"(?m)^curl", block)[1:]]


def state(curl: Curl) -> str:
    return str(curl.api.get(f"/jobs/{curl.variables['JOB']}").json()["job"]["state"])


def test_every_example_of_the_guide(services: Services) -> None:
    curl = Curl(client(mounted(services), "staff"))
    done: dict[str, httpx2.Response] = {}
    for command in examples():
        name = re.sub(r".*\$HUIQI/([^\"?]*).*", r"\1", command, flags=re.DOTALL)
        if name.endswith("/result"):
            until(lambda: state(curl) not in {"waiting", "running"})
            assert state(curl) == "done"
        answer = curl.run(command)
        if "-X DELETE" in command:
            assert answer.status_code == 409  # it has ended by then, as the guide says
            continue
        assert answer.is_success, (command, answer.text)
        if name == "jobs/bulk" and "JOB" not in curl.variables:
            curl.variables["JOB"] = answer.json()["job"]["job_id"]
        done[name] = answer
    assert len(done) == 19 and done["questions"].json()["next_question"]
    assert len(done["match"].json()["matches"]) == 5 and done["explain"].json()["match"]["verdict"] == "ineligible"
    batch = done["match/batch"].json()
    assert (batch["matched"], batch["rejected"]) == (1, 1) and "二三百人" in batch["results"][1]["problems"][0][
        "reason"
    ]
    assert [one["index"] for one in done["reverse"].json()["measures"][0]["companies"]] == [0, 1]
    assert done["policies"].json()["total"] > 0 and done["policies/search"].json()["total"] > 0
    result, errors = done["jobs/$JOB/result"], done["jobs/$JOB/errors"]
    assert result.content.startswith(b"\xef\xbb\xbf") and "甲公司" in result.text and "乙公司" not in result.text
    assert "很多" in errors.text and "filename*" in errors.headers["content-disposition"]
    assert result.headers["content-type"].startswith("text/csv")


def test_the_example_of_an_error_is_one(services: Services) -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    wanted = json.loads(shown)
    answer = client(mounted(services), "staff").post("/match", json={"profile": {"employees": []}}).json()
    assert {**answer, "request_id": wanted["request_id"]} == wanted

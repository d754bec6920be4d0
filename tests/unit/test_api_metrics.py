"""Figures of the REST interface: right, in few labels, and nothing of a company in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from matcher.services import Services
from tests.api_support import PROFILE, client, mounted, open_services, started

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with started(open_services(tmp_path_factory.mktemp("api"))) as running:
        yield running


@pytest.fixture
def api(services: Services) -> TestClient:
    return client(mounted(services))


def figures(api: TestClient) -> Samples:
    answer = api.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_requests_are_counted_by_template(api: TestClient) -> None:
    for path in ("/policies/open", "/policies/honour", "/policies/nothing", "/x/1", "/x/2"):
        api.get(path)
    api.request("PROPFIND", "/match")
    found = {labels: value for (name, labels), value in figures(api).items() if name == "huiqi_api_requests_total"}
    assert found == {
        (("method", "GET"), ("route", "/policies/{policy_id}"), ("status", "200")): 2,
        (("method", "GET"), ("route", "/policies/{policy_id}"), ("status", "404")): 1,
        (("method", "GET"), ("route", "unmatched"), ("status", "404")): 2,
        (("method", "OTHER"), ("route", "/match"), ("status", "405")): 1,
    }


def test_matches_companies_and_times(api: TestClient) -> None:
    api.post("/match", json={"profile": PROFILE})
    api.post("/match/batch", json={"profiles": [PROFILE, {}, {"employees": []}]})
    found = figures(api)
    assert found["huiqi_api_companies_total", (("operation", "match"),)] == 1
    assert found["huiqi_api_companies_total", (("operation", "batch"),)] == 2
    assert found["huiqi_api_matches_total", (("verdict", "eligible"),)] == 3
    assert found["huiqi_api_request_seconds_count", (("method", "POST"), ("route", "/match"))] == 1
    assert found["huiqi_api_request_seconds_sum", (("method", "POST"), ("route", "/match"))] > 0
    assert found["huiqi_api_requests_running", ()] == 1  # the one that asks


def test_jobs_and_library(api: TestClient, services: Services) -> None:
    api.post("/jobs/bulk", files={"file": ("a.csv", "企业名称\n甲\n".encode())})
    found = figures(api)
    states = {labels[0][1]: value for (name, labels), value in found.items() if name == "huiqi_jobs"}
    assert states == {"waiting": 1, "running": 0, "done": 0, "failed": 0, "cancelled": 0}
    version = services.engine.matcher().library.version
    assert found["huiqi_library_info", (("version", version),)] == 1 and found["huiqi_ready", ()] == 1
    assert found["huiqi_library_measures", ()] == 7


def test_an_error_is_counted(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.api.library.search", lambda *_: 1 / 0)
    assert api.get("/policies").status_code == 500
    found = figures(api)
    assert found["huiqi_api_requests_total", (("method", "GET"), ("route", "/policies"), ("status", "500"))] == 1

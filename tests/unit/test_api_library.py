"""The library and the field registry over REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

from matcher.api import answers_library as answers
from matcher.services import Services
from policies.fields import registry
from tests.api_support import client, mounted, open_services, started


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with started(open_services(tmp_path_factory.mktemp("api"))) as running:
        yield running


@pytest.fixture(scope="module")
def api(services: Services) -> TestClient:
    return client(mounted(services), "evaluator")


def ok(api: TestClient, path: str, model: type[BaseModel]) -> dict[str, Any]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert model.model_validate(found).model_dump(mode="json") == found  # complete, and nothing undocumented
    return found


def ids(page: dict[str, Any]) -> list[str]:
    return [one["policy_id"] for one in page["policies"]]


def test_the_list_has_every_policy_whatever_its_state(api: TestClient) -> None:
    page = ok(api, "/policies", answers.PolicyPage)
    assert sorted(ids(page)) == ["choice", "expired", "honour", "open", "window"] and page["total"] == 5
    by_id = {one["policy_id"]: one for one in page["policies"]}
    assert by_id["open"]["open_now"] and by_id["open"]["measures"] == ["open/invest", "open/people", "open/patents"]
    assert by_id["expired"]["successors"] == [{"policy_id": "open", "title": "关于open的通知"}]
    assert "现行文件是《关于open的通知》" in by_id["expired"]["answer"] and not by_id["expired"]["open_now"]
    assert "2026 年 7 月 1 日" in by_id["window"]["answer"] and by_id["window"]["window"]["opens"] == "2026-07-01"
    assert by_id["open"]["snippet"] == [] or not any(part["hit"] for part in by_id["open"]["snippet"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=award_honour", {"honour"}),
        ("kind=award_honour&kind=subsidy", {"honour", "open"}),
        ("theme=设备更新", {"open"}),
        ("open_now=true", {"open", "honour", "choice"}),
        ("open_now=true&as_of=2026-08-01", {"open", "honour", "choice", "window"}),
        ("state=已失效&state=已被取代", {"expired"}),
        ("level=national", set()),
        ("region=北京市", set()),
        ("region=济南市&theme=设备更新", {"open"}),
    ],
)
def test_filters(api: TestClient, query: str, found: set[str]) -> None:
    assert set(ids(ok(api, f"/policies?{query}", answers.PolicyPage))) == found


def test_pages_are_disjoint_and_complete(api: TestClient) -> None:
    pages = [ok(api, f"/policies?size=2&page={number}", answers.PolicyPage) for number in (1, 2, 3, 9)]
    assert [len(page["policies"]) for page in pages] == [2, 2, 1, 1] and pages[3]["page"] == pages[3]["pages"] == 3
    assert len({one for page in pages for one in ids(page)}) == 5


def test_search_says_where_the_words_stand(api: TestClient) -> None:
    page = ok(api, "/policies/search?q=关于honour的通知", answers.PolicyPage)
    assert ids(page)[0] == "honour" and page["policies"][0]["exact"]
    assert any(part["hit"] for part in page["policies"][0]["title_parts"])
    assert not page["dense"] and page["note"]
    assert {facet["value"] for facet in page["facets"]["kinds"]} >= {"award_honour"}


def test_a_policy_in_full(api: TestClient) -> None:
    found = ok(api, "/policies/open", answers.PolicyAnswer)
    assert found["details"][0]["conditions"] == ["注册地属于山东省", "设备投资额不低于 100 万元"]
    assert found["details"][0]["benefit"] == "按比例补助" and found["details"][0]["preferences"]
    assert found["origin"]["grade"] == "verified" and found["as_of"] == "2026-06-15"
    later = ok(api, "/policies/window?as_of=2026-07-01", answers.PolicyAnswer)
    assert later["as_of"] == "2026-07-01" and later["details"][0]["window"]["state"] == "可申报"
    assert api.get("/policies/open?page=2").status_code == 422


def test_the_registry_as_it_is(api: TestClient) -> None:
    found = ok(api, "/fields", answers.FieldsAnswer)
    assert [one["name"] for one in found["fields"]] == list(registry())
    by_name = {one["name"]: one for one in found["fields"]}
    assert by_name["size"]["options"] == ["微型", "小型", "中型", "大型"] and by_name["credit_ok"]["options"] == [
        "是",
        "否",
    ]
    assert "高新技术企业" in by_name["honours"]["options"] and by_name["industry_code"]["aliases"] == ["industry"]
    assert (by_name["debt_asset_ratio"]["minimum"], by_name["debt_asset_ratio"]["maximum"]) == (0, 100)
    assert by_name["name"]["minimum"] is None and by_name["employees"]["minimum"] == 0
    assert found["json_schema"]["$schema"].endswith("2020-12/schema")

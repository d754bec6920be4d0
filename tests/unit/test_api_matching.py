"""Matching over REST: the answers are those of the matcher, complete and as documented."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

from matcher.api import answers
from matcher.api.problems import ApiProblem
from matcher.api.work import Workers
from matcher.feedback import FeedbackStore
from matcher.services import Services
from matcher.wire import result_json
from policies.profile import CompanyProfile
from tests.api_support import NOW, PROFILE, client, mounted, open_services, started
from tests.support import AS_OF


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with started(open_services(tmp_path_factory.mktemp("api"))) as running:
        yield running


@pytest.fixture(scope="module")
def api(services: Services) -> TestClient:
    return client(mounted(services))


def ok(api: TestClient, path: str, body: dict[str, Any], model: type[BaseModel], status: int = 200) -> dict[str, Any]:
    answer = api.post(path, json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert model.model_validate(found).model_dump(mode="json", exclude_unset=True) == found  # nothing undocumented
    assert found["request_id"] == answer.headers["x-request-id"] and found["library_version"]
    return found


def test_a_match_is_the_matchers(api: TestClient, services: Services) -> None:
    found = ok(api, "/match", {"profile": PROFILE, "k": 3, "as_of": "2026-06-15"}, answers.MatchAnswer)
    wanted = services.engine.matcher().match(CompanyProfile.model_validate(PROFILE), AS_OF, 3)
    del found["request_id"]
    assert found == result_json(wanted) and len(found["matches"]) == 3
    assert found["next_question"]["field"] == "patents"


def test_the_day_is_todays_unless_it_is_said(api: TestClient) -> None:
    assert ok(api, "/match", {"profile": PROFILE}, answers.MatchAnswer)["as_of"] == AS_OF.isoformat()
    later = ok(api, "/match", {"profile": PROFILE, "as_of": "2026-12-01"}, answers.MatchAnswer)
    assert later["as_of"] == "2026-12-01"
    assert "window/grant" not in {one["measure_id"] for one in later["matches"]}


def test_an_answer_decides_and_the_next_question_is_another(api: TestClient) -> None:
    asked = ok(api, "/questions", {"profile": PROFILE}, answers.QuestionAnswer)
    assert asked["next_question"]["field"] == "patents" and "as_of" in asked
    answered = ok(api, "/match", {"profile": PROFILE, "answers": {"patents": 7}}, answers.MatchAnswer)
    by_id = {one["measure_id"]: one for one in answered["matches"]}
    assert by_id["open/patents"]["missing"] == [] and "choice/grant" not in by_id
    for more in ({"answers": {"patents": 7}}, {"skip": ["patents"]}):
        assert ok(api, "/questions", {"profile": PROFILE, **more}, answers.QuestionAnswer)["next_question"] is None


def test_a_measure_is_explained_whatever_its_verdict(api: TestClient) -> None:
    found = ok(api, "/explain", {"profile": PROFILE, "measure_id": "honour/grant"}, answers.ExplainAnswer)["match"]
    assert found["verdict"] == "ineligible" and found["gaps"] and found["rank"] == 0
    parts = ok(api, "/explain", {"profile": PROFILE, "measure_id": "choice/grant"}, answers.ExplainAnswer)["match"]
    assert [part["truth"] for part in parts["conditions"][0]["parts"]] == ["false", "unknown"]


@pytest.mark.parametrize(
    ("path", "name"), [("/explain", "measure_id"), ("/reverse", "target"), ("/feedback", "target")]
)
def test_ids_that_are_not_there(api: TestClient, path: str, name: str) -> None:
    more = {"profiles": [PROFILE]} if path == "/reverse" else {"profile": PROFILE}
    body = {**more, **({"mark": "适合"} if path == "/feedback" else {})}
    found = api.post(path, json={**body, name: "open/invst"})
    assert found.status_code == 422 and "open/invest" in found.json()["problems"][0]["remedy"]
    if path != "/feedback":
        gone = api.post(path, json={**body, name: "expired/grant"})
        assert gone.status_code == 422 and "GET /policies/expired" in gone.json()["problems"][0]["remedy"]


def test_a_batch_answers_the_good_and_reports_the_bad(api: TestClient) -> None:
    body = {"profiles": [PROFILE, {"employees": "很多"}, {}, {"region": "北京"}], "k": 2}
    found = ok(api, "/match/batch", body, answers.BatchAnswer)
    assert (found["matched"], found["rejected"]) == (3, 1)
    assert [entry["index"] for entry in found["results"]] == [0, 1, 2, 3]
    assert [bool(entry["problems"]) for entry in found["results"]] == [False, True, False, False]
    alone = ok(api, "/match", {"profile": PROFILE, "k": 2}, answers.MatchAnswer)
    assert found["results"][0]["result"] == {key: value for key, value in alone.items() if key != "request_id"}


def test_companies_of_a_policy(api: TestClient) -> None:
    profiles = [{"region": "济南"}, {"employees": []}, PROFILE, {"region": "北京"}]
    found = ok(api, "/reverse", {"target": "open", "profiles": profiles}, answers.ReverseAnswer)
    assert found["companies"] == 3 and [one["index"] for one in found["rejected"]] == [1]
    by_id = {one["measure_id"]: one for one in found["measures"]}
    invest = by_id["open/invest"]
    assert [one["index"] for one in invest["companies"]] == [2, 0] and len(by_id) == 3
    assert (invest["eligible"], invest["possible"], invest["high_yuan"]) == (1, 1, 380_000)
    assert invest["companies"][0]["verdict"] == "eligible" and invest["companies"][1]["missing"]


def test_companies_as_the_matcher_finds_them(api: TestClient, services: Services) -> None:
    raw = [{"region": "山东", "employees": n * 7 % 120, "patents": n % 9} for n in range(60)]
    found = ok(api, "/reverse", {"target": "open/patents", "profiles": raw, "limit": 7}, answers.ReverseAnswer)
    profiles = [CompanyProfile.model_validate(one) for one in raw]
    wanted = services.engine.matcher().reverse("open/patents", profiles, AS_OF)
    (listed,) = found["measures"]
    assert [one["index"] for one in listed["companies"]] == [index for index, _ in wanted[:7]]
    assert listed["eligible"] + listed["possible"] == len(wanted)


def test_nobody_is_left_to_ask(api: TestClient) -> None:
    found = ok(api, "/reverse", {"target": "open", "profiles": [{"employees": []}]}, answers.ReverseAnswer)
    assert found["companies"] == 0 and found["measures"] == [] and len(found["rejected"]) == 1


def test_feedback_is_kept_for_its_owner(services: Services) -> None:
    body = {"profile": PROFILE, "target": "open/invest", "mark": "已申报", "note": "已提交\0", "as_of": "2026-06-01"}
    enterprise = client(mounted(services), "enterprise")
    ok(enterprise, "/feedback", body, answers.FeedbackAnswer, 201)
    (kept,) = FeedbackStore(services.database).all("key-enterprise")
    assert (kept.target, kept.note, kept.made_at, kept.as_of.isoformat()) == (
        "open/invest",
        "已提交",
        NOW,
        "2026-06-01",
    )
    assert dict(kept.profile) == PROFILE
    expired = {**body, "target": "expired"}  # a person may speak of what is over
    ok(enterprise, "/feedback", expired, answers.FeedbackAnswer, 201)
    assert enterprise.post("/feedback", json={**body, "profile": {"employees": []}}).status_code == 422


def test_health_stays_quick_and_the_queue_is_bounded(services: Services) -> None:
    workers = Workers(services.engine, threads=2, max_waiting=3)
    release, inside = threading.Event(), threading.Semaphore(0)

    def slow(_: object) -> int:
        inside.release()
        assert release.wait(30)
        return 1

    async def many() -> list[int | str]:
        done: list[int | str] = []

        async def one() -> None:
            try:
                done.append(await workers.run(slow))
            except ApiProblem as problem:
                done.append(problem.kind.name)

        async with anyio.create_task_group() as group:
            for _ in range(7):
                group.start_soon(one)
            await anyio.to_thread.run_sync(lambda: (inside.acquire(), inside.acquire()))
            assert not inside.acquire(blocking=False)  # two at a time
            release.set()
        return done

    done = anyio.run(many)
    assert sorted(map(str, done)) == ["1"] * 5 + ["unavailable"] * 2


def test_many_at_once_get_the_same_answer(services: Services) -> None:
    with client(mounted(services)) as api, ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: api.post("/match", json={"profile": PROFILE}).json(), range(24)))
    assert len({body.pop("request_id") for body in bodies}) == 24
    assert all(body == bodies[0] for body in bodies)

"""The staff's pages of pushes, over HTTP: who may, the list, looking for new ones, and what is done with one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import open_services
from matcher.push import publish
from matcher.push.batches import Batches
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.companies import Channel, CompanyRecord
from matcher.store.pushes import Batch, BatchState, Message, MessageState
from policies.errors import InputError, Problem
from tests.desk_support import ADDRESSES, DRAFTED, EXCUSE, Desk, furnished
from tests.push_pages_support import EVIL, browser, log_of, opened, text, written
from tests.push_support import KEY, NOW, World
from tests.support import measure, policy, write_library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("library"))


@pytest.fixture
def services(library: Path, tmp_path: Path) -> Iterator[Services]:
    with opened(library, tmp_path) as found:
        yield found


@pytest.fixture
def made(services: Services) -> Desk:
    return furnished(services.database)


# ---- who may, and what is never shown -------------------------------------------------------------------------------

PATHS = ("/push", "/push/scan", "/push/statistics", "/push/dead", "/push/targets")


@pytest.mark.parametrize("path", [*PATHS, "/push/nothing", "/push/messages/nothing", "/push/nothing/approve"])
def test_pages_are_for_staff(services: Services, path: str) -> None:
    for user, status in (("", 401), ("u1", 403), ("eva", 403)):
        page = browser(services, user).get(path)
        assert page.status_code == status and "权限" in page.text + "权限" * (status == 401)
    assert browser(services, "root").get(path).status_code == (404 if "nothing" in path else 200)


@pytest.mark.parametrize("path", ["/push/scan", "/push/x/approve", "/push/dead/requeue", "/push/targets/add"])
def test_what_changes_something_is_for_staff(services: Services, path: str) -> None:
    assert [browser(services, user).post(path).status_code for user in ("", "u1")] == [401, 403]


def test_no_page_shows_an_address_or_a_secret(services: Services, made: Desk) -> None:
    staff, seen = browser(services, "root"), ""
    pages = [
        *PATHS,
        *(f"/push/{each}" for each in (made.draft, made.approved, made.gone)),
        f"/push/{made.draft}/approve",
    ]
    pages += [f"/push/messages/{each}" for each in (*made.messages.values(), made.digest, made.asked)]
    for path in pages:
        page = staff.get(path)
        assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
        seen += page.text
    assert "w***@a.example.cn" in seen and "王**" in seen
    for hidden in (ADDRESSES[Channel.EMAIL], "wangfang", "王五", "a" * 36, "shared-secret", KEY):
        assert hidden not in seen


def test_names_are_escaped(services: Services, made: Desk) -> None:
    with services.database.session() as session:
        company_id = session.get_one(Message, made.messages[MessageState.SENT]).company_id
        record = session.scalars(select(CompanyRecord).where(CompanyRecord.company_id == company_id)).one()
        record.name = EVIL
    for path in ("/push", f"/push/{made.approved}", f"/push/messages/{made.messages[MessageState.SENT]}",
                 "/push/statistics"):  # fmt: skip
        page = browser(services).get(path)
        assert "<script>alert" not in page.text and "&lt;script&gt;alert(1)" in page.text


# ---- list -----------------------------------------------------------------------------------------------------------


def test_no_push_yet(services: Services) -> None:
    page = text(browser(services).get("/push"))
    assert "还没有推送" in page and "专员在这里审核" in page and "还没有查找过" in page
    assert "没有消息" in text(browser(services).get("/push/statistics"))
    assert "没有未能送达的消息" in text(browser(services).get("/push/dead"))
    assert "没有“已暂停”的推送" in text(browser(services).get("/push?state=paused"))


def test_pushes_by_state_and_page(services: Services, made: Desk) -> None:
    page = browser(services).get("/push")
    order = re.findall(r'<h3><a href="/push/([^"]+)">', page.text)
    assert order == [made.draft, made.approved, made.paused, made.nobody, made.gone], "newest first"
    said = text(page)
    assert "设备更新补助 关于policy-a的通知 待审核 新政策 2026 年 11 月 23 日 10:00 生成" in said
    assert "本次告知：60 家企业，60 条消息 待放行 60 条" in said and "无须推送 开始申报" in said
    assert "left/the-library 政策库里已经没有这个事项 已取消 接续政策" in said
    only = browser(services).get("/push?state=draft")
    assert re.findall(r'<h3><a href="/push/([^"]+)">', only.text) == [made.draft]
    assert browser(services).get("/push?state=nonsense").text.count("<h3>") == 5
    for _ in range(30):
        made.world.batch(BatchState.APPROVED)
    second = browser(services).get("/push?state=approved&page=2")
    assert second.text.count("<h3>") == 31 - 20 and "第 2 页，共 2 页" in second.text
    assert 'href="/push?state=approved&amp;page=1"' in second.text and "下一页" not in second.text
    assert "查看全部推送" in browser(services).get("/push?page=99").text


# ---- looking for new ones -------------------------------------------------------------------------------------------


def ended(client: TestClient) -> str:
    """What the list says after the look has ended."""
    for thread in threading.enumerate():
        if thread.name == "push-scan":
            thread.join(60)
    assert client.get("/push/scan").json() == {"running": False}
    return text(client.get("/push"))


def test_a_look_notes_first_and_makes_drafts_then(services: Services, library: Path, tmp_path: Path) -> None:
    client, world = browser(services), World(services.database)
    for channel in (Channel.INBOX, Channel.EMAIL):
        world.subscription(world.company("370100"), channel)
    assert client.post("/push/scan").headers["location"] == "/push"
    assert "查找完成（王芳）：已记录现状，这是第一次查找，没有产生推送。" in ended(client)
    write_library(library, policy("new", measure("1", name="新事项"), window={"kind": "year_round"}))
    settings = Settings(library=library, dense=False, as_of=NOW.date(), data_dir=tmp_path)
    restarted = dataclasses.replace(services, engine=open_services(settings).engine)
    restarted.engine.start()
    restarted.engine.matcher()
    client = browser(restarted)
    client.post("/push/scan")
    said = ended(client)
    assert "新增 1 个待审核的推送。" in said and "新事项 关于new的通知 待审核 新政策" in said
    assert "本次告知：2 家企业，2 条消息" in said
    client.post("/push/scan")
    assert "没有新的变化" in ended(client)
    assert [line[:2] for line in log_of(services)] == [("王芳", "push.scan")] * 3


def test_only_one_look_at_a_time_and_it_survives_a_reload(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_: object) -> list[Batch]:
        begun.set()
        assert go_on.wait(60)
        return []

    monkeypatch.setattr(publish, "scan", slow)
    client = browser(services)
    assert client.post("/push/scan").status_code == 303 and begun.wait(60)
    for _ in range(2):
        page = client.get("/push")
        assert "正在查找（王芳，2026 年 11 月 23 日 10:00 开始）" in page.text and "data-desk-looking" in page.text
        assert "立即查找</button>" not in page.text
    assert client.get("/push/scan").json() == {"running": True}
    second = client.post("/push/scan")
    assert second.status_code == 409 and "已经有一次查找在进行" in second.text
    go_on.set()
    assert "没有新的变化" in ended(client) or "已记录现状" in ended(client)


@pytest.mark.parametrize(
    ("error", "said"),
    [(InputError([Problem("政策库", "读不了")]), "查找没有完成（王芳）：政策库：读不了"),
     (RuntimeError("secret of somebody"), "系统内部错误（RuntimeError）")],
)  # fmt: skip
def test_a_look_that_fails_says_why(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, said: str
) -> None:
    def broken(*_: object) -> list[Batch]:
        raise error

    monkeypatch.setattr(publish, "scan", broken)
    client = browser(services)
    client.post("/push/scan")
    page = ended(client)
    assert said in page and "立即查找" in page, "it can be tried again"
    assert "secret of somebody" not in page + caplog.text


# ---- one push -------------------------------------------------------------------------------------------------------


def test_what_was_found_in_words(services: Services, made: Desk) -> None:
    page = browser(services).get(f"/push/{made.draft}")
    said = text(page)
    assert "符合条件 1,280" in said and "不在适用地区 80,410" in said and "没有已确认的订阅 204" in said
    assert "政策库新增了这个事项" in said and 'href="/policies/policy-a"' in page.text
    assert page.text.count('<li class="hq-desk-row">') == 30 and "第 1 页，共 2 页" in page.text
    inbox = [line for line in re.findall(r'<p class="hq-meta">.*?</p>', page.text, re.S) if "站内信" in line]
    assert len(inbox) == 10 and "山东省济南市历下区" in said and "未填地区" in said and "未知地区（999999）" in said
    nobody = text(browser(services).get(f"/push/{made.nobody}"))
    assert "没有需要告知的企业" in nobody and "取消推送" not in nobody and "没有消息。" in nobody


def test_messages_by_state(services: Services, made: Desk) -> None:
    page = browser(services).get(f"/push/{made.approved}?state=dead")
    assert page.text.count('<li class="hq-desk-row">') == 1 and EXCUSE in page.text
    assert re.findall(r"/push/messages/(\w+)", page.text) == [made.messages[MessageState.DEAD]]
    empty = browser(services).get(f"/push/{made.approved}?state=held")
    assert "没有“待放行”的消息" in empty.text


def states(services: Services, batch_id: str) -> dict[MessageState, int]:
    row = Batches(services.database).get(batch_id)
    assert row is not None
    return dict(row.counts)


def test_approved_after_a_question(services: Services, made: Desk) -> None:
    client, path = browser(services), f"/push/{made.draft}/approve"
    assert f'href="{path}"' in client.get(f"/push/{made.draft}").text
    asked = text(client.get(path))
    assert "将发给 60 家企业，共 60 条消息，其中站内信 20 条、电子邮件 20 条、企业微信机器人 20 条。" in asked
    assert "没有设置发信服务器" in asked and "收不回" in asked
    assert states(services, made.draft) == {MessageState.HELD: DRAFTED}, "asking changes nothing"
    assert client.post(path).headers["location"] == f"/push/{made.draft}?done=approve"
    assert states(services, made.draft) == {MessageState.SENT: 20, MessageState.READY: 40}
    page = text(client.get(f"/push/{made.draft}?done=approve"))
    assert "已批准。消息将按" in page and "王芳，2026 年 11 月 23 日 10:00" in page and "暂停" in page
    assert log_of(services) == [("王芳", "push.approve", made.draft, "ok")]


def test_paused_resumed_and_cancelled(services: Services, made: Desk) -> None:
    client, path = browser(services), f"/push/{made.approved}"
    client.post(f"{path}/pause")
    counts = states(services, made.approved)
    assert counts[MessageState.HELD] == 1 and MessageState.READY not in counts
    assert "继续发送" in client.get(path).text
    client.post(f"{path}/resume")
    assert states(services, made.approved)[MessageState.READY] == 1
    asked = text(client.get(f"{path}/cancel"))
    assert "还没有发出的 3 条消息将不再发送" in asked and "已经送达的 2 条不受影响" in asked
    client.post(f"{path}/cancel")
    page = text(client.get(path))
    assert "已取消，不会再发出消息" in page and "取消推送……" not in page
    assert [line[1] for line in log_of(services)] == ["push.cancel", "push.resume", "push.pause"]


def test_twice_is_once_and_the_slower_one_is_told(services: Services, made: Desk) -> None:
    path = f"/push/{made.draft}/approve"
    first, again, other = (browser(services, user).post(path) for user in ("王芳", "王芳", "李雷"))
    assert (first.status_code, again.status_code, other.status_code) == (303, 303, 409)
    assert "这个推送现在是“已批准”（王芳，2026 年 11 月 23 日 10:00），您的操作没有执行" in text(other)
    assert f'href="/push/{made.draft}"' in other.text
    assert browser(services, "李雷").get(path).status_code == 409, "nothing is asked that cannot be done"
    assert browser(services).post(f"/push/{made.draft}/resume").status_code == 303, "it is approved, by the same person"
    assert ("李雷", "push.approve", made.draft, "refused") in log_of(services)


def test_two_at_the_same_moment(services: Services, made: Desk) -> None:
    clients = [browser(services, user) for user in ("王芳", "李雷") * 3]
    assert [client.post("/push/none/approve").status_code for client in clients] == [404] * 6
    actions = ["approve", "cancel"] * 3
    with ThreadPoolExecutor(6) as pool:
        sent = [
            pool.submit(client.post, f"/push/{made.draft}/{action}")
            for client, action in zip(clients, actions, strict=True)
        ]
    assert {one.result().status_code for one in sent} <= {303, 409}
    row = Batches(services.database).get(made.draft)
    assert row is not None and row.batch.state is BatchState.CANCELLED, "who cancels has the last word"
    assert not set(row.counts) & {MessageState.HELD, MessageState.READY}


@pytest.mark.parametrize("action", ["open", "delete", "statistics"])
def test_no_other_actions(services: Services, made: Desk, action: str) -> None:
    client = browser(services)
    assert client.post(f"/push/{made.draft}/{action}").status_code == 404
    assert client.get(f"/push/{made.draft}/{action}").status_code == 404
    assert client.get(f"/push/{made.approved}/pause").status_code == 404


def test_a_busy_database_is_told_in_chinese(services: Services, made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> Batch:
        raise OperationalError("begin immediate", None, Exception("database is locked"))

    monkeypatch.setattr(Batches, "get", locked)
    page = browser(services).post(f"/push/{made.draft}/approve")
    assert page.status_code == 503 and "另一项操作还没有完成" in page.text and "locked" not in page.text


# ---- names and moments ----------------------------------------------------------------------------------------------


def test_names_while_the_library_is_loading(services: Services, made: Desk, library: Path, tmp_path: Path) -> None:
    loading = dataclasses.replace(services, engine=open_services(Settings(data_dir=tmp_path)).engine)
    page = text(browser(loading).get("/push"))
    assert "政策库正在载入" in page and "policy-a/1" in page
    assert "政策库里已经没有这个事项" not in page


def test_moments_are_in_china(services: Services, made: Desk) -> None:
    with services.database.session() as session:
        session.get_one(Batch, made.draft).made_at = dt.datetime(2026, 11, 22, 20, 0, tzinfo=dt.UTC)
    assert "2026 年 11 月 23 日 04:00 生成" in browser(services).get("/push").text

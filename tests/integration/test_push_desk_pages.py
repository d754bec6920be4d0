"""The staff's pages around pushes, over HTTP: one message, what was given up, statistics, targets."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from matcher.push.subscriptions import Subscriptions
from matcher.push.targets import Targets
from matcher.services import Services
from matcher.store.companies import Channel
from matcher.store.pushes import Message, MessageState
from tests.desk_support import EXCUSE, Desk, furnished
from tests.push_pages_support import EVIL, browser, log_of, opened, text, written
from tests.push_support import NOW, World


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


# ---- one message ----------------------------------------------------------------------------------------------------


def test_a_message_with_its_way(services: Services, made: Desk) -> None:
    said = text(browser(services).get(f"/push/messages/{made.messages[MessageState.SENT]}"))
    assert "收件人 王** w***@a.example.cn" in said and "接收方回执 250 2.0.0 Ok: queued as 4C1F" in said
    assert "失败，稍后重试 发信服务器没有答复（超时）" in said and "尝试次数 2 次" in said
    bundled = browser(services).get(f"/push/messages/{made.messages[MessageState.BUNDLED]}").text
    assert f'href="/push/messages/{made.digest}"' in bundled
    digest = text(browser(services).get(f"/push/messages/{made.digest}"))
    assert "政策汇总（1 条消息合成）" in digest and "重新发送" in digest
    asked = text(browser(services).get(f"/push/messages/{made.asked}"))
    assert "订阅确认请求" in asked and "站内信" not in asked.partition("各渠道的样子")[2]


def test_each_channel_as_it_would_be_sent(services: Services, made: Desk) -> None:
    """Sizes are those of what is really sent, although the real links are never made here."""
    page = browser(services).get(f"/push/messages/{made.messages[MessageState.SENT]}").text
    subscriptions = Subscriptions(services.database, services.seal, services.url)
    for channel, limit in ((Channel.WECOM, "2,048"), (Channel.DINGTALK, "9,000"), (Channel.FEISHU, "9,000")):
        message = made.world.get(made.messages[MessageState.SENT])
        message.channel = channel
        markdown = subscriptions.letter(message).markdown
        assert markdown is not None and f"{len(markdown.encode()):,} 字节（上限 {limit} 字节）" in page
    assert "（发送时生成）" in page and "0" * 100 not in page, "no link that somebody could use"
    frame = html.unescape(re.search(r'srcdoc="([^"]*)"', page)[1])  # type: ignore[index] # it is there
    assert "<h1" in frame and 'sandbox="allow-same-origin"' in page
    assert not re.search(r"""\s(?:href|style|src|on\w+)=""", frame), "no link leads anywhere, no style that is refused"
    assert "<script" not in frame and "退订这些邮件" in frame


def test_without_the_key_nobody_is_named(services: Services, made: Desk) -> None:
    without = dataclasses.replace(services, seal=None)
    page = text(browser(without).get(f"/push/messages/{made.messages[MessageState.SENT]}"))
    assert "收件人 （没有密钥，不能显示）" in page
    asked = text(browser(without).get(f"/push/{made.draft}/approve"))
    assert "没有设置 HUIQI_CONTACT_KEY" in asked


# ---- given up -------------------------------------------------------------------------------------------------------


def test_what_was_given_up_is_sent_anew(services: Services, made: Desk) -> None:
    client, dead = browser(services), made.messages[MessageState.DEAD]
    page = client.get("/push/dead")
    assert page.text.count('name="message_id"') == 3 and f"{EXCUSE} 1" in text(page) and "（超时） 2" in text(page)
    assert client.post("/push/dead/requeue", data={"message_id": dead}).headers["location"] == "/push/dead?again=1"
    assert "已重新排队 1 条消息" in client.get("/push/dead?again=1").text
    message = made.world.get(dead)
    assert (message.state, message.attempts, message.problem) == (MessageState.READY, 0, "")
    assert client.post("/push/dead/requeue", data={"message_id": dead}).headers["location"] == "/push/dead?again=0"
    assert "可能已由他人处理" in client.get("/push/dead?again=0").text
    assert client.post("/push/dead/requeue").status_code == 422
    assert client.post("/push/dead/requeue", data={"which": "all"}).headers["location"] == "/push/dead?again=2"
    assert "没有未能送达的消息" in client.get("/push/dead").text
    assert [line[2] for line in log_of(services)] == ["all (2)", dead, dead]


# ---- statistics -----------------------------------------------------------------------------------------------------


def test_figures_for_some_days(services: Services, made: Desk) -> None:
    client = browser(services)
    whole = text(client.get("/push/statistics"))
    assert "关于policy-a的通知：设备更新补助 0.0 61 0 0 0 0" in whole and "合计 3.0 67 2 1 2 2" in whole
    assert "山东省青岛市 9.1 11 1 1 0 0" in whole and "站内信 4.8 21 1 1 0 0" in whole
    october = text(client.get("/push/statistics?from=2026年10月&to=2026-10"))
    assert "left/the-library — 0 0 0 0 1" in october and "policy-a" not in october
    assert "这段时间没有消息" in client.get("/push/statistics?to=2025").text
    for query, problem in (("from=x", "“x”不是日期"), ("to=2026-02-30", "日历上没有这一天"),
                           ("from=2026-11-23&to=2026-11-22", "开始日期晚于结束日期")):  # fmt: skip
        page = client.get(f"/push/statistics?{query}")
        assert page.status_code == 200 and problem in text(page) and 'role="alert"' in page.text
        assert 'value="x"' in page.text or query != "from=x", "what was typed stays"


def test_figures_as_csv(services: Services, made: Desk) -> None:
    client = browser(services)
    with services.database.session() as session:
        for message in session.scalars(select(Message).where(Message.measure_id == "left/the-library")):
            message.measure_id = "=cmd|' /C calc'!A0/x"
    answer = client.get("/push/statistics.csv?by=measure&from=2026-10-01")
    assert answer.headers["content-type"].startswith("text/csv") and answer.content.startswith(b"\xef\xbb\xbf")
    assert unquote(answer.headers["content-disposition"]).endswith("触达统计按事项-2026-10-01.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["支持事项", "触达率（%）", "消息（条）"] and rows[-1] == [
        "合计",
        "3.0",
        "67",
        "2",
        "1",
        "2",
        "2",
    ]
    assert rows[-2] == ["'=cmd|' /C calc'!A0/x", "", "0", "0", "0", "0", "1"], "nothing that a spreadsheet would run"
    for query in ("by=nobody", "by=region&from=x"):
        assert client.get(f"/push/statistics.csv?{query}").status_code == 422


def test_a_long_table_is_cut_and_the_file_is_whole(services: Services) -> None:
    world = World(services.database)
    batch_id = world.batch()
    for number in range(60):
        world.message(Channel.INBOX, batch_id, measure_id=f"m/{number:02d}", state=MessageState.SENT, sent_at=NOW)
    client = browser(services)
    page = client.get("/push/statistics").text
    assert "表中是消息最多的 50 项，共 60 项" in page and page.count(">m/") == 50
    assert len(client.get("/push/statistics.csv?by=measure").text.splitlines()) == 62


# ---- targets --------------------------------------------------------------------------------------------------------


def test_staff_read_and_an_admin_changes(services: Services, made: Desk) -> None:
    staff, admin = browser(services), browser(services, "root")
    read = staff.get("/push/targets")
    assert "a.example.cn" in read.text and "请联系管理员" in read.text and "<select" not in read.text
    given = {"channel": "feishu", "host": "open.feishu.cn"}
    assert staff.post("/push/targets/add", data=given).status_code == 403
    assert staff.post("/push/targets/remove", data={"channel": "email", "host": "a.example.cn"}).status_code == 403
    assert len(Targets(services.database).list()) == 2
    before = admin.get("/push/targets")
    assert 'value="open.feishu.cn"' in before.text and "企业微信（qyapi.weixin.qq.com）已允许" in text(before)
    assert admin.post("/push/targets/add", data=given).headers["location"] == "/push/targets?done=added"
    assert "飞书（open.feishu.cn）已允许" in text(admin.get("/push/targets?done=added"))
    assert admin.post("/push/targets/remove", data=given).headers["location"] == "/push/targets?done=removed"
    assert admin.post("/push/targets/remove", data=given).headers["location"] == "/push/targets?done=missing"
    wanted = [("root", "push.target.remove", "feishu open.feishu.cn", "ok"),
              ("root", "push.target.add", "feishu open.feishu.cn", "ok"),
              ("王芳", "push.target.remove", "", "refused"), ("王芳", "push.target.add", "", "refused")]  # fmt: skip
    assert log_of(services) == wanted


@pytest.mark.parametrize(
    ("channel", "host", "said"),
    [("webhook", "坏 主机", "不是主机名、IP 地址或网段"), ("email", "wang@example.cn", "不是域名"),
     ("email", " ", "没有填写"), ("inbox", "a.cn", "没有选择渠道"), ("", "a.cn", "没有选择渠道"),
     ("wecom", EVIL, "不是主机名")],
)  # fmt: skip
def test_what_is_no_target_is_refused_and_stays_typed(services: Services, channel: str, host: str, said: str) -> None:
    page = browser(services, "root").post("/push/targets/add", data={"channel": channel, "host": host})
    assert page.status_code == 422 and said in page.text and 'role="alert"' in page.text
    assert f'value="{html.escape(host).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")}"' in page.text
    assert "<script>alert" not in page.text and Targets(services.database).list() == []


def test_what_the_server_lacks_in_words(services: Services) -> None:
    said = text(browser(services).get("/push/targets"))
    assert "联系方式密钥（HUIQI_CONTACT_KEY）：已设置" in said and "没有设置发信服务器（HUIQI_SMTP）" in said
    other = dataclasses.replace(services, seal=None, mail=True)
    said = text(browser(other).get("/push/targets"))
    assert "没有设置联系方式密钥" in said and "huiqi store key" in said and "发信服务器（HUIQI_SMTP）：已设置" in said
    assert "还没有允许的目标，目前只能用站内信" in said

"""What arrives at each kind of receiver, what counts as a failure, and that nothing personal gets into a log."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
from email import policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from matcher.contacts import ContactInfo
from matcher.push import webhook
from matcher.push.channels import Carrier, Parcel
from matcher.push.content import rendered
from matcher.push.errors import PushRejected, PushUnavailable
from matcher.push.limits import way_of
from matcher.push.mail import Mail
from matcher.push.targets import Allowed
from matcher.store.companies import Channel
from policies.errors import InputError
from tests.push_support import NOW, SECRET, said
from tests.receivers import Got, Mailbox, Reply, mailbox, web

KEY = "ab" * 32
OUTSIDE = [each for each in Channel if each is not Channel.INBOX]
TO = "wangwu@a.example.cn"
END = "https://huiqi.example.cn/subscription/" + "t" * 150 + "/end"


def clock() -> dt.datetime:
    return NOW


def parcel(channel: Channel, address: str, secret: str = SECRET) -> Parcel:
    contact = ContactInfo("c1", channel, "王五", address, secret)
    return Parcel(KEY, contact, rendered(said(), channel, END))


def here(channel: Channel, *more: str) -> Allowed:
    return Allowed(channel, frozenset({"127.0.0.1", "a.example.cn", *more}))


# ---- mail -----------------------------------------------------------------------------------------------------------


def sent_mail(server: Mailbox) -> Any:
    carrier = Carrier(server.url, clock)
    receipt = carrier.send(parcel(Channel.EMAIL, TO), here(Channel.EMAIL))
    carrier.close()
    assert receipt == "250 2.0.0 Ok: queued for <…> as 4XyZ"
    return BytesParser(policy=policy.default).parsebytes(server.mails[-1].content)


def test_a_mail_has_text_and_html_and_everything_that_a_repetition_is_recognised_by() -> None:
    with mailbox() as server:
        mail = sent_mail(server)
        again = sent_mail(server)
    assert server.mails[0].rcpt_tos == [TO]
    assert server.mails[0].mail_from == "huiqi@example.cn"
    assert mail["Message-ID"] == again["Message-ID"] == f"<{KEY[:32]}@example.cn>"
    assert mail["Idempotency-Key"] == again["Idempotency-Key"] == KEY
    assert mail["Subject"] == "新政策｜设备更新补助"
    assert mail["From"].addresses[0].display_name == "惠企"
    assert mail["To"] == TO
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == f"<{END}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert "预计 20 万元" in text.get_content()
    assert "<" not in text.get_content()
    assert "预计 20 万元" in html.get_content()
    lines = server.mails[0].content.split(b"\r\n")
    assert all(len(line) <= 998 and line.isascii() for line in lines)
    assert b"List-Unsubscribe: <" + END.encode() + b">" in lines


def refusing(step: str, reply: str) -> Any:
    return lambda at, _recipient: reply if at == step else ""


@pytest.mark.parametrize(
    ("step", "reply", "error"),
    [
        ("RCPT", "550 5.1.1 wangwu@a.example.cn unknown", PushRejected),
        ("RCPT", "450 4.2.1 wangwu@a.example.cn busy", PushUnavailable),
        ("DATA", "554 5.7.1 spam", PushRejected),
        ("DATA", "451 4.3.0 try later", PushUnavailable),
    ],
)
def test_a_refusal_tells_whether_trying_again_helps(step: str, reply: str, error: type[Exception]) -> None:
    with mailbox(refusing(step, reply)) as server:
        carrier = Carrier(server.url, clock)
        with pytest.raises(error) as refused:
            carrier.send(parcel(Channel.EMAIL, TO), here(Channel.EMAIL))
        carrier.close()
    assert reply[:3] in str(refused.value)
    assert "wangwu" not in str(refused.value)


def test_one_connection_serves_several_mails_and_a_lost_one_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as server:
        carrier = Carrier(server.url, clock)

        def send() -> None:
            carrier.send(parcel(Channel.EMAIL, TO), here(Channel.EMAIL))

        send()
        send()
        assert (len(server.mails), len(server.connections)) == (2, 1)
        server.hang_up()
        with pytest.raises(PushUnavailable, match="连接中断"):
            send()
        send()
        assert (len(server.mails), len(server.connections)) == (3, 2)
        server.hang_up()
        monkeypatch.setattr("matcher.push.mail.FRESH_S", 0.0)
        send()
        assert (len(server.mails), len(server.connections)) == (4, 3)
        carrier.close()


def test_without_a_server_no_mail_is_sent() -> None:
    carrier = Carrier(None, clock)
    assert Channel.EMAIL not in carrier.channels
    assert Channel.WEBHOOK in carrier.channels
    with pytest.raises(PushUnavailable, match="HUIQI_SMTP"):
        carrier.send(parcel(Channel.EMAIL, TO), here(Channel.EMAIL))


@pytest.mark.parametrize(
    "url", ["", "x", "https://smtp.example.cn", "mailtos://", "mailtos://u:p@smtp.example.cn?from=a@b.cn&verify=no"]
)
def test_a_mail_server_has_to_be_one_and_its_certificate_is_always_checked(url: str) -> None:
    with pytest.raises(InputError) as refused:
        Mail(url, clock)
    assert "u:p@" not in str(refused.value)


def test_a_mail_server_is_read_as_apprise_writes_it() -> None:
    plugin = Mail("mailtos://u:p@smtp.example.cn:465?from=惠企<huiqi@example.cn>&mode=ssl", clock)._plugin
    assert (plugin.smtp_host, plugin.port, plugin.secure_mode, plugin.user, plugin.password) == (
        "smtp.example.cn", 465, "ssl", "u", "p",
    )  # fmt: skip


def test_a_subject_cannot_smuggle_in_a_header() -> None:
    letter = rendered(said(subject="标题\r\nBcc: x@y.cn"), Channel.EMAIL, END)
    mail = Mail("mailto://127.0.0.1:25?from=huiqi@example.cn", clock).written(KEY, TO, letter)
    assert mail["Bcc"] is None
    with pytest.raises(PushRejected):
        Mail("mailto://127.0.0.1:25?from=huiqi@example.cn", clock).written(KEY, "a@b.cn\r\nBcc: x@y.cn", letter)


# ---- the webhook ----------------------------------------------------------------------------------------------------


def test_a_receiver_can_check_a_webhook_and_recognise_a_repetition() -> None:
    """What the documentation tells a receiver to do, with nothing of ours: hmac and the clock."""
    with web(lambda _: Reply(200, b"ok")) as server:
        carrier = Carrier(None, clock)
        for _ in range(2):
            receipt = carrier.send(parcel(Channel.WEBHOOK, f"{server.url}/in"), here(Channel.WEBHOOK))
    assert receipt == "HTTP 200 ok"
    first, second = server.got
    timestamp = first.headers["X-Huiqi-Timestamp"]
    signed = hmac.new(SECRET.encode(), timestamp.encode() + b"." + first.body, hashlib.sha256).hexdigest()
    assert first.headers["X-Huiqi-Signature"] == f"sha256={signed}"
    assert int(timestamp) == int(NOW.timestamp())
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == KEY
    body = json.loads(first.body)
    assert body["key"] == KEY
    assert body["measure"] == "设备更新补助"
    assert body["end_link"] == END


def test_a_changed_old_or_foreign_request_is_not_genuine() -> None:
    now = int(NOW.timestamp())
    body = webhook.body_of(KEY, {"a": 1})
    headers = webhook.headers_of(SECRET, KEY, body, now)
    assert webhook.is_genuine(SECRET, headers, body, now + 299)
    assert webhook.is_genuine(SECRET, {name.upper(): value for name, value in headers.items()}, body, now)
    assert not webhook.is_genuine(SECRET, headers, body + b" ", now)
    assert not webhook.is_genuine("other", headers, body, now)
    assert not webhook.is_genuine(SECRET, headers, body, now + 301)
    assert not webhook.is_genuine(SECRET, {**headers, "X-Huiqi-Timestamp": str(now + 1)}, body, now)
    assert not webhook.is_genuine(SECRET, {**headers, "X-Huiqi-Timestamp": "１２"}, body, now)
    assert not webhook.is_genuine(SECRET, {}, body, now)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, PushUnavailable), (503, PushUnavailable), (429, PushUnavailable), (408, PushUnavailable),
        (302, PushRejected), (400, PushRejected), (401, PushRejected), (404, PushRejected), (410, PushRejected),
    ],
)  # fmt: skip
def test_a_status_tells_whether_trying_again_helps(status: int, error: type[Exception]) -> None:
    with web(lambda _: Reply(status, b"", {"Retry-After": "30"})) as server, pytest.raises(error) as refused:
        Carrier(None, clock).send(parcel(Channel.WEBHOOK, server.url), here(Channel.WEBHOOK))
    assert str(status) in str(refused.value)
    if isinstance(refused.value, PushUnavailable):
        assert refused.value.retry_s == 30


def test_a_webhook_without_a_secret_is_not_sent() -> None:
    with web(lambda _: Reply()) as server, pytest.raises(PushRejected, match="签名密钥"):
        Carrier(None, clock).send(parcel(Channel.WEBHOOK, server.url, secret=""), here(Channel.WEBHOOK))
    assert server.got == []


# ---- robots ---------------------------------------------------------------------------------------------------------

ROBOTS = {
    Channel.WECOM: "/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
    Channel.DINGTALK: "/robot/send?access_token=566cc69da782ec",
    Channel.FEISHU: "/open-apis/bot/v2/hook/f19e8a3e-1234",
}
ACCEPTED = {
    Channel.WECOM: b'{"errcode":0,"errmsg":"ok"}',
    Channel.DINGTALK: b'{"errcode":0,"errmsg":"ok"}',
    Channel.FEISHU: b'{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}',
}


def asked_robot(channel: Channel, secret: str) -> tuple[Got, dict[str, Any], str]:
    """The request that a robot gets, its body, and the receipt."""
    with web(lambda _: Reply(200, ACCEPTED[channel])) as server:
        receipt = Carrier(None, clock).send(parcel(channel, server.url + ROBOTS[channel], secret), here(channel))
    return server.got[0], json.loads(server.got[0].body), receipt


def test_wecom_gets_markdown_within_its_limit() -> None:
    got, body, receipt = asked_robot(Channel.WECOM, "")
    assert got.path == ROBOTS[Channel.WECOM]
    assert body["msgtype"] == "markdown"
    assert "20 万元" in body["markdown"]["content"]
    assert len(body["markdown"]["content"].encode()) <= 2048
    assert receipt == ACCEPTED[Channel.WECOM].decode()


def test_dingtalk_gets_a_signature_that_is_quoted_once() -> None:
    got, body, _ = asked_robot(Channel.DINGTALK, "SEC123abc")
    query = parse_qs(urlsplit(got.path).query, strict_parsing=True)
    timestamp = query["timestamp"][0]
    expected = hmac.new(b"SEC123abc", f"{timestamp}\nSEC123abc".encode(), hashlib.sha256).digest()
    assert base64.b64decode(query["sign"][0], validate=True) == expected
    assert query["access_token"] == ["566cc69da782ec"]
    assert body["markdown"]["title"] == "新政策｜设备更新补助"
    assert "20 万元" in body["markdown"]["text"]


def test_feishu_gets_a_card_and_a_signature_in_the_body() -> None:
    _, body, _ = asked_robot(Channel.FEISHU, "s3cret")
    expected = hmac.new(f"{body['timestamp']}\ns3cret".encode(), b"", hashlib.sha256).digest()
    assert base64.b64decode(body["sign"]) == expected
    assert int(body["timestamp"]) == int(NOW.timestamp())
    assert body["msg_type"] == "interactive"
    assert "20 万元" in body["card"]["elements"][0]["content"]
    _, unsigned, _ = asked_robot(Channel.FEISHU, "")
    assert "sign" not in unsigned


@pytest.mark.parametrize(
    ("channel", "answer", "error"),
    [
        (Channel.WECOM, Reply(200, b'{"errcode":93000,"errmsg":"invalid webhook url"}'), PushRejected),
        (Channel.WECOM, Reply(200, b'{"errcode":45009,"errmsg":"api freq out of limit"}'), PushUnavailable),
        (Channel.WECOM, Reply(200, b'{"errcode":-1,"errmsg":"system busy"}'), PushUnavailable),
        (Channel.DINGTALK, Reply(200, b'{"errcode":310000,"errmsg":"sign not match"}'), PushRejected),
        (Channel.DINGTALK, Reply(200, b'{"errcode":130101,"errmsg":"send too fast"}'), PushUnavailable),
        (Channel.FEISHU, Reply(200, b'{"code":19021,"msg":"sign match fail"}'), PushRejected),
        (Channel.FEISHU, Reply(200, b'{"code":11232,"msg":"frequency limited"}'), PushUnavailable),
        (Channel.FEISHU, Reply(200, b"<html>"), PushUnavailable),
        (Channel.FEISHU, Reply(200, b"[]"), PushUnavailable),
        (Channel.WECOM, Reply(502, b""), PushUnavailable),
    ],
)
def test_a_robot_that_says_no_with_http_200_has_not_taken_the_message(
    channel: Channel, answer: Reply, error: type[Exception]
) -> None:
    with web(lambda _: answer) as server, pytest.raises(error):
        Carrier(None, clock).send(parcel(channel, server.url + ROBOTS[channel], ""), here(channel))


@pytest.mark.parametrize(
    ("channel", "path"),
    [
        (Channel.WECOM, "/cgi-bin/webhook/send"),
        (Channel.WECOM, "/cgi-bin/webhook/send?key=a%20b"),
        (Channel.DINGTALK, "/robot/send?access_token="),
        (Channel.FEISHU, "/"),
    ],
)
def test_an_address_that_is_no_robots_is_refused(channel: Channel, path: str) -> None:
    with web(lambda _: Reply()) as server, pytest.raises(PushRejected, match="机器人地址"):
        Carrier(None, clock).send(parcel(channel, server.url + path, ""), here(channel))
    assert server.got == []


# ---- all of them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", OUTSIDE)
def test_nothing_is_sent_to_a_target_that_is_not_listed(channel: Channel) -> None:
    nowhere = Allowed(channel, frozenset({"other.example.cn"}))
    with web(lambda _: Reply()) as server, mailbox() as mails:
        address = TO if channel is Channel.EMAIL else server.url + ROBOTS.get(channel, "/in")
        carrier = Carrier(mails.url, clock)
        for use in (carrier.send, carrier.check):
            with pytest.raises(PushRejected, match="不在"):
                use(parcel(channel, address), nowhere)
    assert server.got == []
    assert mails.mails == []


@pytest.mark.parametrize("channel", OUTSIDE)
def test_a_check_sends_nothing(channel: Channel) -> None:
    with web(lambda _: Reply()) as server, mailbox() as mails:
        address = TO if channel is Channel.EMAIL else server.url + ROBOTS.get(channel, "/in")
        Carrier(mails.url, clock).check(parcel(channel, address, "abc"), here(channel))
    assert server.got == []
    assert mails.mails == []


def test_what_a_limit_counts() -> None:
    mail = ContactInfo("c", Channel.EMAIL, "", TO, "")
    hook = ContactInfo("c", Channel.WEBHOOK, "", "https://hook.example.cn/secret-path", SECRET)
    robot = ContactInfo("c", Channel.WECOM, "", "https://qyapi.weixin.qq.com/x?key=secret", "")
    assert [way_of(each, "mark") for each in (mail, hook, robot)] == [
        "email", "webhook:hook.example.cn", "wecom:mark",
    ]  # fmt: skip


def all_failed() -> None:
    """A message of each channel to a receiver that fails."""
    with mailbox(refusing("RCPT", "550 no")) as mails, web(lambda _: Reply(500)) as server:
        carrier = Carrier(mails.url, clock)
        for channel in OUTSIDE:
            address = TO if channel is Channel.EMAIL else server.url + ROBOTS.get(channel, "/private-path")
            with pytest.raises((PushRejected, PushUnavailable)):
                carrier.send(parcel(channel, address, "SEC123"), here(channel))
        carrier.close()


def test_nothing_personal_gets_into_a_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(1)
    all_failed()
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # the receiver's own
    written = "\n".join(ours) + "".join(capfd.readouterr())
    for secret in ("wangwu", "a.example.cn", "王五", "693a91f6", "566cc69da782ec", "f19e8a3e", "SEC123", "济南甲公司"):
        assert secret not in written
    assert "private-path" not in written
    caplog.clear()
    monkeypatch.setattr("matcher.push.channels.hush", lambda: None)
    for name in ("urllib3", "apprise"):
        logging.getLogger(name).setLevel(1)
        logging.getLogger(name).propagate = True
    all_failed()
    assert "private-path" in caplog.text, "the libraries would have written it"

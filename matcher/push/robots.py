"""Robots of 企业微信, 钉钉 and 飞书: apprise's plugins know where they are, what a key looks like and how 钉钉 signs.

Their `send` is replaced: 企业微信 and 钉钉 say "no" with HTTP 200 and an errcode that apprise does not read, 飞书's
signature is unknown to it, and names have to be resolved by `push.http`.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from apprise.exception import AppriseException
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from matcher.push.errors import PushRejected, PushUnavailable
from matcher.push.http import Answer
from matcher.push.letters import Rendered
from matcher.store.companies import Channel

Json = dict[str, Any]
FINAL = {
    Channel.WECOM: {40058, 93000, 93004, 93008},
    Channel.DINGTALK: {40035, 300001, 300005, 310000, 400013, 400102},
    Channel.FEISHU: {9499, 19001, 19021, 19022, 19024},
}
"""Codes that mean that trying again would not help: no such robot, wrong signature, keyword or form."""
NAMES = {Channel.WECOM: "企业微信", Channel.DINGTALK: "钉钉", Channel.FEISHU: "飞书"}
BUSY_S = 60.0
"""Limits of robots are counted by the minute."""
_ANSWER_CHARS = 200
_WeCom: Any = NotifyWeComBot  # apprise's plugins are not typed
_DingTalk: Any = NotifyDingTalk
_FeiShu: Any = NotifyFeishu


def request(channel: Channel, url: str, secret: str, letter: Rendered, now: dt.datetime) -> tuple[str, Json]:
    """Where to post what, so that a robot says a message.

    Args:
        channel: Whose robot.
        url: Its address, as the robot's settings show it.
        secret: What it signs with (加签, 签名校验); "" if it does not. 企业微信 has none.
        letter: What it says.
        now: For the signature.

    Raises:
        PushRejected: the address or the secret is none of this channel's.
    """
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    try:
        if channel is Channel.WECOM:
            _WeCom(key=query.get("key"))
            if letter.markdown:
                return url, _said("markdown", content=letter.markdown)
            return url, _said("text", content=letter.text)
        if channel is Channel.DINGTALK:
            return _dingtalk(url, query, secret, letter)
        _FeiShu(token=parts.path.rstrip("/").rpartition("/")[2])
    except AppriseException:
        raise PushRejected("机器人地址或密钥的写法不正确，请从群机器人的设置中完整复制") from None
    return url, _feishu(secret, letter, now)


def receipt(channel: Channel, answer: Answer) -> str:
    """What a robot answered, if it has taken the message.

    Raises:
        PushRejected: it never will.
        PushUnavailable: it does not now.
    """
    name = NAMES[channel]
    if answer.status != 200:
        raise PushUnavailable(f"{name}答复 HTTP {answer.status}", max(answer.retry_s, BUSY_S))
    try:
        said = json.loads(answer.body)
        code = next(said[each] for each in ("errcode", "code", "StatusCode") if each in said)
    except (ValueError, TypeError, StopIteration):
        raise PushUnavailable(f"{name}的答复不完整") from None
    if code == 0:
        return answer.body.decode("utf-8", "replace")[:_ANSWER_CHARS]
    if code in FINAL[channel]:
        raise PushRejected(f"{name}拒收（错误码 {int(code)}），请核对机器人地址、密钥和安全设置")
    raise PushUnavailable(f"{name}暂时没有接收（错误码 {code}）", BUSY_S)


def _dingtalk(url: str, query: dict[str, str], secret: str, letter: Rendered) -> tuple[str, Json]:
    plugin = _DingTalk(token=query.get("access_token"), secret=secret or None)
    if secret:
        timestamp, quoted = plugin.get_signature()
        # apprise quotes the signature, and requests would once more: 钉钉 then finds "sign not match"
        url = f"{url}&{urlencode({'timestamp': timestamp, 'sign': unquote(quoted)})}"
    if letter.markdown:
        return url, _said("markdown", title=letter.subject, text=letter.markdown)
    return url, _said("text", content=letter.text)


def _said(kind: str, **fields: str) -> Json:
    return {"msgtype": kind, kind: fields}


def _feishu(secret: str, letter: Rendered, now: dt.datetime) -> Json:
    """Formatting shows in a card only."""
    signed: Json = {}
    if secret:
        timestamp = str(int(now.timestamp()))
        digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        signed = {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
    if not letter.markdown:
        return {**signed, "msg_type": "text", "content": {"text": letter.text}}
    element = {"tag": "markdown", "content": letter.markdown}
    return {**signed, "msg_type": "interactive", "card": {"config": {"wide_screen_mode": True}, "elements": [element]}}

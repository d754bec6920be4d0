"""All Chinese words for pushes and messages that the staff's pages and commands share."""

from __future__ import annotations

from matcher.push.batches import STATES
from matcher.push.content_text import OCCASIONS
from matcher.push.targets import CHANNELS
from matcher.store.companies import Channel
from matcher.store.pushes import MessageState, Occasion

__all__ = ["CHANNELS", "FOUND", "MESSAGE_STATES", "NOT_TOLD", "NO_REGION", "OCCASIONS", "OCCASION_WHY", "OFFICIAL",
           "OUTCOMES", "STATES", "STATE_NOBODY", "STATE_OVER", "UNKNOWN_REGION"]  # fmt: skip

OCCASION_WHY = {
    Occasion.PUBLISHED: "政策库新增了这个事项",
    Occasion.CHANGED: "条件、金额、期限或材料有变化",
    Occasion.OPENING: "到了可以申报的时间",
    Occasion.CLOSING: "申报快要截止",
    Occasion.SUCCESSOR: "原有政策到期或废止，由它接续",
}
STATE_NOBODY, STATE_OVER = "无须推送", "已发完"
MESSAGE_STATES = {
    MessageState.HELD: "待放行",
    MessageState.READY: "等待发送",
    MessageState.BUNDLED: "已并入汇总",
    MessageState.CLAIMED: "正在发送",
    MessageState.SENT: "已送达",
    MessageState.DEAD: "未能送达",
    MessageState.CANCELLED: "已取消",
}
FOUND = {
    "eligible": "符合条件",
    "nearly": "只差一项信息",
    "item": "只差一项资质或名录",
    "to_check": "只差人工核实",
    "more": "还差多项信息",
    "excluded": "不符合条件",
    "elsewhere": "不在适用地区",
    "unreadable": "企业信息有误，没有比对",
}
"""How the measure stands for the companies; each company is in one of these."""
NOT_TOLD = {
    "known": "以前就符合，或者已经告知过",
    "no_subscription": "没有已确认的订阅",
    "other_themes": "订阅的主题不含这项政策",
    "below_floor": "与企业关系不大（低于推送门槛）",
}
"""Why companies for which it holds are not told."""
OUTCOMES = {"sent": "已送达", "failed": "失败，稍后重试", "refused": "被拒，不再重试"}
NO_REGION, UNKNOWN_REGION = "未填地区", "未知地区（{code}）"
OFFICIAL = {
    Channel.WECOM: ("企业微信", "qyapi.weixin.qq.com"),
    Channel.DINGTALK: ("钉钉", "oapi.dingtalk.com"),
    Channel.FEISHU: ("飞书", "open.feishu.cn"),
}
"""Who makes robots, and the host that their addresses lead to."""

"""All Chinese text of what a company wants to hear: in words, and why something is refused."""

from __future__ import annotations

from matcher.store.pushes import Frequency, SubscriptionState

FREQUENCIES = {
    Frequency.AT_ONCE: "有新消息就发",
    Frequency.DAILY: "每天汇总一次（9 点）",
    Frequency.WEEKLY: "每周汇总一次（周一或之后第一个工作日 9 点）",
}
STATES = {
    SubscriptionState.WAITING: "等待确认",
    SubscriptionState.CONFIRMED: "已确认，正在接收",
    SubscriptionState.ENDED: "已退订",
}
ALL_THEMES = "全部主题"
THEMES = "主题：{themes}"
INBOX_WISHES = "有新消息就放进站内信"
QUIET = "{start} 点至{end} 点不打扰"
NEXT_DAY = "次日 "
WORKDAYS = "只在工作日发送"
CAP = "每周最多 {n} 条"

COMPANY = "企业“{company_id}”"
NO_COMPANY = "没有这家企业"
NO_SUBSCRIPTION = ("订阅", "没有这个订阅，或者已经退订", "请刷新页面后重试")
NO_KEY = ("订阅", "服务器没有设置联系方式密钥，只能使用站内信", "请联系管理员设置 HUIQI_CONTACT_KEY")
ALREADY = ("订阅", "这个地址已经订阅", "请直接修改原有的订阅")
ALREADY_INBOX = ("订阅", "站内信已经订阅", "请直接修改原有的订阅")
SUBSCRIPTION = "订阅"
TOO_MANY = "每家企业最多 {n} 个订阅"
ADDRESS = "地址"
ASKED_OFTEN = "7 天内已向这个地址发过 {n} 次确认请求"
DECLINED = "对方已拒绝接收确认请求，不能再发"
LATER = "请过几天再试"
OTHER_ADDRESS = "请换一个地址"
NOT_WAITING = ("订阅", "这个订阅不在等待确认", "请刷新页面后重试")
NOT_DEPARTMENT = "不是专员导入的企业，只能由企业自己订阅"
NO_CONTACT = "没有这个联系方式"

THEME, UNKNOWN_THEME = "主题", "没有“{theme}”这个主题"
HOUR, BAD_HOUR = "免打扰时段", "应为 0 至 23 点"
CAP_LABEL, BAD_CAP = "每周上限", "应为 1 至 {most} 条"
ENDED_PROBLEM = "已退订"
CLOSED_PROBLEM = "发送前申报已截止"

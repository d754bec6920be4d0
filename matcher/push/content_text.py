"""All Chinese text of messages that is not in a template."""

from __future__ import annotations

from matcher.store.pushes import Occasion

BRAND = "惠企"
OCCASIONS = {
    Occasion.PUBLISHED: "新政策",
    Occasion.CHANGED: "政策有变化",
    Occasion.OPENING: "开始申报",
    Occasion.CLOSING: "即将截止",
    Occasion.SUCCESSOR: "接续政策",
}
SUBJECT = "【{occasion}】{measure}：{short}"
SHORT = {True: "贵公司符合条件", False: "再补充一项信息即可确认"}
POLICY = "《{title}》"
LEAD = "【{occasion}】{policy}“{measure}”，"
ELIGIBLE = "贵公司符合条件，{money}"
NEARLY = "贵公司再补充“{label}”一项就能确定是否符合；如符合，{money}"
SUM, REASON = "预计金额{money}", "金额：{money}"
UNTIL = "；{deadline}"
QUESTION = "“{label}”：{question}"
RECALLED = "本条依据一般政策知识整理，未核对原文，仅供参考"
NO_SUM = "金额以批复为准"

CLOSES = "{day}截止（含当日）"
OPENS = "预计 {day}开放"
OPENS_CLOSES = "预计 {opens}开放，{closes}截止（含当日）"

DIGEST_SUBJECT = "【政策汇总】{n} 项政策与贵公司有关：{first}等"
DIGEST_SUBJECT_ONE = "【政策汇总】1 项政策与贵公司有关：{first}"
CONFIRM_SUBJECT = "请确认订阅政策提醒"
ELLIPSIS = "…"

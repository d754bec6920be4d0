"""Chinese text of the documents, and how text from outside is made fit for a document."""

from __future__ import annotations

import re

BRAND = "惠企政策匹配"
DISCLAIMER = "结果由系统按政策规定自动比对，仅供参考，以主管部门解释和最终审核为准。"

# ---- report ---------------------------------------------------------------------------------------------------------

REPORT = "惠企政策匹配报告"
COMPANY, AS_OF, VERSION, MADE_AT = "企业", "查询日期", "政策库版本", "生成时间"
SUMMARY, GIVEN, PLAN = "匹配结果概要", "企业信息（按填写）", "第 {number} 项计划"
OVERVIEW = "重点事项一览"
NUMBER, MEASURE, POLICY, VERDICT, AMOUNT, WINDOW = "序号", "支持事项", "文件", "结论", "预计金额", "申报时间"
REST, REST_LEAD = "其余事项", "以下事项排列靠后，只列要点；详情可在网页上查看。"
NEXT_STEP, GAP = "下一步", "差在哪里、怎么补上"
TOTAL_SURE, TOTAL_MAY, TOTAL_NONE = "已确认符合的合计", "排在前 20 项的全部符合时最多", "暂无可估算的金额"
TOTAL_NOTE = "已按就高不重复、择一等规则扣除重复部分；是上限，不等于能拿到的数额，以批复为准。"
LEFT_OUT, NOTES = "未重复计入的事项", "匹配时的说明"
PLAN_TEXT, NOT_GIVEN = "计划内容", "没有填写"
BODY, TRACE, FOR_PLAN = "支持内容", "算法", "对应计划"
CONDITIONS, MANUAL, PREFERRED = "条件逐条比对", "须人工核实", "优先支持"
GIST, MATERIALS, CHANNEL, CONTACT = "政策要点", "申报材料", "申报渠道", "受理部门"
EXCLUSIONS, STACKING, SOURCE, CAUTION = "不予支持", "叠加规定", "政策来源", "参考"
SOURCE_OTHER = "{title}（非官方原文，请以主管部门公布为准）"
DISCLAIMER_HEADING, WARNING = "说明", "请注意"
PAGE_BEFORE, PAGE_BETWEEN, PAGE_AFTER = "第 ", " 页 / 共 ", " 页"
MARKS = {"met": "√", "unmet": "×", "ask": "？"}
CHINESE_NUMBERS = "一二三四五六七八九十"

# ---- calendar -------------------------------------------------------------------------------------------------------

CALENDAR = "惠企政策申报日历"
OPENS, CLOSES, ENDS = "开始申报", "申报截止", "政策到期"
USUAL = "按往年时间推算，以当年通知为准。"
ALARM = "还有 {days} 天：{summary}"
ASK_FIRST = "以主管部门通知为准。"

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORMAT = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_UNSAFE_IN_NAMES = re.compile(r'[\\/:*?"<>|;%\s.]+')
MAX_NAME_CHARS = 40


def clean(text: str) -> str:
    """Text without characters that a document may not hold (control characters, lone surrogates)."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def file_name(*parts: str, suffix: str) -> str:
    """A name for a download that no system takes for anything else than one file name.

    >>> file_name("../甲 公司", "2026-11-23", suffix=".docx")
    '甲_公司-2026-11-23.docx'
    """
    plain = [_UNSAFE_IN_NAMES.sub("_", _FORMAT.sub("", clean(part)).strip()).strip("_") for part in parts]
    return "-".join(part[:MAX_NAME_CHARS] for part in plain if part) + suffix

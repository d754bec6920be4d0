"""All Chinese text of "mine": what a user keeps, reports of a match, and the refusals of these pages."""

from __future__ import annotations

# ---- page -----------------------------------------------------------------------------------------------------------

MINE = "我的"
LEAD = "这里是您保存的企业、做过的匹配、收藏的事项和申报日历，只有您自己能看到。"
SUBSCRIPTIONS, INBOX, INBOX_UNREAD = "政策订阅", "站内信", "站内信（{n} 条未读）"
CONTENTS = "本页内容"
PROFILES, RUNS, FAVOURITES, CALENDAR, DATA = "保存的企业", "匹配记录", "收藏的事项", "申报日历", "我的数据"
COUNT = "{n} {unit}"
UNIT_PROFILE, UNIT_RUN, UNIT_ITEM = "家", "次", "项"
START = "去填写企业信息"
BROWSE = "去政策检索"
MORE = "展开其余 {n} {unit}"
NOT_READY = "政策库正在准备，收藏事项的名称和申报日历稍后可见，请过一会儿刷新本页。"

NO_PROFILES = "还没有保存企业。在“企业匹配”中填写并保存后，下次可以直接打开，不用重填。"
PROFILES_LEAD = "打开后可以修改，再次匹配。"
SAVED_AT = "最近修改：{day}"
OPEN_PROFILE = "打开填写"

NO_RUNS = "还没有匹配记录。每次匹配后会自动留下一条，可以再看结果、打印或下载报告。"
RUN_TITLE = "{name}，{made}"
RUN_DAY = "按 {day}的政策库匹配（版本 {version}）"
RUN_CHANGED = "政策库在这之后有更新，再次打开时会按现在的政策库重新匹配，结果可能不同。"
RUN_TOTAL = "已确认符合的合计"
RUN_REPORT, RUN_REOPEN, RUN_WORD, RUN_ICS = "查看报告", "重新打开", "下载 Word 报告", "下载日历文件"

NO_FAVOURITES = "还没有收藏。在匹配结果或政策页面点“收藏”，就可以在这里看到它们的申报时间。"
FAVOURITES_LEAD = "勾选 2 至 4 项可以并排比较。"
CHOOSE, COMPARE = "选中比较", "比较所选的事项"
FAVOURITE_GONE = "政策库中已经没有这个事项（编号 {measure_id}），可能已合并或撤下。"
REMOVE = "取消收藏"
POLICY, STATE, WINDOW, FOLLOWED = "政策文件", "状态", "申报时间", "后续文件"

NO_DAYS = "没有已知的申报日期。收藏事项或做一次匹配后，有明确时间的会列在这里；以通知为准的事项没有日期。"
CALENDAR_LEAD = "来自收藏的事项，以及最近一次匹配（{name}）中符合和可能符合的事项。"
CALENDAR_LEAD_FAVOURITES = "来自收藏的事项。"
CALENDAR_FILE = "下载日历文件"
CALENDAR_HINT = "文件为 .ics 格式，可导入手机或电脑的日历，提前 14 天和 3 天各提醒一次。"
LATER = "展开一年以后的 {n} 个日期"
MONTH = "{year} 年 {month} 月"
DAY = "{month} 月 {day} 日"
LEFT, LAST_DAY = "还有 {n} 天", "就在今天"
USUAL = "按往年时间推算，以当年通知为准"
FROM_FAVOURITES = "已收藏"

DATA_LEAD = (
    "保存的企业 {profiles} 家、匹配记录 {runs} 次、收藏 {favourites} 项、反馈 {feedback} 条。"
    "这些是您的经营信息，可以随时导出或全部清除。"
)
DATA_STAFF = "专员工作台中的名单和结果不在其内，请在专员工作台管理。"
EXPORT = "导出全部数据（JSON）"
EXPORT_NAME = "惠企-我的数据"
ERASE = "清除全部数据"
ERASE_LEAD = (
    "将清除保存的企业 {profiles} 家、匹配记录 {runs} 次、收藏 {favourites} 项、反馈 {feedback} 条。清除后不能恢复。"
)
ERASE_FIRST = "如果以后还要用，请先导出一份。"
ERASE_NONE = "现在没有保存任何数据。"
ERASE_YES, BACK = "确认清除，不再恢复", "返回“我的”"

DELETE = "删除"
DELETE_PROFILE_ASK = "删除后，这家企业的信息、它的匹配记录、反馈、订阅和消息都不能恢复。"
DELETE_RUN_ASK = "删除后，这条匹配记录不能恢复。"
DELETE_YES = "确认删除"
DONE = {
    "profile": "已删除这家企业和属于它的全部内容。",
    "run": "已删除这条匹配记录。",
    "favourite": "已取消收藏。",
    "erased": "已清除全部数据。",
}

# ---- report ---------------------------------------------------------------------------------------------------------

REPORT = "匹配报告"
REPORT_OF = "{name}的匹配报告"
PRINT, WORD = "打印", "下载 Word 文件"
PRINT_HINT = "也可以用浏览器的打印功能另存为 PDF。"
LIBRARY_CHANGED = "匹配时的政策库版本是 {old}，现在是 {new}。以下内容按现在的政策库重新得出，可能与当时看到的不同。"
OTHER_DAY = "申报时间和剩余天数按查询日期 {day}计算；今天是 {today}。"
SUMMARY, GIVEN, REST, REST_LEAD = "匹配结果概要", "企业信息（按填写）", "其余事项", "以下事项排列靠后，只列要点。"
MADE_AT, FOR_PLAN, SOURCE = "报告生成于 {moment}", "对应计划", "政策来源"
MEASURE, VERDICT = "支持事项", "结论"
EVERYTHING = "把其余 {n} 项也完整列出"
ICS_NAME = "惠企政策申报日历"

# ---- refusals -------------------------------------------------------------------------------------------------------

LOGIN_FIRST = ("请先登录", "登录后才能看到自己保存的内容。")
OTHER_ROLE = ("没有权限", "这一页供企业用户使用，请换用企业账号登录。")
NOT_FOUND = ("没有找到", "这条内容不存在，或者已经被删除。")
NOT_READABLE, NOT_DONE = "这条记录不能再用", "没有完成"
BAD_JSON = "提交的内容不对"
BAD_FIELD = "“{field}”{reason}"
REASONS = {
    "missing": "没有填写",
    "extra_forbidden": "是多余的项",
    "string_type": "应为文字",
    "bool_type": "应为 true 或 false",
    "string_too_short": "不能为空",
    "string_too_long": "太长",
    "enum": "不在允许的取值内，可用：适合、不适合、已申报、已获批",
    "json_invalid": "不是正确的 JSON",
}
REASON_OTHER = "格式不对"
NO_MEASURE = ("没有这个事项", "政策库中没有编号为“{measure_id}”的事项，请刷新页面后重试。")
NO_RUN = ("没有这条匹配记录", "它可能已被删除，请重新匹配后再反馈。")

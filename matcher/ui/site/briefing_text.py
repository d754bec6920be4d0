"""All Chinese text of the pages of 宣贯."""

from __future__ import annotations

from matcher.briefing.book import NO_CONTACT, NO_KEY, ORDER_RULE, OUTCOMES, PRIVACY

__all__ = ["NO_CONTACT", "NO_KEY", "ORDER_RULE", "OUTCOMES", "PRIVACY"]

BRIEFING = "宣贯邀请名单"
LEAD = "选择要宣讲的事项和地区，从企业库中找出用得上的企业，说明理由和可得金额，导出邀请名单。"
ERRORS = "没有完成"
NOT_READY = "政策库正在准备，请过一会儿刷新本页。"

ASK = "宣讲什么、邀请谁"
MEASURES, MEASURES_HINT = "事项", "勾选一个或多个，最多 50 个"
FIND, FIND_HINT = "按文字筛选事项", "例如“技术改造”；已勾选的始终保留"
FIND_BUTTON = "筛选事项"
NO_MEASURES = "没有含这些文字的事项。"
REGION, REGION_HINT = "企业所在地区（选填）", "例如“山东省/济南市”；不填为全部企业"
SEATS, SEATS_HINT = "名额（选填）", "最多邀请多少家；不填为不限"
ASK_BUTTON = "查找企业"
ASK_HINT = "企业较多时要等一会儿（十万家约一分钟）。"

FOUND = "找到的企业"
SEEN, USEFUL, LISTED = "比对企业（家）", "用得上的企业（家）", "列入名单（家）"
UNREADABLE = "信息不能读取（家）"
BY_MEASURE = "各事项用得上的企业"
MEASURE, ELIGIBLE, TO_CHECK, NEARLY = "事项", "符合", "须核实", "差 1 项信息"
ORDER_HEADING = "怎样排列"
PREVIEW = "邀请名单预览"
PREVIEW_LEAD = "只显示前 {n} 家，不显示联系方式；完整名单在导出的文件中。"
PLACE, COMPANY, REGION_OF, WORTH, REASONS = "次序", "企业名称", "注册地", "可得金额（元）", "邀请理由"
SURE, RANGE, UP_TO = "{high:,.0f}", "{low:,.0f}—{high:,.0f}", "最高 {high:,.0f}"
NO_SUM = "—"
NOBODY = "企业库中没有用得上这些事项的企业。可以换事项或地区，或先在“企业库”中导入企业。"
EXPORT_XLSX, EXPORT_CSV = "导出邀请名单（XLSX）", "导出邀请名单（CSV）"
EXPORT_NOTE = "导出的文件含企业的联系方式，只供本次宣贯使用；每次导出都记入操作日志。"
EXPORT_NO_KEY = "没有配置联系方式密钥（HUIQI_CONTACT_KEY），导出的文件没有联系方式。"
NOT_A_NUMBER = "“{text}”不是整数"

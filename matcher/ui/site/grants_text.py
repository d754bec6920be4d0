"""All Chinese text of the pages of 免申即享."""

from __future__ import annotations

from matcher.grants.book import CONFLICT, COUNTED, EVIDENCE_RULE, ORDER_RULE, WHY
from matcher.grants.granted import STATES

__all__ = ["CONFLICT", "COUNTED", "EVIDENCE_RULE", "ORDER_RULE", "STATES", "WHY"]

GRANTS = "免申即享"
LEAD = (
    "为一个事项找出只凭已核实的信息就符合全部条件的企业，由主管部门确认、企业确认意愿后兑付，企业不用申报。"
    "企业的信息在“企业库”中导入和核实。"
)
ERRORS = "没有完成"
NOT_READY = "政策库正在准备，请过一会儿刷新本页。"
MISSING, MISSING_LEAD = "没有找到", "这份名单或这条记录不存在，可能企业的数据已被清除。"
BACK_TO_LISTS, BACK_TO_LIST = "返回全部名单", "返回名单"

# ---- making a list --------------------------------------------------------------------------------------------------

MAKE = "生成名单"
MEASURE, MEASURE_HINT = "事项", "只列直接给企业资金、当前可以兑付的事项"
MEASURE_NONE = "请选择事项"
BUDGET, BUDGET_HINT = "预算（选填）", "例如“300万”；不填为不限"
REGION, REGION_HINT = "企业所在地区（选填）", "例如“山东省/济南市”；不填为全部企业"
MAKE_BUTTON = "比对并生成名单"
MAKE_HINT = "企业较多时要等一会儿（十万家约一分钟）。同一事项、同一地区的旧名单不再接受确认，已确认的照常兑付。"

# ---- lists ----------------------------------------------------------------------------------------------------------

LISTS = "全部名单"
NO_LISTS = "还没有名单。选择事项，生成第一份。"
DAY, MADE, MONEY, STATE, COMPANIES = "比对日期", "生成", "已确认金额（元）", "名单状态", "企业（家）"
OPEN, CLOSED = "办理中", "已被新名单取代"
MEASURE_GONE = "{measure_id}（已不在政策库）"
ALL_REGIONS = "全部地区"

# ---- one list -------------------------------------------------------------------------------------------------------

SUMMARY, LISTED, LEFT_OUT = "名单概况", "企业名单", "未列入的企业"
BUDGET_TOTAL, BUDGET_USED, BUDGET_LEFT = "预算", "已确认和已兑付", "剩余预算"
UNLIMITED = "不限"
YUAN = "{yuan:,.2f} 元"
BEFORE = "同一事项此前名单已确认 {yuan:,.2f} 元，不计入本名单预算"
SEEN, N_LISTED = "比对企业（家）", "列入名单（家）"
REGION_OF, VERSION, MADE_BY = "地区", "事项版本", "{moment}，{by}"
EXCLUSIONS, STACKING = "不予支持（须人工把关）", "叠加规定（原文）"
ORDER_HEADING, EVIDENCE_HEADING = "怎样排序", "依据什么"
EXPORT = "导出名单和依据（XLSX）"
POLICY_LINK = "查看政策"
CONFIRM_ALL = "确认预算内、金额确定的企业"
CONFIRM_ALL_HINT = "按次序逐家确认，一次最多 500 家；金额不确定的请逐家核定。"
DONE_ALL = "已确认 {n} 家。"
DONE_MORE = "还有企业待确认，请再点一次。"
SKIPPED = "{n} 家未能确认："
CLOSED_NOTE = "这份名单已被新名单取代，不再接受新的确认；已确认的可以继续兑付和归档。"
FILTER, ALL_STATES = "按状态筛选", "全部"
PLACE, COMPANY, CODE, AMOUNT, WILL, WITHIN = "次序", "企业名称", "统一社会信用代码", "金额（元）", "企业意愿", "预算"
WILLING, NOT_SAID = "愿意", "未确认"
GRANT_STATE = "状态"
WITHIN_YES, WITHIN_NO = "预算内", "超出预算"
TO_FIX = "待核定"
UP_TO = "最高 {yuan:,.2f}"
NONE_LISTED = "没有企业的全部条件都能由已核实的信息确定。下面列出还差什么。"
NONE_IN_STATE = "没有这个状态的企业。"
PAGE, PREVIOUS, NEXT = "第 {page} 页，共 {pages} 页", "上一页", "下一页"
LEFT_OUT_LEAD = "其余条件不符合或信息不全的企业只计数。"
LEFT_OUT_MORE = "只列出前 {n} 家，其余见导出的文件。"
NOBODY_LEFT_OUT = "没有只差核实的企业，也没有因重复或矛盾而未列入的企业。"
REASON, DETAIL, DO = "原因", "说明", "处理"
CHECK_LINK, VERIFY_LINK = "登记人工核实", "去核实信息"
MANUAL_HEADING = "须人工核实的条件"
MANUAL_LEAD = "系统不能判断下列条件，没有人核实就没有企业能列入。请逐家登记核实结果，再重新生成名单。"

# ---- one company ----------------------------------------------------------------------------------------------------

GRANT = "{company}：{measure}"
STANDING, EVIDENCE, STEPS, ACTIONS = "办理情况", "逐项依据", "办理记录", "下一步"
HAS, VOUCHED = "企业情况", "由谁核实、哪一天"
VOUCHER = "{fact}：{by}，{on}"
NO_FACT = "不需要企业信息"
TRACE, NOTE, WORTH = "金额依据", "请注意", "核算金额"
WORTH_RANGE, WORTH_NONE = "{low:,.2f} 至 {high:,.2f} 元", "按已核实的信息得不出"
AT, BY, STEP, SAID = "时间", "经办", "步骤", "说明"
NO_STEPS = "还没有办理。"
CONFIRM, REFUSE, ACCEPT, DECLINE, PAY, ARCHIVE = "确认", "不予兑付", "企业愿意享受", "企业放弃", "登记已兑付", "归档"
CONFIRM_LEAD = "主管部门确认这家企业享受本事项。金额在确认时固定，之后不能改。"
AMOUNT_FIXED = "金额 {yuan:,.2f} 元"
AMOUNT_ASKED, AMOUNT_HINT = "核定金额（元）", "不超过 {high:,.2f} 元"
REFUSE_LEAD, REFUSE_NOTE = "不给这家企业兑付，预算留给后面的企业。", "原因（企业能看到）"
WILL_LEAD = "这家企业没有自己的用户，由专员登记它的意愿。"
WILL_OWN = "这家企业有自己的用户，请由企业在“我的—免申即享”确认意愿。"
WILL_NOTE, WILL_HINT = "依据", "例如“2026-11-23 来函”，不写个人信息"
PAY_LEAD, PAY_NOTE = "款项已经拨付。", "凭证号等（选填）"
PAY_WAITS = "企业确认意愿后才能兑付。"
ARCHIVE_LEAD = "材料已经归档。"
ENDED = "办理完毕，没有下一步。"
DONE = {
    "confirm": "已确认。", "refuse": "已登记不予兑付。", "accept": "已登记企业愿意享受。",
    "decline": "已登记企业放弃。", "pay": "已登记兑付。", "archive": "已归档。", "check": "已登记核实结果。",
}  # fmt: skip

# ---- manual checks --------------------------------------------------------------------------------------------------

CHECKS = "登记人工核实"
CHECKS_LEAD = "系统不能判断下列条件。核实结果和核实人会作为依据写进名单。"
HOLDS, HOLDS_NOT, WITHDRAW = "符合", "不符合", "撤回这次核实"
CHECKED_BY, CHECKED_ON, CHECKED_ON_HINT, CHECK_NOTE = "核实人或单位", "核实日期", "例如 2026-11-23", "依据（选填）"
SAVE = "登记"
ANSWER = "现在：{answer}（{by}，{day}）"
UNANSWERED = "还没有核实"
NO_CONDITIONS = "本事项没有须人工核实的条件。"
RESULT = "核实结果"

# ---- the company's page ---------------------------------------------------------------------------------------------

MINE_LEAD = (
    "主管部门按已核实的信息比对后，认为您的企业可以不用申报就享受下列事项。"
    "请确认是否愿意享受；以主管部门确认和批复为准。"
)
MINE_NONE = "现在没有可以免申即享的事项。主管部门比对后会列在这里。"
MINE_COMPANY, MINE_AMOUNT, MINE_STATE = "企业", "金额", "办理情况"
MINE_AMOUNT_UP_TO, MINE_AMOUNT_OPEN = "最高 {yuan:,.2f} 元，由主管部门核定", "由主管部门核定"
MINE_WAITS_YOU, MINE_WAITS_OFFICE = "等您确认意愿", "您已确认，等主管部门办理"
MINE_ACCEPT, MINE_DECLINE = "愿意享受", "放弃"
MINE_DECLINE_ASK = "放弃后不能改回，预算会留给其他企业。"
MINE_DECLINE_YES = "确认放弃"
MINE_EVIDENCE = "主管部门依据什么"
MINE_REASON = "说明"
MINE_DONE = {"accept": "已确认您愿意享受。", "decline": "已登记放弃。"}
BACK_TO_MINE = "返回“我的”"

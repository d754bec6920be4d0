"""All Chinese text of the pages; templates and handlers take it from here."""

from __future__ import annotations

# ---- words used everywhere ------------------------------------------------------------------------------------------

YES, NO, NOT_SURE = "是", "否", "不清楚"
NONE_HELD = "都没有"
NONE_OF_THESE = "以上都没有"

# ---- frame ----------------------------------------------------------------------------------------------------------

TITLE = "惠企政策匹配"
SKIP_TO_CONTENT = "跳到正文"
NAV = "主导航"
NAV_ENTERPRISE, NAV_MINE, NAV_STAFF, NAV_EVALUATOR, NAV_POLICIES = "企业匹配", "我的", "专员工作台", "评测", "政策检索"
NAV_INBOX, NAV_SUBSCRIPTIONS, NAV_GRANTS, NAV_COMPANIES = "站内信", "政策订阅", "免申即享", "企业档案"
NAV_PUSH, NAV_BRIEFING, NAV_FORMS = "推送", "宣讲名单", "申请表模板"
ACCOUNT = "我的账号"
LOG_IN, LOG_OUT = "登录", "退出登录"
LARGE_PRINT = "大字版"
HIGH_CONTRAST = "高对比度"
INTRO = "填写企业信息，约 3 分钟，即可看到能享受哪些政策、为什么、大约多少钱、什么时候截止、下一步做什么。"
PRIVACY = (
    "匹配在运行本系统的服务器上完成，不会发送到外部。您填写的信息和匹配结果保存在这台服务器上，"
    "供您下次接着用：其他用户看不到，您可以随时在“我的”中删除。"
)
DISCLAIMER = "结果由系统按政策规定自动比对，仅供参考，以主管部门解释和最终审核为准。"
SERVING = "惠企已启动：http://{host}:{port} （按 Ctrl+C 停止）"
PORT_TAKEN = "端口 {port} 已被占用，请先关闭占用它的程序，或换一个端口：huiqi serve --port {other}"
SERVING_LOGIN = "惠企已启动：{url} ，须登录后使用（按 Ctrl+C 停止）"
NO_USERS = (
    "拒绝启动：在“{host}”上须登录后使用，但还没有可用的用户。请先添加用户，按提示输入密码，再启动：\n"
    "huiqi users add 名称 --role staff\n"
    "角色有 enterprise（企业）、staff（专员）、evaluator（评测）、admin（管理员）。"
    "只在本机使用、不需要登录：huiqi serve --host 127.0.0.1"
)

# ---- steps ---------------------------------------------------------------------------------------------------------

STEPS_LABEL = "办理步骤"
STEPS = (("start", "开始"), ("form", "填写"), ("check", "核对"), ("results", "结果"))
START_HEADING = "从哪里开始"
START_NEW, START_NEW_LEAD = "新的企业", "第一次使用，或换一家企业。先填写，核对后再匹配。"
START_NEW_BUTTON = "填写企业信息"
START_SAVED, START_SAVED_LEAD = "已保存的企业", "接着用上次的信息，改一改就能重新匹配。"
SAVED_WAIT = "正在读取已保存的企业……"
SAVED_NONE = "还没有保存过企业。匹配后点“保存企业信息”，下次就能从这里接着用。"
SAVED_AT = "{day} 保存"
SAVED_MORE = "还有 {n} 家，到“我的”中查看"
OPENING = "正在打开，请稍候……"
PROFILE_GONE = "没有找到这家企业的信息，可能已被删除，或不属于当前登录的用户"
RUN_GONE = "没有找到这次匹配的记录，可能已被删除，或不属于当前登录的用户"
CANNOT_OPEN = "没能打开"
CANNOT_OPEN_WHERE = "已保存的内容"
CANNOT_OPEN_REMEDY = "您可以重新填写，或从“已保存的企业”中另选一家"
DRAFT = "已恢复您上次没有提交的填写。"
DRAFT_CLEAR = "清空，重新填写"
NOT_ALL_FITS = "有 {n} 项内容本表单没有对应栏目，未载入：{names}"
PLAN_LEFT_OUT = "第 {number} 项计划"
LOST = "与服务器的连接中断，这一步没有完成。连接恢复后本页会自动刷新，您填写的内容会保留，届时请再点一次。"
DISCONNECTED = "与服务器的连接中断。连接恢复后本页会自动刷新；已经提交的任务在后台继续，不受影响。"
FAILED = "系统出现意外错误，这一步没有完成。您填写的内容还在，请稍后再试；如仍不行，请联系服务专员。"

# ---- form -----------------------------------------------------------------------------------------------------------

FORM_HEADING = "填写企业信息"
FORM_LEAD = "所有项目都可以不填：不填的按“不清楚”处理，不会被当成 0 或“没有”；填得越全，结论越确定。"
GROUP_WHO = "企业是谁"
GROUP_STATE = "经营情况"
GROUP_PLANS = "设备与项目计划"
OPTIONAL = "{label}（选填）"
NAME_INFO = "与营业执照一致，例如“济南示例机械有限公司”"
USCC_INFO = "18 位，营业执照上有"
PROVINCE, CITY, COUNTY = "注册地：省（区、市）", "市（州、盟）", "县（市、区）或开发区"
PROVINCE_INFO, CITY_INFO, COUNTY_INFO = "可输入汉字筛选，按回车选中", "先选省；直辖市在这里选区", "先选市"
INDUSTRY = "所属行业"
INDUSTRY_INFO = "输入产品、行业名称或代码，例如“数控机床”“造纸”“C3421”，按回车选第一项"
INDUSTRY_PICK = "请选择最接近的行业"
PRODUCTS_INFO = "例如“五轴数控机床、精密主轴”"
ESTABLISHED = "成立时间"
ESTABLISHED_INFO = "写到年或月即可，例如“2012”“2012年6月”"
OWNERSHIP = "企业性质"
EMPLOYEES_INFO = "例如“58”“20-49人”"
REVENUE_INFO = "例如“3200万”“1.5亿”“三千二百万元”"
AMOUNT_INFO = "例如“3200万”“1.5亿”"
RD_INFO = "例如“260万”；没有就写 0"
TAXPAYER = "增值税纳税人类型"
CREDIT = "信用是否正常"
CREDIT_INFO = "未列入经营异常、严重失信名单选“是”"
EXPORT = "有没有进出口业务"
EXPORT_INFO = "有选“是”，没有选“否”"
HONOURS_INFO = "可多选，输入汉字筛选。不选表示“不清楚”；确实没有请选“都没有”"
PLAN_TITLE = "第 {number} 项计划"
PLAN_ADD = "添加第 {number} 项计划（选填）"
PLAN_PREFIX = "第 {number} 项计划的"
PLAN_TEXT = "计划内容"
PLAN_TEXT_INFO = "用自己的话写：买什么设备、改造什么、投多少。例如“2026 年投入 800 万元，更换数控机床 3 台”"
PROJECT_TYPE_INFO = "可多选，输入汉字筛选"
START = "开工（购置）时间"
START_INFO = "例如“2026年11月”"
HINT_AMOUNTS = "从计划文字中看到：{amounts}，如是设备投资或项目总投资，请填入对应栏目。"
HINT_TYPES = "文字像是：{types}，如属实请在“项目类型”中选择。"
NEEDS = "政策需求"
NEEDS_INFO = "最想解决什么问题？用自己的话说，例如“设备更新有没有补贴”“贷款难”“想少交税”"
TO_CHECK_BUTTON = "下一步：核对"
MATCHING = "正在匹配，请稍候。首次使用需要准备十几秒。"
WHOLE_FORM = "企业信息"
TOO_EMPTY = "请至少填写注册地、所属行业、主要产品、计划、政策需求中的一项"
TOO_LONG = "不能超过 {limit} 字，现有 {given} 字"
NONE_AND_SOME = "“都没有”不能和其他选项同时选择，请去掉一个"

# ---- check ----------------------------------------------------------------------------------------------------------

CHECK_HEADING = "核对企业信息"
CHECK_LEAD = "请看系统的理解对不对。“不清楚”的项目不影响先匹配，结果中会提示最值得补充的一项。"
CHECK_EDIT = "修改"
CHECK_DERIVED = "按您填写的推算"
CHECK_NOTES = "请留意"
CHECK_EXTRA = "您补充的信息"
CHECK_COUNT = "已填 {known} 项，不清楚 {unknown} 项。"
CONFIRM = "确认并开始匹配"
BACK = "返回修改"
REGION, PLAN_HEADING = "注册地", "第 {number} 项计划"

# ---- errors ---------------------------------------------------------------------------------------------------------

ERRORS_HEADING = "有 {n} 处需要修改"
ERRORS_LEAD = "点击下面的项目可跳到对应位置："
UNAVAILABLE = "暂时不能匹配"
UNEXPECTED = "系统出现意外错误，未能完成匹配。请稍后重试；如仍不行，请联系服务专员。"

# ---- question -------------------------------------------------------------------------------------------------------

QUESTION = "补充一个问题，结果会更确定"
QUESTION_GONE = "这个问题已过期，请返回核对，再匹配一次"
QUESTION_AFFECTS = "回答后可以确定：{titles}。"
QUESTION_PLANS = "（指您的各项计划）"
QUESTION_DONE = "目前没有哪个问题的答案会改变这份清单，不用再补充了。需人工核实的条件请向主管部门确认。"
ANSWER = "您的回答"
ANSWER_AMOUNT = "例如“3200万”“1.5亿”"
ANSWER_RATIO = "例如“3.5%”"
ANSWER_DATE = "例如“2026年11月”"
ANSWER_NUMBER = "填数字，单位：{unit}"
ANSWER_BUTTON = "回答并更新结果"
SKIP_BUTTON = "不清楚，换一题"
UNDO_BUTTON = "撤销上一个回答"
ANSWER_PICK = "请先选择一项；不清楚可以点“不清楚，换一题”"
ANSWER_WRITE = "请先填写回答；不清楚可以点“不清楚，换一题”"
ANSWERED = "您补充的信息"

# ---- results --------------------------------------------------------------------------------------------------------

RESULTS_HEADING = "{name}的匹配结果"
YOUR_COMPANY = "贵企业"
SUMMARY_TOTAL = "找到 {n} 项政策：{parts}。"
SUMMARY_PARTS = (
    ("ELIGIBLE", "{n} 项符合条件"),
    ("TO_CHECK", "{n} 项基本符合、须核实"),
    ("TO_ANSWER", "{n} 项补充信息后可确认"),
    ("BACKGROUND", "{n} 项方向性文件"),
)
SUMMARY_MISSES = "另列出 {n} 项暂不符合但差距最小的"
AS_OF = "按 {day}的政策库匹配（版本 {version}）"
WORDS_ONLY = "本次只按条件和字词匹配，未比较语义"
TOTAL_SURE = "已确认符合的合计"
TOTAL_SURE_NONE = "暂无可估算的金额"
TOTAL_MAY = "排在前 20 项的全部符合时最多"
TOTAL_MAY_VALUE = "约 {amount}"
TOTAL_NOTE = "已按就高不重复、择一等规则扣除重复部分；是上限，不等于能拿到的数额，以批复为准。"
LEFT_OUT = "未重复计入的 {n} 项及原因"
NOTES = "匹配时的说明"
EDIT_LINK = "修改企业信息"
RESULT_LINKS = "带走这份结果"
REPORT_LINK, PRINT_LINK, CALENDAR_LINK = "下载报告（DOCX）", "打印版", "截止日历"
NOT_RECORDED = "这次结果没能记入“我的”，因此暂时不能下载报告、提交反馈；结果本身不受影响，稍后可再匹配一次。"
SAVE = "保存企业信息"
SAVED = "已保存“{name}”。下次可从“开始”一步或“我的”中接着用。"
CANNOT_SAVE = "没能保存"
EMPTY = "没有找到符合条件的政策。"
EMPTY_NEXT = "可以补充设备或项目计划、政策需求后再匹配，或到“政策检索”中按关键词查找。"
EMPTY_NEAREST = "没有找到符合条件的政策。最接近的 {n} 项及差在哪里，见下方“暂不符合”。"

SECTIONS = {
    "ELIGIBLE": ("符合", "条件都已满足，可以准备申报。"),
    "TO_CHECK": ("基本符合，须核实", "能自动判断的条件都已满足，还有需要人工核实的条件。"),
    "TO_ANSWER": ("可能符合，还差信息", "没有发现不符合的条件，补充信息后可以确认。"),
    "BACKGROUND": ("方向性文件", "说明支持方向和配套安排，本身无需申报，也不直接给资金。"),
    "NOT_NOW": ("暂不符合（差距最小的）", "只差一个可以争取的条件，按相关程度和差距排列。"),
}
SECTION_COUNT = "{n} 项"
MORE = "展开其余 {n} 个文件的 {m} 项支持"

VERDICTS = {
    "ELIGIBLE": "符合条件",
    "TO_CHECK": "基本符合，须核实 {n} 项",
    "TO_ANSWER": "可能符合，还差 {n} 项信息",
    "BACKGROUND": "方向性文件",
    "NOT_NOW": "暂不符合",
}
ICONS = {"ELIGIBLE": "✔", "TO_CHECK": "◐", "TO_ANSWER": "？", "BACKGROUND": "ⓘ", "NOT_NOW": "✘"}

NO_DOC_NO = "文号未载明"
AMOUNT = "预计金额"
NO_AMOUNT = "不直接给资金"
AMOUNT_OPEN = "暂不能估算"
WINDOW = "申报时间"
WHY = "为什么是这个结论"
MET, UNMET, ASK = "已满足", "不满足", "需要确认"
MET_FOLDED = "已满足的 {n} 项条件"
MANUAL_HEADING = "须人工核实"
YOU_SAID = "您填写：{value}"
DERIVED = "按您填写的推算：{value}"
NOT_FILLED = "未填写"
REQUIRED = "要求：{value}"
PREFERRED = "优先支持"
FOR_PLAN = "对应第 {number} 项计划"
GAP = "差在哪里、怎么补上"
NEXT_STEP = "下一步"
DETAILS = "材料、渠道和政策依据"
GIST = "政策要点"
MEASURE_TEXT = "支持内容"
MATERIALS = "申报材料"
PACK_LINK = "生成申报材料"
CHANNEL = "申报渠道"
CONTACT = "受理部门"
EXCLUSIONS = "不予支持"
STACKING = "叠加规定"
CAUTION = "参考"
SOURCE_LINK = "查看官方原文"
NEW_WINDOW = "（在新窗口打开）"
SOURCE_OTHER = "信息来源：{title}（非官方原文，请以主管部门公布为准）"
HOME = "首页"

# ---- what one can do with a measure ---------------------------------------------------------------------------------

JUMP = "结果分组"
FILTER = "筛选结果"
FILTER_TEXT = "在结果中查找"
FILTER_MONEY = "只看直接给资金的"
FILTER_CLEAR = "显示全部"
FILTER_COUNT = "显示 {n} 项，共 {m} 项"
FILTER_NONE = "没有符合筛选条件的支持事项，请换一个词，或点“显示全部”。"
POLICY_LINK = "政策详情"
FAVOURITE = "收藏"
COMPARE = "加入对比"
COMPARE_BAR = "对比"
COMPARE_COUNT = "已选 {n} 项，最多 4 项"
COMPARE_FULL = "最多同时对比 4 项，请先取消一项"
COMPARE_GO = "去对比"
COMPARE_CLEAR = "清空"
FEEDBACK = "反馈"
FEEDBACK_ASK = "这项匹配得怎么样？"
FEEDBACK_MARKS = ("适合", "不适合", "已申报", "已获批")
FEEDBACK_NOTE = "补充说明（选填）"
FEEDBACK_PRIVACY = "反馈连同您填写的企业信息保存在服务器上，只用于改进匹配。"
FEEDBACK_SEND = "提交反馈"
FEEDBACK_PICK = "请先选择一项"
SAYS = {
    "on": "已收藏",
    "off": "已取消收藏",
    "done": "已记录，谢谢",
    "sending": "正在提交……",
    "offline": "没有连上服务器，未能保存，请稍后再试",
    "login": "登录已过期，未能保存，请重新登录",
    "busy": "操作太频繁，未能保存，请稍后再试",
    "failed": "未能保存，请稍后再试",
}
"""What the page says after a click, by the key that the script asks for."""

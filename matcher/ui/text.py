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
LOG_IN, LOG_OUT = "登录", "退出登录"
LARGE_PRINT = "大字版"
HIGH_CONTRAST = "高对比度"
INTRO = (
    "填写企业信息，约 3 分钟，即可看到能享受哪些政策、为什么、大约多少钱、什么时候截止、下一步做什么。"
    "所有项目都可以不填：不填的按“不清楚”处理，不会被当成 0 或“没有”；填得越全，结论越确定。"
)
PRIVACY = "信息只在本机用于匹配，不会发送到外部。"
DISCLAIMER = "结果由系统按政策规定自动比对，仅供参考，以主管部门解释和最终审核为准。"
SERVING = "惠企已启动：http://{host}:{port} （按 Ctrl+C 停止）"
PORT_TAKEN = "端口 {port} 已被占用，请先关闭占用它的程序，或换一个端口：huiqi serve --port {other}"
NOT_LOOPBACK = (
    "拒绝在“{host}”上启动：登录功能尚未开放，网页目前只能在本机使用。请把地址改为 127.0.0.1 后重试，"
    "例如 huiqi serve --host 127.0.0.1 --port 7860。"
)
REFUSED = "请求被拒绝"
NOT_FOUND = "页面不存在"
TOO_LARGE = "提交的内容过大"

# ---- form -----------------------------------------------------------------------------------------------------------

GROUP_WHO = "企业是谁"
GROUP_STATE = "经营情况"
GROUP_PLANS = "设备与项目计划"
OPTIONAL = "{label}（选填）"
NAME_INFO = "与营业执照一致，例如“济南示例机械有限公司”"
USCC_INFO = "18 位，营业执照上有"
PROVINCE, CITY, COUNTY = "注册地：省（区、市）", "市（州、盟）", "县（市、区）或开发区"
PROVINCE_INFO, CITY_INFO, COUNTY_INFO = "可输入汉字筛选", "先选省；直辖市在这里选区", "先选市"
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
START_MATCH = "开始匹配"
MATCHING = "正在匹配，请稍候。首次使用需要准备十几秒。"
WHOLE_FORM = "企业信息"
TOO_EMPTY = "请至少填写注册地、所属行业、主要产品、计划、政策需求中的一项"
TOO_LONG = "不能超过 {limit} 字，现有 {given} 字"
NONE_AND_SOME = "“都没有”不能和其他选项同时选择，请去掉一个"

# ---- errors ---------------------------------------------------------------------------------------------------------

ERRORS_HEADING = "有 {n} 处需要修改"
ERRORS_LEAD = "点击下面的项目可跳到对应位置："
UNAVAILABLE = "暂时不能匹配"
UNEXPECTED = "系统出现意外错误，未能完成匹配。请稍后重试；如仍不行，请联系服务专员。"

# ---- question -------------------------------------------------------------------------------------------------------

QUESTION = "补充一个问题，结果会更确定"
QUESTION_GONE = "这个问题已过期，请重新点击“开始匹配”"
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
EDIT_LINK = "返回修改企业信息"
EMPTY = "没有找到符合条件的政策。"
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
ONE_OF = "满足其一即可："
PREFERRED = "优先支持"
FOR_PLAN = "对应第 {number} 项计划"
GAP = "差在哪里、怎么补上"
NEXT_STEP = "下一步"
DETAILS = "材料、渠道和政策依据"
GIST = "政策要点"
MEASURE_TEXT = "支持内容"
MATERIALS = "申报材料"
CHANNEL = "申报渠道"
CONTACT = "受理部门"
EXCLUSIONS = "不予支持"
STACKING = "叠加规定"
CAUTION = "参考"
SOURCE_LINK = "查看官方原文"
NEW_WINDOW = "（在新窗口打开）"
SOURCE_OTHER = "信息来源：{title}（非官方原文，请以主管部门公布为准）"
HOME = "首页"

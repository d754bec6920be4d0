"""All Chinese text of the home page, search, policies and comparison."""

from __future__ import annotations

# ---- home -----------------------------------------------------------------------------------------------------------

LEAD = "填写一次企业信息，找到真正能享受的惠企政策，并说明理由、金额、期限和下一步。"
SEARCH_LABEL = "政策名称、文号或用自己的话描述"
SEARCH_HINT = "例如“买设备贷款贴息”“小巨人”“财金〔2026〕2号”"
SEARCH_BUTTON = "检索"
DOORS = "从这里开始"
DOOR_TEXTS = {
    "e": ("企业", "看看我的企业能享受什么", "填写行业、地区、规模和设备计划，约 3 分钟得到结果。"),
    "mine": ("我的", "保存的企业、收藏和截止日历", "回到上次的匹配结果，下载报告。"),
    "s": ("服务专员", "批量匹配、按政策找企业", "上传企业名单，逐家给出能享受的政策。"),
    "v": ("评测", "查全率、漏报和对比", "用标注用例检验匹配是否可靠。"),
}
DOOR_LOG_IN = ("登录", "登录后使用企业匹配和工作台", "政策检索不用登录。")
HOW = "怎样得出结论"
HOW_POINTS = (
    ("逐条核对条件", "把政策拆成一项项支持，每项的每个条件都标明已满足、不满足或还缺信息，不用一个笼统的分数代替。"),
    ("不知道就说不知道", "没有填写的信息按“不清楚”处理，不当作“没有”；需要人工核实的条件单独列出。"),
    (
        "金额有算法，期限有依据",
        "预计金额写明怎么算出来，并按就高不重复等规则扣除；已失效的政策不推荐，并指向后续文件。",
    ),
)
FACTS = "政策库现状"
FACT_POLICIES, FACT_MEASURES, FACT_AS_OF, FACT_VERSION = "现行政策", "可匹配的支持事项", "查询日期", "政策库版本"
UNIT_POLICIES, UNIT_MEASURES = "项", "项"
FACT_ALL = "全库共 {n} 项政策，其余已失效、被取代或尚未施行，仍可检索。"
LOADING = "政策库正在载入，约需十几秒；载入后这里会显示政策数量和临近截止的事项。"
RELOAD = "刷新本页"
DEADLINES = "60 天内截止"
DAYS_LEFT = "还剩 {n} 天"
DEADLINES_NONE = "60 天内没有截止的事项。"
DEADLINES_MORE = "查看全部正在受理的政策"
LIMITS = "使用前请知道"
LIMIT_POINTS = (
    "结果由系统按政策条文自动比对，仅供参考，以主管部门解释和最终审核为准。",
    "库内部分政策来自转载或媒体报道，也有按一般政策知识整理、尚未核对原文的，页面上都标为“参考”。",
    "政策会调整；申报前请查看官方原文和当年申报通知。",
)

# ---- search ---------------------------------------------------------------------------------------------------------

SEARCH = "政策检索"
REGION, REGION_ANY = "适用地区", "不限"
NATION, WHOLE_PROVINCE = "全国", "{name}（全省）"
REGION_HINT = "选择企业所在地，列出在当地适用的政策（含上级政策）"
OPEN_NOW = "只看现在可以申报的"
OPEN_COUNT = "（{n}）"
MORE_FILTERS = "更多筛选：级别、类型、主题、状态"
FILTERS_CHOSEN = "（已选 {n} 项）"
GROUPS = {"levels": "级别", "kinds": "类型", "themes": "主题", "states": "状态"}
APPLY = "按筛选条件检索"
CLEAR = "清除筛选"
REMOVE = "去掉条件"
CHOSEN = "已选条件"
FOUND = "检索“{text}”，找到 {n} 项政策"
FOUND_ALL = "共 {n} 项政策"
BY_FIT = "按相关程度排列，现行有效的靠前。"
BY_DAY = "按截止日期排列，最先截止的在前。"
EXPANDED = "同时检索了：{words}。"
WORDS_ONLY = "未加载语义模型，本次只按字词检索，请尽量使用政策里的说法。"
BY_MEANING = "意思相近"
LEVEL, DOC_NO, WINDOW = "级别", "文号", "申报时间"
MEASURES = "{n} 项支持"
PAGES = "分页"
PAGE_NOW = "第 {page} 页，共 {pages} 页"
PREVIOUS, NEXT = "上一页", "下一页"
CUT_OFF = "检索词只取前 {n} 个字。"
IGNORED = "没有识别这些条件，已忽略：{what}。"
EMPTY = "没有找到符合条件的政策"
EMPTY_QUERY = "没有找到与“{text}”有关的政策"
EMPTY_ALIKE = "您是不是要找："
EMPTY_UNFILTERED = "去掉筛选条件后有 {n} 项"
ADVICE_LEAD = "可以试试："
ADVICE = (
    "换一种说法，例如把“换机器”写成“设备更新”；",
    "只写关键词，去掉企业名称和数字；",
    "按文号查找时写全，例如“财金〔2026〕2号”；",
    "减少筛选条件，或查看全部政策。",
)
ALL_POLICIES = "查看全部政策"
UNAVAILABLE = "政策库暂时不能使用"
UNAVAILABLE_TEXT = "请稍后刷新；如仍不行，请联系管理员。原因：{reason}"

# ---- policy ---------------------------------------------------------------------------------------------------------

STATE = "状态"
GIST = "政策要点"
MATCH_BUTTON = "看看我的企业能不能享受"
FACTS_HEADING = "文件信息"
ISSUERS, REGION_OF, THEMES, PUBLISHED = "发文单位", "适用地区", "主题", "发布日期"
VALID_FROM, VALID_TO = "施行日期", "有效期至"
NOT_STATED = "未载明"
MEASURES_HEADING = "支持事项（{n} 项）"
GIVES, FORM, CONDITIONS = "支持内容", "支持方式", "申报条件"
NO_CONDITIONS = "来源没有写明其他条件"
CHECKED_BY_HAND = "须人工核实"
PREFERRED = "优先支持"
STACKING = "叠加规定"
STACKING_GROUP = "{mode}：{group}"
MODES = {
    "highest": "就高不重复",
    "exclusive": "只能择一",
    "yearly_once": "同一企业每年限一项",
    "additive": "可以叠加",
}
RECIPIENT = "资金给谁"
RECIPIENTS = {
    "bank": "给银行，企业间接受益", "guarantor": "给担保机构，企业间接受益", "individual": "给个人",
    "city": "给城市统筹", "district": "给县（市、区）统筹", "carrier": "给载体或平台运营主体",
}  # fmt: skip
COMPARE_LINK = "与其他事项比较"
HOW_TO_APPLY = "怎么申报"
MATERIALS, CHANNEL, CONTACT, EXCLUSIONS = "申报材料", "申报渠道", "受理部门", "不予支持"
REFERENCE = "参考"
REFERENCE_NOTE = "为通常做法，未在原文中核实"
RELATED = "相关文件"
OUTSIDE = "（库外文件）"
SOURCE_HEADING = "来源与核对"
SOURCE_OFFICIAL = "查看官方原文"
NEW_WINDOW = "（在新窗口打开）"
SOURCE_OTHER = "信息来源：{title}（不是官方原文，请以主管部门公布的为准）"
SOURCE_NONE = "库内没有记录来源网址，请以主管部门公布的为准。"
GRADES = {"verified": "已核对来源", "recalled": "未核对原文，按一般政策知识整理，仅供参考"}
CONFIDENCES = {"high": "可信度高", "medium": "可信度中", "low": "可信度低"}
TRUST, TRUST_NOTE, UNREAD = "核对情况", "核对说明", "未在原文中核实"
UNREAD_NAMES = {
    "exclusions": "不予支持情形", "stacking": "叠加规定", "materials": "申报材料", "channel": "申报渠道",
    "window": "申报时间", "contact": "受理部门",
}  # fmt: skip
POLICY_ID = "政策编号"
RELATIONS = {
    "implements": "落实的上级文件", "implemented_by": "配套落实文件", "superseded_by": "已被取代，后续文件",
    "supersedes": "取代的文件", "exclusive_with": "不可同时享受", "tops_up": "在其基础上配套",
    "requires_honour": "以其认定为前提",
    "amends": "修订的文件", "amended_by": "修订文件", "followed_by": "后续文件", "follows": "接续的文件",
    "special_case_of": "所属的一般规定", "nomination_requires": "推荐时须先取得", "alternative_form": "另一种支持方式",
    "parallel_of": "同类文件", "funded_by": "资金来源", "affected_by": "受其影响", "extended_by": "延期文件",
    "extends": "延长的文件",
}  # fmt: skip
MENTIONED_BY = "引用本文件的政策"
UNKNOWN_POLICY = "没有这项政策"
UNKNOWN_POLICY_TEXT = "政策库里没有编号“{policy_id}”，可能写错了，或已从库中移除。"
NEAREST = "您是不是要找："
BACK = "返回政策检索"

# ---- compare --------------------------------------------------------------------------------------------------------

COMPARE = "比较支持事项"
COMPARE_LEAD = "把 2 至 4 项支持放在一起看：给什么、要什么条件、什么时候截止、能不能同时享受。"
COMPARE_SCROLL = "表格可以左右滑动，查看其余各项。"
COMPARE_TABLE = "支持事项比较表，可左右滚动"
ASPECT = "比较内容"
COMPARE_NONE = "还没有选择事项。请在政策页面点“与其他事项比较”，或先检索政策。"
COMPARE_ONE = "已选 1 项，请再选 1 至 3 项。"
ADD_HEADING = "加入比较的事项"
ADD_LEAD = "与已选事项接近的："
ADD = "加入比较"
REMOVE_COLUMN = "移出比较"
UNKNOWN_MEASURES = "没有这些事项，已忽略：{ids}。"
TOO_MANY = "一次最多比较 {n} 项，只显示前 {n} 项。"
POLICY = "所属政策"
COMMON = "共同"
COMMON_HINT = "标“共同”的条件，所比较的事项都有。"
TOGETHER = "能否同时享受"
TOGETHER_YES = "没有发现互斥规定；同一笔投入能否重复申报，请向主管部门确认。"
TOGETHER_NO = "不能与“{other}”同时享受"
TOGETHER_OF = "{reason}（{detail}）"
VERDICT, AMOUNT, MISSING, UNMET = "结论", "预计金额", "还差的信息", "不满足的条件"
FOR_COMPANY = "按“{name}”的企业信息判断"
NOTHING = "无"
NOT_OFFERED = "目前不可申报（已失效、被取代或已截止）"
RUN_GONE = "没有找到这次匹配，下面只比较政策本身。"
RUN_BROKEN = "这次匹配的企业信息不能用于今天的判断：{reason}"
NO_MONEY, OPEN_AMOUNT = "不直接给资金", "暂不能估算"

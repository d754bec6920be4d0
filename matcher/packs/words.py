"""Chinese text of application packs and of the checks of uploaded forms."""

from __future__ import annotations

BRAND = "惠企政策匹配"
BLANK = "（待填）"
UNSTATED = "来源未载明"
YES_MARK, NO_MARK, ASK_MARK = "√", "×", "？"

# ---- nothing to apply for -------------------------------------------------------------------------------------------

NO_PACK_DIRECTION = "这是方向性文件，只提出任务和方向，没有可以申报的内容，不生成申报材料"
NO_PACK_RIGHT = "这是企业可以直接行使的权利，不需要申报，不生成申报材料"
NO_PACK_OTHERS = {
    "bank": "资金拨付给银行，由银行申报；企业向合作银行申请贷款即可，不生成申报材料",
    "guarantor": "资金拨付给担保机构，由担保机构申报；企业不用申报，不生成申报材料",
    "individual": "由职工或创业者个人申请，不由企业申报，不生成申报材料",
    "city": "资金拨付给市级政府，不由企业申报，不生成申报材料",
    "district": "资金拨付给县（市、区）政府，不由企业申报，不生成申报材料",
    "carrier": "由载体或平台的运营主体申报，入驻企业不用申报，不生成申报材料",
}
NO_PACK_AUTOMATIC = (
    "来源写明“{text}”：由部门比对数据后直接兑付，企业一般不用提交申报材料；当地仍要求申报的，以当地通知为准"
)
NOT_MET = "按现有信息暂不符合条件（{gaps}），补上以后再生成申报材料"
NOT_MET_NOW = "按现有信息暂不符合条件，不生成申报材料"

# ---- variables ------------------------------------------------------------------------------------------------------

GROUP_MEASURE, GROUP_BLANKS = "事项与政策", "由企业填写"
MEASURE_VARIABLES = (
    "事项名称", "政策名称", "政策依据", "文号", "发文单位", "支持内容", "申报时间", "申报渠道", "受理部门", "预计金额",
    "金额说明", "计划内容", "查询日期", "生成日期", "政策库版本",
)  # fmt: skip
BLANK_VARIABLES = (
    "法定代表人", "联系人", "联系电话", "电子邮箱", "通讯地址", "开户银行", "开户名称", "银行账号", "主管税务机关",
    "项目名称", "项目建设地点", "项目负责人", "项目起止时间", "项目备案文号", "申请金额", "贷款银行", "贷款合同编号",
    "已付利息", "还款来源", "拟出让股权比例", "投前估值", "优惠所属期间", "减免性质代码", "平台名称", "平台负责人",
    "场地面积", "申报类别", "申请人数", "承保机构", "保险单号", "保险期间",
)  # fmt: skip
"""What no profile holds: always left to be filled in."""
LONG_TEXTS = frozenset({"products", "needs"})
LIST_PAPERS, LIST_CONDITIONS, LIST_SUMS = "材料清单", "条件清单", "测算清单"
EXAMPLE = "〔示例·{label}〕"
NO_MONEY, NO_SUM = "不直接给资金", "暂不能估算"
SOURCES = {"declared": "企业自报", "imported": "名单导入", "verified": "已核验"}
WAS_VERIFIED = "；{on} 经{by}核验为“{value}”，两者不同"
DERIVED = "系统推算"
TRUTHS = {"TRUE": "已满足", "FALSE": "未满足", "UNKNOWN": "需要确认"}
MANUAL = "须人工核实"

# ---- uploaded forms -------------------------------------------------------------------------------------------------

FILE = "文件“{name}”"
SAVE_AGAIN = "请用 Word 或 WPS 打开，另存为“Word 文档（*.docx）”后再上传"
EMPTY_FILE = "是空文件"
TOO_LARGE = "有 {size}，上限 {limit}"
SMALLER = "请去掉图片等大的内容"
OLD_WORD = "是旧版 doc 或加了密码的文档"
NO_WORD = "不是 Word 文档（docx）"
DAMAGED = "已损坏，或没有下载完整"
MACROS = "是带宏的文档或 Word 模板文件"
TOO_MANY_PARTS = "压缩包里有 {n} 个部件，上限 {limit} 个"
UNPACKED = "解压后有 {size}，上限 {limit}"
BOMB = "部件“{part}”的压缩比为 {ratio}，像是压缩炸弹"
ENCRYPTED = "压缩包加了密码"
ODD_PART = "压缩包里有不正常的部件名“{part}”"
TWICE = "压缩包里有重复的部件“{part}”"
FOREIGN_PART = "含有不允许的部件“{part}”（宏、嵌入对象、控件、图表等都不允许）"
FOREIGN_LINK = "含有不允许的关联“{kind}”（部件“{part}”）"
OUTSIDE = "引用了外部内容“{target}”（外部链接、链接图片、远程模板都不允许）"
DOCTYPE = "部件“{part}”里有不允许的 DOCTYPE 声明"
BAD_XML = "部件“{part}”的内容不完整"
TOO_COMPLEX = "部件“{part}”过于复杂"
BAD_ELEMENT = "含有不允许的内容“{name}”（嵌入对象、控件、邮件合并等都不允许）"
BAD_FIELD = "含有不允许的域“{code}”"
FIELD_NAMES = "请只用页码、日期、目录等域；在 Word 中选中它，按 Ctrl+Shift+F9 可变成普通文字"
TAG_OUTSIDE_TEXT = "变量写在了正文以外（“{near}”），只能写在正文、页眉、页脚的文字里"
REMOVE_IT = "请在 Word 中删去后再上传"

VARIABLE = "变量“{name}”"
UNKNOWN_VARIABLE = "没有这个变量（附近的文字：{near}）"
NEAREST = "相近的有："
KNOWN_VARIABLES = "可用的变量和列表"
NO_SUCH_COLUMN = "列表“{name}”的每一行没有“{column}”，只有：{columns}"
NOT_A_LIST = "“{name}”不是列表，不能循环；可循环的有：{lists}"
A_LIST = "“{name}”是列表，要用“{{% for 行 in {name} %}}”循环，不能直接写出"
NESTED = "循环不能放在循环里面（附近的文字：{near}）"
BAD_SYNTAX = "写法不对（附近的文字：{near}）：“{{{{”和“}}}}”、“{{%”和“%}}”要成对，if 要有 endif，for 要有 endfor"
NOT_ALLOWED = "不允许这种写法“{kind}”（附近的文字：{near}）"
ONLY_SIMPLE = "模板里只能写变量、if 判断和对列表的 for 循环"
ROW_ALONE = "这是列表的一行，要写明取哪一项：{columns}"
NO_VARIABLES = "里面没有任何变量，填不进企业信息"
WRITE_ONE = "请在要填写的位置写上变量，例如 {{ 企业名称 }}"
TOO_SLOW = "在 {seconds} 秒内没有填写完"
NOT_FILLED = "试填示例企业时出错"
SIMPLER = "请简化模板"

# ---- application form -----------------------------------------------------------------------------------------------

FORM_NOTE = "本表按企业填报的信息预填，带“（待填）”的请补齐后打印、签字、盖章；主管部门规定了格式的，以其格式为准。"
FORM_DATE = "填表日期"
FORM_ESTIMATE, FORM_TRACE = "测算金额（参考）", "测算说明"
FORM_CONDITIONS = ("条件", "企业情况（按填报）", "比对结果")
FORM_PAPERS = ("序号", "材料名称", "状态", "说明")
FORM_SUMS = ("测算用到的数据", "数值", "数据来源")
FORM_PAPERS_TITLE, FORM_PROMISE = "附送材料", "承诺与签章"
FORM_SIGN = "法定代表人（签字）：　　　　　　　　　　经办人（签字）："
FORM_SEAL = "申报单位（盖章）："
FORM_OFFICE, FORM_DAY = "（盖章）　　　　　　　　", "年　　　月　　　日　　"

# ---- papers ---------------------------------------------------------------------------------------------------------

REFERENCE = "［参考］"
PAPER_CHECK = "请核对是否已有，并备好原件和复印件"
PAPER_OWN = "本包的申请表已预填，补齐“（待填）”并盖章后即可；有规定格式的用其格式"
PAPER_LICENCE = "已填统一社会信用代码，附营业执照复印件并盖章"
PAPER_TITLE = "按填报已获“{title}”，附证书或公布文件复印件，注意是否在有效期内"
PAPER_NO_TITLE = "按填报没有“{title}”"
PAPER_SAID = "按填报：{told}"
PAPER_LATER = "按填报：{told}，在此之后才能取得"
_BASIC = ("营业执照", "申请表")
USUAL_PAPERS = {
    "grant": (*_BASIC, "上年度财务报表或审计报告", "项目备案或核准文件", "设备购置合同、发票和付款凭证", "信用承诺书"),
    "interest": (*_BASIC, "贷款合同", "利息凭证", "项目备案或核准文件", "上年度财务报表或审计报告"),
    "financing": (*_BASIC, "近两年财务报表", "融资用途说明", "征信查询授权书"),
    "equity": (*_BASIC, "公司章程和股权结构说明", "项目可行性研究报告", "近三年审计报告", "知识产权证书"),
    "tax": ("享受优惠的判别依据和计算表", "会计核算资料", "相关合同、发票等凭证"),
    "honour": (*_BASIC, "近三年财务报表或审计报告", "知识产权证书", "已获荣誉和资质的证书", "信用承诺书"),
    "platform": (*_BASIC, "建设方案", "研发人员名单", "研发仪器设备清单", "上年度审计报告", "合作协议"),
    "employment": (*_BASIC, "人员名单", "劳动合同", "社会保险缴费证明", "工资发放凭证"),
    "insurance": (*_BASIC, "保险合同和保费发票", "产品销售合同", "产品认定材料", "用户使用说明"),
}
"""By `kinds.Family`: what such applications usually need; only shown, as 参考, where the source names nothing."""

# ---- timetable ------------------------------------------------------------------------------------------------------

TIMETABLE_NAME = "申报时间安排：{measure}"
STEPS = {
    "fill": "补齐申请表的待填内容", "papers": "备齐材料、签字盖章", "submit": "建议提交申报材料",
    "notice": "查看申报通知是否发布",
}  # fmt: skip
STEP_NOTE = "系统建议的时间，不是主管部门规定的时间；以通知为准。政策文件：{policy}"

# ---- worksheet ------------------------------------------------------------------------------------------------------

WORKSHEET = "金额测算表"
SHEET_HEADER = ("项目", "数值（下限）", "数值（上限）", "单位", "来源与说明")
SHEET_BASICS, SHEET_INPUTS, SHEET_STANDARDS = "一、事项", "二、测算用到的数据", "三、政策规定的标准"
SHEET_FORMULA, SHEET_RESULT, SHEET_NOTES = "四、算法", "五、测算结果", "六、注意"
COMPANY, MEASURE, BASIS, AS_OF, STANDARD_TEXT = "企业", "支持事项", "政策依据", "查询日期", "支持内容（政策原意）"
FORMULA, RESULT, TRACE, NOTE, WAN, YEAR = "算法", "测算金额", "测算过程", "说明", "万元", "年"
NO_INPUTS = "测算不用企业数据（定额支持，或来源没有写明计算基数）"
NO_STANDARDS = "标准没有在来源中查到，以主管部门公布为准"
NOT_KNOWN = "没有填写"
FROM_POLICY = "政策规定"
UP_TO, UP_TO_NOTE = "“最高／不超过”", "政策只规定上限，实际数额由主管部门核定，因此下限按 0 计"
UPLIFT, TIER = "上浮：{text}", "分档：{text}"
SINCE = "公布利率（税率），{day} 起执行；以申报时公布的为准"
PUBLISHED = {
    "lpr_1y": "一年期贷款市场报价利率（LPR）", "cit_rate": "企业所得税法定税率",
    "cit_rate_high_tech": "高新技术企业所得税税率", "cit_rate_small": "小型微利企业所得税实际税负",
}  # fmt: skip
STANDARDS = {
    "rate": "比例", "rate_max": "最高比例", "amount_wan": "标准", "low_wan": "最低标准", "floor_wan": "保底",
    "cap_wan": "封顶", "principal_cap_wan": "贴息本金上限", "base_cap_wan": "计算基数上限", "normal_rate": "原税率",
    "years": "年限",
}  # fmt: skip
FORMULAS = {
    "fixed": "按规定的标准给予定额支持",
    "ratio": "金额 = 基数 × 比例；低于保底的按保底，高于封顶的按封顶；满足上浮条件的按上浮后的比例或封顶",
    "tiered": "从高到低对照各档条件，满足哪一档就按哪一档；按比例的档次 = 基数 × 比例；合计不超过封顶",
    "interest": "金额 = 贷款本金（不超过贴息本金上限）× 年贴息比例 × 年限；高于封顶的按封顶",
    "tax": "金额 = 计算基数（不超过上限）× 优惠比例（税率差、减免比例或加计比例 × 所得税税率）；高于封顶的按封顶",
    "premium": "金额 = 实缴保费 × 比例；高于封顶的按封顶",
    "per_unit": "金额 = 数量 × 单位标准 × 年限；高于封顶的按封顶",
    "top_up": "金额 = 上级奖励 × 配套比例，随上级奖励确定",
}
CAP_REACHED = "已达到封顶 {cap:g} 万元"
SUM_NOTE = "测算只供参考：按填报数据和政策规定的标准得出，不等于能拿到的数额，以主管部门批复为准。"

# ---- cover and list of papers ---------------------------------------------------------------------------------------

PACK, COVER, CHECKLIST = "申报材料", "申报材料封面说明", "申报材料清单"
ISSUERS, VERDICT, AMOUNT, WINDOW = "发文单位", "比对结论", "预计金额", "申报时间"
CHANNEL, CONTACT, MADE_AT, VERSION = "申报渠道", "受理部门", "生成时间", "政策库版本"
WARNING, CAUTION, SOURCE = "请注意", "参考", "政策来源"
COVER_FILES, COVER_BLANKS, COVER_OPEN = "本包文件", "申请表中待填写的内容", "须确认和核实的条件"
COVER_SOURCES, COVER_UNVERIFIED = "申请表中企业信息的来源", "政策来源中未核实的内容"
COVER_DAYS, COVER_NOTE = "时间安排", "说明"
ABOUT_COVER = "本文件：先看它，了解哪些已填、哪些待补、哪些须核实"
ABOUT_FORM = "{name}，已按企业信息预填"
ABOUT_PAPERS = "每项材料是已有、缺还是须核实，以及要证明的条件"
ABOUT_SUMS = "金额怎样算出来的：数据及来源、标准、算法、封顶"
ABOUT_DAYS = "申报起止日和建议的准备时间，可导入手机或电脑的日历"
NO_WORKSHEET = "本事项不直接给资金，没有金额测算表。"
NO_BLANKS = "没有待填写的内容，请核对后打印、签字、盖章。"
BLANKS_LEAD = "以下 {n} 项在申请表中标为“（待填）”，系统没有这些信息，请补齐："
NOTHING_OPEN = "按填报的信息，各项条件均已满足；请核对信息是否属实。"
SOURCES_LEAD = (
    "“企业自报”未经核验；“名单导入”来自主管部门的名单；“已核验”写明由谁在哪天核验；“系统推算”由其他信息算出。"
)
SOURCES_ALL_DECLARED = "以下信息均由企业自报，未经核验；标“系统推算”的由自报信息算出。"
SOURCES_HEADER = ("项目", "填写内容", "来源")
ALL_READ = "本条政策的要点、条件和材料都已在来源中核对。"
SOURCE_KINDS = {"official": "官方原文", "media": "媒体报道", "mirror": "其他网站转载，请与官方原文核对"}
SOURCE_OTHER = "非官方原文，以主管部门公布为准"
NO_DAYS = "来源没有明确的起止日期（{text}），请关注申报通知"
SUGGESTED = "建议"
COVER_CHECK = "本包由系统自动生成，是申报的草稿：提交前请逐项核对，并以主管部门当年的通知、格式和要求为准。"
OWN_FORM = "本事项专用的申请表"
FORM_FAILED = "本事项专用的申请表不能使用（{reason}），已改用通用申请表；请告知管理员。"
PAPER_COUNTS = "共 {n} 项：{counts}。状态按企业填报的信息推断，请逐项核对。"
PAPERS_USUAL = "政策来源没有列明申报材料，以下是同类申报通常需要的材料，以申报通知为准。"
PAPERS_UNVERIFIED = "以下材料是通常做法，没有在原文中核实，以申报通知为准。"
CONDITIONS_TITLE, CONDITIONS_LEAD = "要证明的条件", "附送的材料要能证明以下各项条件。"
NO_CONDITIONS = "来源没有写明条件"
MEASURE_ID, NO_SUCH_MEASURE = "事项编号“{measure_id}”", "政策库中没有这个事项"

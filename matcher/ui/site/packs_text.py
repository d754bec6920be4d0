"""All Chinese text of the pages of application packs and of uploaded forms."""

from __future__ import annotations

# ---- one pack -------------------------------------------------------------------------------------------------------

PACK_OF = "申报材料：{measure}"
LEAD = "核对下面的内容，然后一键生成：一个压缩包，含封面说明、预填的申请表、材料清单、金额测算和时间安排。"
MAKE = "一键生成申报材料"
MAKE_HINT = "下载 ZIP 压缩包；里面是 Word、Excel 和日历文件，可以接着修改。"
EDIT, REPORT, BACK = "修改企业信息", "返回匹配报告", "返回“我的”"
SUMMARY = "申报事项"
COMPANY, POLICY, VERDICT, AMOUNT = "企业", "政策文件", "比对结论", "预计金额"
WINDOW, CHANNEL, CONTACT, STEP = "申报时间", "申报渠道", "受理部门", "下一步"
FILES = "包里有什么"
FORM, FORM_COUNT = "申请表", "“{name}”：已填 {filled} 项，待填 {blank} 项。"
FILLED, FILLED_NONE = "已填的企业信息", "没有可以预填的企业信息。"
ITEM, CONTENT, SOURCE = "项目", "填写内容", "来源"
BLANKS, BLANKS_LEAD, BLANKS_NONE = "待填写", "系统没有这些信息，在申请表中标为“（待填）”：", "没有待填写的内容。"
PAPERS, PAPER, STATE, NOTE = "材料清单", "材料", "状态", "说明"
PAPERS_TABLE = "每项材料的状态"
PAPERS_COUNT = "共 {n} 项：{counts}。"
PAPERS_USUAL = "带“［参考］”的没有在政策来源中列明或核实，是同类申报的通常做法，以申报通知为准。"
OPEN, OPEN_NONE = "须确认和核实的条件", "按填报的信息，各项条件均已满足。"
CAUTIONS = "政策来源的提醒"
DAYS = "时间安排"
NO_PACK = "不能生成申报材料"
NO_MEASURE = ("没有找到这个事项", "政策库中没有这个事项，可能已合并或撤下。请返回匹配报告重新选择。")
CLOSED_TODAY = "今天（{today}）这个事项已经不能申报：{reason}。材料按查询日期 {day}生成，请先重新匹配。"
MARKS = {"已有": "✔", "缺": "✘", "须核实": "？"}

# ---- uploaded forms -------------------------------------------------------------------------------------------------

FORMS = "申报表模板"
FORMS_LEAD = (
    "每类事项都有一份通用申请表。主管部门规定了格式的事项，可以在这里上传专用的 Word 模板，生成申报材料时就用它。"
)
KEPT, KEPT_NONE = "已上传的专用模板", "还没有上传专用模板，所有事项都用通用申请表。"
MEASURE, FILE, ADDED, ACTIONS = "事项", "文件", "上传", "操作"
DOWNLOAD, SAMPLE, REMOVE = "下载", "看填好的示例", "移除"
REMOVE_ASK = "移除后，这个事项改用通用申请表。"
REMOVE_YES = "确认移除"
GONE_MEASURE = "政策库中已没有这个事项"
UPLOAD, CHOOSE_MEASURE, CHOOSE_FILE, SEND = "上传模板", "为哪个事项", "Word 文件（.docx，最大 2 MB）", "检查并保存"
CHOOSE = "请选择事项"
UPLOAD_LEAD = "上传时会检查文件并用示例企业试填；有问题不会保存。同一事项再次上传会替换原来的模板。"
HOW = "怎样写模板"
HOW_LINES = (
    "用 Word 或 WPS 打开规定的表格，在要填写的位置写上变量，例如 {{ 企业名称 }}，再另存为 .docx。",
    "没有的信息会显示“（待填）”，并列在封面说明上。",
    '判断：{% if 企业规模 == "小型" %} …… {% endif %}；循环只能用于列表，例如表格的一行写 {%tr for 行 in 材料清单 %}，'
    "下一行写 {{ 行.名称 }}、{{ 行.状态 }}，再下一行写 {%tr endfor %}。",
    "不允许宏、嵌入对象、外部链接、链接图片和远程模板，也不能写函数和计算。",
)
EXAMPLES, EXAMPLES_LEAD = "示例模板", "下载一份通用申请表的模板，照着改成需要的格式。"
VARIABLES = "可用的变量"
VARIABLES_LEAD = "共 {n} 个变量、{m} 个列表。"
NAME, MEANING = "变量", "含义"
LISTS, COLUMNS = "列表（用 for 循环）", "每一行有"
NOT_SAVED = "没有保存"
SEE_VARIABLES = "可用的变量见本页下方“可用的变量”，点开分组查看。"
SAVED = "已保存“{measure}”的专用模板，用到 {n} 个变量。"
REMOVED = "已移除专用模板。"
NO_FORM = ("没有找到", "这个事项没有专用模板，可能已被移除。")
NO_FILE = "请选择要上传的 Word 文件"
NOT_READY = ("政策库正在准备", "请过一会儿刷新本页。")

"""All Chinese text of the staff pages; templates get it as `w`."""

from __future__ import annotations

from matcher.results import Section
from matcher.store.tables import JobState

STEPS = (("start", "上传名单"), ("columns", "表头对应"), ("progress", "处理进度"), ("result", "结果"))
STEPS_LABEL = "步骤"
PLACES_LABEL = "工作台"
PLACES = (("", "上传与任务"), ("reverse", "按政策找企业"))

# ---- start ----------------------------------------------------------------------------------------------------------

START = "专员工作台"
START_LEAD = (
    "上传企业名单，系统为每家企业匹配政策，给出结论、理由、预计金额和问题清单；也可以反过来，按一项政策找企业。"
)
UPLOAD = "上传名单"
UPLOAD_LEAD = (
    "支持 xlsx、csv、parquet、jsonl，最大 {mib} MB。表头写明列名即可，列的顺序和叫法不限，缺的列按“不清楚”处理。"
)
CHOOSE = "选择文件并上传"
TEMPLATE = "下载模板表格（xlsx）"
READING = "正在上传和识别表头，请稍候。"
WAIT = "正在处理，请稍候。"
MY_JOBS = "我的任务"
NO_JOBS = "还没有任务。上传名单并确认表头后，任务会列在这里；离开页面不影响处理。"
JOB_HEADINGS = ("名单", "任务", "提交时间", "状态", "结果")
KINDS = {"bulk": "匹配政策", "reverse": "按政策找企业"}
KEPT = "任务和上传的名单保留 {days} 天，到期自动删除；已结束的也可以提前删除。"
STATES = {
    JobState.WAITING: ("○", "排队中"),
    JobState.RUNNING: ("◐", "处理中"),
    JobState.DONE: ("✔", "已完成"),
    JobState.FAILED: ("✘", "未完成"),
    JobState.CANCELLED: ("－", "已取消"),
}
OPEN_JOB = {
    JobState.WAITING: "看进度",
    JobState.RUNNING: "看进度",
    JobState.DONE: "看结果",
    JobState.FAILED: "看原因",
    JobState.CANCELLED: "查看",
}

# ---- deleting a job -------------------------------------------------------------------------------------------------

DELETE = "删除"
DELETE_TITLE = "删除“{name}”的任务"
DELETE_LEAD = "将删除 {at} 提交的任务“{kind}”和它的全部结果。删除后不能恢复。"
DELETE_UPLOAD = {
    True: "上传的名单一起删除。",
    False: "同一份名单还有其他任务，名单会留下；其他任务也删除后，名单随最后一个任务删除。",
}
DELETE_HINT = "已下载的结果请另行处理。"
DELETE_YES, DELETE_NO = "确认删除，不再恢复", "不删除，返回"
DELETED = "已删除任务“{kind}”（{name}）"
BACK_TO_JOBS = "返回我的任务"
NOT_THERE = ("没有这个任务", "它可能已被删除，或保留期已过。请从“我的任务”重新查找。")
NOT_ENDED = ("任务还没有结束", "请先在任务页取消，再删除。")

# ---- columns --------------------------------------------------------------------------------------------------------

COLUMNS = "核对表头对应"
COLUMNS_LEAD = "“{name}”的每一列对应到哪个信息，请核对；不对的点“修改”。改动会记住，下次上传同样的表头照此对应。"
COLUMNS_NONE = "“{name}”直接使用字段名，不需要对应表头。"
SHEET = "工作表“{name}”"
SHEET_ONLY = "各列对应"
COLUMN_HEADINGS = ("列", "表头", "对应信息", "操作", "单位", "样例", "依据")
UNUSED = "不采用"
EDIT = "修改"
EDIT_LABEL = "修改 {letters} 列“{header}”"
EDITING = "修改 {letters} 列“{header}”的对应"
TARGET = "对应哪个信息"
TARGET_INFO = "可输入汉字筛选，例如“营业收入”；不需要的列选“不采用”"
UNIT = "数字的单位"
UNIT_INFO = "单元格里自己写了单位的，以单元格为准"
OWN_UNIT = "默认（{unit}）"
APPLY = "确定修改"
CLOSE = "放弃修改"
CHANGED = "已修改：{letters} 列“{header}”→ {label}。"
DISPLACED = "原来对应“{label}”的{columns}改为不采用。"
COLUMN_NAME = "{letters} 列“{header}”"
FORGET = "恢复自动识别"
FORGOTTEN = "已恢复为自动识别的对应。"
REMEMBERED = "这份表头以前改过对应，已照上次的改动。"
RECOGNISED = "识别说明（{n} 条）"
PREVIEW = "按这样的对应，前 {n} 家读成："
PREVIEW_LABEL = "前几家企业读出的内容"
ROW = "行"
CHECKED = "快速检查前 {rows} 行：{good} 家可以匹配，{bad} 行有问题，{skipped} 行不是企业（空行、合计、说明等）。"
CHECKED_GOOD = "快速检查前 {rows} 行：{good} 家都可以匹配，没有发现问题。"
CHECKED_NONE = "前 {rows} 行没有读到一家企业，请核对表头对应。"
PROBLEM_HEADINGS = ("行", "列", "原值", "原因", "处理办法")
PROBLEMS_FIRST = "前 {n} 处问题"
PROBLEM_NOTE = "有问题的行不影响其他企业：好的行照常匹配，问题行会写进问题清单。"
GO = "开始匹配"
HOW_MANY = "每家企业列出几项"
FORMAT = "结果文件格式"
FORMATS = (("Excel 工作簿（xlsx）", "xlsx"), ("CSV（可用表格软件打开）", "csv"), ("Parquet（供程序使用）", "parquet"),
           ("JSONL（供程序使用）", "jsonl"))  # fmt: skip
GO_BUTTON = "确认对应，开始匹配"
NOTHING_MAPPED = "没有一列对应到任何信息"
NOTHING_MAPPED_REMEDY = "请至少为一列选择对应的信息，例如“企业名称”和“注册地”"

# ---- job ------------------------------------------------------------------------------------------------------------

JOB = {"bulk": "“{name}”匹配政策", "reverse": "“{name}”中适合“{target}”的企业"}
PROGRESS = "处理进度"
LEAVE = "可以离开这个页面，处理会继续；回来时在“我的任务”里找到它。"
QUEUED = "排队中，前面还有 {n} 个任务。"
QUEUED_NEXT = "即将开始。"
STAGES = {
    "准备": "正在准备政策库", "读取": "正在读取名单", "匹配": "正在匹配", "比对": "正在比对企业",
    "核对": "正在核对结果", "写出": "正在写出结果",
}  # fmt: skip
UNITS = {"匹配": "家"}
STAGE_OF = "{stage}：已完成 {done:,}／{total:,} {unit}"
STAGE_DONE = "{stage}：已完成 {done:,} {unit}"
LEFT_S = "预计还需不到 1 分钟"
LEFT_MIN = "预计还需约 {n} 分钟"
LEFT_H = "预计还需约 {n} 小时"
STARTED = "提交于 {at}"
CANCEL = "取消这个任务"
FAILED = "没有完成"
FAILED_AGAIN = "回到表头对应，重新提交"
CANCELLED = "任务已取消，没有留下结果。"
GONE = "找不到这个任务"
GONE_REASON = "它不存在、已过保留期，或不属于您"
GONE_REMEDY = "请从“我的任务”中选择，或重新上传名单"
FILE_GONE = "找不到这份名单"
FILES_GONE = "结果文件已不在服务器上，请重新提交。"

# ---- result ---------------------------------------------------------------------------------------------------------

TOTAL = "共 {n:,} 家：{good:,} 家已匹配"
TOTAL_BAD = "{bad:,} 家有问题"
TOTAL_SKIPPED = "另有 {n:,} 行不是企业（空行、合计、说明等），已跳过。"
FOUND = "{n:,} 家有符合条件的事项，{m:,} 家有可能符合的事项，{none:,} 家没有匹配到。"
WORTH = "符合条件的预计金额合计：{amount}（每家按就高不重复等规定计算，以批复为准）。"
REVERSE_TOTAL = "共比对 {n:,} 家企业，{bad:,} 行有问题。"
DUPLICATES = "有 {n:,} 行的统一社会信用代码重复，各行都已单独匹配，请核对。"
AS_OF = "按 {day}的政策库（版本 {version}）"
WORDS_ONLY = "本次只按条件和字词匹配，未比较语义"
DOWNLOAD_RESULT = "下载全部结果"
DOWNLOAD_PROBLEMS = "下载问题清单"
SEE_PROBLEMS = "查看有问题的行"
MEASURES = "各项政策找到的企业"
MEASURE_HEADINGS = ("政策和事项", "符合（家）", "可能符合（家）", "预计金额合计（万元）")
MORE_MEASURES = "其余 {n} 项"
LIST = "结果明细"
FILTER = "筛选"
F_COMPANY = "企业名称或信用代码"
F_SECTION = "结论"
F_MEASURE = "政策和事项"
F_LEAST = "预计金额不低于"
F_LEAST_INFO = "例如“50万”"
F_SOON = "只看 {n} 天内截止的"
ALL = "全部"
APPLY_FILTER = "筛选"
CLEAR_FILTER = "清除筛选"
SHOWN = "第 {first:,}—{last:,} 条，共 {n:,} 条"
SHOWN_NONE = "没有符合筛选条件的结果。请放宽条件，或清除筛选。"
SHOWN_EMPTY = "没有结果。"
PAGES = "翻页"
PREVIOUS, NEXT = "上一页", "下一页"
ROW_HEADINGS = {
    "bulk": ("行", "企业", "结论", "政策和事项", "预计金额（万元）", "申报时间", "还差什么"),
    "reverse": ("行", "企业", "结论", "政策和事项", "预计金额（万元）", "缺少的信息", "判断依据"),
}
NAMELESS = "（没有名称）"
LEAST_WRONG = "请写成金额，例如“50万”“3000000元”"
NO_MATCH = "没有匹配"
SECTIONS = (*(section.value for section in Section), NO_MATCH)
ICONS = {section.value: icon for section, icon in zip(Section, ("✔", "◐", "？", "ⓘ", "✘"), strict=True)} | {
    NO_MATCH: "－"
}

# ---- problems -------------------------------------------------------------------------------------------------------

PROBLEMS = "有问题的行"
PROBLEMS_LEAD = "“{name}”中 {rows:,} 行没有匹配，共 {n:,} 处问题；请按“处理办法”改正后重新上传。"
CAUTIONS_LEAD = "另有 {n:,} 处经过推断或没有采用，那些行已经匹配，请核对。"
KINDS_OF_PROBLEM = "问题种类"
KIND_HEADINGS = ("级别", "列", "问题", "处数")
LEVELS = {"拒绝": "未匹配", "提示": "请核对"}
ALL_KINDS = "全部种类"
AND_LIKE = "{reason}　等"
NO_PROBLEMS = "没有问题：每一行都读出来了。"
BACK_TO_RESULT = "返回结果"

# ---- company --------------------------------------------------------------------------------------------------------

COMPANY_PLACE = "{sheet}第 {row} 行"
COMPANY_CODE = "统一社会信用代码 {uscc}"
COMPANY_GONE = "这一行没有可以匹配的企业"
COMPANY_WORTH = "符合条件的预计金额合计：{amount}"
COMPANY_WORTH_NONE = "符合条件的事项暂无可估算的金额。"
COMPANY_HEADING = "匹配结论"
COMPANY_FOUND = "比结果明细更全：每项都有逐条理由、材料和下一步。"
COMPANY_NONE = "没有找到符合条件的政策。"
NOTES = "读取时的说明"

# ---- reverse --------------------------------------------------------------------------------------------------------

REVERSE = "按政策找企业"
REVERSE_LEAD = (
    "选一项政策或其中一个事项，再选一份上传过的名单：列出符合和可能符合的企业，说明理由、还缺什么信息、值多少钱。"
)
R_TARGET = "政策或事项"
R_TARGET_INFO = "可输入汉字筛选，例如“技术改造”；选政策则包括它的所有事项"
R_TARGET_ALL = "{title}（全部 {n} 项）"
R_SOURCE = "在哪份名单里找"
R_SOURCE_INFO = "上传过的名单都可以选，按上传时间排列"
R_SOURCE_NAME = "{name}（{at} 上传）"
R_NO_SOURCE = "还没有上传过名单，请先到“上传与任务”上传。"
R_GO = "查找企业"
R_PICK_TARGET = "请选择一项政策或事项"
R_PICK_SOURCE = "请选择一份名单"

# ---- errors ---------------------------------------------------------------------------------------------------------

CANNOT_UPLOAD = "这个文件不能用"
CANNOT_DO = "没有成功"
PROBLEM_WHERE = "操作"
UNEXPECTED = "系统出现意外错误。请稍后重试；如仍不行，请联系管理员。"
TOO_BIG = "文件有 {size} MB，超过上限 {mib} MB。请拆成几个文件分别上传。"
WRONG_KIND = "不支持这种文件。请上传 xlsx、csv、parquet 或 jsonl；其他表格请先另存为 xlsx。"

"""All Chinese text of the evaluators' pages; templates know it as `w`."""

from __future__ import annotations

PAGE_TITLE = "匹配评测 · 惠企政策匹配"
TITLE = "匹配评测"
INTRO = "在标注过的案例上衡量匹配得好不好：分数是多少、哪些应得的政策漏了、漏在哪一步、比上一次好还是差。"
PRIVACY = "上传的案例和评测结果只保存在本服务器，只有您自己能看到。"

ERRORS = "请先解决以下问题"
UNAVAILABLE = "暂时不能完成"
PAGE = "评测页面"
WRONG_CHOICE = "选项无效"

# ---- cases ----------------------------------------------------------------------------------------------------------

SETS = "用例集"
SET = "选择用例集"
SHIPPED_SET = "随软件的开发案例（{n} 例）"
UPLOADED_SET = "{name}（{day}上传）"
UPLOAD_HEADING = "上传自己的案例"
UPLOAD = "选择案例文件并上传"
UPLOAD_INFO = (
    "文件为 JSONL（每行一个 JSON 对象，UTF-8 编码），不超过 {mib} MiB、{n} 个案例。"
    "有问题的行会逐条列出并跳过，其余的行照常使用。"
)
UPLOAD_EXAMPLE_SUMMARY = "文件怎么写"
UPLOAD_EXAMPLE = "每行的写法（labels 的键是政策编号或事项编号，grade 为 0 到 3）："
EXAMPLE = (
    '{"case_id": "甲01", "as_of": "2026-11-23", "profile": {"region": "山东省/济南市", "industry_code": "C3421", '
    '"plans": [{"text": "更换数控机床"}]}, "labels": {"nat-cit-special-equipment-10pct": {"grade": 3, '
    '"verdict": "possible", "why": "设备在目录内可抵免"}}}'
)
NO_FILE = "没有收到文件"
UPLOADED = "已保存“{name}”：{good} 个案例可用"
UPLOADED_ALL = "，没有发现问题。"
UPLOADED_SOME = "；另有 {bad} 处问题，所在的行已跳过。"
TOO_BIG = "文件有 {mib:.1f} MiB，超过上限 {limit} MiB"
SPLIT = "请拆成几份再上传"
TOO_MANY = "有 {n} 个案例，超过上限 {limit} 个"
NO_GOOD = "没有一个案例可用，文件未保存。问题如下："
SETS_FULL = "最多保存 {n} 份用例集"
DELETE_OLD = "请先删除不用的用例集"
PROBLEMS_OF = "“{name}”中有 {n} 处问题，所在的行未计入"
PROBLEM_PLACE, PROBLEM_WHAT = "位置", "问题与改法"
MORE_PROBLEMS = "另有 {n} 处问题未列出，改好以上问题后请重新上传。"
SUMMARY = "“{name}”的构成"
CASES_N, PAIRS_N, JUDGED_N, DAYS = "案例", "标注（案例 × 政策）", "每例判断过的政策", "评测日期"
UNIT_CASES, UNIT_PAIRS, UNIT_POLICIES = "{n} 例", "{n:,} 条", "{n} 项"
JUDGED_ALL = "未说明"
JUDGED_ALL_NOTE = "没有说明哪些政策判断过：没有标注的政策一律按不相关计，分数会偏低。可在每行加 judged_policy_ids。"
GRADES = "标注等级"
GRADE_TITLES = {3: "3 级：正是所需", 2: "2 级：值得推荐", 1: "1 级：沾边", 0: "0 级：不相关"}
GRADE_SHORT = {3: "3 级", 2: "2 级", 1: "1 级", 0: "0 级"}
NO_VERDICT = "其中 {n} 条没有“符合／可能符合／不符合”的结论，不参加结论对照。"
SET_DETAILS = "标注等级、行业、规模、地区的分布"
GROUP, LABELS_COUNT, CASES_COUNT = "分组", "标注", "案例"
PROVINCE = "省份"
NOT_FILLED = "未填"
UNKNOWN_TARGETS = "有 {n} 个编号不在现在的政策库中，评测时按漏项计：{names}"
AND_MORE = "等"
FAMILIAR = (
    "其中 {n} 例是随软件的开发案例，排序权重学自它们：用这些案例算出的分数偏乐观。"
    "没见过案例时的成绩，见下方消融实验的“交叉验证”一行。"
)
UNFAMILIAR = "排序权重没有用过这些案例，分数可以看作对新企业的估计。"
DELETE = "删除这份用例集"
DELETE_ASK = "将删除“{name}”以及用它做的 {n} 次评测，不能恢复。"
DELETE_YES, DELETE_NO = "确认删除", "不删除"
DELETED = "已删除“{name}”。"
IN_USE = "正在用它评测，请等评测结束或先取消"
SET_GONE = "这份用例集已不存在"
CHOOSE_AGAIN = "请重新选择"

# ---- runs -----------------------------------------------------------------------------------------------------------

RUN = "运行评测"
RUN_LEAD = "开发案例约需几秒到几十秒。在后台运行，可以离开本页，结果会保存。"
METHOD = "匹配方式"
METHODS = {True: "条件 + 语义 + 字词（与正式服务相同）", False: "条件 + 字词（不比较语义，较快）"}
METHODS_SHORT = {True: "语义 + 字词", False: "只按字词"}
NO_DENSE = "本服务没有加载语义模型，只能按字词评测。"
DEPTH = "漏报看前几项"
DEPTHS = {5: "前 5 项", 10: "前 10 项", 20: "前 20 项", 50: "前 50 项"}
DAY = "评测日期（选填）"
DAY_INFO = "不填用每个案例自己的日期；填了就全部按这一天评测，例如“2026年11月23日”"
DAY_OWN = "各案例自己的日期"
DAY_WRONG = "“{given}”不是一个日期"
DAY_REMEDY = "请写到日，例如“2026年11月23日”或“2026-11-23”"
DAY_CASE = "案例 {case_id}"
START = "开始评测"
CANCEL = "取消评测"
BUSY_ALREADY = "您有一项评测还没有结束"
BUSY_REMEDY = "请等它结束，或先取消"
STATES = {
    "waiting": "排队等待中",
    "running": "正在评测",
    "done": "已完成",
    "failed": "未完成",
    "cancelled": "已取消",
}
STATE_NOW = {
    "waiting": "“{name}”在排队，轮到时自动开始。可以离开本页。",
    "running": "正在评测“{name}”。可以离开本页。",
    "done": "“{name}”评测完成，用时 {seconds:.1f} 秒，结果见下方。",
    "failed": "“{name}”的评测没有完成：{problem}",
    "cancelled": "“{name}”的评测已取消。",
}
STAGE_ENCODE = "正在准备政策库和案例文字"
STAGE_CASES = "逐个案例匹配"
STAGE_MEASURE = "正在计算指标和生成报告"
STAGE_ABLATION = "逐个做法比较"
STOPPING = "正在取消……"
PROGRESS = "{stage}：{done} / {total}"
PROGRESS_LABEL = "评测进度"
INTERRUPTED = "服务重新启动，评测中断了。请重新运行"
NO_MODEL = "语义模型没有加载成功。可改选“条件 + 字词”再试，或联系管理员"
UNEXPECTED = "系统出现意外错误。请重试；如仍不行，请联系管理员"
RUNS = "评测记录"
RUNS_EMPTY = "还没有评测。选好用例集，点“开始评测”，几秒到几分钟后这里会出现结果。"
RUNS_NOTE = "保留最近 {n} 次。"
MADE, CASES, BY, ON, LIBRARY, STATE, FILES = "时间", "用例集", "匹配方式", "评测日期", "政策库", "状态", "下载"
NDCG, RECALL, MISSED = "nDCG@10", "召回率@20", "漏报"
DOWNLOADS = {"application/json": "运行文件", "text/html": "网页报告", "text/markdown": "表格"}
RUN_LABEL = "{made}，{name}，{method}，{day}"
RUN_FILE = "评测_{made}.json"
REPORT_FILE = "评测报告_{made}.html"
ABLATION_FILE, ABLATION_TABLE = "消融_{made}.json", "消融_{made}.md"

# ---- results --------------------------------------------------------------------------------------------------------

RESULTS = "评测结果"
SHOWN = "看哪一次评测"
VIEW = "看什么"
VIEWS = {
    "overall": "总体与分组",
    "misses": "漏报逐条",
    "verdicts": "结论对照与硬性错误",
    "compare": "与另一次比较",
}
METRIC = "分组图的指标"
METRICS = {
    "ndcg@10": "nDCG@10：排在前面的是不是最该看的",
    "capped_recall@20": "召回率@20：应得的有多少进了前 20",
    "grade3_found@20": "3 级召回：最该看的有多少进了前 20",
}
RUN_GONE = "这次评测已不存在"
SEEN = "排序权重学自这些案例（或其中一部分），以下数字偏乐观；没见过案例时的成绩见消融实验的“交叉验证”一行。"
OLD_LIBRARY = "这次评测用的政策库是 {old}，现在是 {new}：政策名称、层级和硬性错误按现在的政策库显示。"
MADE_FROM = "{name}，{n} 例；{method}；{day}；政策库 {library}；用时 {seconds:.1f} 秒"
INTERVAL = "横线为 95% 区间（对案例重采样 2,000 次），只反映案例多少带来的不确定，不含标注本身的误差。"
OVERALL = "总体"
OVERALL_CHART = "总体指标"
LOWER = "越低越好"
UNJUDGED_NOTE = "前 10 项中平均 {ten:.1f} 项、前 20 项中平均 {twenty:.1f} 项没有人标注过；它们不计分，也不算错。"
SLICES = "分组"
SLICE_CHART = "按{title}：{metric}"
FEW = "案例少"
FEW_NOTE = "标“案例少”的分组不足 {n} 例，区间往往偏窄，只能参考。各组差别未作检验，区间重叠时不要当成真有差别。"
TABLE_OF = "数据表：{title}"
NAME, MEAN, LOW, HIGH, N = "项目", "均值", "区间下限", "区间上限", "案例数"
VALUE_ALONE = "{value:.3f}（无区间）"
VALUE_WITH = "{value:.3f}（{low:.3f}–{high:.3f}）"
CASES_IN = "{n} 例"

# ---- misses ---------------------------------------------------------------------------------------------------------

MISSES = "前 {k} 项之外的应得标注"
MISSES_ALL = "共 {n} 条"
MISSES_SOME = "筛选出 {n} 条（共 {all} 条）"
MISSES_RANGE = "，现在显示第 {first}–{last} 条。"
MISSES_NONE = "没有漏报：应得的都在前 {k} 项里。"
MISSES_NO_FIT = "没有符合筛选条件的漏报，请换一个环节或等级。"
STAGE = "漏在哪一步"
GRADE = "标注等级"
ALL = "全部"
WITH_COUNT = "{label}（{n}）"
STAGES = {
    "rule": "被条件排除",
    "window": "申报窗口已截止",
    "lifecycle": "政策不在有效期",
    "absent": "政策库未收录",
    "candidate": "未进入候选（程序缺陷）",
    "rank": "排在前 {k} 项之后",
}
STAGE_TABLE = "漏报按环节和等级"
PREVIOUS, NEXT = "上一页", "下一页"
PAGE_OF = "第 {page} / {pages} 页"
CASE, WHERE, WHY, VERDICT, PLACE = "案例", "漏在哪一步", "标注理由", "标注结论", "名次与得分"
NO_WHY = "未写"
NO_VERDICT_GIVEN = "没有结论"
RANKED = "第 {rank} 位，得分 {score:.3f}"
RANKED_K = "第 {k} 位的得分是 {score:.3f}"
PARTS = "得分由来（各项的数值，未乘权重）"
FALSE_CONDITIONS = "不满足的条件"
OWN, REQUIRED = "现为：{value}", "要求：{value}"
UNFILLED = "未填写"
NOT_IN_LIBRARY = "（政策库未收录）"
FEATURES = {
    "hint": "计划文字提到所需条件",
    "eligible": "确定符合",
    "unknown": "未知条件占比",
    "satisfied": "已满足条件占比",
    "honour_held": "已有所需荣誉",
    "honour_unknown": "荣誉未知",
    "industry_specific": "行业针对性",
    "amount": "金额（对数）",
    "loan_planned": "金融类且有贷款计划",
    "loan_absent": "金融类但无贷款计划",
    "finance_asked": "金融类且需求提到融资",
    "theme": "主题相同",
    "preferences": "优先条件占比",
    "direction": "方向性文件",
    "title": "荣誉资质类",
    "plan_lexical": "与计划的字词相似",
    "whole_dense": "语义相似",
    "whole_lexical": "字词相似",
}

# ---- verdicts -------------------------------------------------------------------------------------------------------

VERDICTS = "结论对照"
VERDICT_TITLES = {"eligible": "符合", "possible": "可能符合", "ineligible": "不符合"}
VERDICT_TABLE = "{n} 条有结论的标注：行是标注，列是系统"
LABELLED, SYSTEM, SUM = "标注：{name}", "系统：{name}", "合计"
AGREE = "一致 {share:.1%}，去掉碰巧一致后 kappa {kappa:.2f}（1 为完全一致，0 为碰巧）。"
NOT_OFFERED = "系统“不符合”一列中有 {n} 条是因失效、截止或未收录而没有提供。"
NO_VERDICTS = "这份用例集没有带结论的标注。"
AGREE_MARK = "一致"
VIOLATIONS = "硬性错误"
VIOLATIONS_NONE = "没有硬性错误：没有列出失效、外地或排除该行业的政策，也没有把标注为不符合的显示为符合。"
VIOLATIONS_SOME = "有 {n} 处硬性错误，必须改正："
KIND, DETAIL, RANK = "错误", "说明", "名次"

# ---- comparison -----------------------------------------------------------------------------------------------------

BASELINE = "与哪一次比较（作为基准）"
BASELINE_SHIPPED = "随软件的基准运行（{method}，政策库 {library}）"
BASELINE_NONE = "没有可比的评测：需要用同一份用例集再评测一次（例如换一种匹配方式或更新政策库之后）。"
BASELINE_PICK = "请在上方选择作为基准的评测。"
COMPARE = "与基准比较"
COMPARED = "基准：{old}"
COMPARE_NOTES = "注意"
DAY_CHANGED = "两次的评测日期不同"
DIFFERENCES = "各指标的差"
METRIC_COLUMN, OLD, NEW, CHANGE, P, MEANING = "指标", "基准", "本次", "差（95% 区间）", "p", "判断"
BETTER, WORSE, SAME, UNCLEAR = "变好", "变差", "没有变化", "不能确定"
DIFFERENCE_NOTE = (
    "p 为逐案例配对随机化检验（双侧，10,000 次）。同时看多个指标时，个别 p 小于 0.05 可能只是碰巧；"
    "请以 nDCG@10 为主。p 大于 0.05 只说明这些案例看不出差别，不说明没有差别。"
)
WINS = "按 nDCG@10：{better} 例变好，{worse} 例变差，{same} 例不变。"
CHANGED_BETTER, CHANGED_WORSE = "变好的案例", "变差的案例"
NO_CHANGED = "没有。"
CHANGED_CASE = "案例 {case_id}：nDCG@10 {old:.3f} → {new:.3f}"
MOVE_TARGET = "政策或事项"
MOVES = "有标注的政策名次变化（基准 → 本次）："
MORE_MOVES = "展开其余 {n} 项变化"
AT_RANK, UNLISTED = "第 {rank} 位", "未列出"
MORE_CHANGED = "展开其余 {n} 例"

# ---- ablation -------------------------------------------------------------------------------------------------------

ABLATION = "消融实验"
ABLATION_LEAD = "把系统拆开，看每一部分各有多大作用：同样的案例，分别只用其中一部分来排序。"
ABLATION_WHICH = "看哪一次消融实验"
ABLATION_SHIPPED = "随软件的结果（开发案例）"
ABLATION_METRIC = "指标"
ABLATION_CHART = "{metric}"
ABLATION_NONE = "这个安装包没有附带消融结果，可以点下面的按钮现在跑一次。"
ABLATION_TABLE_HEADING = "各行与完整系统的差"
SYSTEM_COLUMN, LEAD, P_FULL = "做法", "完整系统领先（95% 区间）", "p"
ABLATION_MADE = "{cases}，{n} 例；政策库 {library}；模型 {model}"
NO_MODEL_USED = "无（只按字词）"
HELD_OUT_NOTE = (
    "“完整系统（交叉验证）”：按案例分 10 折，给一个案例排序的权重没有见过它。"
    "但条件、特征和参数是开发时参照这些案例定的，所以仍可能略偏乐观；真正独立的成绩要用没有参与开发的案例来测。"
)
IN_SAMPLE_NOTE = "“随软件的权重”：学自这些案例本身，数字偏乐观，不能当作对新企业的成绩，只供核对。"
OWN_NOTE = "“完整系统”用随软件的权重，没有学过这些案例。"
BASELINE_ROWS_NOTE = "其余各行没有从案例学来的权重。p 是完整系统对该行的配对检验，没有按检验次数校正。"
ROW_FULL, ROW_IN_SAMPLE = "完整系统", "样本内，偏乐观"
ABLATE = "用上面选的用例集重跑消融实验"
ABLATE_INFO = "会在后台依次跑约 10 种做法，开发案例约需半分钟，案例多时按比例增加；期间不能开始别的评测，可以取消。"
ABLATE_MODEL = "本服务用的是自选语义模型，网页上不能重跑；请用命令行：python -m eval.ablation"

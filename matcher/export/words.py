"""What the workbook says besides its rows: columns of the results, lines of the summary, and how to read it all."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.export.cells import CAUTION, HEADERS, NO_MATCH, REJECTED, YUAN_PER_WAN, Cell, RunSummary
from matcher.results import Section


@dataclass(frozen=True)
class Column:
    """One column of a table in a workbook.

    Attributes:
        name: Key of the value.
        width: In characters.
        style: How its cells look.
        header: Header text; empty for that of `HEADERS`.
        meaning: What it says, for the sheet 说明.
        frozen: Whether it stays in sight when the table is scrolled to the right.
        printed: Whether it goes on paper; those that do not come last.
    """

    name: str
    width: float
    style: str
    header: str = ""
    meaning: str = ""
    frozen: bool = False
    printed: bool = True

    @property
    def title(self) -> str:
        """The header text."""
        return self.header or HEADERS[self.name]


RESULT_COLUMNS = (
    Column("row", 7, "row", meaning="企业在导入文件中的行号", frozen=True),
    Column("company", 24, "text", meaning="导入文件中的企业名称", frozen=True),
    Column("uscc", 21, "code", meaning="按文本保存，不会变成科学计数"),
    Column("kind", 9, "word", meaning="匹配：没有不满足的条件；差一步：只有一项条件不满足，且企业可以争取；"
           "无匹配：目前没有可推荐的事项"),
    Column("rank", 7, "row", meaning="同一企业、同一类别内的先后，1 为最前"),
    Column("measure_name", 24, "text", meaning="企业可以得到的一项具体支持"),
    Column("policy_title", 30, "text", meaning="规定这项支持的文件"),
    Column("verdict", 20, "word", meaning="含义见上面“结论的含义”"),
    Column("low_yuan", 17, "wan", "预计下限（万元）",
           "按现有信息估算的金额范围的下端；空白表示不是资金支持，或信息不足、无法估算"),
    Column("high_yuan", 17, "wan", "预计上限（万元）", "金额范围的上端"),
    Column("reasons", 48, "text", meaning="各项条件的满足情况"),
    Column("gap", 20, "text", meaning="仅“差一步”：补上什么就能符合"),
    Column("window", 18, "text", meaning="什么时候可以申报；“按往年时间”的以当年通知为准"),
    Column("next_step", 44, "text", meaning="建议的下一步"),
    Column("missing", 40, "text", meaning="补充这些信息后，结论会更确定", printed=False),
    Column("manual", 60, "text", meaning="系统无法判断、须由人核对的条件", printed=False),
    Column("amount_note", 60, "text", meaning="金额怎样算出，或为什么没有金额", printed=False),
    Column("score", 9, "score", meaning="只用于同一企业内排序，不是百分比，不同企业之间不可比较", printed=False),
    Column("policy_id", 30, "code", meaning="政策库中的编号", printed=False),
    Column("measure_id", 44, "code", meaning="政策库中的编号，可用于反向查找企业", printed=False),
    Column("sheet", 14, "text", meaning="导入文件有多个工作表时，企业所在的工作表", printed=False),
)  # fmt: skip


PROBLEM_COLUMNS = (
    Column("row", 8, "row"), Column("sheet", 16, "text"), Column("level", 8, "word"), Column("column", 22, "text"),
    Column("value", 30, "text"), Column("reason", 46, "text"), Column("remedy", 46, "text"),
)  # fmt: skip
REJECTED_COLUMNS = tuple(column for column in PROBLEM_COLUMNS if column.name != "level")
MEASURE_COLUMNS = (
    Column("measure_name", 36, "text"), Column("eligible", 15, "count", "符合的企业"),
    Column("possible", 17, "count", "可能符合的企业"), Column("low", 22, "wan", "预计下限合计（万元）"),
    Column("high", 22, "wan", "预计上限合计（万元）"), Column("policy_title", 50, "text"),
    Column("measure_id", 46, "code"),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One figure of the summary with what it means."""

    label: str
    value: Cell
    note: str = ""
    style: str = "count"


@dataclass(frozen=True)
class Block:
    """Figures under one heading."""

    heading: str
    lines: tuple[Line, ...]


def summary_blocks(summary: RunSummary) -> tuple[Block, ...]:
    """The figures of the sheet 汇总."""
    return (_read(summary), _found(summary))


def _read(summary: RunSummary) -> Block:
    return Block(
        "读入情况",
        (
            Line("读入的行", summary.rows_read, "＝ 参与匹配的企业 ＋ 被拒绝的行 ＋ 跳过的行"),
            Line("参与匹配的企业", summary.companies, "每家企业在“匹配结果”中至少有一行"),
            Line("被拒绝的行", summary.rejected, f"没有参与匹配，见“问题清单”中的“{REJECTED}”，改正后重新导入"),
            Line("跳过的行", summary.skipped, "空行、合计行、重复表头、表后说明等，不是企业"),
            Line("信用代码重复的行", summary.duplicates, "已分别匹配，没有合并，请核对"),
        ),
    )


def _found(summary: RunSummary) -> Block:
    low, high = (round(value / YUAN_PER_WAN, 6) for value in (summary.low_yuan, summary.high_yuan))
    return Block(
        "匹配情况",
        (
            Line(
                "有“符合”事项的企业", summary.companies_with_eligible, _share(summary.companies_with_eligible, summary)
            ),
            Line(
                "有“可能符合”事项的企业",
                summary.companies_with_possible,
                _share(summary.companies_with_possible, summary),
            ),
            Line("没有匹配事项的企业", summary.without_match, _share(summary.without_match, summary)),
            Line("“符合”的匹配", summary.eligible, "企业与事项的组合数"),
            Line("“可能符合”的匹配", summary.possible, "企业与事项的组合数，还须补充信息或人工核实"),
            Line("“差一步”的事项", summary.near_misses, "企业与事项的组合数，补上一项条件就能符合"),
            Line("预计下限合计（万元）", low, "只计“符合”的事项，已按就高不重复等规定扣除", "wan"),
            Line("预计上限合计（万元）", high, "估算值，以主管部门批复为准", "wan"),
        ),
    )


def _share(part: int, summary: RunSummary) -> str:
    return f"占参与匹配企业的 {part / summary.companies:.1%}" if summary.companies else ""


def explanations(summary: RunSummary) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The sheet 说明: headings, each with terms and their meanings."""
    return (
        ("结论的含义", _VERDICTS),
        ("请注意", _CAVEATS),
        ("“匹配结果”各列", tuple((column.title, column.meaning) for column in RESULT_COLUMNS)),
        ("“问题清单”的级别", _LEVELS),
        ("本次运行", _run(summary)),
    )


_VERDICTS = (
    (Section.ELIGIBLE.value, "已知信息满足全部条件，可以准备申报"),
    (Section.TO_CHECK.value, "系统能判断的条件都满足，还有条件须由人核对，见“须人工核实”"),
    (Section.TO_ANSWER.value, "没有不满足的条件，但还缺能决定结果的信息，见“缺少的信息”"),
    (Section.BACKGROUND.value, "只指明方向，没有可以直接申报的支持"),
    (Section.NOT_NOW.value, "有条件不满足；列出的是只差一步、可以争取的事项"),
    (NO_MATCH, "目前没有可推荐的事项"),
)
_CAVEATS = (
    (
        "金额",
        "均为按政策规定和现有信息的估算，以主管部门批复为准；同一企业的多项支持可能有就高不重复等规定，不可简单相加",
    ),
    ("参考", "标有“参考”“未核对原文”的内容没有在政策原文中核实，仅供参考，申报前请以原文和当年通知为准"),
    ("时效", "结论对应查询日期；政策修订、申报时间变化或企业信息变化后，请重新匹配"),
    ("审核", "结果由系统按政策规定自动比对，仅供参考，以主管部门解释和最终审核为准"),
)
_LEVELS = (
    (REJECTED, "该行有读不懂的内容，没有参与匹配；按“处理办法”改正后重新导入"),
    (CAUTION, "该行参与了匹配，但有内容经过换算、推断或未采用，请核对"),
)


def _run(summary: RunSummary) -> tuple[tuple[str, str], ...]:
    meaning = "按规则、字词和语义排序" if summary.dense else "只按规则和字词排序，没有使用语义模型"
    return (
        ("查询日期", summary.as_of.isoformat()),
        ("输入文件", summary.input_name),
        ("排序方法", meaning),
        ("政策库版本", summary.library_version),
        ("结果校验码", summary.content_hash),
    )

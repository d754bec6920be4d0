"""A list as a workbook: 名单 with evidence, 未列入 with the reasons, 办理记录, 说明."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from matcher.clock import show_minute
from matcher.export.cells import Cell, labels
from matcher.export.sheet import A3, A4, Styles, open_workbook
from matcher.export.words import Column
from matcher.export.xlsx import ROWS_PER_SHEET, Table
from matcher.grants.granted import STATES
from matcher.grants.lists import GrantView, LeftOut, Lists, ListView
from matcher.grants.steps import WILLING
from matcher.store.grants import GrantEvent, GrantState
from matcher.store.tables import Json
from policies.fields import registry
from policies.library import Library

LISTED = (
    Column("place", 7, "row", "次序", frozen=True), Column("company", 26, "text", "企业名称", frozen=True),
    Column("code", 21, "code", "统一社会信用代码"), Column("state", 10, "word", "状态"),
    Column("within", 10, "word", "预算内"), Column("amount", 16, "wan", "金额（元）"),
    Column("trace", 40, "text", "金额依据"), Column("willing", 18, "text", "企业确认意愿"),
    Column("order", 30, "text", "排序依据"),
    Column("evidence", 80, "text", "逐项条件：要求／企业情况／由谁核实、哪一天"),
    Column("note", 30, "text", "请注意"),
)  # fmt: skip
LEFT_OUT = (
    Column("company", 30, "text", "企业名称", frozen=True), Column("code", 21, "code", "统一社会信用代码"),
    Column("why", 16, "word", "原因"), Column("detail", 80, "text", "说明"),
)  # fmt: skip
STEPS = (
    Column("place", 7, "row", "次序"), Column("company", 30, "text", "企业名称"), Column("at", 18, "text", "时间"),
    Column("by", 18, "text", "经办"), Column("step", 24, "text", "步骤"), Column("note", 50, "text", "说明"),
)  # fmt: skip
FACTS = (Column("term", 26, "text", "项目"), Column("meaning", 90, "text", "内容"))
COUNTED = {
    "nearly": "还差核实（家）", "granted": "与已享受的重复（家）", "conflict": "信息互相矛盾（家）",
    "open": "信息不全（家）", "excluded": "不符合条件（家）", "unreadable": "信息不能读取（家）",
    "same": "同一企业的另一条记录（条）",
}  # fmt: skip
WHY = {"granted": "与已享受的重复", "conflict": "信息互相矛盾", "nearly": "还差核实"}
CONFLICT = "按已核实的信息与按企业自报、导入的信息得出的结论不同，请先核对"
UNVERIFIED, UNCHECKED = "信息已有、还没有核实：{names}", "须人工核实的条件：{names}"
ORDER_RULE = (
    "预算按以下次序使用，排在后面的不越过前面的：1. 符合政策自身优先条件的项数，多的在前；"
    "2. 各项条件都能由已核实的信息确定的日期，早的在前；3. 企业规模，小的在前；4. 入库先后。"
    "轮到的企业金额超过剩余预算时，它和其后的企业都等待，不拆分、不插队。"
)
EVIDENCE_RULE = "每一项条件都只凭已核实的信息判断为符合；企业自报和导入而未核实的信息不作依据。"
UNKNOWN_SIZE = "规模未核实"
SAID = {WILLING: "企业确认愿意享受"}


def write_book(path: Path, lists: Lists, view: ListView, library: Library) -> None:
    """Write a list.

    Args:
        path: The file.
        lists: Where the companies are read from.
        view: The list.
        library: For the measure's name.

    Raises:
        OSError: the file cannot be written.
    """
    with open_workbook(path, view.of.as_of) as workbook:
        styles = Styles(workbook)
        listed = Table(workbook, styles, "名单", LISTED, A3, ROWS_PER_SHEET)
        for chunk in lists.chunks(view.of.list_id):
            listed.write(map(_listed, chunk))
        listed.finish()
        left_out = Table(workbook, styles, "未列入", LEFT_OUT, A4, ROWS_PER_SHEET)
        left_out.write(map(_left_out, lists.left_out(view.of)))
        left_out.finish()
        steps = Table(workbook, styles, "办理记录", STEPS, A4, ROWS_PER_SHEET)
        for chunk in lists.chunks(view.of.list_id):
            steps.write(row for one in chunk for row in _steps(one))
        steps.finish()
        facts = Table(workbook, styles, "说明", FACTS, A4, ROWS_PER_SHEET)
        facts.write(_facts(view, library))
        facts.finish()


def book(lists: Lists, view: ListView, library: Library) -> bytes:
    """The workbook in memory, for a download."""
    with tempfile.TemporaryDirectory(prefix="huiqi-") as folder:
        path = Path(folder) / "list.xlsx"
        write_book(path, lists, view, library)
        return path.read_bytes()


def order_text(order: Json) -> str:
    """What a company's place rests on."""
    classes = registry()["size"].classes
    size = classes[order["size"]] if order["size"] < len(classes) else UNKNOWN_SIZE
    return f"优先条件 {order['preferences']} 项；核实齐全于 {order['day']}；{size}"


def evidence_text(evidence: list[Json]) -> str:
    """The evidence in lines."""
    lines = []
    for number, one in enumerate(evidence, 1):
        vouchers = "；".join(f"{each['fact']}由{each['by']}于 {each['on']} 核实" for each in one["verified"])
        lines.append(f"{number}. {one['asks']}／{one['has'] or '—'}／{vouchers or '不需要企业信息'}")
    return "\n".join(lines)


def why_text(one: LeftOut) -> str:
    """Why a company is left out, in a sentence or two."""
    if one.why != "nearly":
        return one.text or CONFLICT
    parts = [UNVERIFIED.format(names=labels(one.fields))] if one.fields else []
    parts += [UNCHECKED.format(names="；".join(one.manual))] if one.manual else []
    return "。".join(parts)


def step_text(event: GrantEvent) -> str:
    """One step in words."""
    return SAID.get(event.after) or STATES[GrantState(event.after)]


def _listed(view: GrantView) -> list[Cell]:
    grant = view.grant
    return [
        grant.place, view.record.name, view.record.uscc, STATES[grant.state], "是" if grant.within_budget else "否",
        grant.amount_yuan, grant.trace, show_minute(grant.willing_at) if grant.willing_at else "未确认",
        order_text(grant.order), evidence_text(grant.evidence), grant.note,
    ]  # fmt: skip


def _left_out(one: LeftOut) -> list[Cell]:
    return [one.record.name, one.record.uscc, WHY[one.why], why_text(one)]


def _steps(view: GrantView) -> Iterator[list[Cell]]:
    for event in view.events:
        yield [view.grant.place, view.record.name, show_minute(event.at), event.by, step_text(event), event.note]


def _facts(view: ListView, library: Library) -> Iterator[list[Cell]]:
    of = view.of
    entry = library.by_id.get(of.measure_id)
    counts = of.found.get("counts", {})
    yield ["事项", entry.title if entry else of.measure_id]
    yield ["事项编号和版本", f"{of.measure_id}（{of.version}）"]
    yield ["查询日期", of.as_of.isoformat()]
    yield ["生成", f"{show_minute(of.made_at)}，{of.made_by}"]
    yield ["预算（元）", "不限" if of.budget_yuan is None else f"{of.budget_yuan:,.2f}"]
    yield ["已确认和已兑付（元）", f"{of.committed_yuan:,.2f}"]
    yield ["比对企业（家）", counts.get("seen", 0)]
    yield ["列入名单（家）", view.companies]
    for key, name in COUNTED.items():
        yield [name, counts.get(key, 0)]
    yield ["排序规则", ORDER_RULE]
    yield ["依据", EVIDENCE_RULE]

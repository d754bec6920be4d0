"""The template spreadsheet: the columns that matter most, an example, and what may stand in each."""

from __future__ import annotations

import io
from functools import cache

import xlsxwriter
from fastapi import APIRouter, Response

from matcher.jobs import MEDIA_TYPES
from policies.fields import registry
from policies.uscc import make_uscc

NAME = "huiqi-template.xlsx"
COLUMNS = (
    ("name", "济南示例机械有限公司"), ("uscc", make_uscc("91370112MA3C00001")), ("region", "山东省/济南市/历城区"),
    ("industry_code", "C3421 金属切削机床制造"), ("products", "五轴数控机床、精密主轴"), ("established", "2012-06-01"),
    ("ownership", "民营"), ("employees", 58), ("revenue_wan", 3200), ("assets_wan", 4500), ("rd_expense_wan", 260),
    ("honours", "高新技术企业、专精特新中小企业"), ("credit_ok", "是"), ("export", "否"),
    ("plan", "2026 年投入 800 万元，更换数控机床 3 台"), ("equipment_invest_wan", 800), ("loan_wan", 500),
    ("needs", "设备更新有没有补贴"),
)  # fmt: skip
_PLAN = "设备更新计划"
_SHEET, _HELP_SHEET = "企业名单", "填写说明"
_HELP = (
    "每家企业一行；除企业名称外都可以不填，不填按“不清楚”处理。列的顺序和叫法不限，用不到的列可以删去。",
    "金额不写单位时按万元；也可以写“1.5亿”“320万元”。人数、金额可以写范围，例如“20-49人”“500万以上”。",
    "统一社会信用代码请先把单元格格式设为文本，否则会变成科学记数。",
)


@cache
def template() -> bytes:
    """The workbook; its first row is recognised as a header by `matcher.sheet`."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "bg_color": "#DCE6F7"})
        sheet, helps = book.add_worksheet(_SHEET), book.add_worksheet(_HELP_SHEET)
        helps.set_column(0, 0, 120)
        for row, line in enumerate(_HELP):
            helps.write_string(row, 0, line)
        for column, (name, example) in enumerate(COLUMNS):
            label, hint = header(name)
            sheet.write_string(0, column, label, head)
            sheet.set_column(column, column, max(14, 2 * len(label)), text if name == "uscc" else None)
            sheet.write(1, column, example, text if name == "uscc" else None)
            helps.write_string(len(_HELP) + 1 + column, 0, f"{label}：{hint}")  # one cell: this is no table
        sheet.freeze_panes(1, 1)
    return buffer.getvalue()


def header(name: str) -> tuple[str, str]:
    """Header text of a column and what to write below it."""
    if name == "plan":
        return _PLAN, "用自己的话写：买什么设备、改造什么、投多少"
    field = registry()[name]
    return field.label + (f"（{field.unit}）" if field.unit else ""), field.help or field.question


def router() -> APIRouter:
    """The route of the template."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/static/huiqi-template.xlsx")
    def send() -> Response:
        named = {"content-disposition": f'attachment; filename="{NAME}"'}
        return Response(template(), media_type=MEDIA_TYPES["xlsx"], headers=named)

    return routes

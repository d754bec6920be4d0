"""What the tests of packs share: a small library, applications, and Word files with things in them that may not be."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docx import Document

from matcher.packs.case import Case, case_of
from matcher.records import Source
from matcher.service import Matcher
from policies.profile import CompanyProfile
from tests.support import measure, policy, write_library

AS_OF = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
EQUIPMENT = {"type": "ratio", "rate": 0.15, "base": "equipment_invest_wan", "cap_wan": 100}
COMPANY: dict[str, Any] = {
    "name": "甲（集团）公司", "region": "山东省/济南市", "employees": 58, "revenue_wan": "3200万",
    "products": "数控机床", "honours": ["高新技术企业"], "rd_expense_wan": 0,
    "plans": [{"text": "购置机床 8 台", "equipment_invest_wan": 800, "start": "2026-12"}],
}  # fmt: skip


def library(folder: Path) -> Path:
    """One policy of each kind, and those without anything to apply for."""
    source = {"title": "通知", "url": "https://gxt.example.cn/1", "quality": "official"}
    guessed = {"grade": "verified", "confidence": "high", "unverified": ["materials", "channel"]}
    papers = ["申请表", "营业执照", "高新技术企业证书", "设备购置合同、发票和付款凭证", "研发支出辅助账", "信用承诺书"]
    honour = {"type": "honour", "grants": "瞪羚企业"}
    return write_library(
        folder,
        policy("grant", measure(benefit=EQUIPMENT), kind="subsidy", materials=papers, channel="政务服务网",
               contact="工信局", source=source, doc_no="鲁工信〔2026〕1号", issuers=["山东省工业和信息化厅"]),
        policy("closing", measure(), window={"kind": "fixed", "opens": "2026-11-01", "closes": "2026-12-31"}),
        policy("notice", measure(), window={"kind": "by_notice"}, provenance=guessed, materials=["申请表"]),
        policy("honour", measure(benefit=honour), kind="award_honour"),
        policy("platform", measure(benefit=honour), kind="platform"),
        policy("loan", measure(benefit={"type": "interest", "form": "points", "rate": 0.015, "years": 2})),
        policy("tax", measure(benefit={"type": "tax", "form": "rate", "rate": 0.15, "base": "taxable_income_wan"})),
        policy("credit", measure(benefit={"type": "credit_line", "principal_cap_wan": 3000})),
        policy("equity", measure(benefit={"type": "equity"}), kind="equity"),
        policy("insure", measure(benefit={"type": "premium", "rate": 0.8}), kind="insurance"),
        policy("train", measure(), kind="training_employment"),
        policy("miss", measure(when=[{"field": "employees", "min": 500}])),
        policy("guide", measure(benefit={"type": "direction"})),
        policy("right", measure(benefit={"type": "right"})),
        policy("bank", measure(recipient="bank")),
        policy("auto", measure(), channel="多数地区免申即享"),
    )  # fmt: skip


def case(
    matcher: Matcher, policy_id: str = "grant", *, sources: Mapping[str, Source] | None = None, **changes: object
) -> Case:
    """The application of COMPANY, with changes, for the measure of one policy."""
    raw = {**COMPANY, **changes}
    profile = CompanyProfile.model_validate(raw)
    return case_of(matcher, profile, raw, f"{policy_id}/grant", AS_OF, NOW, sources=sources)


def word(*paragraphs: str) -> bytes:
    """A Word file with these paragraphs."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def changed(content: bytes, parts: Mapping[str, bytes | None] | None = None, **replaced: tuple[str, str]) -> bytes:
    """A Word file with parts put in or taken out (None), and texts replaced in document, types, rels or settings."""
    names = {"document": "word/document.xml", "types": "[Content_Types].xml", "settings": "word/settings.xml",
             "rels": "word/_rels/document.xml.rels"}  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(content)) as given:
        files: dict[str, bytes] = {item.filename: given.read(item) for item in given.infolist()}
    for key, (old, new) in replaced.items():
        text = files[names[key]].decode()
        assert old in text
        files[names[key]] = text.replace(old, new, 1).encode()
    for name, part in (parts or {}).items():
        if part is None:
            del files[name]
        else:
            files[name] = part
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part_content in files.items():
            made.writestr(name, part_content)
    return out.getvalue()


def text_of(content: bytes) -> str:
    """Every text of a Word file, tables included, a paragraph or cell a line."""
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])

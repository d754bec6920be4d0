"""The report of a match as a Word document, opened again."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.document import Document as DocumentObject
from docx.oxml.ns import qn

from matcher.documents import content, words
from matcher.documents.content import Report, report_of
from matcher.documents.report import word_report
from matcher.service import Matcher
from matcher.ui import cards
from policies.profile import CompanyProfile
from tests.support import AS_OF, measure, policy, write_library

MADE_AT = dt.datetime(2026, 6, 15, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
EVIL = '=HYPERLINK("http://evil")<w:p/>&\x0b\x00\ud800]]>'
COMPANY: dict[str, Any] = {
    "name": "甲公司", "region": "山东省/济南市", "employees": 58, "patents": 8, "products": "数控机床",
    "plans": [{"text": "购置机床", "equipment_invest_wan": 800}, {"text": ""}],
}  # fmt: skip
HONOURED = {"field": "honours", "has": ["瞪羚企业"]}


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    official = {"title": "通知", "url": "https://gxt.example.cn/1", "quality": "official"}
    folder = write_library(
        tmp_path_factory.mktemp("library"),
        policy("sure", measure(), materials=["申请表"], channel="政务服务网", contact="工信局", source=official),
        policy("ask", *(measure(f"m{number}", when=[HONOURED]) for number in range(4)), exclusions="失信的不予支持"),
        policy("check", measure(when=[{"any": [HONOURED, {"manual": "专家认定"}]}]), stacking_text="就高不重复"),
        policy("miss", measure(when=[{"field": "patents", "min": 10}])),
    )
    return Matcher.open(folder, dense=False)


def report(matcher: Matcher, everything: bool = False, warnings: tuple[str, ...] = (), **raw: Any) -> Report:
    given = {**COMPANY, **raw}
    profile = CompanyProfile.model_validate(given)
    result = matcher.match(profile, AS_OF, k=1000)
    shown = cards.sections(result)
    return report_of(result, profile, given, shown, made_at=MADE_AT, warnings=warnings, everything=everything)


def opened(made: Report) -> DocumentObject:
    return Document(io.BytesIO(word_report(made)))


def text_of(document: DocumentObject) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_it_says_what_the_match_says(matcher: Matcher) -> None:
    told = text_of(opened(report(matcher, warnings=("政策库有更新",))))
    parts = (
        "甲公司|2026 年 6 月 15 日|2026-06-15 09:30|请注意：政策库有更新|从业人数|58 人|主要产品或服务|第 1 项计划|"
        "设备投资额|800 万元|没有填写|约 10 万元|申请表|政务服务网|工信局|https://gxt.example.cn/1|失信的不予支持|就高不重复|"
        "差在哪里、怎么补上：|下一步：|需要确认：|不满足："
    )
    for part in (*parts.split("|"), matcher.library.version, words.DISCLAIMER):
        assert part in told


def test_texts_are_shown_as_they_were_written(matcher: Matcher) -> None:
    made = report(matcher, name="甲公司（济南）", needs="设备更新，有没有补贴？", plans=[{"text": "购置机床，３台"}])
    assert made.company == "甲公司（济南）" and ("政策需求", "设备更新，有没有补贴？") in made.given
    assert made.plans[0][0] == ("计划内容", "购置机床，３台")


def test_headings_have_styles_and_no_level_is_left_out(matcher: Matcher) -> None:
    document = opened(report(matcher))
    names = [p.style.name for p in document.paragraphs if p.style is not None]
    levels = [0 if name == "Title" else int(name[-1]) for name in names if name.startswith(("Title", "Heading"))]
    assert levels[0] == 0 and {1, 2, 3} <= set(levels)
    assert all(after <= before + 1 for before, after in pairwise(levels))
    heads = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert [head[0] for head in heads] == list("一二三四五六七八九")[: len(heads)]


def test_chinese_fonts_are_named_and_no_theme_font_wins(matcher: Matcher) -> None:
    document = opened(report(matcher))
    for name, font in (("Normal", "宋体"), ("Title", "黑体"), ("Heading 1", "黑体"), ("Heading 3", "黑体")):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == font and not [key for key in fonts.attrib if key.endswith("Theme")]
        assert document.styles[name].element.rPr.find(qn("w:lang")).get(qn("w:eastAsia")) == "zh-CN"
    properties = document.core_properties
    assert (properties.title, properties.author, properties.language) == (
        "惠企政策匹配报告：甲公司", "惠企政策匹配", "zh-CN"
    )  # fmt: skip
    assert properties.created == dt.datetime(2026, 6, 15, 1, 30, tzinfo=dt.UTC) and properties.comments == ""


def test_a4_header_page_numbers_and_repeated_table_headers(matcher: Matcher) -> None:
    document = opened(report(matcher))
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert section.header.paragraphs[0].text == "甲公司\t惠企政策匹配报告 2026-06-15"
    foot = section.footer.paragraphs[0]
    assert [part.text for part in foot._p.iter(qn("w:instrText"))] == ["PAGE", "NUMPAGES"]
    repeated = [table for table in document.tables if list(table.rows[0]._tr.iter(qn("w:tblHeader")))]
    assert [cell.text for cell in repeated[0].rows[0].cells] == ["序号", "支持事项", "结论", "预计金额", "申报时间"]
    assert len(repeated[0].rows) == 1 + len(list(report(matcher).measures()))


def test_what_a_company_writes_is_only_text(matcher: Matcher) -> None:
    made = report(matcher, name=EVIL, products=EVIL, plans=[{"text": EVIL}])
    archive = zipfile.ZipFile(io.BytesIO(word_report(made)))
    names = archive.namelist()
    assert not [name for name in names if "vba" in name.lower() or "embeddings" in name or "activeX" in name]
    relations = "".join(archive.read(name).decode() for name in names if name.endswith(".rels"))
    assert 'TargetMode="External"' not in relations
    body = archive.read("word/document.xml").decode()
    assert "instrText" not in body and "fldSimple" not in body
    assert '=HYPERLINK("http://evil")<w:p/>&]]>' in text_of(Document(io.BytesIO(word_report(made))))


def test_what_stands_far_down_is_a_table(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "FULL_MEASURES", 1)
    short, whole = report(matcher), report(matcher, everything=True)
    listed = len(list(whole.measures()))
    assert whole.rest == () and 0 < len(short.rest) < listed
    assert len(list(short.measures())) + len(short.rest) == listed
    assert {chapter.key for chapter in short.chapters} >= {"ELIGIBLE", "NOT_NOW"}, "always in full"
    document = opened(short)
    table = document.tables[-1]
    assert [cell.text for cell in table.rows[0].cells] == ["支持事项", "结论", "预计金额", "申报时间", "下一步"]
    assert [row.cells[0].text for row in table.rows[1:]] == [
        f"{one.name}\n{card.policy.title}" for card, one in short.rest
    ]


def test_a_company_that_gave_nothing_and_found_nothing(tmp_path: Path) -> None:
    folder = write_library(tmp_path / "library", policy("p", measure(when=[{"field": "region", "in": ["山东省"]}])))
    profile = CompanyProfile.model_validate({"region": "广东省"})
    result = Matcher.open(folder, dense=False).match(profile, AS_OF, k=10)
    made = report_of(result, CompanyProfile(), {}, cards.sections(result), made_at=MADE_AT)
    told = text_of(opened(made))
    assert "没有找到符合条件的政策" in told and "没有填写" in told and made.chapters == ()


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("甲 公司", "报告"), "甲_公司-报告.docx"),
        (("../../etc/passwd\r\nX: 1", "a"), "etc_passwd_X_1-a.docx"),
        (("\u202e甲.exe", ""), "甲_exe.docx"),
        (("长" * 100,), "长" * 40 + ".docx"),
        (("", "..."), ".docx"),
    ],
)
def test_file_names(parts: tuple[str, ...], name: str) -> None:
    assert words.file_name(*parts, suffix=".docx") == name

"""Application packs: what is in the zip, where facts come from, papers, sums, days, and the same bytes every time."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from icalendar import Calendar

from matcher.packs import words
from matcher.packs.archive import archive
from matcher.packs.build import COVER, DAYS, FORM, PAPERS, SUMS, pack_of
from matcher.packs.case import Case, sources_of
from matcher.packs.draft import draft_of
from matcher.packs.inspection import inspect
from matcher.packs.kinds import Family, family_of, why_no_pack
from matcher.packs.papers import State, papers_of
from matcher.packs.timetable import days_of, steps_of
from matcher.packs.values import BLANK, one_line, paragraphs, source_text, values_of
from matcher.packs.worksheet import inputs_of
from matcher.records import Kind, Source, Verified
from matcher.service import Matcher
from matcher.store.companies import CompanyRecord
from matcher.store.packs import PackTemplate
from policies.errors import InputError
from policies.library import load_library
from tests.pack_support import AS_OF, COMPANY, NOW, case, library, text_of, word

SOFFICE = shutil.which("soffice")
EVIL = '=HYPERLINK("http://evil")<w:p/>&\x0b\x00\u202e{{ 7*7 }}]]>'


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    return Matcher.open(library(tmp_path_factory.mktemp("library") / "policies"), dense=False)


def files(one: Case, template: PackTemplate | None = None) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack_of(draft_of(one, template)).content)) as made:
        return {name: made.read(name) for name in made.namelist()}


# ---- which measures have a pack -------------------------------------------------------------------------------------


def test_every_measure_of_the_library_has_a_form_or_a_reason() -> None:
    entries = load_library().measures
    reasons = {entry.measure_id: why_no_pack(entry) for entry in entries}
    assert reasons["zz-lithium-regulation/industry-support"] == words.NO_PACK_DIRECTION
    automatic = [key for key, reason in reasons.items() if "免申即享" in reason]
    assert {key.split("/")[0] for key in automatic} == {"nat-stable-job-refund-2025", "nat-ui-stability-2024-40"}
    with_pack = [entry for entry in entries if not reasons[entry.measure_id]]
    assert {family_of(entry) for entry in with_pack} == set(Family)
    assert all(entry.measure.recipient == "enterprise" for entry in with_pack)
    assert not any(entry.measure.benefit.type in {"direction", "right"} for entry in with_pack)
    assert set(words.USUAL_PAPERS) == set(Family)
    assert {entry.measure.benefit.type for entry in with_pack if entry.measure.benefit.type in words.FORMULAS} <= set(
        words.FORMULAS
    )


@pytest.mark.parametrize(
    ("name", "family"),
    [("grant", "grant"), ("honour", "honour"), ("platform", "platform"), ("loan", "interest"), ("tax", "tax"),
     ("credit", "financing"), ("equity", "equity"), ("insure", "insurance"), ("train", "employment")],
)  # fmt: skip
def test_every_kind_makes_a_whole_pack(matcher: Matcher, name: str, family: str) -> None:
    one = case(matcher, name)
    assert family_of(one.match.entry) == family
    made = files(one)
    assert [*made] == [file for file in (COVER, FORM, PAPERS, SUMS, DAYS) if file != SUMS or one.match.amount.money]
    for file in (COVER, FORM, PAPERS):
        inspect(made[file], file)
        assert "{{" not in text_of(made[file]) and "{%" not in text_of(made[file])
    assert one.match.entry.policy.title in text_of(made[FORM])


@pytest.mark.parametrize(
    ("name", "reason"),
    [("guide", "方向性文件"), ("right", "不需要申报"), ("bank", "由银行申报"), ("auto", "多数地区免申即享"),
     ("miss", "暂不符合条件"), ("none", "没有这个事项")],
)  # fmt: skip
def test_what_has_no_pack_says_why(matcher: Matcher, name: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        case(matcher, name)


# ---- values and sources ---------------------------------------------------------------------------------------------


def test_what_is_known_is_filled_and_what_is_not_is_blank(matcher: Matcher) -> None:
    draft = draft_of(case(matcher))
    form = text_of(files(draft.case)[FORM])
    assert "甲（集团）公司" in form, "as written, with its full-width signs"
    assert "800 万元" in form and "3,200 万元" in form and "购置机床 8 台" in form
    assert {"统一社会信用代码", "法定代表人", "联系电话", "申请金额"} <= set(draft.blanks)
    assert form.count(BLANK) >= len(draft.blanks)
    cover = text_of(files(draft.case)[COVER])
    assert all(label in cover for label in draft.blanks)
    assert matcher.library.version in cover and "2026 年 11 月 23 日 09:30" in cover


def test_blanks_stand_out(matcher: Matcher) -> None:
    document = Document(io.BytesIO(files(case(matcher))[FORM]))
    cells = {cell.text: cell for table in document.tables for row in table.rows for cell in row.cells}
    assert cells[BLANK].paragraphs[0].runs[0].font.highlight_color is not None
    assert cells["甲（集团）公司"].paragraphs[0].runs[0].font.highlight_color is None


def test_sources_say_who_vouches(matcher: Matcher) -> None:
    checked = Source(Kind.VERIFIED, "市工信局", dt.date(2026, 11, 20))
    was = Verified("200", "市统计局", dt.date(2026, 1, 5))
    sources = {"employees": checked, "revenue_wan": Source(Kind.DECLARED, "", dt.date(2026, 11, 1), was),
               "region": Source(Kind.IMPORTED, "专精特新名单", dt.date(2026, 10, 1))}  # fmt: skip
    values = values_of(case(matcher, sources=sources))
    assert values["从业人数"].source == "已核验（市工信局，2026-11-20）"
    assert values["注册地"].source == "名单导入（专精特新名单，2026-10-01）"
    assert values["上年营业收入"].source == "企业自报；2026-01-05 经市统计局核验为“200”，两者不同"
    assert values["企业规模"].source == "系统推算" and values["企业名称"].source == "企业自报"
    assert source_text(None) == "企业自报"
    cover = text_of(files(case(matcher, sources=sources))[COVER])
    assert "已核验（市工信局，2026-11-20）" in cover and words.SOURCES_LEAD in cover
    assert words.SOURCES_ALL_DECLARED in text_of(files(case(matcher))[COVER])


def test_a_kept_source_counts_only_for_the_same_value() -> None:
    told = Source(Kind.VERIFIED, "甲局", dt.date(2026, 1, 1)).to_json()
    raw = {**COMPANY, "employees": 58}
    record = CompanyRecord(raw=raw, sources={"employees": told, "revenue_wan": told, "plans": told, "name": told})
    found = sources_of(record, {**raw, "employees": "58人", "revenue_wan": 4000})
    assert found["employees"].kind is Kind.VERIFIED and "revenue_wan" not in found
    assert found["equipment_invest_wan"].by == "甲局", "a plan's facts have the source of the plans"
    assert "equipment_invest_wan" not in sources_of(record, {**raw, "plans": []})


def test_unverified_parts_of_the_source_are_named(matcher: Matcher) -> None:
    made = files(case(matcher, "notice"))
    assert "申报材料、申报渠道为通常做法，未在原文中核实" in text_of(made[COVER])
    assert "［参考］" in text_of(made[PAPERS]) and words.PAPERS_UNVERIFIED in text_of(made[PAPERS])
    sure = files(case(matcher))
    assert words.ALL_READ in text_of(sure[COVER]) and "（官方原文）https://gxt.example.cn/1" in text_of(sure[COVER])
    assert "［参考］" not in text_of(sure[PAPERS])


def test_what_a_company_writes_is_text_everywhere(matcher: Matcher) -> None:
    made = files(case(matcher, name=EVIL * 8, products="甲\n\n\n乙\t丙" + "很长" * 3000, plans=[{"text": EVIL}]))
    for file in (COVER, FORM, PAPERS):
        inspect(made[file], file)
    assert one_line(EVIL) in text_of(made[FORM]) and "{{ 7*7 }}" in text_of(made[FORM])
    sheet = openpyxl.load_workbook(io.BytesIO(made[SUMS])).active
    assert sheet is not None
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert Calendar.from_ical(made[DAYS]).events


def test_cleaned_texts() -> None:
    assert one_line(" 甲\u202e乙\n丙\x07 ") == "甲乙 丙"
    assert len(one_line("长" * 1000)) == 301
    assert paragraphs("甲\r\n\n\n 乙  丙\t丁") == "甲\n乙 丙 丁"


# ---- papers ---------------------------------------------------------------------------------------------------------


def test_papers_are_have_missing_or_to_be_checked(matcher: Matcher) -> None:
    found = {paper.name: paper for paper in papers_of(case(matcher))}
    assert {name: paper.state for name, paper in found.items()} == {
        "申请表": State.HAVE,
        "营业执照": State.CHECK,
        "高新技术企业证书": State.HAVE,
        "设备购置合同、发票和付款凭证": State.LACK,
        "研发支出辅助账": State.LACK,
        "信用承诺书": State.CHECK,
    }
    assert "2026年12月" in found["设备购置合同、发票和付款凭证"].note
    assert not any(paper.usual for paper in found.values())


def test_papers_follow_the_facts(matcher: Matcher) -> None:
    changes = {"honours": [], "rd_expense_wan": 20, "plans": [{"start": "2025-03"}]}
    found = {paper.name: paper.state for paper in papers_of(case(matcher, **changes))}
    assert found["高新技术企业证书"] is State.LACK and found["研发支出辅助账"] is State.CHECK
    assert found["设备购置合同、发票和付款凭证"] is State.CHECK, "the day is past: somebody has to look"
    unknown = {paper.name: paper.state for paper in papers_of(case(matcher, honours=None))}
    assert unknown["高新技术企业证书"] is State.CHECK


@pytest.mark.parametrize(
    ("name", "facts", "state"),
    [
        ("贷款合同", {"plans": [{"loan_contract_signed": True}]}, State.HAVE),
        ("贷款合同", {"plans": [{"loan_contract_signed": False}]}, State.LACK),
        ("贷款合同", {"plans": []}, State.CHECK),
        ("利息凭证", {"plans": [{"loan_date": "2027-01"}]}, State.LACK),
    ],
)
def test_usual_papers_where_the_source_names_none(
    matcher: Matcher, name: str, facts: dict[str, object], state: State
) -> None:
    papers = papers_of(case(matcher, "loan", **facts))
    assert {paper.name: paper.state for paper in papers}[name] is state
    assert all(paper.usual for paper in papers)


# ---- sums -----------------------------------------------------------------------------------------------------------


def rows(content: bytes) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [tuple(cell for cell in row if cell is not None) for row in sheet.iter_rows(values_only=True)]


def test_the_worksheet_shows_inputs_standards_formula_and_result(matcher: Matcher) -> None:
    found = rows(files(case(matcher))[SUMS])
    assert ("设备投资额", 800, 800, "万元", "企业自报") in found
    assert ("比例", 15, 15, "%", "政策规定") in found and ("封顶", 100, 100, "万元", "政策规定") in found
    assert ("算法", words.FORMULAS["ratio"]) in found
    assert ("测算金额", 100, 100, "万元", "已达到封顶 100 万元") in found
    assert any(row[:1] == ("测算过程",) and "800 万元 × 15%" in str(row[1]) for row in found)


def test_the_worksheet_says_what_is_missing(matcher: Matcher) -> None:
    found = rows(files(case(matcher, plans=[]))[SUMS])
    assert ("设备投资额", BLANK) in found and ("测算金额", words.NO_SUM) in found
    ranged = rows(files(case(matcher, plans=[{"equipment_invest_wan": "100-200"}]))[SUMS])
    assert ("测算金额", 15, 30, "万元") in [row[:4] for row in ranged]


def test_every_amount_in_the_library_has_its_inputs_on_the_sheet(matcher: Matcher) -> None:
    """What the trace names is what the sheet lists."""
    one = case(matcher, "loan", plans=[{"loan_wan": 500, "loan_years": 1}])
    inputs = inputs_of(one, values_of(one))
    assert [row["项目"] for row in inputs] == ["贷款金额", "贷款期限"]
    assert all(row["来源"] == "企业自报" for row in inputs)


# ---- days -----------------------------------------------------------------------------------------------------------


def test_days_of_a_measure_that_closes_soon(matcher: Matcher) -> None:
    one = case(matcher, "closing")
    assert [(day.turn.value, day.day) for day in days_of(one)] == [("申报截止", dt.date(2026, 12, 31))]
    assert [step.day for step in steps_of(one)] == [dt.date(2026, 12, 10), dt.date(2026, 12, 21), dt.date(2026, 12, 28)]
    calendar = Calendar.from_ical(files(one)[DAYS])
    assert [str(event["summary"])[:4] for event in calendar.events] == ["申报截止", "补齐申请", "备齐材料", "建议提交"]
    assert all(event.alarms.times for event in calendar.events)


def test_a_measure_by_notice_reminds_once_a_month(matcher: Matcher) -> None:
    calendar = Calendar.from_ical(files(case(matcher, "notice"))[DAYS])
    last = calendar.events[-1]
    assert "查看申报通知" in str(last["summary"]) and last["rrule"]["FREQ"] == ["MONTHLY"]
    assert last.start == dt.date(2026, 12, 10)
    assert not any("提交" in str(event["summary"]) for event in calendar.events)


def test_steps_are_never_in_the_past_nor_on_a_weekend(matcher: Matcher) -> None:
    for name in ("grant", "closing", "notice", "loan"):
        for step in steps_of(case(matcher, name)):
            assert step.day >= AS_OF and step.day.weekday() < 5


# ---- the zip --------------------------------------------------------------------------------------------------------


def test_names_are_chinese_and_marked_as_utf_8(matcher: Matcher) -> None:
    pack = pack_of(draft_of(case(matcher)))
    assert pack.name == "甲（集团）公司-支持事项grant-申报材料-2026-11-23.zip"
    with zipfile.ZipFile(io.BytesIO(pack.content)) as made:
        assert all(item.flag_bits & 0x800 for item in made.infolist())
        assert {item.date_time for item in made.infolist()} == {(2026, 11, 23, 9, 30, 0)}
        assert made.testzip() is None


MAKE = """
import hashlib, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from matcher.packs.build import pack_of
from matcher.packs.draft import draft_of
from matcher.service import Matcher
from tests.pack_support import case
matcher = Matcher.open(Path({folder!r}), dense=False)
for name in ("grant", "notice", "honour"):
    print(hashlib.sha256(pack_of(draft_of(case(matcher, name))).content).hexdigest())
"""


def test_the_same_goes_in_the_same_comes_out(matcher: Matcher, tmp_path: Path) -> None:
    """Also in another process, with other hashes and at another time of the clock."""
    folder, root = library(tmp_path / "policies"), str(Path(__file__).parents[2])
    env = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "7", "HUIQI_CACHE_DIR": str(tmp_path), "TZ": "America/New_York"}
    command = [sys.executable, "-c", MAKE.format(root=root, folder=str(folder))]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=root).stdout.split()
    own = Matcher.open(folder, dense=False)
    made = [pack_of(draft_of(case(own, name))).content for name in ("grant", "notice", "honour")]
    assert told == [hashlib.sha256(content).hexdigest() for content in made]


def test_archives_without_a_moment() -> None:
    with zipfile.ZipFile(io.BytesIO(archive({"甲.txt": b"1"}))) as made:
        assert made.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


# ---- a measure's own form -------------------------------------------------------------------------------------------


def own_form(*paragraphs: str) -> PackTemplate:
    return PackTemplate(
        measure_id="grant/grant", name="表.docx", content=word(*paragraphs), added_by="甲", added_at=NOW
    )


def test_a_measures_own_form_is_used(matcher: Matcher) -> None:
    draft = draft_of(case(matcher), own_form("专用：{{ 企业名称 }}，{{ 法定代表人 }}"))
    assert text_of(draft.form) == "专用：甲（集团）公司，（待填）"
    assert draft.blanks == ("法定代表人",) and draft.form_name == words.OWN_FORM
    assert words.OWN_FORM in text_of(files(draft.case, own_form("{{ 企业名称 }}"))[COVER])


def test_a_form_that_no_longer_works_gives_way_with_a_warning(matcher: Matcher) -> None:
    draft = draft_of(case(matcher), own_form("{{ 以前的变量 }}"))
    assert draft.form_name == "奖补资金申请表"
    assert "已改用通用申请表" in draft.warnings[0]
    assert draft.warnings[0] in text_of(files(draft.case, own_form("{{ 以前的变量 }}"))[COVER])


@pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice is not installed (Debian: apt-get install libreoffice-writer-nogui)"
)
def test_libreoffice_opens_the_documents(matcher: Matcher, tmp_path: Path) -> None:
    made = files(case(matcher, products="很长的产品名称，" * 200))
    for name in (COVER, FORM, PAPERS):
        (tmp_path / name).write_bytes(made[name])
    command = [str(SOFFICE), "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf",
               "--outdir", str(tmp_path), *(str(tmp_path / name) for name in (COVER, FORM, PAPERS))]  # fmt: skip
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    for name in (COVER, FORM, PAPERS):
        assert (tmp_path / name).with_suffix(".pdf").read_bytes().startswith(b"%PDF")

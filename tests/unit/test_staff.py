"""The staff pages without a browser: addresses, choices, the template, and that nothing of a user becomes markup."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from matcher.jobs import Correction, corrected
from matcher.sheet import ColumnMapping, HeaderMapping, SheetMapping, open_source
from matcher.store.tables import Job, JobState
from matcher.ui.staff import results, views, words
from matcher.ui.staff.address import MAX_CHARS, Address
from matcher.ui.staff.readings import target_choices, understood, unit_choices, usable
from matcher.ui.staff.template import COLUMNS, template
from policies.errors import InputError
from policies.values import ValueReason
from tests.support import company

NOW = dt.datetime(2026, 11, 23, 1, 30, tzinfo=dt.UTC)
EVIL = "<script>alert(1)</script>\"'{{7*7}}"


def job(**changes: object) -> Job:
    options = {"upload": "u", "as_of": "2026-11-23", "target": "", "out_format": "xlsx"}
    shape = {"job_id": "j", "owner": "one", "kind": "bulk", "name": "名单.xlsx", "options": options, "stage": "匹配",
             "state": JobState.RUNNING, "done": 0, "problem": "", "created_at": NOW}  # fmt: skip
    return Job(**{**shape, **changes})


@pytest.mark.parametrize(
    "address",
    [
        Address(),
        Address(file="abc-_1"),
        Address(job="j", company="甲&乙=丙 +%", section="符合", least="50万", soon=True, page=3),
        Address(job="j", view="company", sheet="工作表 #1", row=12),
        Address(job="j", view="problems", kind=2),
        Address(view="reverse"),
    ],
)
def test_an_address_survives_its_link(address: Address) -> None:
    assert Address.read(address.to(page=address.page).removeprefix("/s/")) == address


@pytest.mark.parametrize(
    "query",
    ["?job=../../etc", "?job=" + "a" * 23, "?view=admin", "?page=-1", "?page=1e9", "?page=" + "9" * 99, "?row=x",
     "?&&=", "?kind=٣", "?kind=²", "%00%ff", "?soon=yes"],
)  # fmt: skip
def test_what_makes_no_sense_in_an_address_is_left_out(query: str) -> None:
    assert Address.read(query) == Address()


def test_texts_in_an_address_have_a_limit() -> None:
    assert len(Address.read("?company=" + "x" * 3000).company) == MAX_CHARS


def test_a_changed_filter_begins_on_the_first_page() -> None:
    here = Address(job="j", page=7)
    assert here.to(measure="m") == "/s/?job=j&measure=m"
    assert here.to(page=8) == "/s/?job=j&page=8"
    assert Address().to() == "/s/"


def test_every_choice_for_a_column_is_a_real_field_and_its_label_is_unique() -> None:
    choices = target_choices()
    assert choices[0] == (words.UNUSED, "")
    assert len(choices) > 150
    assert [label for label, count in Counter(label for label, _ in choices).items() if count > 1] == []
    mapping = HeaderMapping(sheets=(SheetMapping(columns=(ColumnMapping(column=1, header="甲"),)),))
    for _, target in choices:
        units = [unit for _, unit in unit_choices(target)] or [""]
        for unit in units:
            changed = corrected(mapping, [Correction("", 1, target, unit)])
            assert (changed.sheets[0].columns[0].target, changed.sheets[0].columns[0].unit) == (target, unit)


def test_units_are_offered_where_they_matter() -> None:
    assert unit_choices("revenue_wan")[0] == ("默认（万元）", "")
    assert {"元", "万元", "亿元"} <= {unit for _, unit in unit_choices("plan.equipment_invest_wan")}
    assert {"%", "‰"} <= {unit for _, unit in unit_choices("rd_ratio")}
    assert unit_choices("name") == unit_choices("region.city") == unit_choices("") == unit_choices("nonsense") == []


def test_a_file_of_which_no_column_is_used_is_refused() -> None:
    unused = SheetMapping(sheet="乙", columns=(ColumnMapping(column=1, header="甲"),))
    used = SheetMapping(sheet="甲", columns=(ColumnMapping(column=1, header="企业名称", target="name"),))
    assert usable(HeaderMapping(sheets=(unused, used))).sheets == (used,)
    with pytest.raises(InputError, match=words.NOTHING_MAPPED):
        usable(HeaderMapping(sheets=(unused,)))


def test_what_was_understood_is_shown_by_column() -> None:
    profile = company(
        name="甲公司", region="山东省/济南市", employees=58, plans=[{"text": "购置机床", "equipment_invest_wan": 800}]
    )
    expected = {
        "name": "甲公司", "region.city": "山东省济南市", "employees": "58 人", "plan.text": "购置机床",
        "plan.equipment_invest_wan": "800 万元", "uscc": "", "assets_wan": "",
    }  # fmt: skip
    assert {target: understood(profile, target) for target in expected} == expected


def test_the_template_is_read_without_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    path.write_bytes(template())
    source = open_source(path)
    (sheet,) = source.mapping.sheets
    assert len(sheet.used) == len(sheet.columns) == len(COLUMNS)
    assert {column.how for column in sheet.columns} <= {"label", "synonym"}
    (row,) = source.read()
    assert row.profile is not None and row.cautions == () and row.profile.name == COLUMNS[0][1]
    known = {*row.profile.facts, *row.profile.plans[0].facts, *row.profile.texts, "uscc"}
    assert known >= {name for name, _ in COLUMNS} - {"plan"}


def test_nothing_of_a_user_becomes_markup() -> None:
    column = ColumnMapping(column=1, header=EVIL, sample=EVIL)
    mapping = HeaderMapping(sheets=(SheetMapping(sheet=EVIL, columns=(column,)),))
    failed = job(name=EVIL, state=JobState.FAILED, problem=EVIL)
    pieces = (
        views.jobs([failed]),
        views.ended(failed),
        views.head(EVIL, EVIL, note=EVIL),
        views.columns(mapping, [EVIL]),
    )
    for piece in pieces:
        assert "<script>" not in piece and "&lt;script&gt;" in piece and "{{7*7}}" in piece


def test_a_change_says_what_else_it_did() -> None:
    columns = (
        ColumnMapping(column=1, header="收入", target="revenue_wan"),
        ColumnMapping(column=28, header="营收"),
    )
    before = HeaderMapping(sheets=(SheetMapping(columns=columns),))
    change = Correction("", 28, "revenue_wan", "")
    note = views.change_note(before, corrected(before, [change]), change)
    assert note == "已修改：AB 列“营收”→ 上年营业收入。原来对应“上年营业收入”的A 列“收入”改为不采用。"


@pytest.mark.parametrize("picked", ["", "0", "0-", "-1", "9-1", "0-9", "a-b", "0-1-2", "²-1", "0-" + "1" * 20])
def test_a_button_that_does_not_exist_picks_nothing(picked: str) -> None:
    mapping = HeaderMapping(sheets=(SheetMapping(columns=(ColumnMapping(column=1, header="甲"),)),))
    assert views.place(mapping, picked) is None
    assert views.place(mapping, "0-1") is not None


def test_amounts_are_typed_as_people_write_them() -> None:
    assert results.least_yuan("50万") == results.least_yuan("500000元") == results.least_yuan("50") == 500_000
    assert results.least_yuan("") is None
    with pytest.raises(ValueReason):
        results.least_yuan("很多")


def test_a_long_list_is_cut_into_pages() -> None:
    first = results.pages(Address(job="j"), 120)
    assert (first["shown"], first["previous"]) == ("第 1—50 条，共 120 条", "")
    last = results.pages(Address(job="j", page=3), 120)
    assert (last["shown"], last["next"]) == ("第 101—120 条，共 120 条", "")
    assert last["previous"] == "/s/?job=j&page=2"


def test_moments_are_shown_in_chinese_time() -> None:
    assert views.moment(NOW) == "2026-11-23 09:30"

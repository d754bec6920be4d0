"""Reading facts and profiles: round trips, and nothing but InputError for whatever comes in."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.errors import InputError
from policies.facts import Items, read_fact, show_fact
from policies.fields import Field, registry
from policies.industries import industries
from policies.profile import CompanyProfile
from policies.regions import regions
from policies.values import Span
from policies.vocabulary import vocabularies
from policies.written import raw_of
from tests.property.strategies import profiles

SETTINGS = settings(deadline=None, derandomize=True, max_examples=100)
FIELDS = [field for field in registry().values() if field.kind != "text"]
TERMS = [name for name, field in registry().items() if field.kind in {"set", "choice"}]
REGION_CODES = [regions().find(name) for name in ("山东省", "济南市", "青岛/黄岛区", "北京", "济南高新区", "济源市")]


@SETTINGS
@given(st.sampled_from(["employees", "revenue_wan", "export_usd_wan", "patents"]), st.integers(0, 9999))
def test_whole_numbers_come_back(name: str, number: int) -> None:
    field = registry()[name]
    fact = Span(float(number), float(number))
    assert read_fact(field, show_fact(field, fact)) == (fact, "")


@SETTINGS
@given(st.integers(10_000, 10**8))
def test_large_sums_come_back_to_four_digits(number: int) -> None:
    field = registry()["revenue_wan"]
    fact, _ = read_fact(field, show_fact(field, Span(float(number), float(number))))
    assert isinstance(fact, Span) and fact.exact and abs(fact.lo - number) <= 0.5


@SETTINGS
@given(st.integers(0, 1000))
def test_ratios_come_back(permille: int) -> None:
    field = registry()["rd_ratio"]
    fact, _ = read_fact(field, show_fact(field, Span(permille / 1000, permille / 1000)))
    assert isinstance(fact, Span) and fact.exact and abs(fact.lo - permille / 1000) < 1e-9


@SETTINGS
@given(st.dates(dt.date(1949, 10, 1), dt.date(2030, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y-%m", "%Y"]))
def test_dates_come_back(day: dt.date, form: str) -> None:
    field = registry()["established"]
    fact, _ = read_fact(field, day.strftime(form))
    assert isinstance(fact, Span) and fact.lo <= day.toordinal() <= fact.hi
    assert read_fact(field, show_fact(field, fact)) == (fact, "")


@SETTINGS
@given(st.sampled_from(REGION_CODES), st.integers(0, industries().size - 1))
def test_codes_come_back(code: str, leaf: int) -> None:
    region, industry = registry()["region"], registry()["industry_code"]
    fact, note = read_fact(region, code)
    assert read_fact(region, show_fact(region, fact)) == (fact, note)
    class_ = Span(float(leaf), float(leaf))
    assert read_fact(industry, show_fact(industry, class_)) == (class_, "")


@SETTINGS
@given(st.data())
def test_terms_come_back(data: st.DataObject) -> None:
    field = registry()[data.draw(st.sampled_from(TERMS))]
    terms = list(vocabularies()[field.vocabulary].terms)
    if field.kind == "choice":
        term = data.draw(st.sampled_from(terms))
        assert read_fact(field, show_fact(field, term)) == (term, "")
        return
    stated = data.draw(st.lists(st.sampled_from(terms), unique=True, max_size=4))
    fact, note = read_fact(field, stated)
    assert isinstance(fact, Items) and set(fact.stated) == set(stated) and note == ""
    assert read_fact(field, show_fact(field, fact)) == (fact, "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["3200万", "58", "20-49人", "高企", "C34", "山东省/济南市", "2015-06", "是", "", "\x00", "😀"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KEYS = st.sampled_from([*registry(), "plans", "other", "uscc", "facts", "texts", "notes"]) | st.text(max_size=8)


def names_fields_in_chinese(message: str) -> bool:
    return all(any("一" <= char <= "鿿" for char in line) for line in message.splitlines() if line.strip())


@settings(SETTINGS, max_examples=250)
@given(st.dictionaries(KEYS, JSON | st.lists(st.dictionaries(KEYS, JSON, max_size=3), max_size=2), max_size=5) | JSON)
def test_any_json_is_read_or_refused(raw: Any) -> None:
    try:
        profile = CompanyProfile.model_validate(raw)
    except InputError as error:
        assert error.problems and names_fields_in_chinese(str(error))
    else:
        assert set(profile.facts) <= set(registry())


@SETTINGS
@given(st.binary(max_size=60) | st.text(max_size=60) | JSON.map(json.dumps))
def test_any_json_text_is_read_or_refused(text: str | bytes) -> None:
    try:
        CompanyProfile.from_json(text)
    except InputError as error:
        assert error.problems


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
@settings(SETTINGS, max_examples=8)
@given(raw=JSON)
def test_each_field_is_read_or_refused_by_name(field: Field, raw: Any) -> None:
    try:
        profile = CompanyProfile.model_validate({field.name: raw})
    except InputError as error:
        assert field.where in str(error)
    else:
        assert set(profile.facts) <= {field.name}


@SETTINGS
@given(profiles())
def test_a_profile_written_down_reads_as_the_same_or_wider(profile: CompanyProfile) -> None:
    raw = json.loads(json.dumps(raw_of(profile), ensure_ascii=False))
    read = CompanyProfile.model_validate(raw)
    for before, after in [(profile, read), *zip(profile.plans, read.plans, strict=True)]:
        for name, fact in before.facts.items():
            kept = after.facts.get(name)
            if isinstance(fact, Span):
                assert kept is None or (isinstance(kept, Span) and kept.lo <= fact.lo and fact.hi <= kept.hi)
                assert kept == fact or not fact.exact
            elif isinstance(fact, Items):
                assert isinstance(kept, Items | None) and (kept is None or kept.held == fact.held)
                assert kept is None or fact.exhaustive or not kept.exhaustive
            else:
                assert kept == fact
    assert CompanyProfile.model_validate(raw_of(read)) == read


WRITTEN = {
    "employees": ("20-49人", "20以上", "超过20", "50以下", 58),
    "rd_ratio": ("3%", "3%-5%", 0.6),
    "debt_asset_ratio": ("60%-120%", "低于70%"),
    "taxable_income_wan": (-5, "-5至10"),
    "revenue_wan": ("1.5亿", "三千二百万", 0.07, "不足300"),
    "established": (
        "2015",
        "2015-06",
        "2015-06-01",
        "2024年底",
        "2024年上半年",
        "2024年三季度",
        "2024年中",
        "2024年初",
    ),
    "industry_code": ("C34", "C3421", "C"),
    "region": ("济南高新区", "青岛", "历下区"),
    "honours": ("无", "高企、某某称号", "高企"),
    "project_type": ("设备更新",),
    "size": ("小型",),
    "export": ("是",),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRITTEN.items() for value in values])
def test_what_sheets_say_is_written_down_exactly(name: str, value: object) -> None:
    profile = CompanyProfile.model_validate({name: value})
    assert CompanyProfile.model_validate(raw_of(profile)).facts == profile.facts

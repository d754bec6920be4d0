"""Companies that are kept: found again, their facts with sources, their history, and everything told or gone."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from matcher.contacts import Contacts
from matcher.records import Kind, Records, Source, identity, keeping, overruled, source_of
from matcher.seal import Seal
from matcher.store.companies import (
    DEPARTMENT,
    Channel,
    CompanyVersion,
    Contact,
    region_of,
    region_prefix,
    uscc_of,
)  # fmt: skip
from matcher.store.database import Database
from matcher.store.pushes import Delivery, Frequency, Message, MessageState, Subscription, SubscriptionState
from matcher.store.tables import FeedbackMark, Run
from policies.errors import InputError
from policies.regions import regions
from policies.uscc import make_uscc

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
TODAY, BEFORE = dt.date(2026, 11, 23), dt.date(2026, 9, 1)
CODE, OTHER_CODE = make_uscc("91370100MA3C00001"), make_uscc("91370100MA3C00002")


@pytest.fixture
def records(database: Database) -> Records:
    return Records(database)


def later(minutes: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


# ---- which company it is --------------------------------------------------------------------------------------------


def test_a_company_is_found_again_by_code_or_else_by_name(records: Records) -> None:
    first = records.save("a", {"name": "甲公司"}, "declared", "", NOW)
    coded = records.save("a", {"name": "甲公司", "uscc": CODE}, "declared", "", later(1))
    renamed = records.save("a", {"name": "甲集团", "uscc": CODE.lower()}, "declared", "", later(2))
    other = records.save("a", {"name": "甲集团", "uscc": OTHER_CODE}, "declared", "", later(3))
    assert first.company_id == coded.company_id == renamed.company_id != other.company_id
    assert [one.name for one in records.list("a")] == ["甲集团", "甲集团"]
    assert records.list("a")[1].created_at == NOW
    assert identity(renamed) == CODE
    assert identity(first) == first.company_id


def test_companies_without_a_name_are_never_merged(records: Records) -> None:
    for count in (5, 6):
        saved = records.save("a", {"employees": count}, "declared", "", NOW)
    assert [one.name for one in records.list("a")] == ["未填写名称的企业"] * 2
    assert identity(saved) == saved.company_id


def test_nobody_sees_or_removes_what_another_keeps(records: Records) -> None:
    saved = records.save("a", {"name": "甲公司", "uscc": CODE}, "declared", "", NOW)
    assert records.list("b") == [] and records.get("b", saved.company_id) is None
    assert not records.erase(saved.company_id, "b")
    same = records.save("b", {"name": "甲公司", "uscc": CODE}, "declared", "", NOW)
    assert same.company_id != saved.company_id
    assert records.get("a", saved.company_id) is not None
    assert records.get(None, saved.company_id) is not None


def test_too_many_companies_are_refused_but_not_of_the_department(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_PROFILES", 1)
    for owner in ("a", DEPARTMENT):
        records.save(owner, {"name": "甲公司"}, "declared", "", NOW)
    records.save(DEPARTMENT, {"name": "乙公司"}, "imported", "名单", NOW)
    with pytest.raises(InputError, match="最多保存 1 家"):
        records.save("a", {"name": "乙公司"}, "declared", "", NOW)
    records.save("a", {"name": "甲公司", "employees": 3}, "declared", "", NOW)


def test_columns_say_where_a_company_is(records: Records) -> None:
    jinan = records.save(DEPARTMENT, {"name": "甲", "region": "山东省/济南市", "uscc": CODE}, "imported", "名单", NOW)
    zone = records.save(DEPARTMENT, {"name": "乙", "region": "济南高新区"}, "imported", "名单", NOW)
    qingdao = records.save(DEPARTMENT, {"name": "丙", "region": "青岛"}, "imported", "名单", NOW)
    nowhere = records.save(DEPARTMENT, {"name": "丁 100%_"}, "imported", "名单", NOW)
    assert [one.region for one in (jinan, qingdao, nowhere)] == ["370100", "370200", ""]
    found = [[one.name for one in block] for block in records.blocks("370100", size=1)]
    assert found == [["甲"], ["乙"]] and zone.region.startswith("370100Z")
    assert [len(block) for block in records.blocks(size=3)] == [3, 1]
    assert [one.name for one in records.list(DEPARTMENT, region="370000")] == ["丙", "乙", "甲"]
    assert records.count(DEPARTMENT, text="%_") == 1 == records.count(DEPARTMENT, text=CODE[:10])
    assert records.count(DEPARTMENT) == 4 and len(records.list(DEPARTMENT, offset=1, limit=2)) == 2


def test_the_beginning_of_a_region_code_is_exactly_what_lies_in_it() -> None:
    tree = regions()
    codes = [region_of({"region": code}) for code in tree._nodes if code != tree.root]
    for code in codes:
        low, high = tree.span(code)
        inside = {other for other in codes if low <= tree.span(other)[0] and tree.span(other)[1] <= high}
        if tree.level(code) <= 2:
            assert {other for other in codes if other.startswith(region_prefix(code))} == inside


@pytest.mark.parametrize("raw", [{}, {"region": ""}, {"region": "不存在的地方"}, {"region": ["x"]}, {"region": "全国"}])
def test_a_region_that_cannot_be_read_is_unknown(raw: dict[str, object]) -> None:
    assert region_of(raw) == ""


@pytest.mark.parametrize(("given", "kept"), [(None, ""), (" ", ""), (CODE.lower(), CODE), ("旧号 123", "旧号 123")])
def test_credit_codes_are_kept_in_one_way(given: object, kept: str) -> None:
    assert uscc_of({"uscc": given}) == kept


# ---- facts, sources, history ----------------------------------------------------------------------------------------


def test_every_fact_has_its_source(records: Records) -> None:
    records.save(DEPARTMENT, {"name": "甲", "uscc": CODE, "employees": 50}, "imported", "统计名单", NOW, on=BEFORE)
    raw = {"name": "甲", "employees": 58, "plans": [{"text": "买机床", "loan_wan": 100}], "other": {"patents": 7}}
    saved = records.save(DEPARTMENT, raw, "declared", "", later(1), partial=True)
    assert source_of(saved, "uscc") == Source(Kind.IMPORTED, "统计名单", BEFORE)
    assert source_of(saved, "employees") == Source(Kind.DECLARED, "", TODAY)
    assert source_of(saved, "name") == Source(Kind.IMPORTED, "统计名单", BEFORE), "said again, it keeps the stronger"
    assert source_of(saved, "loan_wan") == source_of(saved, "patents") == Source(Kind.DECLARED, "", TODAY)
    assert source_of(saved, "revenue_wan") is None
    whole = records.save(DEPARTMENT, {"name": "甲", "uscc": CODE}, "declared", "", later(2))
    assert whole.raw == {"name": "甲", "uscc": CODE} and set(whole.sources) == {"name", "uscc"}


def test_a_version_is_made_only_where_something_changes(records: Records) -> None:
    first = records.save("a", {"name": "甲", "revenue_wan": "3200万"}, "declared", "", NOW)
    again = records.save("a", {"name": "甲", "revenue_wan": 3200, "products": ""}, "declared", "", later(1))
    assert (again.version, again.changed_at, again.raw) == (1, NOW, first.raw)
    changed = records.save("a", {"name": "甲", "revenue_wan": 3300}, "declared", "", later(2), actor="王五")
    assert (changed.version, changed.changed_at) == (2, later(2))
    newest, oldest = records.history(first.company_id)
    assert (newest.version, newest.made_by, oldest.version) == (2, "王五", 1)
    assert [(one.field, one.before, one.after) for one in newest.changes] == [("revenue_wan", "3200万", 3300)]
    assert {one.field for one in oldest.changes} == {"name", "revenue_wan"}


def test_a_verified_value_gives_way_but_is_remembered(records: Records) -> None:
    saved = records.save("a", {"name": "甲", "employees": 50}, "declared", "", NOW)
    records.verify(saved.company_id, ["employees"], "人社局", BEFORE, later(1), actor="李四")
    said = records.save("a", {"name": "甲", "employees": 80}, "declared", "", later(2))
    source = source_of(said, "employees")
    assert said.raw["employees"] == 80 and source is not None
    assert (source.kind, source.verified.value if source.verified else None) == (Kind.DECLARED, 50)
    (other,) = overruled(said)
    assert (other.field, other.value, other.verified, other.by, other.on) == ("employees", 80, 50, "人社局", BEFORE)
    assert [one.overrules for one in records.history(said.company_id)[0].changes] == [True]
    silent = records.save("a", {"name": "甲"}, "declared", "", later(3))
    assert "employees" not in silent.raw and overruled(silent)[0].verified == 50
    listed = records.save("a", {"name": "甲", "employees": 90}, "imported", "名单", later(4), partial=True)
    assert overruled(listed)[0].verified == 50
    back = records.save("a", {"name": "甲", "employees": "50人"}, "declared", "", later(5))
    assert source_of(back, "employees") == Source(Kind.VERIFIED, "人社局", BEFORE) and not overruled(back)
    records.save("a", {"name": "甲", "employees": 80}, "declared", "", later(6))
    checked = records.verify(saved.company_id, ["employees"], "统计局", TODAY, later(7))
    assert source_of(checked, "employees") == Source(Kind.VERIFIED, "统计局", TODAY) and not overruled(checked)


def test_a_later_check_renews_and_an_earlier_one_does_not(records: Records) -> None:
    saved = records.save("a", {"name": "甲"}, "verified", "市监局", NOW, on=BEFORE)
    assert records.verify(saved.company_id, ["name"], "市监局", BEFORE, later(1)).version == 1
    assert records.verify(saved.company_id, ["name"], "市监局", TODAY, later(1)).version == 2
    older = records.verify(saved.company_id, ["name"], "市监局", BEFORE, later(2))
    assert older.version == 2 and source_of(older, "name") == Source(Kind.VERIFIED, "市监局", TODAY)


@pytest.mark.parametrize(
    ("fields", "by", "on", "words"),
    [
        (["revenue_wan"], "税务局", TODAY, "这家企业没有这项信息"),
        ([], "税务局", TODAY, "没有选择"),
        (["name"], " ", TODAY, "没有填写"),
        (["name"], "税务局", dt.date(2026, 11, 24), "晚于今天"),
    ],
)
def test_what_cannot_be_verified_is_said(records: Records, fields: list[str], by: str, on: dt.date, words: str) -> None:
    saved = records.save("a", {"name": "甲"}, "declared", "", NOW)
    with pytest.raises(InputError, match=words):
        records.verify(saved.company_id, fields, by, on, later(1))
    with pytest.raises(InputError, match="没有这家企业"):
        records.verify("none", ["name"], "税务局", TODAY, later(1))


# ---- everything of one company --------------------------------------------------------------------------------------


@pytest.fixture
def seal() -> Seal:
    return Seal(Seal.new_key())


def furnish(database: Database, seal: Seal, owner: str) -> str:
    """A company with everything that can belong to one; its id."""
    saved = Records(database).save(owner, {"name": "甲公司", "uscc": CODE}, "declared", "", NOW)
    contact = Contacts(database, seal).add(saved.company_id, Channel.EMAIL, "张三", "zhang@example.cn", "hush", now=NOW)
    with database.session() as session:
        subscription = Subscription(
            company_id=saved.company_id, contact_id=contact.contact_id, channel=Channel.EMAIL, themes=[],
            frequency=Frequency.AT_ONCE, quiet_from=0, quiet_to=0, workdays_only=False, weekly_cap=5,
            state=SubscriptionState.CONFIRMED, made_at=NOW,
        )  # fmt: skip
        session.add(subscription)
        session.flush()
        message = Message(
            company_id=saved.company_id, subscription_id=subscription.subscription_id, channel=Channel.EMAIL,
            key=f"k-{owner}", content={"subject": "您好"}, state=MessageState.SENT, not_before=NOW, made_at=NOW,
        )  # fmt: skip
        session.add(message)
        session.flush()
        session.add(Delivery(message_id=message.message_id, at=NOW, outcome="sent", detail=""))
        run = {"as_of": TODAY, "library_version": "v", "found": {}, "made_at": NOW, "owner": owner}
        session.add(Run(company_id=saved.company_id, name="甲公司", raw={"name": "甲公司", "uscc": CODE}, **run))
        session.add(Run(company_id=None, name="甲公司", raw={"name": "甲公司"}, **run))
        session.add(Run(company_id=None, name="乙公司", raw={"name": "乙公司"}, **run))
        mark = {"owner": owner, "made_at": NOW, "as_of": TODAY, "target": "p/m", "mark": "适合", "note": ""}
        session.add_all(FeedbackMark(raw={"name": name}, **mark) for name in ("甲公司", "乙公司"))
    return saved.company_id


def test_a_company_is_exported_whole_without_secrets(database: Database, records: Records, seal: Seal) -> None:
    company_id = furnish(database, seal, "a")
    furnish(database, seal, "b")
    told = json.loads(json.dumps(records.export(company_id, seal), ensure_ascii=False))
    counts = {name: len(rows) for name, rows in told.items() if name != "company"}
    assert counts == {
        "company_versions": 1, "contacts": 1, "subscriptions": 1, "messages": 1, "deliveries": 1, "grants": 0,
        "grant_events": 0, "grant_checks": 0, "runs": 2, "feedback": 1,
    }  # fmt: skip
    assert told["company"]["raw"]["uscc"] == CODE
    assert (told["contacts"][0]["name"], told["contacts"][0]["address"]) == ("张三", "zhang@example.cn")
    assert "hush" not in str(told) and "sealed" not in str(told)
    closed = records.export(company_id)
    assert closed["contacts"][0]["channel"] == "email" and "zhang" not in str(closed)
    with pytest.raises(InputError, match="没有这家企业"):
        records.export("none")


def test_an_erased_company_leaves_nothing_behind(database: Database, records: Records, seal: Seal) -> None:
    company_id, other = furnish(database, seal, "a"), furnish(database, seal, "b")
    assert records.erase(company_id)
    assert not records.erase(company_id)
    with database.session() as session:
        for table in (CompanyVersion, Contact, Subscription, Message):
            assert session.scalars(select(table.company_id)).all() == [other]
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1
        for table in (Run, FeedbackMark):
            own = session.scalars(select(table).where(table.owner == "a")).all()
            assert [one.raw["name"] for one in own] == ["乙公司"]


def test_numbers_are_never_used_again(records: Records) -> None:
    first = records.save("a", {"name": "甲"}, "declared", "", NOW)
    second = records.save("a", {"name": "乙"}, "declared", "", NOW)
    records.erase(second.company_id)
    third = records.save("a", {"name": "丙"}, "declared", "", NOW)
    assert third.number > second.number > first.number


def test_the_same_company_said_by_many_at_once_is_kept_once(records: Records) -> None:
    def say(count: int) -> str:
        raw = {"name": "甲", "uscc": CODE, "employees": count}
        return records.save(DEPARTMENT, raw, "imported", "名单", later(count)).company_id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(say, range(12)))
    (kept,) = records.list(DEPARTMENT)
    assert ids == {kept.company_id}
    assert [one.version for one in records.history(kept.company_id)] == list(range(12, 0, -1))

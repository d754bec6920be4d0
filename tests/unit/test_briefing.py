"""Whom to invite to a briefing: who has something to get, in the order of use; and the file with the contacts."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from python_calamine import CalamineWorkbook

from matcher.briefing.book import write_invitation
from matcher.briefing.invite import Invitation, Invited, Wanted, invite
from matcher.contacts import Contacts
from matcher.push.outcomes import Outcome
from matcher.records import Records
from matcher.seal import Seal
from matcher.store.companies import DEPARTMENT, Channel, CompanyRecord
from matcher.store.database import Database
from policies.errors import InputError
from policies.library import Library, load_library
from tests.grants_support import CODES, JINAN
from tests.support import measure, policy, write_library

AS_OF = dt.date(2026, 6, 15)
NOW = dt.datetime(2026, 6, 15, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
LATER = NOW + dt.timedelta(minutes=1)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    group = [{"group": "奖补", "mode": "highest"}]
    patents, staff = {"field": "patents", "min": 5}, {"field": "rd_staff", "min": 5}
    return load_library(
        write_library(
            tmp_path_factory.mktemp("library"),
            policy("sure", measure(when=[JINAN, {"field": "employees", "max": 300}], stacking=group)),
            policy("one-fact", measure(when=[JINAN, patents], benefit={"type": "fixed", "amount_wan": 30})),
            policy("two-facts", measure(when=[JINAN, patents, staff])),
            policy("by-hand", measure(when=[JINAN, {"manual": "设备先进"}], benefit={"type": "honour"})),
            policy("rival", measure(when=[JINAN, {"field": "export", "is": True}], stacking=group)),
            policy("steel", measure(when=[{"field": "industry_code", "in": ["C31"]}])),
        )
    )


def keep(database: Database, name: str, owner: str = DEPARTMENT, **facts: object) -> CompanyRecord:
    raw = {"name": name, "region": "山东省/济南市", **facts}
    return Records(database).save(owner, raw, "imported", "名单", NOW)


def invited(
    database: Database, library: Library, *measures: str, region: str = "", seats: int | None = None
) -> Invitation:
    return invite(database, library, Wanted(measures, AS_OF, region, seats))


def names(found: Invitation) -> list[str]:
    return [one.record.name for one in found.companies()]


def reasons(one: Invited) -> dict[str, Outcome]:
    return {reason.active.entry.policy.policy_id: reason.outcome for reason in one.reasons}


def test_who_is_invited_and_why(database: Database, library: Library) -> None:
    keep(database, "符合", employees=58, patents=0, export=False)
    keep(database, "差一项", employees=900, rd_staff=9, export=False)
    keep(database, "什么都不适用", employees=900, patents=0, export=False)
    keep(database, "外地", region="山东省/青岛市", employees=58)
    found = invited(database, library, "sure", "one-fact", "two-facts", "rival")
    ordered = list(found.companies())
    assert [(one.number, one.record.name) for one in ordered] == [(1, "差一项"), (2, "符合")]
    assert reasons(ordered[0]) == {"one-fact": Outcome.NEARLY, "two-facts": Outcome.NEARLY}
    assert reasons(ordered[1]) == {"sure": Outcome.ELIGIBLE}
    assert ordered[0].reasons[0].missing == ("patents",)
    assert (found.found["seen"], found.found["useful"]) == (4, 2)


def test_sums_that_exclude_each_other_are_not_added_up(database: Database, library: Library) -> None:
    keep(database, "甲", employees=58, export=True, patents=0)
    (one,) = invited(database, library, "sure", "rival").companies()
    assert set(reasons(one)) == {"sure", "rival"}
    assert one.high_yuan == 100_000


def test_a_check_by_a_person_is_a_reason_too(database: Database, library: Library) -> None:
    keep(database, "甲")
    (one,) = invited(database, library, "by-hand").companies()
    assert reasons(one) == {"by-hand": Outcome.TO_CHECK}
    assert one.reasons[0].manual == ("设备先进",)
    assert one.high_yuan == 0


def test_most_useful_first_then_more_that_fits_then_first_come(database: Database, library: Library) -> None:
    keep(database, "先来", employees=58, patents=0, export=False)
    keep(database, "后来", employees=58, patents=0, export=False)
    keep(database, "两项", employees=58, patents=0, export=True)
    keep(database, "最多", employees=58, patents=9, export=False)
    found = invited(database, library, "sure", "one-fact", "rival")
    assert names(found) == ["最多", "两项", "先来", "后来"]


def test_as_many_as_there_are_seats_in_the_region(database: Database, library: Library) -> None:
    for number in range(5):
        keep(database, f"企业{number}", employees=58)
    keep(database, "外地", region="山东省/青岛市", employees=58)
    assert names(invited(database, library, "sure", seats=2)) == ["企业0", "企业1"]
    assert names(invited(database, library, "sure", region="370200")) == []
    assert invited(database, library, "sure", region="370100").found["seen"] == 5


def test_a_company_with_several_records_is_invited_once(database: Database, library: Library) -> None:
    keep(database, "甲", uscc=CODES[0])
    keep(database, "甲", owner="u1", uscc=CODES[0], employees=58)
    found = invited(database, library, "sure")
    assert len(list(found.companies())) == 1
    assert found.found["useful"] == 1


def test_who_has_gone_meanwhile_is_left_out(database: Database, library: Library) -> None:
    gone = keep(database, "甲", employees=58)
    keep(database, "乙", employees=58)
    found = invited(database, library, "sure")
    Records(database).erase(gone.company_id)
    assert [(one.number, one.record.name) for one in found.companies()] == [(1, "乙")]


def test_a_main_business_that_differs_is_not_overlooked(database: Database, library: Library) -> None:
    keep(database, "甲", industry_code="C3110", actual_industry="I65")
    (one,) = invited(database, library, "steel").companies()
    assert reasons(one)["steel"] is not Outcome.ELIGIBLE


@pytest.mark.parametrize(
    ("measures", "seats", "said"),
    [((), None, "没有选择"), (("nothing",), None, "没有这项政策或事项"), (("sure",), 0, "名额")],
)
def test_what_cannot_be_asked(
    database: Database, library: Library, measures: tuple[str, ...], seats: int | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        invited(database, library, *measures, seats=seats)


def test_the_file_holds_contacts_only_with_a_key_and_no_formula(
    database: Database, library: Library, tmp_path: Path
) -> None:
    record = keep(database, "=CMD()", employees=58)
    contacts = Contacts(database, Seal(Fernet.generate_key().decode()))
    contacts.add(record.company_id, Channel.EMAIL, "张三", "zhang@example.cn", now=NOW)
    contacts.add(record.company_id, Channel.WECOM, "群", "https://qyapi.weixin.qq.com/x?key=secret-key", now=LATER)
    keep(database, "没有联系人", employees=58)
    found = invited(database, library, "sure", "one-fact", region="370100", seats=9)
    book = tmp_path / "invite.xlsx"
    assert write_invitation(book, found, contacts) == 2
    sheets = CalamineWorkbook.from_path(book)
    head, first, second = sheets.get_sheet_by_name("邀请名单").to_python()
    row = dict(zip(head, first, strict=True))
    assert row["企业名称"] == "=CMD()"
    assert row["联系方式"] == "张三 zhang@example.cn\n群 企业微信机器人"
    assert "secret-key" not in str(first)
    assert "可能符合，还差 1 项信息：关于one-fact的通知" in str(row["邀请理由"]) and "专利" in str(row["邀请理由"])
    assert dict(zip(head, second, strict=True))["联系方式"] == "没有联系方式"
    facts = {line[0]: line[1] for line in sheets.get_sheet_by_name("说明").to_python()[1:]}
    assert (facts["地区"], facts["名额（家）"], facts["列入名单（家）"]) == ("山东省济南市", 9.0, 2.0)
    table = tmp_path / "invite.csv"
    assert write_invitation(table, found, None) == 2
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert (rows[0]["企业名称"], rows[0]["联系方式"]) == ("'=CMD()", "未配置联系方式密钥")


def test_only_formats_that_can_be_written(database: Database, library: Library, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="xlsx"):
        write_invitation(tmp_path / "invite.pdf", invited(database, library, "sure"), None)
    with pytest.raises(InputError, match="写不了"):
        write_invitation(tmp_path / "none" / "invite.csv", invited(database, library, "sure"), None)

"""Contacts: encrypted, found again, masked, and checked before they are kept."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from matcher import contacts as module
from matcher.contacts import ContactInfo, Contacts
from matcher.records import Records
from matcher.seal import Seal
from matcher.store.companies import Channel, Contact
from matcher.store.database import Database
from policies.errors import InputError

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
HOOK = "https://erp.example.cn:8443/hook?token=abc"


@pytest.fixture
def kept(database: Database) -> Contacts:
    return Contacts(database, Seal(Seal.new_key()))


@pytest.fixture
def company_id(database: Database) -> str:
    return Records(database).save("a", {"name": "甲公司"}, "declared", "", NOW).company_id


def test_a_contact_comes_back_and_is_unreadable_in_the_table(
    kept: Contacts, database: Database, company_id: str
) -> None:
    added = kept.add(company_id, Channel.WEBHOOK, " 张三 ", f" {HOOK} ", "hush", now=NOW)
    assert added == ContactInfo(added.contact_id, Channel.WEBHOOK, "张三", HOOK, "hush")
    assert kept.list(company_id) == (added,)
    with database.session() as session:
        row = session.scalars(select(Contact)).one()
    assert not any(word in f"{row.sealed}{row.mark}" for word in ("张三", "erp", "hush"))
    with pytest.raises(InputError, match="不能用当前密钥解开"):
        Contacts(database, Seal(Seal.new_key())).list(company_id)


def test_the_same_address_is_the_same_contact(kept: Contacts, company_id: str) -> None:
    first = kept.add(company_id, Channel.EMAIL, "张三", "Zhang@Example.cn", now=NOW)
    again = kept.add(company_id, Channel.EMAIL, "李四", "zhang@example.cn", now=NOW)
    assert again.contact_id == first.contact_id and kept.list(company_id) == (again,)
    assert kept.mark(Channel.EMAIL, "a@b.cn") != kept.mark(Channel.WEBHOOK, "a@b.cn")


def test_contacts_belong_to_their_company(kept: Contacts, database: Database, company_id: str) -> None:
    added = kept.add(company_id, Channel.EMAIL, "", "a@example.cn", now=NOW)
    other = Records(database).save("b", {"name": "乙公司"}, "declared", "", NOW).company_id
    assert not kept.remove(other, added.contact_id) and kept.list(other) == ()
    assert kept.remove(company_id, added.contact_id) and not kept.remove(company_id, added.contact_id)
    with pytest.raises(InputError, match="没有这家企业"):
        kept.add("none", Channel.EMAIL, "", "a@example.cn", now=NOW)


def test_there_is_a_limit(kept: Contacts, company_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONTACTS", 1)
    kept.add(company_id, Channel.EMAIL, "", "a@example.cn", now=NOW)
    kept.add(company_id, Channel.EMAIL, "新", "a@example.cn", now=NOW)
    with pytest.raises(InputError, match="最多 1 个"):
        kept.add(company_id, Channel.EMAIL, "", "b@example.cn", now=NOW)


@pytest.mark.parametrize(
    ("channel", "address", "host", "masked"),
    [
        (Channel.EMAIL, "zhang@Mail.Example.cn", "mail.example.cn", "z***@Mail.Example.cn"),
        (Channel.WEBHOOK, HOOK, "erp.example.cn", "erp.example.cn/***"),
        (Channel.WEBHOOK, "http://127.0.0.1:9/x", "127.0.0.1", "127.0.0.1/***"),
    ],
)
def test_hosts_and_masks(channel: Channel, address: str, host: str, masked: str) -> None:
    info = ContactInfo("c", channel, "张三", address, "")
    assert (info.host, info.masked, info.masked_name) == (host, masked, "张**")


def test_a_webhook_without_a_secret_is_refused(kept: Contacts, company_id: str) -> None:
    with pytest.raises(InputError, match="接口推送要有签名密钥"):
        kept.add(company_id, Channel.WEBHOOK, "", HOOK, " ", now=NOW)
    assert kept.add(company_id, Channel.DINGTALK, "", HOOK, now=NOW).secret == ""


BAD = ["", "zhang", "zhang@", "@example.cn", "a b@example.cn", "a@example", "a@b.cn\nBcc: c@d.cn", "a@b.cn,c@d.cn"]
BAD_URLS = ["", "ftp://a.cn/x", "https://", "https://u:p@a.cn/x", "https://a.cn/x y", "https://a.cn/\nx", "//a.cn",
            "https://甲.cn/", "https://[::1", "javascript:alert(1)"]  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "address"),
    [*((Channel.EMAIL, each) for each in BAD), *((Channel.FEISHU, each) for each in BAD_URLS), (Channel.INBOX, "x"),
     (Channel.EMAIL, "a" * 600 + "@b.cn")],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(channel: Channel, address: str) -> None:
    with pytest.raises(InputError) as caught:
        module.checked_address(channel, address)
    told = str(caught.value).replace("name@example.cn", "").replace("https://", "")
    assert not any(part in told for part in ("zhang", "@", "u:p", "a.cn", "alert", "aaa"))

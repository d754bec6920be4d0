"""How to reach the people of a company: kept encrypted, found again by a mark that tells nothing."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select

from matcher.seal import Seal
from matcher.store.companies import Channel, CompanyRecord, Contact
from matcher.store.database import Database
from matcher.store.tables import new_id
from policies.errors import InputError, Problem

MAX_CONTACTS = 20
"""Of one company."""
MAX_NAME_CHARS = 60
MAX_ADDRESS_CHARS = 500
MAX_SECRET_CHARS = 200
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")


@dataclass(frozen=True)
class ContactInfo:
    """A contact, readable.

    Attributes:
        name: Who it is; may be empty.
        address: E-mail address, or address of a robot or webhook.
        secret: What a robot or webhook signs with; may be empty. Never shown anywhere.
    """

    contact_id: str
    channel: Channel
    name: str
    address: str
    secret: str

    @property
    def host(self) -> str:
        """The host that it leads to: the domain of an e-mail address."""
        if self.channel is Channel.EMAIL:
            return self.address.rpartition("@")[2].lower()
        return (urlsplit(self.address).hostname or "").lower()

    @property
    def masked(self) -> str:
        """The address as pages show it: enough to tell it from another."""
        if self.channel is Channel.EMAIL:
            name, _, domain = self.address.partition("@")
            return f"{name[:1]}***@{domain}"
        return f"{self.host}/***"

    @property
    def masked_name(self) -> str:
        """The name as pages show it."""
        return f"{self.name[:1]}**" if self.name else ""


class Contacts:
    """The contacts of all companies; who asks may see the company."""

    def __init__(self, database: Database, seal: Seal) -> None:
        """Keep them in a database, encrypted."""
        self._database, self._seal = database, seal

    def add(
        self, company_id: str, channel: Channel, name: str, address: str, secret: str = "", *, now: dt.datetime
    ) -> ContactInfo:
        """Keep a contact; one with the same address of the same company is replaced, and keeps its id.

        Raises:
            InputError: no such company, there are MAX_CONTACTS already, or as of `checked_address`.
        """
        address, secret = checked_address(channel, address, secret)
        given = {"name": name.strip()[:MAX_NAME_CHARS], "address": address, "secret": secret}
        mark, sealed = self.mark(channel, address), self._seal.sealed(given)
        of_company = Contact.company_id == company_id
        with self._database.session() as session:
            company = select(CompanyRecord).where(CompanyRecord.company_id == company_id).with_for_update()
            if session.scalar(company) is None:
                raise InputError([Problem(f"企业“{company_id}”", "没有这家企业", "可用 huiqi records list 查看")])
            found = session.scalar(select(Contact).where(of_company, Contact.mark == mark))
            if found is None:
                if (session.scalar(select(func.count()).select_from(Contact).where(of_company)) or 0) >= MAX_CONTACTS:
                    raise InputError([Problem("联系方式", f"每家企业最多 {MAX_CONTACTS} 个", "请先删除不用的")])
                found = Contact(
                    contact_id=new_id(), company_id=company_id, channel=channel, sealed=sealed, mark=mark, made_at=now
                )
                session.add(found)
            found.sealed = sealed
        return self.open(found)

    def list(self, company_id: str) -> tuple[ContactInfo, ...]:
        """The contacts of a company, oldest first.

        Raises:
            InputError: they were encrypted with another key.
        """
        wanted = select(Contact).where(Contact.company_id == company_id).order_by(Contact.made_at, Contact.contact_id)
        with self._database.reading() as session:
            found = session.scalars(wanted).all()
        return tuple(self.open(one) for one in found)

    def open(self, contact: Contact) -> ContactInfo:
        """A contact, readable.

        Raises:
            InputError: it was encrypted with another key.
        """
        return ContactInfo(contact_id=contact.contact_id, channel=contact.channel, **self._seal.opened(contact.sealed))

    def remove(self, company_id: str, contact_id: str) -> bool:
        """Remove a contact, the subscriptions to it and their messages; whether there was one."""
        one = (Contact.company_id == company_id, Contact.contact_id == contact_id)
        with self._database.session() as session:
            return session.execute(delete(Contact).where(*one).returning(Contact.contact_id)).scalar() is not None

    def mark(self, channel: Channel, address: str) -> str:
        """What the same address is found again by (`Contact.mark`)."""
        return self._seal.mark("contact", channel.value, address.lower() if channel is Channel.EMAIL else address)


def checked_address(channel: Channel, address: str, secret: str = "") -> tuple[str, str]:
    """An address and its secret as they are kept; neither is ever repeated.

    Raises:
        InputError: the address is none of the channel's, or a webhook has no secret that it would be signed with.
    """
    address, secret = _address(channel, address.strip()), secret.strip()
    if channel is Channel.WEBHOOK and not secret:
        raise InputError([Problem("密钥", "接口推送要有签名密钥", "请填写与接收方约定的密钥")])
    if len(secret) > MAX_SECRET_CHARS:
        raise InputError([Problem("密钥", f"超过 {MAX_SECRET_CHARS} 个字符", "请核对")])
    return address, secret


def _address(channel: Channel, address: str) -> str:
    if channel is Channel.INBOX:
        raise InputError([Problem("联系方式", "站内信不需要地址", "请选择其他渠道")])
    if len(address) > MAX_ADDRESS_CHARS:
        raise InputError([Problem("地址", f"超过 {MAX_ADDRESS_CHARS} 个字符", "请核对")])
    if channel is Channel.EMAIL:
        if not _EMAIL.fullmatch(address):
            raise InputError([Problem("地址", "不是邮箱地址", "请写成 name@example.cn")])
        return address
    try:
        parts = urlsplit(address)
        good = parts.scheme in {"https", "http"} and bool(parts.hostname) and not parts.username
    except ValueError:
        good = False
    if not good or not address.isascii() or not address.isprintable() or " " in address:
        raise InputError([Problem("地址", "不是网址", "请写成 https:// 开头的完整网址，不带用户名和密码")])
    return address

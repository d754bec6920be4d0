"""An invite list as a workbook or as CSV, with the contacts where there is a key to read them."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from matcher.briefing.invite import Invitation, Invited, Reason
from matcher.contacts import ContactInfo, Contacts
from matcher.export.cells import Cell, csv_text, labels
from matcher.export.sheet import A3, A4, Styles, open_workbook
from matcher.export.words import Column
from matcher.export.xlsx import ROWS_PER_SHEET, Table
from matcher.inputs import region_name
from matcher.push.outcomes import NEAR, Outcome
from matcher.store.companies import Channel
from policies.errors import InputError, Problem

FORMATS = (".xlsx", ".csv")
OUTCOMES = {
    Outcome.ELIGIBLE: "符合", Outcome.TO_CHECK: "基本符合，须核实", Outcome.NEARLY: "可能符合，还差 1 项信息",
    Outcome.ITEM: "可能符合，还差 1 项信息",
}  # fmt: skip
CHANNELS = {
    Channel.WECOM: "企业微信机器人", Channel.DINGTALK: "钉钉机器人", Channel.FEISHU: "飞书机器人",
    Channel.WEBHOOK: "系统接口",
}  # fmt: skip
"""Channels whose address is a secret of the company's and is not for reading."""
NO_KEY, NO_CONTACT = "未配置联系方式密钥", "没有联系方式"
COLUMNS = (
    Column("number", 7, "row", "次序", frozen=True), Column("company", 26, "text", "企业名称", frozen=True),
    Column("code", 21, "code", "统一社会信用代码"), Column("region", 20, "text", "注册地"),
    Column("contacts", 34, "text", "联系方式"), Column("eligible", 9, "count", "符合（项）"),
    Column("nearly", 11, "count", "接近符合（项）"), Column("low", 16, "wan", "可得下限（元）"),
    Column("high", 16, "wan", "可得上限（元）"), Column("reasons", 80, "text", "邀请理由"),
)  # fmt: skip
FACTS = (Column("term", 26, "text", "项目"), Column("meaning", 90, "text", "内容"))
ORDER_RULE = (
    "按可得金额上限从高到低排列（同时适用的事项按就高不重复等规则合计），相同的再看符合的项数、接近符合的项数、入库先后。"
    "没有一项符合或接近符合的企业不邀请。"
)
PRIVACY = "名单含联系方式，只供本次宣贯使用，请妥善保管、用后删除；导出已记入操作日志。"


def checked_format(path: Path) -> Path:
    """A path whose suffix can be written; InputError says what can."""
    if path.suffix.lower() not in FORMATS:
        raise InputError([Problem(str(path), "不能写成这种格式", "请用 .xlsx 或 .csv")])
    return path


def write_invitation(path: Path, invitation: Invitation, contacts: Contacts | None) -> int:
    """Write an invite list in the format of the suffix.

    Args:
        path: The file.
        invitation: Whom to invite.
        contacts: Where contacts are read from; None without a key.

    Returns:
        Companies written.

    Raises:
        InputError: no such format, the file cannot be written, or the contacts were encrypted with another key.
    """
    checked_format(path)
    try:
        if path.suffix.lower() == ".csv":
            return _write_csv(path, invitation, contacts)
        return _write_xlsx(path, invitation, contacts)
    except OSError as error:
        reason = f"写不了这个文件（{error.strerror or error}）"
        raise InputError([Problem(str(path), reason, "请检查文件夹权限和磁盘空间")]) from error


def invitation_file(suffix: str, invitation: Invitation, contacts: Contacts | None) -> tuple[bytes, int]:
    """The file in memory, for a download, with the number of companies."""
    with tempfile.TemporaryDirectory(prefix="huiqi-") as folder:
        path = Path(folder) / f"invite{suffix}"
        written = write_invitation(path, invitation, contacts)
        return path.read_bytes(), written


def reason_text(reason: Reason) -> str:
    """Why one measure is of use to a company, in one line."""
    text = f"{OUTCOMES[reason.outcome]}：{reason.active.entry.title}"
    if reason.outcome in NEAR:
        text += f"（还差：{labels(reason.missing)}）"
    if reason.outcome is Outcome.TO_CHECK:
        text += f"（须核实：{'；'.join(reason.manual)}）"
    return text


def _write_xlsx(path: Path, invitation: Invitation, contacts: Contacts | None) -> int:
    with open_workbook(path, invitation.wanted.as_of) as workbook:
        styles = Styles(workbook)
        table = Table(workbook, styles, "邀请名单", COLUMNS, A3, ROWS_PER_SHEET)
        written = 0
        for row in _rows(invitation, contacts):
            table.write([row])
            written += 1
        table.finish()
        facts = Table(workbook, styles, "说明", FACTS, A4, ROWS_PER_SHEET)
        facts.write(_facts(invitation))
        facts.finish()
    return written


def _write_csv(path: Path, invitation: Invitation, contacts: Contacts | None) -> int:
    """UTF-8 with a byte order mark, so that Excel reads the Chinese."""
    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([column.title for column in COLUMNS])
        for row in _rows(invitation, contacts):
            writer.writerow([csv_text(value) if isinstance(value, str) else value for value in row])
            written += 1
    return written


def _rows(invitation: Invitation, contacts: Contacts | None) -> Iterator[list[Cell]]:
    for one in invitation.companies():
        eligible = sum(reason.outcome is Outcome.ELIGIBLE for reason in one.reasons)
        reach = NO_KEY if contacts is None else contacts_text(contacts.list(one.record.company_id))
        yield [
            one.number, one.record.name, one.record.uscc, region_name(one.record.region), reach, eligible,
            len(one.reasons) - eligible, one.low_yuan, one.high_yuan, _reasons(one),
        ]  # fmt: skip


def _reasons(one: Invited) -> str:
    return "\n".join(reason_text(reason) for reason in one.reasons)


def contacts_text(found: Sequence[ContactInfo]) -> str:
    """Who can be reached where; the address of a robot is not for reading."""
    lines = [
        f"{one.name or '联系人'} {one.address if one.channel is Channel.EMAIL else CHANNELS[one.channel]}"
        for one in found
    ]
    return "\n".join(lines) or NO_CONTACT


def _facts(invitation: Invitation) -> Iterator[list[Cell]]:
    wanted = invitation.wanted
    yield ["查询日期", wanted.as_of.isoformat()]
    yield ["地区", region_name(wanted.region) or "全部"]
    yield ["名额（家）", "不限" if wanted.seats is None else wanted.seats]
    yield ["比对企业（家）", invitation.found["seen"]]
    yield ["用得上的企业（家）", invitation.found["useful"]]
    yield ["列入名单（家）", len(invitation.places)]
    for active, counts in zip(invitation.offer.active, invitation.by_measure, strict=True):
        nearly = sum(counts[outcome] for outcome in NEAR)
        text = (
            f"符合 {counts[Outcome.ELIGIBLE]:,} 家，须核实 {counts[Outcome.TO_CHECK]:,} 家，差 1 项信息 {nearly:,} 家"
        )
        yield [active.entry.title, text]
    yield ["排列", ORDER_RULE]
    yield ["联系方式", PRIVACY]

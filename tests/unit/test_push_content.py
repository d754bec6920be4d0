"""What messages say, and how they read in each channel: money in the gist, limits kept, foreign text harmless."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.brief import match_row
from matcher.push.content import (
    GIST_CHARS,
    SUBJECT_CHARS,
    Confirmation,
    Content,
    digest,
    of_json,
    of_match,
    rendered,
)
from matcher.push.letters import LIMITS
from matcher.push.markup import cut, cut_bytes, fitting, marked, one_line, plain
from matcher.results import Match
from matcher.service import Matcher
from matcher.store.companies import DEPARTMENT, Channel
from matcher.store.pushes import Occasion
from policies.companies import CompanyTable
from policies.lifecycle import WindowPhase, WindowState
from policies.profile import CompanyProfile
from tests.subscription_support import URL, content, record
from tests.support import measure, policy, write_library

AS_OF = dt.date(2026, 6, 15)
END = f"{URL}/subscription/{'A' * 180}/end"
CONFIRM = f"{URL}/subscription/{'B' * 180}/confirm"
EVIL = "甲[点我](http://evil.example)<script>alert(1)</script>*b*\r\nBcc: x@evil.example\u2028_`#|@all\u202e"
ROBOTS = sorted(LIMITS)
RATIO = {"type": "ratio", "base": "equipment_invest_wan", "rate": 0.15, "cap_wan": 500}
SOON = {"kind": "fixed", "opens": "2026-06-01", "closes": "2026-07-05", "text": "7月5日前"}
INVESTED = {"field": "equipment_invest_wan", "min": 500}
PATENTS = {"field": "patents", "min": 3}
COMPANY = {"name": "甲", "region": "山东省/济南市", "plans": [{"text": "购置机床", "equipment_invest_wan": 800}]}


def matched(folder: Path, one: dict[str, Any], **changes: Any) -> Match:
    library = write_library(folder / "library", policy("p", one, **changes))
    profile = CompanyProfile.model_validate(COMPANY)
    return Matcher.open(library, dense=False).match(profile, AS_OF, k=100).matches[0]


def told(match: Match, occasion: Occasion = Occasion.PUBLISHED, **company: Any) -> Content:
    return of_match(match, match.entry, match.window, record(**company), occasion, URL)


# ---- what is told ---------------------------------------------------------------------------------------------------


def test_an_eligible_company_is_told_the_money_the_reasons_and_the_last_day(tmp_path: Path) -> None:
    match = matched(tmp_path, measure(benefit=RATIO, when=[INVESTED], window=SOON))
    said = told(match)
    assert said.gist == (
        "【新政策】《关于p的通知》“支持事项grant”，贵公司符合条件，"
        "预计金额约 120 万元；2026 年 7 月 5 日截止（含当日）。"
    )
    assert said.subject == "【新政策】支持事项grant：约 120 万元"
    assert said.money == "约 120 万元" and "800 万元 × 15%" in said.trace
    assert any("500 万元" in reason for reason in said.why)
    assert (said.missing, said.ask) == ("", "")
    assert said.closes == dt.date(2026, 7, 5) and "还剩" not in said.deadline
    assert said.link == f"{URL}/policies/p"


def test_a_company_that_lacks_one_fact_is_asked_for_it_where_it_can_answer(tmp_path: Path) -> None:
    match = matched(tmp_path, measure(benefit=RATIO, when=[INVESTED, PATENTS]))
    assert match.missing == ("patents",)
    said = told(match)
    assert "再补充“" in said.gist and "约 120 万元" in said.gist and "贵公司符合条件" not in said.gist
    assert "专利" in said.missing and said.missing.endswith("？")
    assert said.ask == f"{URL}/mine/answer/{'c' * 22}/patents?m=p/grant"
    assert told(match, owner=DEPARTMENT).ask == said.link, "the contact of a department's company has no login"


def test_a_row_of_a_bulk_match_tells_the_same(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library", policy("p", measure(benefit=RATIO, when=[INVESTED, PATENTS])))
    matcher, profile = Matcher.open(library, dense=False), CompanyProfile.model_validate(COMPANY)
    match = matcher.match(profile, AS_OF).matches[0]
    view = matcher.assess(CompanyTable.of([profile]), AS_OF).company(0)
    row = match_row(view, view.listed[0], 1)
    assert of_match(row, match.entry, match.window, record(), Occasion.PUBLISHED, URL) == told(match)


@pytest.mark.parametrize("occasion", Occasion)
def test_every_occasion_has_its_word(occasion: Occasion, tmp_path: Path) -> None:
    said = told(matched(tmp_path, measure()), occasion)
    assert re.match(r"【[^】]{3,6}】", said.subject) and said.gist.startswith(said.subject[: said.subject.index("】")])


def test_where_there_is_no_sum_the_gist_says_why(tmp_path: Path) -> None:
    honour = told(matched(tmp_path, measure(benefit={"type": "honour", "grants": "专精特新中小企业"})))
    assert "授予资格称号，本身不直接给资金" in honour.gist and honour.trace == ""
    assert honour.subject == "【新政策】支持事项grant：贵公司符合条件"


def test_a_policy_that_nobody_read_says_so(tmp_path: Path) -> None:
    recalled = {"grade": "recalled", "confidence": "medium"}
    said = told(matched(tmp_path, measure(), provenance=recalled))
    assert "未核对原文" in said.caution
    assert all("未核对原文" in part for part in (rendered(said, Channel.EMAIL, END).text, said.caution))


@given(policy_chars=st.integers(1, 300), measure_chars=st.integers(1, 300), nearly=st.booleans(), text=st.text())
def test_a_gist_never_is_too_long_and_never_loses_the_money(
    policy_chars: int, measure_chars: int, nearly: bool, text: str
) -> None:
    base = _match()
    title, name = ("策" * policy_chars, "事" * measure_chars)
    entry = base.entry.__class__(
        "p/grant",
        base.entry.policy.model_copy(update={"title": title}),
        base.entry.measure.model_copy(update={"name": name}),
        base.entry.rule,
        base.entry.preferences,
    )
    window = WindowState(WindowPhase.OPEN, text * 9)
    match = _match(nearly=nearly)
    said = of_match(match, entry, window, record(), Occasion.CHANGED, URL)
    assert len(said.gist) <= GIST_CHARS and len(said.subject) <= SUBJECT_CHARS
    assert "约 120 万元" in said.gist and said.gist.endswith("。")
    assert of_json(json.loads(json.dumps(said.to_json()))) == said


_KEPT: dict[bool, Match] = {}


def _match(*, nearly: bool = False) -> Match:
    """A match, made once: making one takes longer than a hundred examples."""
    if nearly not in _KEPT:
        with tempfile.TemporaryDirectory() as folder:
            when = [INVESTED, PATENTS] if nearly else [INVESTED]
            _KEPT[nearly] = matched(Path(folder), measure(benefit=RATIO, when=when))
    return _KEPT[nearly]


# ---- how it reads ---------------------------------------------------------------------------------------------------


def test_a_mail_has_both_parts_and_the_headers_of_one_click_unsubscribe() -> None:
    letter = rendered(content(), Channel.EMAIL, END)
    assert letter.headers == {
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{END}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert letter.html is not None and letter.markdown is None and letter.data is None
    for part in (letter.text, letter.html):
        for piece in (
            "约 120 万元",
            "设备投资 500 万元以上",
            "2026 年 7 月 5 日",
            END,
            f"{URL}/policies/p",
            "仅供参考",
        ):
            assert piece in part
    assert "<script" not in letter.html and "http" not in re.sub(rf'href="{URL}[^"]*"', "", letter.html)


@pytest.mark.parametrize("channel", ROBOTS)
def test_a_robot_gets_its_subject_in_text_and_in_markdown(channel: Channel) -> None:
    letter = rendered(content(missing="“专利”：有多少件？", ask=f"{URL}/mine/answer/c/patents"), channel, END)
    assert letter.html is None and letter.headers == {} and letter.markdown is not None
    assert letter.text.startswith(letter.subject) and letter.markdown.startswith(f"**{letter.subject}**")
    assert f"[退订]({END})" in letter.markdown and f"[去补充]({URL}/mine/answer/c/patents)" in letter.markdown


def test_a_webhook_gets_everything_as_data() -> None:
    data = rendered(content(), Channel.WEBHOOK, END).data
    assert data is not None and data["kind"] == "measure" and data["closes"] == "2026-07-05" and data["end_link"] == END
    assert of_json({name: value for name, value in data.items() if name != "end_link"}) == content()
    asked = rendered(Confirmation("甲", "全部主题", "明天"), Channel.WEBHOOK, END, CONFIRM).data
    assert asked is not None and asked["confirm_link"] == CONFIRM


def test_a_confirmation_has_its_link_and_is_no_mailing_list() -> None:
    said = Confirmation("甲公司", "全部主题", "2026 年 6 月 22 日 10:30")
    letter = rendered(said, Channel.EMAIL, END, CONFIRM)
    assert CONFIRM in letter.text and letter.html is not None and CONFIRM in letter.html and END in letter.text
    assert letter.headers == {"Auto-Submitted": "auto-generated"}
    assert CONFIRM not in json.dumps(said.to_json()), "a link is never stored"
    with pytest.raises(ValueError, match="link"):
        rendered(said, Channel.EMAIL, END)


def test_a_digest_lists_everything_in_a_mail() -> None:
    items = [content(measure=f"事项{n}", gist=f"要点{n}") for n in range(40)]
    letter = rendered(digest(items, f"{URL}/mine/inbox"), Channel.EMAIL, END)
    assert letter.html is not None
    for n in range(40):
        assert f"{n + 1}. 事项{n}\n要点{n}\n" in letter.text and f"要点{n}<" in letter.html
    assert letter.subject == "【政策汇总】40 项政策与贵公司有关：事项0等"
    assert digest(items[:1], URL).subject == "【政策汇总】1 项政策与贵公司有关：事项0"


@pytest.mark.parametrize("channel", ROBOTS)
def test_a_digest_is_cut_at_whole_measures_and_says_how_many_are_left(channel: Channel) -> None:
    items = [content(measure=f"第{n}号设备更新和技术改造事项", gist="要点" * 60) for n in range(150)]
    letter = rendered(digest(items, f"{URL}/mine/inbox"), channel, END)
    assert letter.markdown is not None
    for part in (letter.text, letter.markdown):
        assert len(part.encode()) <= LIMITS[channel]
        shown = len(re.findall(r"第\d+号", part.split("\n", 1)[1]))
        assert 3 <= shown < 150 and f"还有 {150 - shown} 项" in part and END in part
        assert len(part.encode()) > LIMITS[channel] - 500, "as much as there is room for"


@given(st.lists(st.text(max_size=400), max_size=30), st.text(max_size=3000), st.sampled_from(ROBOTS))
def test_no_limit_is_ever_exceeded_and_no_character_is_cut(why: list[str], gist: str, channel: Channel) -> None:
    letter = rendered(content(why=tuple(why), gist=gist, company=gist), channel, END)
    for part in (letter.text, letter.markdown or ""):
        assert len(part.encode("utf-8", "strict")) <= LIMITS[channel]


# ---- foreign text ---------------------------------------------------------------------------------------------------

NAMES = ("company", "measure", "policy", "gist", "money", "trace", "missing", "deadline", "caution", "subject")


def evil() -> Content:
    return content(**dict.fromkeys(NAMES, EVIL), why=(EVIL, EVIL), ask=f"{URL}/mine/answer/c/patents")


class Tags(HTMLParser):
    """The tags and the links of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {value or "" for name, value in attrs if name in {"href", "src"}}


@pytest.mark.parametrize("several", [False, True])
def test_foreign_text_in_a_mail_is_only_text(several: bool) -> None:
    said = digest([evil(), evil()], f"{URL}/mine/inbox") if several else evil()
    letter = rendered(said, Channel.EMAIL, END)
    assert letter.html is not None
    found = Tags(letter.html)
    assert "script" not in found.tags and all(link.startswith(URL) for link in found.links)
    assert "\n" not in letter.subject and "\r" not in letter.subject
    assert "\nBcc:" not in letter.text and "://evil" not in letter.text and "<script" not in letter.text


@pytest.mark.parametrize("channel", ROBOTS)
@pytest.mark.parametrize("several", [False, True])
def test_foreign_text_for_a_robot_holds_no_markup(channel: Channel, several: bool) -> None:
    said = digest([evil(), evil()], f"{URL}/mine/inbox") if several else evil()
    letter = rendered(said, channel, END)
    assert letter.markdown is not None
    links = re.findall(r"\]\(([^)]*)\)", letter.markdown)
    assert links and all(link.startswith(URL) for link in links)
    assert "://evil" not in letter.markdown + letter.text and "@all" not in letter.markdown
    assert "<" not in letter.markdown and "`" not in letter.markdown and "#" not in letter.markdown
    assert letter.markdown.count("**") % 2 == 0
    assert not re.search(r"^Bcc", letter.markdown + letter.text, re.M)


@given(st.text())
def test_one_line_stays_one_line(text: str) -> None:
    for made in (one_line(text), plain(text), marked(text)):
        assert len(made.splitlines()) <= 1 and not re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", made)
    assert not set("[]()<>*_`#|~\\@") & set(marked(text))


# ---- cutting --------------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(1, 50))
def test_a_text_is_cut_at_characters(text: str, chars: int) -> None:
    made = cut(text, chars)
    assert len(made) <= chars and (made == text or made.endswith("…"))


@given(st.text(), st.integers(-5, 60))
def test_bytes_are_cut_between_characters(text: str, size: int) -> None:
    made = cut_bytes(text, size)
    assert text.startswith(made) and len(made.encode()) <= max(size, 0)
    assert len(made) == len(text) or len(text[: len(made) + 1].encode()) > size


@given(st.integers(0, 60), st.integers(0, 2000))
def test_as_many_items_as_fit_are_shown(count: int, limit: int) -> None:
    def render(shown: int) -> str:
        return "头" + "项目；" * shown + (f"还有 {count - shown} 项" if shown < count else "")

    made = fitting(render, count, limit)
    assert len(made.encode()) <= limit
    shown = next((n for n in range(count, -1, -1) if len(render(n).encode()) <= limit), None)
    assert made == (render(shown) if shown is not None else cut_bytes(render(0), limit))

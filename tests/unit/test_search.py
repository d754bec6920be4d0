"""Search: words, states and successors, filters, highlights, and how well it finds on labelled queries."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.search import LabelledQuery, labelled_queries, measured, rankers, table
from index.encoder import lazy_encoder
from matcher.retrieval import NO_MODEL, Retriever
from matcher.search import KINDS, SearchRequest, SearchResult, read_names, search, search_json, standings
from matcher.search.highlight import highlighted, snippet
from matcher.search.words import compact, expand, fold, number_terms, terms_of
from policies.errors import InputError
from policies.library import Library, load_library
from tests.support import measure, policy, write_library

AS_OF = dt.date(2026, 6, 15)
SHIPPED_AS_OF = dt.date(2026, 11, 23)


def documents() -> list[dict[str, Any]]:
    """Policies in every state, in several places."""
    return [
        policy("loan", measure(name="设备贷款贴息", text="按贷款本金贴息 1.5 个百分点"),
               title="设备更新贷款财政贴息政策",
               doc_no="财金〔2026〕2号", level="national", region="全国", kind="loan_interest",
               themes=["设备更新", "融资"], summary="对设备更新贷款给予贴息", valid_to="2026-12-31"),
        policy("loan-old", title="设备更新贷款贴息旧办法", doc_no="财金〔2024〕54号", level="national", region="全国",
               kind="loan_interest", themes=["设备更新"], summary="旧办法", status="superseded", valid_to="2025-12-31",
               relations=[{"type": "superseded_by", "target": "loan-mid"}]),
        policy("loan-mid", title="贴息办法中间版", level="national", region="全国", kind="loan_interest",
               summary="中间版", status="superseded", relations=[{"type": "superseded_by", "target": "loan"}]),
        policy("giant", title="专精特新“小巨人”企业奖补", level="province", region="山东省", kind="subsidy",
               summary="对小巨人企业给予奖补", themes=["梯度培育"], window={"kind": "by_notice"}),
        policy("machine", title="首台（套）技术装备奖励", level="city", region="山东省/青岛市", kind="award_honour",
               summary="购买首台套给予奖励", themes=["首台套"],
               window={"kind": "fixed", "opens": "2026-06-01", "closes": "2026-07-01"}),
        policy("soon", title="绿色工厂评价", level="city", region="山东省/济南市", kind="award_honour",
               themes=["绿色低碳"], summary="绿色工厂", window={"kind": "yearly", "opens": "09-01", "closes": "09-30"}),
        policy("closed", title="中试平台建设补助", level="county", region="山东省/青岛市/胶州市", kind="subsidy",
               summary="中试平台", window={"kind": "fixed", "closes": "2026-05-31"}),
        policy("ended", title="稳岗返还", level="province", region="山东省", kind="other", summary="稳岗返还",
               status="expired", valid_to="2025-12-31",
               relations=[{"type": "followed_by", "target_text": "鲁人社〔2026〕9号"}]),
        policy("draft", title="数据中心条例（草案）", kind="other", summary="数据中心", status="draft"),
        policy("later", title="人工智能行动", kind="other", summary="人工智能", valid_from="2026-10-01"),
        policy("ring-a", title="循环甲", summary="循环", status="superseded", valid_to="2024-12-31",
               relations=[{"type": "superseded_by", "target": "ring-b"}]),
        policy("ring-b", title="循环乙", summary="循环", status="superseded", valid_to="2024-12-31",
               relations=[{"type": "superseded_by", "target": "ring-a"}]),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return load_library(write_library(tmp_path_factory.mktemp("library"), *documents()))


@pytest.fixture(scope="module")
def words_only(library: Library) -> Retriever:
    return Retriever(library, None)


@pytest.fixture(scope="module")
def shipped() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def meaning(shipped: Library) -> Iterator[Retriever]:
    yield Retriever(shipped, lazy_encoder())


@pytest.fixture
def find(library: Library, words_only: Retriever) -> Any:
    def found(text: str = "", **filters: Any) -> SearchResult:
        return search(library, words_only, SearchRequest(text, **filters), AS_OF)

    return found


def ids(result: SearchResult) -> list[str]:
    return [hit.policy.policy_id for hit in result.hits]


# ---- words ----------------------------------------------------------------------------------------------------------


def test_brackets_and_widths_do_not_matter() -> None:
    assert fold("首台（套）ＡＢ").text == "首台套ab"
    assert terms_of("专精特新“小巨人”") == terms_of("专精特新小巨人")
    assert compact(" 财金〔2024〕 155 号 ") == "财金2024155号"


@pytest.mark.parametrize(
    "written",
    [
        "财金〔2024〕155号",
        "财金(2024)155号",
        "财金［2024］155 号",
        "财金【2024】第155号",
        "财金2024 155",
        "财金2024年第155号",
    ],
)
def test_a_document_number_is_the_same_however_it_is_written(written: str) -> None:
    assert number_terms(written) == {"财金", "2024", "155"}


def test_a_year_alone_is_no_document_number() -> None:
    assert number_terms("2024年政策") == number_terms("设备更新") == number_terms("") == frozenset()
    assert number_terms("1745号") == {"1745"}


def test_short_names_are_spelt_out_and_the_longer_one_counts() -> None:
    assert expand("高企认定").words == ("高新技术企业",)
    assert "高新技术企业" in expand("高企认定").restated
    assert expand("小巨人企业").words != ()
    assert expand("专精特新小巨人") == expand("专精特新小巨人")
    assert expand("技改贷").words[0] == "技改专项贷"
    assert expand("红烧肉").words == ()


@given(st.text(max_size=60))
def test_folding_keeps_the_places(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.places)
    assert list(folded.places) == sorted(folded.places)
    assert all(0 <= place < len(text) for place in folded.places)


# ---- highlights -----------------------------------------------------------------------------------------------------

TEXTS = st.text(alphabet="设备更新贷款贴息（）“”〔2024〕号 aB.,，。<>&\u200b\U0001f600", max_size=40)


@given(TEXTS, TEXTS)
def test_segments_make_up_the_text(text: str, query: str) -> None:
    needles = dict.fromkeys(terms_of(query), 1.0)
    segments = highlighted(text, needles)
    assert "".join(one.text for one in segments) == text
    assert all(one.text for one in segments)
    assert all(one.hit != other.hit for one, other in pairwise(segments))


@given(TEXTS, TEXTS)
def test_a_snippet_is_a_piece_of_a_passage(text: str, query: str) -> None:
    shown = "".join(one.text for one in snippet([text, "另一段"], dict.fromkeys(terms_of(query), 1.0), 12))
    assert shown.removeprefix("…").removesuffix("…") in text or shown == "另一段"


def test_what_the_query_says_is_marked_across_brackets() -> None:
    needles = dict.fromkeys(terms_of("首台套"), 1.0)
    assert [one.text for one in highlighted("关于首台（套）装备", needles) if one.hit] == ["首台（套"]


def test_words_without_weight_are_marked_only_beside_others() -> None:
    needles = {"高新": 1.0, "企业": 0.0, "新技": 1.0, "技术": 1.0, "术企": 1.0}
    marked = [one.text for one in highlighted("高新技术企业和其他企业", needles) if one.hit]
    assert marked == ["高新技术企业"]


def test_the_snippet_shows_the_best_place_of_the_best_passage() -> None:
    passages = ["甲" * 200, "乙" * 100 + "设备更新贷款贴息" + "丙" * 100]
    shown = snippet(passages, dict.fromkeys(terms_of("设备更新贷款贴息"), 1.0))
    assert [one.text for one in shown if one.hit] == ["设备更新贷款贴息"]
    assert shown[0].text == "…" == shown[-1].text


# ---- requests -------------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        SearchRequest(levels=("moon",), kinds=("x",), themes=("y",), states=("z",), region="火星", page=0, size=1000)
    assert len(caught.value.problems) == 7


def test_chinese_names_are_read() -> None:
    asked = {"text": "x", "levels": ["省级", "city"], "kinds": ["税费优惠"], "region": "济南"}
    request = read_names(asked)
    assert (request.levels, request.kinds, request.region_code) == (("province", "city"), ("tax",), "370100")


# ---- finding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["财金〔2024〕54号", "财金(2024)54号", "财金2024年第54号"])
def test_a_document_number_finds_its_document_first(find: Any, written: str) -> None:
    result = find(written)
    assert ids(result)[0] == "loan-old"
    assert result.hits[0].exact


def test_a_title_is_found_first_and_what_is_in_force_before_what_it_replaced(find: Any) -> None:
    assert ids(find("绿色工厂"))[0] == "soon"
    assert ids(find("设备更新贷款贴息"))[:2] == ["loan-old", "loan"]  # the exact title of the older one
    assert ids(find("贷款 贴息"))[0] == "loan"


def test_an_old_document_leads_to_the_one_that_holds(find: Any) -> None:
    hit = find("设备更新贷款贴息旧办法").hits[0]
    answer = hit.standing.answer
    assert hit.policy.policy_id == "loan-old"
    assert [one.policy_id for one in answer.successors] == ["loan"]  # through the one between, which does not hold
    assert answer.sentence == "已被取代（有效期至 2025 年 12 月 31 日），现行文件是《设备更新贷款财政贴息政策》。"


@pytest.mark.parametrize(
    ("policy_id", "sentence"),
    [
        ("soon", "尚未开放，预计 2026 年 9 月 1 日开放（按往年时间，以通知为准）。"),
        ("closed", "本批已截止（2026 年 5 月 31 日截止），可关注下一批。"),
        ("ended", "已失效（有效期至 2025 年 12 月 31 日），后续文件（库外）是鲁人社〔2026〕9号。"),
        ("draft", "征求意见稿，还没有正式印发。"),
        ("later", "尚未施行，自 2026 年 10 月 1 日起施行。"),
        ("ring-a", "已被取代（有效期至 2024 年 12 月 31 日），后续文件（目前也已不再适用）是《循环乙》。"),
    ],
)
def test_the_plain_answer(library: Library, policy_id: str, sentence: str) -> None:
    answer = standings(library, AS_OF)[policy_id].answer
    assert answer is not None
    assert answer.sentence == sentence


def test_nothing_stands_in_the_way_of_an_open_policy(library: Library) -> None:
    stands = standings(library, AS_OF)
    assert stands["machine"].answer is stands["loan"].answer is stands["giant"].answer is None
    assert [key for key, one in stands.items() if one.open_now] == ["loan", "machine"]
    assert standings(library, dt.date(2026, 7, 2))["machine"].open_now is False


def test_browsing_shows_the_nearest_deadline_first(find: Any) -> None:
    assert ids(find())[:5] == ["machine", "loan", "soon", "giant", "closed"]


def test_nothing_readable_finds_nothing_and_blanks_browse(find: Any) -> None:
    for text in ("“”", "😀😀", "？？？"):
        assert find(text).total == 0
    assert find("  \u200b ").total == len(documents())


def test_what_is_not_there_is_not_made_up(find: Any) -> None:
    result = find("红烧肉做法")
    assert (result.total, result.hits, result.unfiltered) == (0, (), 0)
    assert find("瞪铃企业").alike[0] == "瞪羚企业"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "' OR 1=1 --", "\ud800", "\x00", "%", "a" * 10_000, "(((", "\\"]
)
def test_odd_texts_do_no_harm(find: Any, text: str) -> None:
    json.dumps(search_json(find(text)), ensure_ascii=True)


# ---- filters --------------------------------------------------------------------------------------------------------


def test_a_region_selects_what_holds_there(find: Any) -> None:
    assert set(ids(find(region="青岛", size=50))) == {"loan", "loan-old", "loan-mid", "giant", "ended", "machine"}
    assert "closed" in ids(find(region="山东省/青岛市/胶州市", size=50))
    assert set(ids(find(region="全国", size=50))) == {"loan", "loan-old", "loan-mid"}


def test_filters_join_by_and_their_values_by_or(find: Any) -> None:
    assert set(ids(find(levels=("city", "county"), kinds=("award_honour",)))) == {"machine", "soon"}
    assert ids(find(themes=("首台套",))) == ["machine"]
    assert set(ids(find(states=("征求意见稿", "尚未施行")))) == {"draft", "later"}
    assert ids(find(open_now=True)) == ["machine", "loan"]


def test_counts_are_what_a_click_would_give(find: Any, library: Library) -> None:
    result = find(levels=("national",), open_now=True)
    for field, values in result.facets.items():
        for one in values:
            own = (
                (one.value,)
                if field != "levels"
                else tuple({"national", one.value} - ({"national"} if one.value != "national" else set()))
            )
            other = {"levels": ("national",), "open_now": True} | {field: own}
            assert find(**other).total == one.count, (field, one)
    assert result.open_now == find(levels=("national",), open_now=True).total == 1
    assert [one.chosen for one in result.facets["levels"]] == [
        one.value == "national" for one in result.facets["levels"]
    ]


def test_pages_cover_everything_once_and_the_last_one_is_the_end(find: Any) -> None:
    pages = [find(page=page, size=5) for page in (1, 2, 3)]
    assert [found for page in pages for found in ids(page)] == ids(find(size=100))
    assert find(page=99, size=5).page == 3 == pages[0].pages
    assert find("红烧肉", page=9).page == 1


def test_without_a_model_it_says_so(find: Any) -> None:
    result = find("贷款")
    assert (result.dense, result.note) == (False, NO_MODEL)


# ---- the shipped library --------------------------------------------------------------------------------------------


def test_every_kind_has_a_name(shipped: Library) -> None:
    assert {policy.kind for policy in shipped.policies.values()} <= set(KINDS)


def test_every_policy_is_found_by_its_own_title_and_number(shipped: Library) -> None:
    words = Retriever(shipped, None)
    for one in shipped.policies.values():
        for text in filter(None, (one.title, one.doc_no)):
            hits = search(shipped, words, SearchRequest(text, size=20), SHIPPED_AS_OF).hits
            assert one.policy_id in [hit.policy.policy_id for hit in hits if hit.exact], text


def test_labelled_queries_are_sound(shipped: Library) -> None:
    queries = labelled_queries()
    assert len({one.query for one in queries}) == len(queries) >= 40
    assert all(found in shipped.policies for one in queries for found in one.relevant)


def test_labelled_queries_are_answered(shipped: Library, meaning: Retriever) -> None:
    ways = rankers(shipped, meaning, SHIPPED_AS_OF)
    queries = [one for one in labelled_queries() if one.split == "test"]
    figures = {name: measured(queries, rank) for name, rank in ways.items()}
    both, words, dense = figures["字词加语义"], figures["只按字词"], figures["只按语义"]
    assert both.mrr > max(words.mrr, dense.mrr)
    assert both.mrr >= 0.88
    assert both.five >= 0.92
    assert words.mrr >= 0.70
    assert both.nothing == words.nothing == 1.0


def test_an_everyday_question_is_found_by_its_meaning(shipped: Library, meaning: Retriever) -> None:
    result = search(shipped, meaning, SearchRequest("师傅带徒弟培训补助"), SHIPPED_AS_OF)
    assert result.dense
    assert result.hits[0].policy.policy_id == "nat-apprenticeship-2021-39"
    assert result.hits[0].by_meaning


def test_figures_of_a_ranker() -> None:
    queries = [
        LabelledQuery(query="甲", kind="标题", split="dev", relevant=["a"]),
        LabelledQuery(query="乙", kind="标题", split="test", relevant=["b", "c"]),
        LabelledQuery(query="丙", kind="标题", split="test", relevant=["z"]),
        LabelledQuery(query="丁", kind="无关", split="dev", relevant=[]),
    ]
    found = {"甲": ["a"], "乙": ["x", "c", "b"], "丙": ["x"], "丁": ["x"]}
    got = measured(queries, found.__getitem__)
    assert (got.n, got.mrr, got.first, got.five, got.nothing) == (3, 0.5, 1 / 3, 2 / 3, 0.0)
    lines = table(queries, {"某法": found.__getitem__})
    assert lines[2:4] == [
        "| 全部（dev） | 某法 | 1 | 1.000 | 1.00 | 1.00 | 0.00 |",
        "| 全部（test） | 某法 | 2 | 0.250 | 0.00 | 0.50 | — |",
    ]

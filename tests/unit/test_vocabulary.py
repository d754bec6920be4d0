"""Vocabularies."""

from __future__ import annotations

import pytest

from policies.errors import UnknownCode
from policies.lists import parse_list
from policies.vocabulary import Term, Vocabulary, vocabularies


def test_spellings() -> None:
    honours = vocabularies()["honours"]
    for spelling in ("高企", " 高 企 ", "国家高新技术企业", "高新技术企业"):
        assert honours.canonical(spelling) == "高新技术企业"
    assert honours.canonical("首台(套)技术装备(省级)") == "首台（套）技术装备（省级）"
    assert honours.canonical("5g工厂") == "5G工厂"
    assert honours.canonical("专精特新'小巨人'企业") == "专精特新“小巨人”企业"


def test_unknown_spelling_offers_the_nearest() -> None:
    with pytest.raises(UnknownCode) as caught:
        vocabularies()["honours"].canonical("瞪羚企页")
    assert caught.value.nearest[0].endswith("瞪羚企业") and "词表“honours”中没有“瞪羚企页”" in str(caught.value)


def test_closure_is_transitive_and_stable() -> None:
    honours = vocabularies()["honours"]
    held = honours.closure(["重点“小巨人”企业"])
    assert held == {"重点“小巨人”企业", "专精特新“小巨人”企业", "专精特新中小企业", "创新型中小企业"}
    assert honours.closure(held) == held and honours.closure([]) == frozenset()


def test_every_ladder_ends() -> None:
    for vocabulary in vocabularies().values():
        for name in vocabulary.terms:
            seen, queue = set(), [name]
            while queue:
                term = queue.pop()
                queue += [rung for rung in vocabulary.terms[term].requires if rung not in seen]
                assert name not in vocabulary.terms[term].requires, name
                seen.add(term)


def test_every_name_can_be_written_in_one_cell() -> None:
    for vocabulary in vocabularies().values():
        for name in vocabulary.terms:
            assert parse_list(name) in ([name], []), name


def test_bad_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="属于两个词条"):
        Vocabulary("v", [Term(name="甲"), Term(name="乙", aliases=("甲",))])
    with pytest.raises(ValueError, match="不存在的词条"):
        Vocabulary("v", [Term(name="甲", implies=("丙",))])


def test_suggest_reads_keywords() -> None:
    vocabulary = Vocabulary(
        "v", [Term(name="甲", keywords=("机床",)), Term(name="乙", keywords=("锅炉",)), Term(name="丙")]
    )
    assert vocabulary.suggest("购置数控机床三台") == ["甲"] and vocabulary.suggest("") == []

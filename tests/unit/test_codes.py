"""What both code trees share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.codes import CodeTree, code_file
from policies.errors import UnknownCode
from policies.industries import industries
from policies.regions import regions


def all_codes(tree: CodeTree) -> list[str]:
    codes, stack = [], [tree.root]
    while stack:
        code = stack.pop()
        codes.append(code)
        stack += tree.children(code)
    return codes


@pytest.mark.parametrize("tree", [industries(), regions()], ids=["industries", "regions"])
def test_spans_nest_and_fill_the_line(tree: CodeTree) -> None:
    assert tree.span(tree.root) == tree.whole() == (0, tree.size - 1)
    assert tree.code_of(*tree.whole()) is None
    for code in all_codes(tree):
        first, last = tree.span(code)
        place = first if code not in industry_inner(tree) else first - 1
        for child in tree.children(code):
            assert tree.span(child)[0] == place + 1
            place = tree.span(child)[1]
        assert place == last
        found = tree.code_of(first, last)
        assert found is None or tree.span(found) == (first, last)


def industry_inner(tree: CodeTree) -> set[str]:
    """Inner industries have no number of their own."""
    return {code for code in all_codes(tree) if tree.children(code)} if tree is industries() else set()


def test_every_code_name_and_path_is_found() -> None:
    tree = regions()
    assert len(all_codes(tree)) == tree.size
    for code in all_codes(tree):
        assert tree.find(code) == code
        assert tree.find("/".join(tree.path(code))) == code
        assert tree.find("".join(tree.path(code))) == code
    for row in code_file("gbt4754_2017.csv"):
        found = industries().find(row["name"])
        lo, hi = industries().span(found)
        first, last = industries().span(row["code"])
        assert lo <= first <= last <= hi
        assert industries().find(f"{row['code']} {row['name']}") == row["code"]
        assert industries().level(row["code"]) == int(row["level"])


def test_every_alias_and_zone_file_row_is_sound() -> None:
    for row in code_file("region_aliases.csv"):
        assert all(code in regions() for code in row["codes"].split(";")), row
    for row in code_file("industry_aliases.csv"):
        assert all(code in industries() for code in row["codes"].split(";")), row
    for row in code_file("zones.csv"):
        assert regions().parent(row["code"]) == row["host_code"], row
        assert row["code"].startswith(row["host_code"] + "Z")
        assert row["note"] and regions().level(row["code"]) == 4


def test_search() -> None:
    assert regions().search("黄岛")[0] == ("370211", "黄岛区")
    assert regions().search("3702", 2) == [("370200", "青岛市"), ("370202", "市南区")]
    assert ("370200", "青岛市") in regions().search("清岛")
    assert ("370200", "青岛市") in regions().search("qing")
    assert ("C3421", "金属切削机床制造") in industries().search("机床")
    assert industries().search("342", 1) == [("C342", "金属加工机械制造")]
    assert regions().search("  ") == []


@given(st.one_of(st.text(), st.text("山东省青岛市黄岛区高新济南吉林/ 县新区370211Z0", max_size=20)))
def test_nothing_but_unknown_code(text: str) -> None:
    for tree in (industries(), regions()):
        try:
            assert tree.find(text) in tree
        except UnknownCode as error:
            assert str(error)
        assert len(tree.search(text, 3)) <= 3

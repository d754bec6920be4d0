"""The region tree."""

from __future__ import annotations

import pytest

from policies.codes import AmbiguousCode, MisplacedCode
from policies.errors import UnknownCode
from policies.regions import SEPARATE_BUDGET_CITIES, regions


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("山东省/青岛市/黄岛区", "370211"), ("山东省青岛市黄岛区", "370211"), ("青岛", "370200"), ("Qingdao", "370200"),
        ("Jinan City", "370100"), ("370211", "370211"), ("37", "370000"), ("3702", "370200"), ("鲁", "370000"),
        ("西海岸新区", "370211"), ("全国", "000000"), ("青岛 城阳", "370214"), ("山东 省 青岛 市", "370200"),
        ("北京市/海淀区", "110108"), ("北京市/市辖区/海淀区", "110108"), ("北京市/北京市/海淀区", "110108"),
        ("河南省/济源市", "419001"), ("新疆/石河子市", "659001"), ("110100", "110000"), ("370101", "370100"),
        ("370211001", "370211"), ("内蒙古呼和浩特", "150100"), ("恩施州", "422800"), ("延边", "222400"),
        ("吉林", "220000"), ("吉林市", "220200"), ("吉林省/吉林", "220200"), ("西安", "610100"), ("海南", "460000"),
        ("朝阳双塔区", "211302"), ("莱芜市", "370116"), ("山东省/莱芜市/钢城区", "370117"), ("371200", "370116"),
        ("即墨市", "370215"), ("章丘市", "370114"), ("兖州市", "370812"), ("陵县", "371403"), ("定陶县", "371703"),
        ("垦利县", "370505"), ("沾化县", "371603"), ("文登市", "371003"), ("邹平县", "371681"), ("370282", "370215"),
        ("山东省/济南市/高新区", "370100Z01"), ("济南高新技术产业开发区", "370100Z01"), ("青岛市高新区", "370214Z01"),
        ("山东省/威海市/火炬高技术产业开发区", "371002Z01"), ("烟台市/开发区", "370600Z01"),
        ("胶州/经开区", "370281Z01"), ("青岛/自贸区", "370211Z04"), ("江苏省/苏州市/苏州工业园区", "320500Z01"),
        ("河北省/雄安新区/雄县", "130638"), ("上海/浦东", "310115"), ("重庆市/江北区", "500157"), ("单县", "371722"),
    ],
)  # fmt: skip
def test_region_find(text: str, code: str) -> None:
    assert regions().find(text) == code


def test_region_parent_and_zone_place() -> None:
    tree = regions()
    assert tree.parent(tree.find("青岛高新区")) == "370214"
    assert tree.path("370214Z01") == ("山东省", "青岛市", "城阳区", "青岛高新区")
    assert tree.parent("370000") is None and tree.parent("000000") is None
    assert tree.title("370000") == "山东省"
    assert [tree.title(code) for code in SEPARATE_BUDGET_CITIES] == ["大连市", "宁波市", "厦门市", "青岛市", "深圳市"]
    assert tree.expand("计划单列市") == SEPARATE_BUDGET_CITIES


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("山东省/济宁市/太白湖新区", "370800", "“太白湖新区”未收录，按所在市“济宁市”处理"),
        ("济南市/历下区/高新区", "370100Z01", "济南高新区"),
        ("山东省青岛市黄岛区长江路街道", "370211", "比区县更细"),
        ("高青市", "370322", "按现名“高青县”"),
        ("山东省/青岛市", "370200", ""),
    ],
)
def test_region_notes(text: str, code: str, says: str) -> None:
    found, note = regions().find_with_note(text)
    assert found == code and says in note and bool(says) == bool(note)


def test_region_errors() -> None:
    with pytest.raises(AmbiguousCode) as caught:
        regions().find("鼓楼区")
    assert "江苏省/南京市/鼓楼区" in caught.value.nearest and "江苏省/南京市/鼓楼区" in str(caught.value)
    with pytest.raises(AmbiguousCode):
        regions().find("朝阳")
    with pytest.raises(MisplacedCode, match="“杭州市”不属于“山东省”") as misplaced:
        regions().find("山东省/杭州市")
    assert misplaced.value.nearest == ("浙江省/杭州市",)
    with pytest.raises(UnknownCode) as unknown:
        regions().find("山东省/清岛市")
    assert unknown.value.nearest[0] == "山东省/青岛市"
    for text in ("", "/", "\x00", "999999", "省", "很多" * 100_000):
        with pytest.raises(UnknownCode):
            regions().find(text)
    with pytest.raises(UnknownCode):
        regions().span("青岛")
    with pytest.raises(ValueError, match="span"):
        regions().code_of(5, 4)


def test_code_of_takes_the_deepest() -> None:
    tree = regions()
    assert tree.code_of(*tree.span("370211Z01")) == "370211Z01"
    assert tree.code_of(tree.span("370202")[0], tree.span("370203")[1]) == "370200"
    assert tree.code_of(tree.span("370202")[0], tree.span("310115")[1] + 2000) is None

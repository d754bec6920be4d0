"""The industry tree."""

from __future__ import annotations

import pytest

from policies.codes import AmbiguousCode, MisplacedCode
from policies.errors import UnknownCode
from policies.industries import industries


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("C3421", "C3421"), ("3421", "C3421"), ("C34", "C34"), ("C", "C"), ("c34", "C34"), ("Ｃ３４", "C34"),
        (" 3421 ", "C3421"), ("制造业", "C"), ("金属切削机床制造", "C3421"), ("C3421 金属切削机床制造", "C3421"),
        ("金属切削机床制造（C3421）", "C3421"), ("制造业/通用设备制造业", "C34"), ("软件业", "I65"), ("造纸", "C22"),
        ("信息传输、软件和信息技术服务业", "I"), ("教育", "P"), ("三维（3D）打印技术推广服务", "M7517"),
    ],
)  # fmt: skip
def test_industry_find(text: str, code: str) -> None:
    assert industries().find(text) == code


def test_industry_groups() -> None:
    assert industries().expand("工业") == ("B", "C", "D")
    assert industries().expand("C34") == ("C34",)
    with pytest.raises(AmbiguousCode, match="采矿业"):
        industries().find("工业")


def test_industry_only_child_is_its_parent() -> None:
    tree = industries()
    assert tree.span("C134") == tree.span("C1340")
    assert tree.path("C1340")[0] == "制造业"


def test_industry_errors() -> None:
    with pytest.raises(MisplacedCode, match="食品制造业"):
        industries().find("C3421 食品制造业")
    with pytest.raises(UnknownCode) as caught:
        industries().find("A3421")
    assert caught.value.nearest == ("C3421 金属切削机床制造",)
    with pytest.raises(UnknownCode) as caught:
        industries().find("金属切屑机床制造")
    assert caught.value.nearest[0] == "C3421 金属切削机床制造"
    assert 3 <= len(caught.value.nearest) <= 5
    code, note = industries().find_with_note("C3421 数控车床")
    assert code == "C3421" and "数控车床" in note

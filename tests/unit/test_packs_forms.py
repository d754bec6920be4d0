"""Uploaded forms: plain documents pass, everything active, embedded, outside or clever is refused with a reason."""

from __future__ import annotations

import io
import zipfile

import pytest

from matcher.packs import confined
from matcher.packs.filling import fill
from matcher.packs.forms import form_template
from matcher.packs.inspection import MAX_BYTES, inspect
from matcher.packs.kinds import Family
from matcher.packs.templates import check_template
from matcher.packs.variables import LISTS, example, name_of, variables
from policies.errors import InputError
from policies.fields import registry
from tests.pack_support import changed, text_of, word

NAME = "专用表.docx"
PLAIN = word("单位：{{ 企业名称 }}")
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATION = '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'


def refusal(content: bytes, name: str = NAME) -> str:
    with pytest.raises(InputError) as caught:
        check_template(content, name)
    return str(caught.value)


def with_relation(kind: str, target: str, mode: str = "") -> bytes:
    line = f'{RELATION}{kind}" Target="{target}"{mode}/></Relationships>'
    return changed(PLAIN, rels=("</Relationships>", line))


def in_body(xml: str, content: bytes = PLAIN) -> bytes:
    return changed(content, document=("<w:sectPr", f"{xml}<w:sectPr"))


def field_of(*pieces: str) -> str:
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    codes = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    return f"<w:p>{begin}{codes}{end}</w:p>"


# ---- what passes ----------------------------------------------------------------------------------------------------


def test_every_variable_has_a_name_that_a_template_can_write() -> None:
    names = list(variables())
    assert all(name.isidentifier() for name in names)
    assert not set(names) & set(LISTS)
    assert len(names) == len(registry()) + sum(not one.field for one in variables().values())
    assert {name_of(field.label) for field in registry().values()} <= set(names)


@pytest.mark.parametrize("family", Family)
def test_our_own_forms_pass_the_checks_of_uploaded_ones(family: Family) -> None:
    checked = check_template(form_template(family), NAME)
    assert {"企业名称", "统一社会信用代码", "联系人", "材料清单", "条件清单"} <= set(checked.used)
    assert "〔示例·企业名称〕" in text_of(checked.sample)
    inspect(checked.sample, NAME)


def test_variables_conditions_and_lists_are_filled() -> None:
    template = word(
        "{{ 企业名称 }}{% if 企业规模 == '小型' %}小{% elif 专利数 != '（待填）' %}有{% else %}无{% endif %}",
        "{% for 行 in 材料清单 %}{{ loop.index }}{{ 行.名称 }}；{% endfor %}共{{ 材料清单|length }}项，"
        "{{ 文号|default('无') }}",
    )
    checked = check_template(template, NAME)
    assert checked.used == ("企业名称", "企业规模", "专利数", "材料清单", "文号")
    assert text_of(checked.sample) == "〔示例·企业名称〕有\n1〔示例·名称〕1；2〔示例·名称〕2；共2项，〔示例·文号〕"


def test_what_a_company_writes_stays_text() -> None:
    context = example()
    evil = "{{ 7*7 }}{% for x in y %}</w:t><w:br/>&<a>]]>"
    context["texts"]["企业名称"] = evil
    assert text_of(fill(PLAIN, context, "x").content) == f"单位：{evil}"


def test_a_form_written_in_word_with_pictures_fields_and_footers_passes() -> None:
    content = in_body(field_of(" PA", "GE ") + field_of(' HYPERLINK \\l "_Toc1" ') + field_of("NUMPAGES"))
    assert check_template(content, NAME).used == ("企业名称",)


# ---- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "空文件"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 600, "旧版 doc"),
        (b"<html>", "不是 Word 文档"),
        (b"PK\x03\x04" + b"0" * 100, "已损坏"),
        (PLAIN[: len(PLAIN) // 2], "已损坏"),
        (b"0" * (MAX_BYTES + 1), "上限"),
        (changed(PLAIN, {"word/document.xml": None}), "不是 Word 文档"),
    ],
)
def test_what_is_no_document(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


@pytest.mark.parametrize("name", ["表.doc", "表.docm", "表.dotx", "表", "表.docx.exe"])
def test_other_file_names(name: str) -> None:
    assert "不是 Word 文档" in refusal(PLAIN, name)


def test_a_path_in_the_name_is_cut_off() -> None:
    assert refusal(b"", "C:\\私人\\表.docx").startswith("文件“表.docx”")


def test_zip_bombs() -> None:
    zeros = b" " * 3_900_000
    bomb = f"<w:document {W}><w:body><!--".encode() + zeros + b"--></w:body></w:document>"
    assert "压缩炸弹" in refusal(changed(PLAIN, {"word/document.xml": bomb}))
    assert "解压后有" in refusal(changed(PLAIN, {f"word/media/image{n}.png": zeros for n in range(5)}))
    assert "个部件" in refusal(changed(PLAIN, {f"word/media/i{n}.png": b"x" for n in range(300)}))


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "word\\evil.xml", "word/ＸＭＬ.xml", "word/a b.xml"])
def test_odd_names_of_parts(name: str) -> None:
    assert "不正常的部件名" in refusal(changed(PLAIN, {name: b"<a/>"}))


def test_the_same_part_twice() -> None:
    out = io.BytesIO(PLAIN)
    with zipfile.ZipFile(out, "a") as made:
        made.writestr("WORD/document.xml", b"<a/>")
    assert "重复的部件" in refusal(out.getvalue())


def test_macros_templates_and_embedded_parts() -> None:
    main = "wordprocessingml.document.main+xml"
    word_main = f"application/vnd.openxmlformats-officedocument.{main}"
    for other in (
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        word_main.replace("document.main", "template.main"),
    ):
        assert "带宏的文档或 Word 模板" in refusal(changed(PLAIN, types=(word_main, other)))
    for part, kind in (
        ("word/vbaProject.bin", "application/vnd.ms-office.vbaProject"),
        ("word/embeddings/oleObject1.bin", "application/vnd.openxmlformats-officedocument.oleObject"),
        ("word/activeX/activeX1.xml", "application/vnd.ms-office.activeX+xml"),
        ("word/afchunk.htm", "text/html"),
    ):  # fmt: skip
        line = f'<Override PartName="/{part}" ContentType="{kind}"/></Types>'
        assert "不允许的部件" in refusal(changed(PLAIN, {part: b"x"}, types=("</Types>", line)))
    assert "不允许的部件" in refusal(changed(PLAIN, {"word/evil.exe": b"MZ"}))
    second = f'<Override PartName="/word/second.xml" ContentType="{word_main}"/></Types>'
    assert "不允许的部件" in refusal(changed(PLAIN, {"word/second.xml": b"<a/>"}, types=("</Types>", second)))


@pytest.mark.parametrize(
    ("kind", "target", "mode", "reason"),
    [
        ("attachedTemplate", "https://evil.example/t.dotm", ' TargetMode="External"', "外部内容"),
        ("image", "https://evil.example/x.png", ' TargetMode="External"', "外部内容"),
        ("hyperlink", "https://evil.example", ' TargetMode="External"', "外部内容"),
        ("image", "file:///etc/passwd", "", "外部内容"),
        ("image", "\\\\evil\\share\\x.png", "", "外部内容"),
        ("image", "//evil/x.png", "", "外部内容"),
        ("image", "../../../etc/passwd", "", "外部内容"),
        ("oleObject", "embeddings/o.bin", "", "不允许的关联"),
        ("aFChunk", "chunk.htm", "", "不允许的关联"),
        ("subDocument", "other.docx", "", "不允许的关联"),
        ("frame", "other.docx", "", "不允许的关联"),
        ("control", "activeX/activeX1.xml", "", "不允许的关联"),
    ],
)
def test_relations(kind: str, target: str, mode: str, reason: str) -> None:
    assert reason in refusal(with_relation(kind, target, mode))


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("<w:p><w:r><w:object/></w:r></w:p>", "不允许的内容“object”"),
        ('<w:altChunk w:id="x"/>', "不允许的内容“altChunk”"),
        ('<w:subDoc w:id="x"/>', "不允许的内容“subDoc”"),
        ("<w:p><w:r><w:control/></w:r></w:p>", "不允许的内容“control”"),
        (
            '<v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata src="http://evil.example/x"/></v:shape>',
            "外部内容",
        ),
        (
            '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r></w:p>' + field_of("DDEAUTO cmd"),
            "不允许的域“DDEAUTO cmd”",
        ),
        (field_of("DD", "EAUTO c:\\\\windows"), "不允许的域"),
        (field_of('INCLUDETEXT "http://evil"'), "不允许的域"),
        (field_of("INCLUDEPICTURE x"), "不允许的域"),
        (field_of('HYPERLINK "http://evil"'), "不允许的域"),
        ('<w:p><w:fldSimple w:instr=" LINK Excel.Sheet "/></w:p>', "不允许的域"),
        (field_of("{{ 企业名称 }}"), "写在了正文以外"),
        ('<w:p><w:bookmarkStart w:id="1" w:name="{{ 企业名称 }}"/></w:p>', "写在了正文以外"),
        ("<w:tbl>" * 130 + "</w:tbl>" * 130, "过于复杂"),
    ],
)
def test_elements_and_fields(xml: str, reason: str) -> None:
    assert reason in refusal(in_body(xml))


def test_entities_and_broken_xml() -> None:
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as given:
        body = given.read("word/document.xml")
    lol = body.replace(b"<w:document", b'<!DOCTYPE w:document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:document', 1)
    assert "DOCTYPE" in refusal(changed(PLAIN, {"word/document.xml": lol}))
    assert "不完整" in refusal(changed(PLAIN, {"word/document.xml": body[:-20]}))
    assert "mailMerge" in refusal(changed(PLAIN, settings=("</w:settings>", "<w:mailMerge/></w:settings>")))


# ---- what it says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ 企业名称.__class__ }}",
        "{{ 企业名称.format(1) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__ }}",
        "{{ request.application }}",
        "{{ config }}",
        "{{ 企业名称|attr('__class__') }}",
        "{{ 企业名称|safe }}",
        "{{ 企业名称|center(1000000000) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ range(10**9)|list }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for 行 in 材料清单 %}{% for 列 in 材料清单 %}x{% endfor %}{% endfor %}",
        "{% for 行 in 材料清单 recursive %}{{ loop(材料清单) }}{% endfor %}",
        "{% for 行 in 材料清单 %}{{ 行.__class__ }}{% endfor %}",
        "{% for 行 in 材料清单 %}{{ 行['名称'] }}{% endfor %}",
        "{% for 行 in 材料清单 %}{{ 行 }}{% endfor %}",
        "{% for 字 in 企业名称 %}{{ 字 }}{% endfor %}",
        "{% set x = 企业名称 %}{{ x }}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% autoescape false %}{{ 企业名称 }}{% endautoescape %}",
        "{% filter upper %}{{ 企业名称 }}{% endfilter %}",
        "{% block a %}{{ 企业名称 }}{% endblock %}",
        "{{ 企业名称 is callable }}",
        "{{ [企业名称] * 1000 }}",
        "{{ {'a': 企业名称} }}",
        "{{ 企业名称[0] }}",
        "{{ 企业名称 ~ 企业名称 }}",
        "{{ 材料清单 }}",
        "{{ 企业名称",
        "{% if 企业名称 %}",
        "{% endfor %}",
        "{{ 企业名称 企业名称 }}",
    ],
)
def test_attacks_on_the_sandbox_and_what_is_not_simple(text: str) -> None:
    with pytest.raises(InputError) as caught:
        fill(word(text), example(), NAME)
    told = str(caught.value)
    assert any("\u4e00" <= one <= "\u9fff" for one in told)
    assert "Traceback" not in told


def test_an_attack_is_refused_in_the_process_of_its_own_too() -> None:
    assert "不允许这种写法" in refusal(word("{{ 企业名称 }}{{ ''.__class__ }}"))


def test_a_template_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "SECONDS", 2)
    cell = f"<w:tc><w:p><w:r><w:t>{{% colspan{' ' * 20_000}x</w:t></w:r></w:p></w:tc>"  # the library's pattern is cubic
    endless = in_body(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>")
    assert "在 2 秒内没有填写完" in refusal(endless)


def test_a_process_that_dies_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "_environment", dict)  # it does not even find the package
    monkeypatch.setattr(confined.sys, "executable", "/bin/false")
    assert "试填示例企业时出错" in refusal(PLAIN)


def test_the_process_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIQI_CONTACT_KEY", "secret")
    assert set(confined._environment()) == {"PYTHONPATH", "PYTHONHASHSEED", "LC_ALL"}


def test_an_unknown_variable_is_named_with_what_there_is() -> None:
    told = refusal(
        word(
            "单位（盖章）：{{ 企业全称 }}",
            "{% for 行 in 附件 %}{% endfor %}",
            "{% for 行 in 材料清单 %}{{ 行.份数 }}{% endfor %}",
        )
    )
    assert "变量“企业全称”：没有这个变量（附近的文字：单位（盖章）：{{ 企业全称 }}）" in told
    assert "相近的有：企业名称" in told and "统一社会信用代码" in told
    assert told.count("可用的变量和列表：") == 1
    assert "“附件”不是列表" in told and "材料清单、条件清单、测算清单" in told
    assert "没有“份数”，只有：名称、状态、说明" in told


def test_a_template_without_variables_or_with_misplaced_ones() -> None:
    assert "没有任何变量" in refusal(word("申请表"))
    assert "试填示例企业时出错" in refusal(word("{{p 企业名称 }}"))
    assert "试填示例企业时出错" in refusal(word("{{r 企业名称 }}"))


def test_variables_hidden_in_headers_footers_and_properties_are_checked_too() -> None:
    from docx import Document

    document = Document(io.BytesIO(PLAIN))
    document.sections[0].header.paragraphs[0].text = "{{ 页眉变量 }}"
    document.sections[0].footer.paragraphs[0].text = "{{ ''.__class__ }}"
    document.core_properties.title = "{{ 标题变量 }}"
    out = io.BytesIO()
    document.save(out)
    told = refusal(out.getvalue())
    assert "页眉变量" in told and "__class__" in told and "标题变量" in told


def test_a_variable_cut_into_runs_is_still_one() -> None:
    pieces = "".join(f"<w:r><w:t>{piece}</w:t></w:r>" for piece in ("{", "{ 企业", "名", "称 }", "}"))
    assert "企业名称" in check_template(in_body(f"<w:p>{pieces}</w:p>", word("表")), NAME).used

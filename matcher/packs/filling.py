"""Fills a Word template: what it may say is a short list, read from its syntax before anything of it runs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from docx.enum.text import WD_COLOR_INDEX
from docx.opc.exceptions import OpcError
from docx.oxml.ns import nsmap
from docx.text.run import Run
from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from rapidfuzz import process

from matcher.packs import words
from matcher.packs.variables import LISTS, Context, variables
from policies.errors import InputError, Problem

NEAR_CHARS = 30
MAX_PROBLEMS = 20
FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_FILTERS = frozenset({"default", "d", "length"})
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.If, nodes.CondExpr, nodes.Compare,
    nodes.Operand, nodes.Not, nodes.And, nodes.Or,
)  # fmt: skip
"""What needs no look of its own; everything that is not here and has no rule below is refused."""
_LOOP = frozenset({"index", "first", "last", "length"})
_MARKUP = re.compile(r"<[^>]*>")
_W = f"{{{nsmap['w']}}}"
_TEXTS = frozenset({f"{_W}t", f"{_W}delText", f"{_W}instrText", f"{_W}delInstrText"})
_BROKEN = (
    TemplateError, OpcError, LookupError, ValueError, AttributeError, TypeError, RecursionError, SyntaxError,
)  # fmt: skip
"""What the libraries raise over a document that is not whole."""


@dataclass(frozen=True)
class Filled:
    """A document, and the variables that its template names."""

    content: bytes
    used: tuple[str, ...]


class _BadPlace(Exception):
    """Something that a template may not say."""

    def __init__(self, where: str, reason: str, remedy: str = "") -> None:
        self.problem = Problem(where, reason, remedy)


class _Document(DocxTemplate):  # type: ignore[misc]  # the package has no types
    """A template whose result must be whole: the library mends broken XML by leaving out what it cannot read."""

    def render_xml_part(self, *args: Any) -> str:
        """Fill one part; ValueError if it breaks the document."""
        rendered: str = super().render_xml_part(*args)
        for element in ElementTree.fromstring(rendered).iter():
            if not element.tag.startswith(_W):
                continue
            own = "" if element.tag in _TEXTS else element.text or ""
            if own.strip() or any((child.tail or "").strip() for child in element):
                raise ValueError("text outside of a run")
        return rendered


def environment() -> ImmutableSandboxedEnvironment:
    """Jinja with autoescape in a sandbox, without functions, tests, and filters but three."""
    made = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, enable_async=False)
    made.globals.clear()
    made.tests.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


def fill(template: bytes, context: Context, where: str) -> Filled:
    """Fill a template.

    Args:
        template: A DOCX file that `matcher.packs.inspection` has passed.
        context: A value for every variable, rows for every list.
        where: What the template is called, for messages.

    Returns:
        The document (not yet fit to be compared byte by byte: `matcher.packs.archive.steady` makes it so).

    Raises:
        InputError: the template says something that it may not, or names what does not exist: every place at once.
    """
    jinja = environment()
    try:
        document = _Document(io.BytesIO(template))
        used = _checked(document, jinja, where)
        document = _Document(io.BytesIO(template))
        document.render({**context["texts"], **context["lists"]}, jinja)
        _mark_blanks(document)
        out = io.BytesIO()
        document.save(out)
    except _BROKEN as error:
        raise InputError([Problem(where, words.NOT_FILLED, words.SIMPLER)]) from error
    return Filled(out.getvalue(), used)


def _mark_blanks(document: DocxTemplate) -> None:
    """What a person has to fill in stands out."""
    for element in document.docx.element.body.iter(f"{_W}r"):
        if element.text == words.BLANK:
            Run(element, document.docx).font.highlight_color = WD_COLOR_INDEX.YELLOW


def _checked(document: DocxTemplate, jinja: ImmutableSandboxedEnvironment, where: str) -> tuple[str, ...]:
    """The variables that a template names, in their order of first use."""
    used: dict[str, None] = {}
    problems: list[Problem] = []
    for source in _sources(document):
        checker = _Checker(source, used, problems)
        try:
            checker.check(jinja.parse(source))
        except TemplateSyntaxError as error:
            problems.append(Problem(where, words.BAD_SYNTAX.format(near=checker.near(error.lineno)), words.ONLY_SIMPLE))
    if problems:
        found = list(dict.fromkeys(problems))[:MAX_PROBLEMS]
        unknown = any(problem.remedy.startswith(words.NEAREST) for problem in found)
        known = [Problem(words.KNOWN_VARIABLES, "、".join([*variables(), *LISTS]))] if unknown else []
        raise InputError([*found, *known])
    return tuple(used)


def _sources(document: DocxTemplate) -> Iterator[str]:
    """Every text that is rendered, as Jinja gets it: body, headers, footers, footnotes, properties."""
    document.init_docx()
    yield _lines(document.patch_xml(document.get_xml()))
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        for _, part in document.get_headers_footers(uri):
            yield _lines(document.patch_xml(document.get_part_xml(part)))
    for part in document.docx.part.package.parts:
        if part.content_type == FOOTNOTES:
            yield _lines(document.patch_xml(part.blob.decode("utf-8")))
    properties = document.docx.core_properties
    for name in ("author", "comments", "identifier", "language", "subject", "title"):
        yield str(getattr(properties, name))


def _lines(source: str) -> str:
    """A paragraph a line, so that a line number leads to its text."""
    return re.sub(r"<w:p([ >])", r"\n<w:p\1", source)


@dataclass
class _Checker:
    """Walks through the syntax of one text."""

    source: str
    used: dict[str, None]
    problems: list[Problem]
    _rows: dict[str, str] = field(default_factory=dict)

    def check(self, template: nodes.Template) -> None:
        """Note every problem, and every variable that is named."""
        self._node(template)

    def near(self, line: int) -> str:
        """The text of a line, without markup, shortened."""
        lines = self.source.split("\n")
        return self._short(lines[min(line, len(lines)) - 1] if lines else "")

    def _short(self, text: str) -> str:
        plain = " ".join(_MARKUP.sub("", text).split())
        return plain if len(plain) <= NEAR_CHARS else plain[:NEAR_CHARS] + "…"

    def _node(self, node: nodes.Node) -> None:
        try:
            match node:
                case nodes.Name():
                    self._name(node)
                case nodes.Getattr():
                    self._getattr(node)
                case nodes.Filter():
                    self._filter(node)
                case nodes.For():
                    self._for(node)
                case _ if isinstance(node, _PLAIN):
                    self._children(node)
                case _:
                    raise self._refused(type(node).__name__, node)
        except _BadPlace as error:
            self.problems.append(error.problem)

    def _children(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self._node(child)

    def _name(self, node: nodes.Name) -> None:
        name = node.name
        if name in self._rows:
            raise _BadPlace(
                words.VARIABLE.format(name=name), words.ROW_ALONE.format(columns="、".join(LISTS[self._rows[name]]))
            )
        if name in LISTS:
            raise _BadPlace(words.VARIABLE.format(name=name), words.A_LIST.format(name=name))
        if name not in variables():
            raise self._unknown(name, node)
        self.used[name] = None

    def _getattr(self, node: nodes.Getattr) -> None:
        if not isinstance(node.node, nodes.Name):
            raise self._refused(f".{node.attr}", node)
        owner = node.node.name
        if owner == "loop" and self._rows and node.attr in _LOOP:
            return
        if owner not in self._rows:
            raise self._refused(f"{owner}.{node.attr}", node)
        columns = LISTS[self._rows[owner]]
        if node.attr not in columns:
            told = words.NO_SUCH_COLUMN.format(name=self._rows[owner], column=node.attr, columns="、".join(columns))
            raise _BadPlace(words.VARIABLE.format(name=f"{owner}.{node.attr}"), told)

    def _filter(self, node: nodes.Filter) -> None:
        if node.name not in _FILTERS or node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise self._refused(f"|{node.name}", node)
        if node.name == "length" and isinstance(node.node, nodes.Name) and node.node.name in LISTS:
            self.used[node.node.name] = None
            return
        self._children(node)

    def _for(self, node: nodes.For) -> None:
        if self._rows:
            raise _BadPlace(words.VARIABLE.format(name="for"), words.NESTED.format(near=self.near(node.lineno)))
        if not isinstance(node.target, nodes.Name) or node.test is not None or node.recursive:
            raise self._refused("for", node)
        name = node.iter.name if isinstance(node.iter, nodes.Name) else ""
        if name not in LISTS:
            shown = name or self.near(node.lineno)
            raise _BadPlace(
                words.VARIABLE.format(name=shown), words.NOT_A_LIST.format(name=shown, lists="、".join(LISTS))
            )
        self.used[name] = None
        self._rows[node.target.name] = name
        for child in (*node.body, *node.else_):
            self._node(child)
        self._rows.clear()

    def _refused(self, kind: str, node: nodes.Node) -> _BadPlace:
        reason = words.NOT_ALLOWED.format(kind=kind[:40], near=self.near(node.lineno))
        return _BadPlace(words.VARIABLE.format(name=kind[:40]), reason, words.ONLY_SIMPLE)

    def _unknown(self, name: str, node: nodes.Node) -> _BadPlace:
        nearest = "、".join(hit for hit, _, _ in process.extract(name, [*variables(), *LISTS], limit=3))
        reason = words.UNKNOWN_VARIABLE.format(near=self.near(node.lineno))
        return _BadPlace(words.VARIABLE.format(name=name[:40]), reason, words.NEAREST + nearest)

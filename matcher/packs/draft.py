"""An application with its form filled in: what a page shows before the pack is made, and what the pack is made from."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.packs import words
from matcher.packs.case import Case
from matcher.packs.confined import fill_confined
from matcher.packs.filling import fill
from matcher.packs.forms import form_template
from matcher.packs.kinds import family_of
from matcher.packs.layouts import LAYOUTS
from matcher.packs.papers import Paper, papers_of
from matcher.packs.values import Value, context_of, one_line, values_of
from matcher.packs.variables import LISTS, Row, variables
from matcher.packs.worksheet import inputs_of
from matcher.store.packs import PackTemplate
from policies.errors import InputError


@dataclass(frozen=True)
class Draft:
    """One application.

    Attributes:
        form: The filled form (DOCX).
        form_name: What the form is called, in Chinese.
        values: Every variable.
        used: Names of the variables that the form asks for, lists left out.
        warnings: What the reader must know first, in Chinese.
    """

    case: Case
    form: bytes
    form_name: str
    values: dict[str, Value]
    used: tuple[str, ...]
    papers: tuple[Paper, ...]
    conditions: tuple[Row, ...]
    warnings: tuple[str, ...]

    @property
    def company(self) -> str:
        """The company's name, or a stand-in."""
        name = self.values["企业名称"]
        return one_line(self.case.profile.name) if name.blank else name.text

    @property
    def blanks(self) -> tuple[str, ...]:
        """Labels of what the form asks for and nobody knows yet."""
        return tuple(variables()[name].label for name in self.used if self.values[name].blank)

    @property
    def facts(self) -> tuple[tuple[str, str, str], ...]:
        """Label, value and source of each fact in the form."""
        return tuple(
            (variables()[name].label, value.text, value.source)
            for name in self.used
            if (value := self.values[name]).source and not value.blank
        )


def draft_of(case: Case, template: PackTemplate | None = None) -> Draft:
    """Fill the form of a measure.

    Args:
        case: The application.
        template: The measure's own form; one that cannot be filled any more gives way to that of its kind, with a
            warning.
    """
    values, papers = values_of(case), papers_of(case)
    context = context_of(case, values, [paper.row for paper in papers], inputs_of(case, values))
    layout = LAYOUTS[family_of(case.match.entry)]
    filled, name, warnings = None, layout.title, case.warnings
    if template is not None:
        try:
            filled = fill_confined(template.content, context, words.FILE.format(name=template.name))
            name = words.OWN_FORM
        except InputError as error:
            warnings = (*warnings, words.FORM_FAILED.format(reason=error.problems[0].reason))
    if filled is None:
        family = family_of(case.match.entry)
        filled = fill(form_template(family), context, layout.title)
    return Draft(
        case=case,
        form=filled.content,
        form_name=name,
        values=values,
        used=tuple(one for one in filled.used if one not in LISTS),
        papers=papers,
        conditions=tuple(context["lists"][words.LIST_CONDITIONS]),
        warnings=warnings,
    )

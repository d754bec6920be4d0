"""The inputs of the form, and what they offer while somebody types."""

from __future__ import annotations

from typing import Any

import gradio as gr

from matcher.ui import cards, form, layout, text
from matcher.ui.shell import plain
from policies.fields import registry

Inputs = dict[str, gr.components.FormComponent]

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
PLAIN_INPUT = gr.InputHTMLAttributes(autocomplete="off", spellcheck=False)
_SHORT = 100


def form_inputs() -> tuple[Inputs, list[gr.Accordion]]:
    """All inputs of the form by key of `form.KEYS`, and the folds around the second plan and the next."""
    inputs: Inputs = {}
    folds = []
    with _group(text.GROUP_WHO):
        _who(inputs)
    with _group(text.GROUP_STATE):
        _state(inputs)
    with _group(text.GROUP_PLANS):
        _plan(inputs, 1)
        for number in range(2, form.MAX_PLANS + 1):
            with gr.Accordion(text.PLAN_ADD.format(number=number), open=False, elem_id=f"plan{number}") as fold:
                _plan(inputs, number)
            folds.append(fold)
        _box(inputs, "needs", text.NEEDS, text.NEEDS_INFO, limit=form.MAX_TEXT_CHARS, lines=2)
    return inputs, folds


def _group(heading: str) -> gr.Column:
    column = gr.Column(elem_classes="hq-group")
    with column:
        plain(layout.render("group", heading=heading))
    return column


def _who(inputs: Inputs) -> None:
    _box(inputs, "name", registry()["name"].label, text.NAME_INFO)
    _box(inputs, "uscc", text.OPTIONAL.format(label=registry()["uscc"].label), text.USCC_INFO, limit=40)
    with gr.Row():
        province = _drop(inputs, "province", text.PROVINCE, text.PROVINCE_INFO, form.provinces())
        city = _drop(inputs, "city", text.CITY, text.CITY_INFO, [])
        county = _drop(inputs, "county", text.COUNTY, text.COUNTY_INFO, [])
    province.change(_below_province, [province, city, county], [city, county], preprocess=False, **QUIET)
    city.change(_below, [city, county], county, preprocess=False, **QUIET)
    _industry(inputs)
    _box(inputs, "products", registry()["products"].label, text.PRODUCTS_INFO, limit=form.MAX_TEXT_CHARS)
    _box(inputs, "established", text.ESTABLISHED, text.ESTABLISHED_INFO)
    _radio(inputs, "ownership", text.OWNERSHIP)


def _state(inputs: Inputs) -> None:
    fields = registry()
    with gr.Row():
        _box(inputs, "employees", fields["employees"].label, text.EMPLOYEES_INFO)
        _box(inputs, "revenue_wan", fields["revenue_wan"].label, text.REVENUE_INFO)
    with gr.Row():
        _box(inputs, "assets_wan", fields["assets_wan"].label, text.AMOUNT_INFO)
        _box(inputs, "rd_expense_wan", fields["rd_expense_wan"].label, text.RD_INFO)
    _radio(inputs, "taxpayer_type", text.TAXPAYER)
    with gr.Row():
        _radio(inputs, "credit_ok", text.CREDIT, text.CREDIT_INFO)
        _radio(inputs, "export", text.EXPORT, text.EXPORT_INFO)
    choices = [text.NONE_HELD, *form.terms("honours")]
    inputs["honours"] = gr.Dropdown(
        choices, label=fields["honours"].label, info=text.HONOURS_INFO, multiselect=True, elem_id="f-honours"
    )


def _plan(inputs: Inputs, number: int) -> None:
    fields = registry()
    key = f"plan{number}_{{}}".format
    label = text.PLAN_TITLE.format(number=number)
    written = _box(inputs, key("text"), label, text.PLAN_TEXT_INFO, limit=form.MAX_PLAN_CHARS, lines=3)
    hint = plain("", visible=False)
    inputs[key("project_type")] = gr.Dropdown(
        form.terms("project_type"), label=fields["project_type"].label, info=text.PROJECT_TYPE_INFO, multiselect=True,
        elem_id=f"f-{key('project_type')}",
    )  # fmt: skip
    with gr.Row():
        _box(inputs, key("equipment_invest_wan"), fields["equipment_invest_wan"].label, text.AMOUNT_INFO)
        _box(inputs, key("project_invest_wan"), fields["project_invest_wan"].label, text.AMOUNT_INFO)
    with gr.Row():
        _box(inputs, key("loan_wan"), fields["loan_wan"].label, text.AMOUNT_INFO)
        _box(inputs, key("start"), text.START, text.START_INFO)
    written.blur(_show_hint, written, hint, **QUIET)


def _industry(inputs: Inputs) -> None:
    typed = _box(inputs, "industry", text.INDUSTRY, text.INDUSTRY_INFO)
    pick = gr.Radio([], label=text.INDUSTRY_PICK, visible=False, elem_id="f-industry_pick")
    inputs["industry_pick"] = pick
    typed.change(_offer, [typed, pick], pick, trigger_mode="always_last", **QUIET)
    typed.submit(_take_first, typed, pick, **QUIET)


def _box(inputs: Inputs, key: str, label: str, info: str, limit: int = _SHORT, lines: int = 1) -> gr.Textbox:
    box = gr.Textbox(
        label=label, info=info, max_length=limit, lines=lines, max_lines=max(lines, 8) if lines > 1 else 1,
        elem_id=f"f-{key}", min_width=260, html_attributes=PLAIN_INPUT,
    )  # fmt: skip
    inputs[key] = box
    return box


def _drop(inputs: Inputs, key: str, label: str, info: str, choices: form.Choices) -> gr.Dropdown:
    box = gr.Dropdown(choices, value=None, label=label, info=info, elem_id=f"f-{key}", min_width=220)
    inputs[key] = box
    return box


def _radio(inputs: Inputs, name: str, label: str, info: str | None = None) -> None:
    choices = form.radio_choices(name)
    inputs[name] = gr.Radio(choices, value=text.NOT_SURE, label=label, info=info, elem_id=f"f-{name}", min_width=260)


def _offer(typed: str | None, picked: str | None) -> Any:
    """Candidates while typing; a pick stays only while it is among them."""
    found = form.industry_candidates(typed or "")
    kept = picked if picked in [code for _, code in found] else None
    return gr.update(choices=found, value=kept, visible=bool(found))


def _take_first(typed: str | None) -> Any:
    found = form.industry_candidates(typed or "")
    return gr.update(choices=found, value=found[0][1] if found else None, visible=bool(found))


def _below_province(province: object, city: object, county: object) -> tuple[Any, Any]:
    """Counties follow their city and are only touched where it goes; without a city its own event is still to come."""
    kept = not city or any(code == city for _, code in form.below(province if isinstance(province, str) else None))
    return _below(province, city), gr.skip() if kept else _below(None, county)


def _below(above: object, chosen: object) -> Any:
    """Choices one level down. A choice is only touched where it does not belong there: one may be made meanwhile."""
    offered = form.below(above if isinstance(above, str) else None)
    strange = bool(chosen) and chosen not in [code for _, code in offered]
    return gr.update(choices=offered, value=None) if strange else gr.update(choices=offered)


def _show_hint(plan: str | None) -> Any:
    hint = form.plan_hint(plan or "")
    return gr.update(value=cards.render_hint(hint) if hint else "", visible=bool(hint))

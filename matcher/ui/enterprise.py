"""The page for one company: form, results, and the question that is answered in place."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr

from matcher.engine import Engine
from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import cards, form, session, shell, text
from matcher.ui.session import Session
from matcher.ui.shell import plain
from policies.errors import HuiqiError, InputError, Problem
from policies.fields import Field, registry

Updates = tuple[Any, ...]
Inputs = dict[str, gr.components.FormComponent]

_LOG = logging.getLogger(__name__)
_BUSY = f"(...given) => {{ hqBusy({json.dumps(text.MATCHING, ensure_ascii=False)}); return given; }}"
_FOCUS_RESULT = "() => hqFocus('hq-errors', 'hq-summary')"
_FOCUS_QUESTION = "() => hqFocus('hq-errors', 'hq-question')"
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_PLAIN_INPUT = gr.InputHTMLAttributes(autocomplete="off", spellcheck=False)
_SHORT = 100


def build(services: Services, *, local: bool) -> gr.Blocks:
    """The page; `local` where nobody has to log in. Handlers revalidate everything that they are sent."""
    page = gr.Blocks(title=text.TITLE, analytics_enabled=False)
    with page:
        shell.header("e", Role.ENTERPRISE, local=local, skip_to="go")
        plain(cards.render_page("intro"))
        errors = plain("", visible=False)
        with gr.Column(elem_id="hq-form"):
            inputs = _form()
            go = gr.Button(text.START_MATCH, variant="primary", elem_id="go")
            plain(cards.render_page("busy"))
        _Results(services.engine, errors, inputs, go)
        plain(cards.render_page("footer"))
    return page


# ---- form -----------------------------------------------------------------------------------------------------------


def _form() -> Inputs:
    inputs: Inputs = {}
    with _group(text.GROUP_WHO):
        _who(inputs)
    with _group(text.GROUP_STATE):
        _state(inputs)
    with _group(text.GROUP_PLANS):
        _plan(inputs, 1)
        for number in range(2, form.MAX_PLANS + 1):
            with gr.Accordion(text.PLAN_ADD.format(number=number), open=False, elem_id=f"plan{number}"):
                _plan(inputs, number)
        _box(inputs, "needs", text.NEEDS, text.NEEDS_INFO, limit=form.MAX_TEXT_CHARS, lines=2)
    return inputs


def _group(heading: str) -> gr.Column:
    column = gr.Column(elem_classes="hq-group")
    with column:
        plain(cards.render_page("group", heading=heading))
    return column


def _who(inputs: Inputs) -> None:
    _box(inputs, "name", registry()["name"].label, text.NAME_INFO)
    _box(inputs, "uscc", text.OPTIONAL.format(label=registry()["uscc"].label), text.USCC_INFO, limit=40)
    with gr.Row():
        province = _drop(inputs, "province", text.PROVINCE, text.PROVINCE_INFO, form.provinces())
        city = _drop(inputs, "city", text.CITY, text.CITY_INFO, [])
        county = _drop(inputs, "county", text.COUNTY, text.COUNTY_INFO, [])
    province.change(lambda code: (_offer_below(code), _offer_below(None)), province, [city, county], **_QUIET)
    city.change(_offer_below, city, county, **_QUIET)
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
    written.blur(_show_hint, written, hint, **_QUIET)


def _industry(inputs: Inputs) -> None:
    typed = _box(inputs, "industry", text.INDUSTRY, text.INDUSTRY_INFO)
    pick = gr.Radio([], label=text.INDUSTRY_PICK, visible=False, elem_id="f-industry_pick")
    inputs["industry_pick"] = pick
    typed.change(_offer, [typed, pick], pick, trigger_mode="always_last", **_QUIET)
    typed.submit(_take_first, typed, pick, **_QUIET)


def _box(inputs: Inputs, key: str, label: str, info: str, limit: int = _SHORT, lines: int = 1) -> gr.Textbox:
    box = gr.Textbox(
        label=label, info=info, max_length=limit, lines=lines, max_lines=max(lines, 8) if lines > 1 else 1,
        elem_id=f"f-{key}", min_width=260, html_attributes=_PLAIN_INPUT,
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


def _offer_below(code: str | None) -> Any:
    return gr.update(choices=form.below(code), value=None)


def _show_hint(plan: str | None) -> Any:
    hint = form.plan_hint(plan or "")
    return gr.update(value=cards.render_hint(hint) if hint else "", visible=bool(hint))


# ---- results --------------------------------------------------------------------------------------------------------


class _Results:
    """Everything below the form, and the steps that change it."""

    def __init__(self, engine: Engine, errors: gr.HTML, inputs: Inputs, go: gr.Button) -> None:
        self.engine = engine
        self.state = gr.State(session.empty())
        self.summary = plain("", visible=False)
        with gr.Column(visible=False, elem_classes="hq-panel") as self.ask:
            self.question = plain("", visible=True)
            self.one = gr.Radio([], label=text.ANSWER, visible=False, elem_id="f-answer-one")
            self.many = gr.CheckboxGroup([], label=text.ANSWER, visible=False, elem_id="f-answer-many")
            self.words = gr.Textbox(
                label=text.ANSWER, visible=False, max_length=session.MAX_ANSWER_CHARS, elem_id="f-answer-words",
                html_attributes=_PLAIN_INPUT,
            )  # fmt: skip
            self.ask_errors = plain("", visible=False)
            with gr.Row():
                self.reply = gr.Button(text.ANSWER_BUTTON, variant="primary", elem_id="answer", min_width=180)
                self.skip = gr.Button(text.SKIP_BUTTON, elem_id="skip", min_width=150)
                self.undo = gr.Button(text.UNDO_BUTTON, elem_id="undo", min_width=150)
        self.found = plain("", visible=False)
        self.errors = errors
        self.outputs = [self.errors, self.summary, self.ask, self.question, self.one, self.many, self.words,
                        self.ask_errors, self.reply, self.skip, self.undo, self.found, self.state]  # fmt: skip
        self._connect([inputs[key] for key in form.KEYS], go)

    def _connect(self, ordered: Sequence[gr.components.FormComponent], go: gr.Button) -> None:
        answer = [self.state, self.one, self.many, self.words]
        go.click(self._match, [self.state, *ordered], self.outputs, js=_BUSY, **_QUIET).then(js=_FOCUS_RESULT)
        self.reply.click(self._answer, answer, self.outputs, **_QUIET).then(js=_FOCUS_QUESTION)
        self.words.submit(self._answer, answer, self.outputs, **_QUIET).then(js=_FOCUS_QUESTION)
        self.skip.click(self._step(session.skipped), self.state, self.outputs, **_QUIET).then(js=_FOCUS_QUESTION)
        self.undo.click(self._step(session.undone), self.state, self.outputs, **_QUIET).then(js=_FOCUS_QUESTION)

    def _match(self, state: Session, *values: object) -> Updates:
        try:
            raw = form.read_form(dict(zip(form.KEYS, values, strict=True)))
        except InputError as error:
            return self._refused(state, cards.render_problems(error.problems))
        return self._shown(session.started(state, raw))

    def _answer(self, state: Session, one: object, many: object, words: object) -> Updates:
        try:
            asked = registry()[state["question"]] if state["question"] else None
            given = {"one": one, "many": many}.get(session.input_kind(asked), words) if asked else None
            return self._shown(session.answered(state, given))
        except InputError as error:
            kept = [gr.skip()] * len(self.outputs)
            shown = gr.update(value=cards.render_problems(error.problems), visible=True)
            kept[self.outputs.index(self.ask_errors)] = shown
            return tuple(kept)

    def _step(self, change: Callable[[Session], Session]) -> Callable[[Session], Updates]:
        return partial(self._changed, change)

    def _changed(self, change: Callable[[Session], Session], state: Session) -> Updates:
        try:
            return self._shown(change(state))
        except InputError as error:
            return self._refused(state, cards.render_problems(error.problems))

    def _shown(self, state: Session) -> Updates:
        """All outputs after a match."""
        try:
            outcome = session.evaluate(self.engine.matcher(), state, self.engine.as_of())
        except InputError as error:
            return self._refused(state, cards.render_problems(error.problems))
        except HuiqiError as error:
            return self._refused(state, cards.render_problems([Problem(text.WHOLE_FORM, str(error))], text.UNAVAILABLE))
        except Exception:
            _LOG.exception("a match failed")
            problem = Problem(text.WHOLE_FORM, text.UNEXPECTED)
            return self._refused(state, cards.render_problems([problem], text.UNAVAILABLE))
        field = registry()[outcome.question.field] if outcome.question else None
        return (
            gr.update(value="", visible=False),
            gr.update(value=cards.render_summary(outcome), visible=True),
            gr.update(visible=True),
            gr.update(value=cards.render_question(outcome)),
            *_answer_widgets(field, outcome.session["options"]),
            gr.update(value="", visible=False),
            gr.update(visible=field is not None),
            gr.update(visible=field is not None),
            gr.update(visible=bool(outcome.answered)),
            gr.update(value=cards.render_list(outcome.result), visible=bool(cards.sections(outcome.result))),
            outcome.session,
        )

    def _refused(self, state: Session, problems: str) -> Updates:
        """All outputs when the input cannot be used: the error summary, and no stale results."""
        hidden = {self.summary, self.ask, self.found}
        updates = [gr.update(visible=False) if output in hidden else gr.skip() for output in self.outputs[1:-1]]
        return gr.update(value=problems, visible=True), *updates, state


def _answer_widgets(field: Field | None, options: Sequence[str]) -> Updates:
    kind = session.input_kind(field) if field else ""
    return (
        gr.update(choices=list(options) if kind == "one" else [], value=None, visible=kind == "one"),
        gr.update(choices=[*options, text.NONE_OF_THESE] if kind == "many" else [], value=[], visible=kind == "many"),
        gr.update(value="", visible=kind == "text", info=_answer_info(field) if field else ""),
    )


def _answer_info(field: Field) -> str:
    if field.kind == "number" and field.unit not in {"万元", ""}:
        return text.ANSWER_NUMBER.format(unit=field.unit)
    return {"number": text.ANSWER_AMOUNT, "ratio": text.ANSWER_RATIO, "date": text.ANSWER_DATE}.get(field.kind, "")

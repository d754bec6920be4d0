"""How the page is laid out: every step is in the document, the script shows the one that the person is at."""

from __future__ import annotations

import gradio as gr

from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import layout, session, shell, text
from matcher.ui.enterprise.dialogue import Dialogue
from matcher.ui.enterprise.inputs import PLAIN_INPUT, form_inputs
from matcher.ui.enterprise.parts import Ask, Parts
from matcher.ui.shell import plain


def build(services: Services, *, local: bool) -> gr.Blocks:
    """The page; `local` where nobody has to log in. Handlers revalidate everything that they are sent."""
    page = gr.Blocks(title=text.TITLE, analytics_enabled=False)
    with page:
        shell.header("e", Role.ENTERPRISE, local=local, skip_to="hq-main")
        plain(layout.render("top"))
        parts = _parts()
        plain(layout.render("footer"))
        Dialogue(services, parts).connect(page)
    return page


def _parts() -> Parts:
    state, draft = gr.State(session.empty()), gr.Textbox(visible=False)
    errors = plain("", visible=False)
    with gr.Column(elem_id="hq-start"):
        plain(layout.render("start"))
        kept = plain(layout.render("saved", profiles=None, more=0, owner=""))
    with gr.Column(elem_id="hq-form"):
        head = plain(layout.render("form_head", left_out=(), draft=False))
        inputs, folds = form_inputs()
        go = gr.Button(text.TO_CHECK_BUTTON, variant="primary", elem_id="go")
        plain(layout.render("busy"))
    with gr.Column(elem_id="hq-check"):
        review = plain("")
        confirm = gr.Button(text.CONFIRM, variant="primary", elem_id="confirm")
        plain(layout.render("busy"))
        plain(layout.render("back"))
    with gr.Column(elem_id="hq-results"):
        summary = plain("")
        save = gr.Button(text.SAVE, elem_id="save")
        saved = plain(layout.render("save_status", message=""))
        ask = _ask()
        plain(layout.render("tools"))
        found = plain("")
        plain(layout.render("bar"))
    now = plain("")
    return Parts(
        state, draft, now, errors, kept, head, inputs, folds, go, review, confirm, summary, save, saved, ask, found
    )


def _ask() -> Ask:
    with gr.Column(elem_id="hq-ask", elem_classes="hq-panel"):
        question = plain("")
        one = gr.Radio([], label=text.ANSWER, visible=False, elem_id="f-answer-one")
        many = gr.CheckboxGroup([], label=text.ANSWER, visible=False, elem_id="f-answer-many")
        words = gr.Textbox(
            label=text.ANSWER, visible=False, max_length=session.MAX_ANSWER_CHARS, max_lines=1,
            elem_id="f-answer-words", html_attributes=PLAIN_INPUT,
        )  # fmt: skip
        errors = plain("", visible=False)
        with gr.Row():
            reply = gr.Button(text.ANSWER_BUTTON, variant="primary", elem_id="answer", min_width=180)
            skip = gr.Button(text.SKIP_BUTTON, elem_id="skip", min_width=200)
            undo = gr.Button(text.UNDO_BUTTON, elem_id="undo", min_width=200)
        plain(layout.render("busy"))
    return Ask(question, one, many, words, errors, reply, skip, undo)

"""The widgets that the dialogue reads and changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from matcher.results import Question
from matcher.ui import session, text
from matcher.ui.enterprise.inputs import Inputs
from policies.fields import registry

Updates = dict[gr.blocks.Block, Any]
"""What a handler changes; a widget that is absent stays as it is."""


@dataclass(frozen=True)
class Ask:
    """The open question with one input for each kind of answer."""

    question: gr.HTML
    one: gr.Radio
    many: gr.CheckboxGroup
    words: gr.Textbox
    errors: gr.HTML
    reply: gr.Button
    skip: gr.Button
    undo: gr.Button

    def show(self, question: Question | None, options: Sequence[str], *, undoable: bool) -> Updates:
        """The inputs for a question; without one only the way back."""
        field = registry()[question.field] if question else None
        kind = session.input_kind(field) if field else ""
        many = [*options, text.NONE_OF_THESE] if kind == "many" else []
        return {
            self.one: gr.update(choices=list(options) if kind == "one" else [], value=None, visible=kind == "one"),
            self.many: gr.update(choices=many, value=[], visible=kind == "many"),
            self.words: gr.update(value="", visible=kind == "text", info=session.answer_hint(field) if field else ""),
            self.errors: gr.update(value="", visible=False),
            self.reply: gr.update(visible=field is not None),
            self.skip: gr.update(visible=field is not None),
            self.undo: gr.update(visible=undoable),
        }


@dataclass(frozen=True)
class Parts:
    """Everything on the page that changes; `now` tells the script which step to show and where the focus goes."""

    state: gr.State
    draft: gr.Textbox
    now: gr.HTML
    errors: gr.HTML
    kept: gr.HTML
    head: gr.HTML
    inputs: Inputs
    folds: list[gr.Accordion]
    go: gr.Button
    review: gr.HTML
    confirm: gr.Button
    summary: gr.HTML
    save: gr.Button
    saved: gr.HTML
    ask: Ask
    found: gr.HTML

    @property
    def results(self) -> list[gr.blocks.Block]:
        """What a match changes."""
        ask = self.ask
        asked = [ask.question, ask.one, ask.many, ask.words, ask.errors, ask.reply, ask.skip, ask.undo]
        return [self.errors, self.summary, self.saved, *asked, self.found, self.state, self.now]

"""The pages for evaluators: cases, runs, charts, misses, comparison, ablation."""

from __future__ import annotations

from typing import Any

import gradio as gr

from eval.page import render, words
from eval.page.steps import Steps
from eval.page.widgets import Widgets
from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import shell

_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build(services: Services, *, local: bool) -> gr.Blocks:
    """The app; `local` where nobody has to log in. Steps revalidate everything that they are sent."""
    page = gr.Blocks(title=words.PAGE_TITLE, analytics_enabled=False)
    with page:
        shell.header("v", Role.EVALUATOR, local=local, skip_to="hv-sets")
        shell.plain(render.piece("head"))
        widgets = Widgets()
        _connect(page, widgets, Steps(services, widgets))
    return page


def _connect(page: gr.Blocks, on: Widgets, steps: Steps) -> None:
    """Which input leads to which step, and where the focus goes afterwards."""
    every: dict[str, Any] = {"outputs": on.every, **_QUIET}
    page.load(steps.opened, None, **every)
    on.set.input(steps.set_chosen, on.set, **every)
    on.upload.upload(steps.uploaded, on.upload, **every).then(js=_focus("hv-uploaded"))
    on.delete.click(steps.delete_asked, on.set, **every).then(js=_focus("hv-delete"))
    on.delete_no.click(steps.delete_refused, on.set, **every).then(js=_focus("hv-set-h"))
    on.delete_yes.click(steps.deleted, on.set, **every).then(js=_focus("hv-uploaded"))
    on.start.click(steps.started, [on.set, on.dense, on.k, on.day], **every).then(js=_focus("hv-now"))
    on.ablate.click(steps.ablated, on.set, **every).then(js=_focus("hv-now"))
    on.cancel.click(steps.cancelled, on.watched, **every).then(js=_focus("hv-now"))
    on.timer.tick(steps.ticked, [on.watched, on.told], **every)
    view = [on.shown, on.view, on.metric]
    on.shown.change(steps.chosen, view, **every)
    on.view.input(steps.chosen, view, **every)
    for choice in (on.metric, on.stage, on.grade, on.baseline):
        choice.input(steps.refined, [*view, on.stage, on.grade, on.baseline], **every)
    misses = [on.shown, on.metric, on.stage, on.grade, on.number]
    on.previous.click(steps.page_before, misses, **every).then(js=_focus("hv-result"))
    on.next.click(steps.page_after, misses, **every).then(js=_focus("hv-result"))
    ablation = [on.ablation, on.ablation_metric]
    on.ablation.change(steps.ablation_shown, ablation, **every)
    on.ablation_metric.input(steps.ablation_shown, ablation, **every)


def _focus(element_id: str) -> str:
    return f"() => hqFocus('hq-errors', '{element_id}')"

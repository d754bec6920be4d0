"""What the evaluators' page consists of, from top to bottom; what happens is in `steps`."""

from __future__ import annotations

from typing import Any

import gradio as gr

from eval.page import render, words
from eval.page.case_sets import MAX_BYTES, MAX_CASES, SHIPPED
from matcher.ui.shell import plain

TICK_S = 1.0
_PLAIN_INPUT = gr.InputHTMLAttributes(autocomplete="off", spellcheck=False)


class Widgets:
    """All components; `every` are those that a step may change.

    Attributes:
        watched: evaluation_id of the evaluation whose progress is shown.
        told: State of it that was shown last, so that a screen reader hears of a state once.
        number: Page of the misses.
    """

    def __init__(self) -> None:
        """Lay the page out; called inside gr.Blocks."""
        self.errors = plain("", visible=False)
        self._sets()
        self._run()
        self._results()
        self._ablation()
        self.watched, self.told, self.number = gr.State(""), gr.State(""), gr.State(1)
        self.timer = gr.Timer(TICK_S, active=False)
        self.every: list[Any] = [part for part in vars(self).values() if isinstance(part, gr.blocks.Block)]

    def _sets(self) -> None:
        with gr.Column(elem_classes="hq-group"):
            plain(render.piece("heading", heading=words.SETS, key="hv-sets", lead=""))
            self.set = gr.Radio([], value=SHIPPED, label=words.SET, elem_id="v-set")
            self.summary = plain("", visible=False)
            self.delete = gr.Button(words.DELETE, visible=False, elem_id="v-delete", elem_classes="hv-quiet-button")
            with gr.Column(visible=False) as self.delete_ask:
                self.delete_text = plain("")
                with gr.Row():
                    self.delete_yes = gr.Button(words.DELETE_YES, variant="stop", elem_id="v-delete-yes", min_width=160)
                    self.delete_no = gr.Button(words.DELETE_NO, elem_id="v-delete-no", min_width=160)
            info = words.UPLOAD_INFO.format(mib=MAX_BYTES // 2**20, n=MAX_CASES)
            plain(render.piece("upload_help", info=info))
            self.upload = gr.UploadButton(words.UPLOAD, file_types=[".jsonl"], elem_id="v-upload")
            self.uploaded = plain("", visible=False)

    def _run(self) -> None:
        with gr.Column(elem_classes="hq-group"):
            plain(render.piece("heading", heading=words.RUN, key="", lead=words.RUN_LEAD))
            methods = [(label, value) for value, label in words.METHODS.items()]
            self.dense = gr.Radio(methods, value=True, label=words.METHOD, elem_id="v-dense")
            depths = [(label, k) for k, label in words.DEPTHS.items()]
            self.k = gr.Radio(depths, value=20, label=words.DEPTH, elem_id="v-k")
            self.day = gr.Textbox(
                label=words.DAY,
                info=words.DAY_INFO,
                max_length=40,
                max_lines=1,
                elem_id="f-day",
                html_attributes=_PLAIN_INPUT,
            )
            self.start = gr.Button(words.START, variant="primary", elem_id="v-start")
            self.status = plain("", visible=False)
            self.meter = plain("", visible=False)
            self.cancel = gr.Button(words.CANCEL, visible=False, elem_id="v-cancel", elem_classes="hv-quiet-button")
            self.runs = plain("")

    def _results(self) -> None:
        with gr.Column(elem_classes="hq-group", visible=False) as self.results:
            plain(render.piece("heading", heading=words.RESULTS, key="hv-results", lead=""))
            self.shown = gr.Radio([], label=words.SHOWN, elem_id="v-shown")
            views = [(label, key) for key, label in words.VIEWS.items()]
            self.view = gr.Radio(views, value="overall", label=words.VIEW, elem_id="v-view")
            self.metric = gr.Radio(list(render.METRICS), value=render.METRICS[0][1], label=words.METRIC,
                                   elem_id="v-metric")  # fmt: skip
            self.stage = gr.Radio([], label=words.STAGE, visible=False, elem_id="v-stage")
            self.grade = gr.Radio([], label=words.GRADE, visible=False, elem_id="v-grade")
            self.baseline = gr.Radio([], label=words.BASELINE, visible=False, elem_id="v-baseline")
            self.result = plain("")
            with gr.Row(visible=False) as self.pager:
                self.previous = gr.Button(words.PREVIOUS, elem_id="v-previous", min_width=120)
                self.next = gr.Button(words.NEXT, elem_id="v-next", min_width=120)

    def _ablation(self) -> None:
        with gr.Column(elem_classes="hq-group"):
            plain(render.piece("heading", heading=words.ABLATION, key="", lead=words.ABLATION_LEAD))
            self.ablation = gr.Radio([], label=words.ABLATION_WHICH, elem_id="v-ablation")
            self.ablation_metric = gr.Radio(list(render.METRICS), value=render.METRICS[0][1],
                                            label=words.ABLATION_METRIC, elem_id="v-ablation-metric")  # fmt: skip
            self.ablation_result = plain("")
            plain(render.piece("note", sentence=words.ABLATE_INFO))
            self.ablate = gr.Button(words.ABLATE, elem_id="v-ablate", elem_classes="hv-quiet-button")

"""How the staff page is laid out: pieces that are shown or hidden by the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from matcher.jobs.uploads import SUFFIXES
from matcher.ui import layout
from matcher.ui.shell import plain
from matcher.ui.staff import views, words

POLL_S = 2.0
HOW_MANY = (5, 10, 20, 50)
DEFAULT_K, DEFAULT_FORMAT = 10, "xlsx"


@dataclass(frozen=True)
class Parts:
    """The pieces, from top to bottom.

    Attributes:
        route: Hidden: the query string of what is shown.
        picked: Hidden: the column that is being corrected.
    """

    route: gr.Textbox
    picked: gr.Textbox
    errors: gr.HTML
    head: gr.HTML
    upload_panel: gr.Column
    upload: gr.UploadButton
    reverse_panel: gr.Column
    target: gr.Dropdown
    source: gr.Dropdown
    find: gr.Button
    body: gr.HTML
    progress: gr.HTML
    editor: gr.Column
    editor_title: gr.HTML
    field: gr.Dropdown
    unit: gr.Dropdown
    apply: gr.Button
    close: gr.Button
    more: gr.HTML
    go_panel: gr.Column
    how_many: gr.Radio
    out_format: gr.Radio
    go: gr.Button
    forget: gr.Button
    cancel_panel: gr.Column
    cancel: gr.Button
    timer: gr.Timer

    def all(self) -> list[Any]:
        """Everything that a handler may change."""
        return [part for name, part in vars(self).items() if name != "upload"]


def lay_out(upload_mib: int) -> Parts:
    """Make the pieces; all but the head are hidden until the address is known."""
    made: dict[str, Any] = {
        "route": gr.Textbox(visible="hidden", elem_id="hq-route", label="route", container=False),
        "picked": gr.Textbox(visible="hidden", elem_id="hq-picked", label="picked", container=False),
        "errors": plain("", visible=False),
        "head": plain(views.head(words.START), elem_id="main"),
    }
    made |= _upload(upload_mib) | _reverse()
    plain(layout.render("busy"))
    made["body"] = plain("", visible=False)
    made["progress"] = plain("", visible=False)
    made |= _editor()
    made["more"] = plain("", visible=False)
    made |= _go()
    with gr.Column(visible=False) as made["cancel_panel"]:
        made["cancel"] = gr.Button(words.CANCEL, elem_id="cancel", elem_classes="hq-s-second")
    made["timer"] = gr.Timer(POLL_S, active=False)
    return Parts(**made)


def _upload(upload_mib: int) -> dict[str, Any]:
    with gr.Column(visible=False, elem_classes="hq-group") as panel:
        plain(views.render("upload", lead=words.UPLOAD_LEAD.format(mib=upload_mib)))
        upload = gr.UploadButton(
            words.CHOOSE, file_types=list(SUFFIXES), variant="primary", elem_id="upload",
            elem_classes=f"hq-mib-{upload_mib}",
        )  # fmt: skip
    return {"upload_panel": panel, "upload": upload}


def _reverse() -> dict[str, Any]:
    with gr.Column(visible=False, elem_classes="hq-group") as panel:
        target = gr.Dropdown([], value=None, label=words.R_TARGET, info=words.R_TARGET_INFO, elem_id="f-target")
        source = gr.Dropdown([], value=None, label=words.R_SOURCE, info=words.R_SOURCE_INFO, elem_id="f-source")
        find = gr.Button(words.R_GO, variant="primary", elem_id="find")
    return {"reverse_panel": panel, "target": target, "source": source, "find": find}


def _editor() -> dict[str, Any]:
    with gr.Column(visible=False, elem_classes="hq-panel") as editor:
        title = plain("")
        with gr.Row():
            field = gr.Dropdown(
                [], value=None, label=words.TARGET, info=words.TARGET_INFO, elem_id="f-field", min_width=260
            )
            unit = gr.Dropdown([], value=None, label=words.UNIT, info=words.UNIT_INFO, elem_id="f-unit", min_width=220)
        with gr.Row():
            apply = gr.Button(words.APPLY, variant="primary", elem_id="apply", min_width=180)
            close = gr.Button(words.CLOSE, elem_id="close", elem_classes="hq-s-second", min_width=150)
    return {"editor": editor, "editor_title": title, "field": field, "unit": unit, "apply": apply, "close": close}


def _go() -> dict[str, Any]:
    with gr.Column(visible=False, elem_classes="hq-group") as panel:
        plain(views.render("section", title=words.GO, lead=""))
        many = gr.Radio([(str(k), k) for k in HOW_MANY], value=DEFAULT_K, label=words.HOW_MANY, elem_id="f-k")
        out_format = gr.Radio(list(words.FORMATS), value=DEFAULT_FORMAT, label=words.FORMAT, elem_id="f-format")
        go = gr.Button(words.GO_BUTTON, variant="primary", elem_id="go")
        forget = gr.Button(words.FORGET, elem_id="forget", elem_classes="hq-s-second")
        plain(layout.render("busy"))
    return {"go_panel": panel, "how_many": many, "out_format": out_format, "go": go, "forget": forget}

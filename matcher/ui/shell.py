"""What every page shares: theme, style sheet, script, and how a page is mounted without any outside request."""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi import FastAPI, Request

from matcher.access.identity import LOCAL, Identity
from matcher.store.tables import Role
from matcher.ui import layout

FONTS = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "system-ui", "sans-serif"]
ACCENT, ACCENT_DARK, INK, QUIET, EDGE = "#0b4fb3", "#083b87", "#1f2937", "#4b5563", "#6b7280"
QUEUE_SIZE = 64
MAX_SESSIONS = 300
"""Open pages whose state is kept, of each application. Gradio keeps 1.3 MB for each until an hour after it was closed,
for 10,000 of them; here whoever was away for longest goes first."""
UPLOADS_KEPT_S, UPLOADS_SEEN_TO_S = 24 * 3600, 3600
"""How long Gradio's own copy of an upload stays; what is used lies in the file store."""


def theme() -> gr.themes.Base:
    """One accent colour, system fonts, contrast of 4.5:1 and more."""
    return gr.themes.Default(primary_hue="blue", font=FONTS, font_mono=FONTS).set(
        body_background_fill="#f5f7fa",
        body_text_color=INK,
        body_text_color_subdued=QUIET,
        block_info_text_color=QUIET,
        block_title_text_color=INK,
        block_label_text_color=INK,
        block_border_width="0px",
        block_shadow="none",
        input_background_fill="#ffffff",
        input_border_color=EDGE,
        input_border_width="1px",
        input_placeholder_color="#5b6470",
        button_primary_background_fill=ACCENT,
        button_primary_background_fill_hover=ACCENT_DARK,
        button_primary_text_color="#ffffff",
        color_accent=ACCENT,
        checkbox_border_color=EDGE,
        checkbox_label_border_color="#cbd2dc",
        checkbox_background_color_selected=ACCENT,
        checkbox_border_color_selected=ACCENT,
    )


def mount(app: FastAPI, page: gr.Blocks, path: str, role: Role, *, upload_bytes: int = 0) -> None:
    """Mount a page: no server-side rendering, no share, no API page, no footer, nothing from the net.

    Args:
        app: The whole service.
        page: What is mounted.
        path: Where.
        role: Whose page it is; Gradio asks for it once more, behind the gate.
        upload_bytes: Largest file that the page takes.
    """

    def user(request: Request) -> str | None:
        identity = request.scope.get("state", {}).get("identity")
        return identity.name if isinstance(identity, Identity) and identity.may_act_as(role) else None

    page.state_session_capacity = MAX_SESSIONS
    page.delete_cache = (UPLOADS_SEEN_TO_S, UPLOADS_KEPT_S)
    page.queue(max_size=QUEUE_SIZE, default_concurrency_limit=4, api_open=False)
    gr.mount_gradio_app(
        app,
        page,
        path=path,
        auth_dependency=user,
        max_file_size=upload_bytes,
        server_name="127.0.0.1",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        ssr_mode=False,
        show_error=False,
        enable_monitoring=False,
        theme=theme(),
        head=_head(),
    )


def _head() -> str:
    """Style sheet and script. Not `css=`: Gradio rewrites its selectors, and those inside @media lose their weight."""
    return f"<style>{layout.style()}</style><script>{layout.script()}</script>"


def header(active: str, role: Role, *, local: bool, skip_to: str) -> None:
    """Header and navigation of a role's pages; who is logged in is known only when a page is shown, so nobody is named.

    Args:
        active: Key of the entry that this is.
        role: Whose pages these are.
        local: Nobody has to log in: everything is open.
        skip_to: elem_id of the page's main control.
    """
    somebody = LOCAL if local else Identity("", "", role)
    plain(layout.header(active, layout.places_for(somebody), somebody, skip_to))


def plain(value: str, **more: Any) -> gr.HTML:
    """A piece of HTML that was rendered by Jinja; `more` goes to gr.HTML."""
    return gr.HTML(value, apply_default_css=False, js_on_load=None, **more)

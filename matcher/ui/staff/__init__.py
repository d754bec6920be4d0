"""The pages for service staff: spreadsheets in, matches out, and which companies a policy is for."""

from __future__ import annotations

import gradio as gr

from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import layout, shell, text
from matcher.ui.staff.dialogue import Dialogue
from matcher.ui.staff.parts import lay_out
from matcher.ui.staff.template import router

__all__ = ["build", "router"]


def build(services: Services, *, local: bool) -> gr.Blocks:
    """The app; `local` where nobody has to log in."""
    page = gr.Blocks(title=text.TITLE, analytics_enabled=False)
    with page:
        shell.header("s", Role.STAFF, local=local, skip_to="main")
        parts = lay_out(services.jobs.limits.file_bytes >> 20)
        shell.plain(layout.render("footer"))
        Dialogue(services, parts).connect(page)
    return page

"""The pages for service staff: spreadsheets in, matches out, and which companies a policy is for."""

from __future__ import annotations

import gradio as gr

from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import shell, text


def build(services: Services, *, local: bool) -> gr.Blocks:
    """The app; `local` where nobody has to log in."""
    page = gr.Blocks(title=text.TITLE, analytics_enabled=False)
    with page:
        shell.header("s", Role.STAFF, local=local, skip_to="main")
    return page

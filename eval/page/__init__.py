"""The pages for evaluators: cases, runs, charts, misses, comparison."""

from __future__ import annotations

import gradio as gr

from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import shell, text


def build(services: Services, *, local: bool) -> gr.Blocks:
    """The app; `local` where nobody has to log in."""
    page = gr.Blocks(title=text.TITLE, analytics_enabled=False)
    with page:
        shell.header("v", Role.EVALUATOR, local=local, skip_to="main")
    return page

"""The library as the plain pages get it: they wait until it is loaded, and say so plainly if it cannot be."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import HTMLResponse

from matcher.service import Matcher
from matcher.services import Services
from matcher.ui import layout
from matcher.ui.site import library_text as words

UNAVAILABLE_STATUS = 503


def with_library(services: Services, request: Request, show: Callable[[Matcher], HTMLResponse]) -> HTMLResponse:
    """The page that `show` makes of the loaded matcher, or the page that says why there is none."""
    try:
        matcher = services.engine.matcher()
    except Exception as error:  # whatever stopped the library from loading is shown; the engine has logged it
        return layout.page(
            request, "policy_unavailable", title=words.UNAVAILABLE, active="policies", status=UNAVAILABLE_STATUS,
            w=words, reason=str(error),
        )  # fmt: skip
    return show(matcher)

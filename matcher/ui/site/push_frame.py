"""What the staff's pages around pushes share: who may open them, how they refuse, their frame, names and pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError

from matcher.access.identity import Identity
from matcher.push.desk import Desk
from matcher.services import Services
from matcher.store.tables import Role
from matcher.ui import layout
from matcher.ui.site import pushes_text as words
from matcher.ui.site.replies import Refused, acting_as, told
from policies.errors import InputError

SECTIONS = (
    ("pushes", words.PUSHES, "/push"), ("statistics", words.STATISTICS, "/push/statistics"),
    ("dead", words.DEAD, "/push/dead"), ("targets", words.TARGETS, "/push/targets"),
)  # fmt: skip
MAX_PAGE = 100_000
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE)]


class TooLate(Refused):
    """Somebody else was faster."""

    def __init__(self, detail: str, batch_id: str) -> None:
        """Keep what has happened, and the push to look at."""
        super().__init__(409, words.TOO_LATE, detail)
        self.batch_id = batch_id


@dataclass(frozen=True)
class Named:
    """A measure as people call it; without a policy it is not in the library, or the library is still loading."""

    measure: str
    policy: str = ""
    policy_id: str = ""

    @property
    def link(self) -> str:
        """Its policy's page; "" where it has none."""
        return f"/policies/{self.policy_id}" if self.policy_id else ""


@dataclass(frozen=True)
class Paging:
    """Which page of how many, and the addresses of its neighbours ("" for none)."""

    page: int
    pages: int
    previous: str
    following: str

    @classmethod
    def of(cls, path: str, page: int, total: int, size: int, **asked: str) -> Paging:
        """For a list that is at `path`; `asked` is what else its address says."""
        pages = max(1, math.ceil(total / size))

        def address(number: int) -> str:
            given = {name: value for name, value in asked.items() if value}
            return f"{path}?{urlencode({**given, 'page': number})}"

        return cls(page, pages, address(page - 1) if page > 1 else "", address(page + 1) if page < pages else "")


class StaffRoute(APIRoute):
    """A route of the staff: a refusal is a page in Chinese; nothing is kept by caches on the way."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler with our answers."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except Refused as refused:
                response = _refusal(request, refused)
            except InputError as error:
                response = _refusal(request, Refused(422, words.NOT_DONE, told(error)))
            except OperationalError:  # SQLite: somebody writes for longer than one waits
                response = _refusal(request, Refused(503, *words.BUSY))
            response.headers["cache-control"] = "no-store"
            return response

        return answer


def staff(request: Request) -> Identity:
    """Who asks, if it is staff (see `replies.acting_as`)."""
    return acting_as(request, Role.STAFF, words.LOGIN_FIRST, words.STAFF_ONLY)


Staff = Annotated[Identity, Depends(staff)]


def show(services: Services, request: Request, name: str, *, title: str, section: str, **values: Any) -> Response:
    """One of the pages, with the way to the others."""
    return layout.page(
        request, name, title=title, active="push", w=words, sections=SECTIONS, section=section,
        dead_count=Desk(services.database).dead_count(), ready=services.engine.ready, **values,
    )  # fmt: skip


def namer(services: Services) -> Callable[[str], Named]:
    """Finds names of measures by their ids; while the library is still loading, the id is the name."""
    by_id: Mapping[str, Any] = services.engine.matcher().library.by_id if services.engine.ready else {}

    def named(measure_id: str) -> Named:
        entry = by_id.get(measure_id)
        if entry is None:
            return Named(measure_id)
        return Named(entry.measure.name, entry.policy.title, entry.policy.policy_id)

    return named


def _refusal(request: Request, refused: Refused) -> Response:
    return layout.page(
        request, "push_refused", title=refused.title, active="push", status=refused.status, w=words,
        heading=refused.title, lines=refused.detail.split("\n"),
        batch_id=refused.batch_id if isinstance(refused, TooLate) else "",
    )  # fmt: skip

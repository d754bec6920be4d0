"""What the buttons on result cards send: watch a measure, say whether it fits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from matcher.access.identity import Identity
from matcher.feedback import FeedbackStore, Mark
from matcher.services import Services
from matcher.ui.site import mine_text as words
from matcher.ui.site.replies import JsonRoute, Refused, person
from matcher.workspace import Workspace

MAX_NOTE_CHARS = 500
Id = Annotated[str, Field(min_length=1, max_length=200)]


class FavouriteBody(BaseModel):
    """Watch a measure (`on`), or no longer."""

    model_config = ConfigDict(strict=True, extra="forbid")

    measure_id: Id
    on: bool


class FeedbackBody(BaseModel):
    """What somebody says of one measure of one match."""

    model_config = ConfigDict(strict=True, extra="forbid")

    run_id: Id
    target: Id
    mark: Annotated[Mark, Field(strict=False)]
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""


def router(services: Services) -> APIRouter:
    """Its routes; sending the same twice is sending it once."""
    routes = APIRouter(route_class=JsonRoute)
    workspace, marks = Workspace(services.database), FeedbackStore(services.database)

    @routes.post("/mine/favourites", status_code=204)
    def favourite(body: FavouriteBody, who: Annotated[Identity, Depends(person)]) -> None:
        if body.on:
            _check_measure(services, body.measure_id)
        workspace.set_favourite(who.user_id, body.measure_id, services.now(), on=body.on)

    @routes.post("/mine/feedback", status_code=204)
    def feedback(body: FeedbackBody, who: Annotated[Identity, Depends(person)]) -> None:
        run = workspace.run(who.user_id, body.run_id)
        if run is None:
            raise Refused(404, *words.NO_RUN)
        _check_measure(services, body.target)
        marks.add(
            run.raw,
            body.target,
            body.mark,
            as_of=run.as_of,
            made_at=services.now(),
            owner=who.user_id,
            note=body.note.strip(),
        )

    return routes


def _check_measure(services: Services, measure_id: str) -> None:
    if measure_id not in services.engine.matcher().library.by_id:
        title, detail = words.NO_MEASURE
        raise Refused(404, title, detail.format(measure_id=measure_id))

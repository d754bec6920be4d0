"""Health, metrics, and the documentation page."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response

from matcher.api import answers_jobs as answers
from matcher.api import documented, metrics
from matcher.api.access import Serving
from matcher.api.context import Context, Json
from matcher.api.docs import docs_page
from matcher.api.problems import UNAVAILABLE, ApiProblem
from matcher.api.work import RETRY_S
from matcher.service import Matcher


def add(routes: APIRouter, context: Context) -> None:
    """Its routes."""
    engine = context.services.engine

    @routes.get("/health", response_model=answers.HealthAnswer, **documented.operation("health"))
    async def health(request: Request) -> JSONResponse:
        encoder = _encoder(engine.matcher()) if engine.ready else None
        content = {"live": True, "ready": engine.ready, "encoder": encoder}
        return context.answer(request, context.day(None), content)

    @routes.get("/health/ready", response_model=answers.HealthAnswer, **documented.operation("ready"))
    async def ready(request: Request) -> JSONResponse:
        if not engine.ready:
            raise ApiProblem(UNAVAILABLE, "政策库正在加载。", headers={"retry-after": RETRY_S})
        return await health(request)

    @routes.get("/metrics", response_class=Response, **documented.operation("metrics"))
    async def figures(_: Serving) -> Response:
        text = await run_in_threadpool(context.metrics.render, engine, context.services.database)
        return Response(text, media_type=metrics.MEDIA_TYPE)

    @routes.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(_page(request.app))


@lru_cache(maxsize=1)
def _page(app: FastAPI) -> str:
    """The page does not change while the service runs."""
    return docs_page(app.openapi())


def _encoder(matcher: Matcher) -> Json:
    retriever = matcher.retriever
    model = retriever.index.manifest.model_id or "无"
    return {"model": Path(model).name if Path(model).is_absolute() else model, "dense": retriever.dense}

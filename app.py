"""Composition root: settings, services, FastAPI with plain pages, the REST interface, one Gradio app per role."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI

from eval import page as evaluator
from matcher import api
from matcher.engine import Engine
from matcher.service import Matcher
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.ui import enterprise, shell, site, staff, text
from matcher.ui.gate import LocalGate, is_free, is_loopback

SHANGHAI = ZoneInfo("Asia/Shanghai")


def open_services(settings: Settings) -> Services:
    """The parts of the service; nothing heavy is loaded yet."""
    open_matcher = partial(Matcher.open, settings.library, model=settings.model, dense=settings.dense, batch=True)
    folder = settings.data_folder
    database = Database.open(settings.database) if settings.database else Database.in_folder(folder)
    return Services(
        engine=Engine(open_matcher, lambda: settings.as_of or dt.datetime.now(SHANGHAI).date()),
        database=database,
        files=FileStore(database, folder / "files"),
        now=lambda: dt.datetime.now(SHANGHAI),
    )


def create_app(settings: Settings) -> FastAPI:
    """The whole service; the matcher loads in the background while the pages already open."""
    services = open_services(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.engine.start()
        yield
        services.database.close()

    app = FastAPI(title=text.TITLE, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.include_router(site.router(services))
    app.mount("/api/v1", api.create(services))
    shell.mount(app, enterprise.build(services, local=True), "/e")
    shell.mount(app, staff.build(services, local=True), "/s")
    shell.mount(app, evaluator.build(services, local=True), "/v")
    app.add_middleware(LocalGate)
    return app


def main(host: str, port: int) -> int:
    """Serve until interrupted; 2 for a host that is not this machine, 3 for a port that is taken."""
    if not is_loopback(host):
        sys.stderr.write(text.NOT_LOOPBACK.format(host=host) + "\n")
        return 2
    if not is_free(host, port):
        sys.stderr.write(text.PORT_TAKEN.format(port=port, other=port + 1) + "\n")
        return 3
    print(text.SERVING.format(host=host, port=port), flush=True)  # noqa: T201  # where to look
    uvicorn.run(create_app(Settings(host=host, port=port)), host=host, port=port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main(Settings().host, Settings().port))

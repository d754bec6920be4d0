"""Composition root: settings, services, FastAPI with plain pages, the REST interface, one Gradio app per role."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from eval import page as evaluator
from index.encoder import Encoder, lazy_encoder
from matcher import api, clock
from matcher.access.entrance import Entrance
from matcher.access.gate import Gate
from matcher.access.policy import Policy
from matcher.access.start import is_free, somebody_can_log_in
from matcher.engine import Engine
from matcher.jobs import Jobs, Matching
from matcher.push import publish
from matcher.retrieval import Retriever
from matcher.service import Matcher
from matcher.services import Services
from matcher.settings import Settings
from matcher.store.database import Database, open_database
from matcher.store.files import FileStore
from matcher.store.pushes import Batch
from matcher.store.tables import Role
from matcher.ui import enterprise, shell, site, staff, text
from matcher.ui.site import errors, login
from policies.library import library_digest, load_library


def open_services(settings: Settings) -> Services:
    """The parts of the service; nothing heavy is loaded yet."""
    encoder = lazy_encoder(settings.model, batch=True) if settings.dense else None
    folder = settings.data_folder
    database = open_database(settings)
    files = FileStore(database, folder / "files")
    matching = Matching(settings.library, settings.model, settings.dense)
    return Services(
        engine=Engine(
            partial(_open_matcher, settings.library, encoder),
            lambda: settings.as_of or clock.now().date(),
            partial(library_digest, settings.library),
        ),
        database=database,
        files=files,
        jobs=Jobs(database, files, clock.now, matching, upload_mib=settings.upload_mib),
        seal=settings.seal,
        url=settings.url,
        mail=settings.smtp is not None,
        scan=partial(_scan, settings, database),
        now=clock.now,
    )


def _open_matcher(folder: Path | None, encoder: Encoder | None) -> Matcher:
    """The library as it is on disk; the encoder is loaded only once, however often that changes."""
    library = load_library(folder)
    return Matcher(library, Retriever(library, encoder))


def _scan(settings: Settings, database: Database) -> Sequence[Batch]:
    """Look for pushes with the library as it is on disk: the service may have loaded an older one."""
    matcher, day = Matcher.open(settings.library, dense=False), settings.as_of or clock.now().date()
    return publish.scan(database, matcher, day, clock.now(), settings.url, settings.closing_days)


def create_app(settings: Settings) -> FastAPI:
    """The whole service; the matcher loads in the background while the pages already open."""
    services, policy = open_services(settings), Policy.of(settings)
    # Gradio keeps uploads in a folder of all users of the machine otherwise.
    os.environ["GRADIO_TEMP_DIR"] = str(settings.data_folder.absolute() / "uploads")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.engine.start()
        services.jobs.start()
        yield
        services.engine.stop()
        services.jobs.stop()
        services.database.close()

    app = FastAPI(title=text.TITLE, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.include_router(site.router(services))
    if not policy.local:
        app.include_router(login.router(Entrance(services, policy)))
    app.mount("/api/v1", api.create(services))
    shell.mount(app, enterprise.build(services, local=policy.local), "/e", Role.ENTERPRISE)
    for build, path, role in ((staff.build, "/s", Role.STAFF), (evaluator.build, "/v", Role.EVALUATOR)):
        shell.mount(app, build(services, local=policy.local), path, role, upload_bytes=policy.upload_bytes)
    errors.install(app)
    app.add_middleware(Gate, services=services, policy=policy, page=errors.page)
    return app


def main(host: str, port: int, login: bool = False) -> int:
    """Serve until interrupted; 2 where somebody has to log in and nobody can, 3 for a port that is taken."""
    settings = Settings(host=host, port=port)
    settings = settings.model_copy(update={"login": True}) if login else settings
    if settings.needs_login and not somebody_can_log_in(settings):
        sys.stderr.write(text.NO_USERS.format(host=settings.origin or host) + "\n")
        return 2
    if not is_free(host, port):
        sys.stderr.write(text.PORT_TAKEN.format(port=port, other=port + 1) + "\n")
        return 3
    url = settings.origin or f"http://{host}:{port}"
    serving = text.SERVING_LOGIN if settings.needs_login else text.SERVING
    print(serving.format(url=url, host=host, port=port), flush=True)  # noqa: T201  # where to look
    uvicorn.run(
        create_app(settings), host=host, port=port, log_level="warning", server_header=False,
        proxy_headers=settings.origin is not None,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(Settings().host, Settings().port))

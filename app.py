"""Composition root: settings, matcher, FastAPI with the pages mounted. No logic lives here."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI

from matcher.service import Matcher
from matcher.settings import Settings
from matcher.ui import enterprise, shell, text
from matcher.ui.engine import Engine
from matcher.ui.gate import LocalGate, is_free, is_loopback

SHANGHAI = ZoneInfo("Asia/Shanghai")


def create_app(settings: Settings) -> FastAPI:
    """The whole service; the matcher loads in the background while the page already opens."""
    open_matcher = partial(Matcher.open, settings.library, model=settings.model, dense=settings.dense, batch=True)
    engine = Engine(open_matcher, lambda: settings.as_of or dt.datetime.now(SHANGHAI).date())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        engine.start()
        yield

    app = FastAPI(title=text.TITLE, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    @app.get("/healthz")
    def healthz() -> dict[str, bool]:
        """Whether a match is answered without waiting for the matcher to load."""
        return {"ready": engine.ready}

    shell.mount(app, enterprise.build(engine), "/")
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

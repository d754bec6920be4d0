"""What every page and every route works with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matcher.engine import Engine
from matcher.jobs import Jobs
from matcher.seal import Seal
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.pushes import Batch


@dataclass(frozen=True)
class Services:
    """The parts of a running service.

    Attributes:
        engine: The matcher, and the day to answer for.
        database: What is remembered.
        files: Uploads and results.
        jobs: Work that goes on after its page is left.
        seal: Encrypts contacts and signs links; None where the environment has no key: then nothing leaves the pages.
        url: How links in messages begin ("https://huiqi.example.cn").
        mail: Whether there is a mail server.
        scan: Looks for new pushes in the library as it is on disk now; the drafts that it made.
        now: The moment, with a time zone; the only clock behind the edge.
    """

    engine: Engine
    database: Database
    files: FileStore
    jobs: Jobs
    seal: Seal | None
    url: str
    mail: bool
    scan: Callable[[], Sequence[Batch]]
    now: Callable[[], dt.datetime]

"""What every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from matcher.store.database import Database
from tests.postgres import Postgres, PostgresMissing, running

settings.register_profile("huiqi", deadline=None, derandomize=True)
settings.load_profile("huiqi")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests never touch the user's cache."""
    before = os.environ.get("HUIQI_CACHE_DIR")
    os.environ["HUIQI_CACHE_DIR"] = str(tmp_path_factory.mktemp("huiqi-cache"))
    yield
    if before is None:
        del os.environ["HUIQI_CACHE_DIR"]
    else:
        os.environ["HUIQI_CACHE_DIR"] = before


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; without one the tests are skipped, or fail where services are required."""
    try:
        with running() as started:
            yield started
    except PostgresMissing as missing:
        if os.environ.get("HUIQI_REQUIRE_SERVICES") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """URL of a new PostgreSQL database at the newest version."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A new database at the newest version, once of each kind."""
    if request.param == "sqlite":
        opened = Database.in_folder(tmp_path / "data")
    else:
        opened = Database.open(request.getfixturevalue("postgres_url"))
    yield opened
    opened.close()

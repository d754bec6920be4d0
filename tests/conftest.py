"""What every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

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

"""A service with case sets and evaluations of its own, for the tests of the evaluators' pages."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from eval.page import evaluations
from eval.page.case_sets import CaseSets
from eval.page.evaluations import Evaluations, Options
from matcher.engine import Engine
from matcher.service import Matcher
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import JobState
from tests.unit.test_eval_cases import case, write

NOW = dt.datetime(2026, 6, 15, 9, 30, tzinfo=dt.UTC)
INDUSTRY = {"field": "industry_code", "in": ["C"], "text": "制造业企业"}
FACTORY = {"name": "甲公司", "region": "山东省/济南市", "industry_code": "C3421", "employees": 20,
           "plans": [{"text": "购置数控机床"}]}  # fmt: skip
SHOP = {"name": "乙公司", "region": "四川省/成都市", "industry_code": "F5211", "needs": "贷款贴息"}
LABELS: dict[str, Any] = {
    "machines": {"grade": 3, "verdict": "eligible", "why": "购机床"},
    "big": {"grade": 2, "verdict": "ineligible", "why": "<script>人数不够</script>"},
    "closed": {"grade": 2, "verdict": None},
    "nowhere": {"grade": 3},
}
OTHER = {"loans": {"grade": 3, "verdict": "eligible"}, "machines": {"grade": 1, "verdict": "ineligible"}}
NATIONAL = {"level": "national", "region": "全国"}


@dataclasses.dataclass
class Place:
    """A service of its own with its case sets and evaluations."""

    services: Any
    sets: CaseSets
    evaluations: Evaluations

    def upload(self, folder: Path, owner: str = "ann", name: str = "own.jsonl", *lines: Any) -> str:
        usual = (case("A", profile=FACTORY, labels=LABELS), case("B", profile=SHOP, labels=OTHER))
        return self.sets.upload(write(folder, *(lines or usual), name=name), owner).set_id

    def done(self, set_id: str, owner: str = "ann", kind: str = evaluations.RUN, **options: Any) -> str:
        made = self.evaluations.submit(owner, Options(set_id, **{"dense": False, "k": 1, **options}), kind)
        self.evaluations.join()
        found = self.evaluations.records.find(made.evaluation_id, owner)
        assert found is not None
        assert (found.state, found.problem) == (JobState.DONE, "")
        return made.evaluation_id


def opened(folder: Path, open_matcher: Callable[[], Matcher], *, start: bool = True) -> Place:
    engine = Engine(open_matcher, lambda: NOW.date())
    if start:
        engine.start()
    database = Database.in_folder(folder / "data")
    services = SimpleNamespace(
        engine=engine, database=database, files=FileStore(database, folder / "data" / "files"), now=lambda: NOW
    )
    sets = CaseSets(services)  # type: ignore[arg-type]
    return Place(services, sets, Evaluations(services, sets))  # type: ignore[arg-type]

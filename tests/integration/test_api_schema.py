"""Schemathesis against the REST interface: every operation, well-formed and ill-formed requests, all checks, chains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData

from matcher.api.documented import OPERATIONS
from matcher.services import Services
from tests.api_support import mounted, open_services, policies, started
from tests.support import measure, policy, write_library

ADMIN = {"Authorization": "Bearer admin"}
ACCEPTED = ["2xx", "401", "403", "404", "409", "422", "429"]
"""A well-formed request may name a place or a policy that does not exist: 422, but only for its content (see below)."""
CONFIG = {
    "seed": 20261123,
    "headers": ADMIN,
    "generation": {"max-examples": 8, "database": "none", "deterministic": True},
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ACCEPTED},
        "use_after_free": {
            "enabled": False
        },  # a cancelled job can still be read: DELETE ends it, it does not forget it
    },
}


@schemathesis.check
def well_formed_is_read(ctx: Any, response: Any, case: Any) -> bool | None:
    """A request that the schema allows is never refused for its form."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return None
    if response.json()["type"] != "urn:huiqi:problem:invalid-content":
        message = f"the form was refused: {response.text}"
        raise RejectedPositiveData(
            operation=case.operation.label, message=message, status_code=422, allowed_statuses=ACCEPTED
        )
    return None


@schemathesis.serializer("application/x-ndjson")
def json_lines(ctx: Any, value: Any) -> bytes:
    """Whatever is generated, as the body."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("api")
    documented = policy("nat-cit-hnte-15", measure("rate-15", when=[{"field": "honours", "has": ["高企"]}]))
    library = write_library(folder / "library", *policies(), documented)  # what the examples speak of
    with started(open_services(folder, library)) as running:
        yield running


@dataclass
class Tally:
    """What a run did and found."""

    failures: list[str] = field(default_factory=list)
    phases: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)

    def note(self, event: Any) -> None:
        if isinstance(event, events.NonFatalError | events.FatalError):
            self.failures.append(repr(event))
        elif isinstance(event, events.ScenarioFinished):
            self.phases[event.phase.value] += len(event.recorder.cases)
            for case_id, node in event.recorder.cases.items():
                label, answer = node.value.operation.label, event.recorder.interactions[case_id].response
                assert answer is not None
                self.cases[label] += 1
                self.answered |= {label} if answer.status_code < 300 else set()
            found = (check.failure_info for checks in event.recorder.checks.values() for check in checks)
            self.failures += [f"{info.failure.operation}: {info.failure}\n{info.code_sample}" for info in found if info]


def test_every_operation_keeps_its_word(services: Services) -> None:
    config = SchemathesisConfig.from_dict(CONFIG)
    app = mounted(services)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=config, headers=ADMIN)
    tally = Tally()
    for event in from_schema(schema).execute():
        tally.note(event)
    assert not tally.failures, "\n\n".join(tally.failures)
    assert all(tally.phases[phase] > 20 for phase in ("examples", "coverage", "fuzzing", "stateful")), tally.phases
    assert len(tally.cases) == len(OPERATIONS) and min(tally.cases.values()) >= 10, tally.cases
    never = tally.cases.keys() - tally.answered
    assert never == {"GET /jobs/{job_id}/result", "GET /jobs/{job_id}/errors"}  # the queue is not running: no job ends

"""Messages arrive though workers are killed all the time; the large version is `python -m eval.bench.delivery`."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.bench.delivery import Plan, run

PLAN = Plan(messages=300, kills=12, processes=2, lease_s=3.0)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nothing_is_lost_and_doubles_carry_the_same_key(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else None
    found = run(PLAN, tmp_path, url)
    assert found["states"] == {"sent": PLAN.messages}
    assert (found["lost"], found["unknown_keys"], found["bad_signatures"]) == (0, 0, 0)
    assert found["distinct"] == {"email": PLAN.messages // 2, "webhook": PLAN.messages // 2}
    assert found["mail_ids_per_key"] == 1.0
    assert found["doubles"]["webhook"] > 0, "the receiver drops connections after it has taken a message"
    assert found["attempts"]["sent"] == PLAN.messages
    assert found["exit_codes"] == [0, 0]

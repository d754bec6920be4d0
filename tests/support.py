"""Small builders that several test modules share."""

from __future__ import annotations

import datetime as dt
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from matcher.amounts import Row, estimate
from matcher.eligibility import Evaluation, Truth
from matcher.results import Amount
from policies.columns import columns_of
from policies.errors import InputError
from policies.library import LibraryMeasure
from policies.policy import Policy
from policies.profile import CompanyProfile
from policies.rules import Rule

AS_OF = dt.date(2026, 6, 15)
START_S = 240
RULE: TypeAdapter[Rule] = TypeAdapter(Rule)


def rule(data: Mapping[str, Any]) -> Rule:
    """A rule from its YAML form."""
    return RULE.validate_python(data)


def company(**raw: object) -> CompanyProfile:
    """A profile from raw values."""
    return CompanyProfile.model_validate(raw)


def problems_of(raw: object) -> str:
    """The message for a profile that is refused; AssertionError if it is taken."""
    try:
        CompanyProfile.model_validate(raw)
    except InputError as error:
        return str(error)
    raise AssertionError("the profile was accepted")


def truth(condition: Rule | Mapping[str, Any], profile: CompanyProfile, as_of: dt.date = AS_OF) -> Truth:
    """Truth of one rule for one company."""
    tree = rule(condition) if isinstance(condition, Mapping) else condition
    evaluation = Evaluation(columns_of([profile], as_of))
    return Truth(int(evaluation.per_company(evaluation.truth(tree))[0]))


def measure(slug: str = "grant", **changes: object) -> dict[str, Any]:
    """A measure in YAML form: a fixed sum without conditions."""
    base = {"slug": slug, "name": f"支持事项{slug}", "text": f"给予{slug}一次性奖励",
            "benefit": {"type": "fixed", "amount_wan": 10}}  # fmt: skip
    return {**base, **changes}


def policy(policy_id: str, *measures: dict[str, Any], **changes: object) -> dict[str, Any]:
    """A policy in YAML form: in force, municipal, open all year round."""
    base: dict[str, Any] = {
        "policy_id": policy_id, "title": f"关于{policy_id}的通知", "level": "city", "region": "山东省/济南市",
        "kind": "通知", "summary": "支持企业技术改造和设备更新", "status": "in_force",
        "window": {"kind": "year_round"}, "provenance": {"grade": "verified", "confidence": "high"},
        "measures": list(measures) or [measure()],
    }  # fmt: skip
    return {**base, **changes}


def load_policy(data: dict[str, Any]) -> Policy:
    """A checked policy."""
    return Policy.model_validate(data)


def entry(policy_id: str, one: dict[str, Any] | None = None, **changes: object) -> LibraryMeasure:
    """One measure in the context of its policy."""
    loaded = load_policy(policy(policy_id, one or measure(), **changes))
    found = loaded.measures[0]
    return LibraryMeasure(
        f"{policy_id}/{found.slug}", loaded, found, loaded.rule_of(found), loaded.preferences_of(found)
    )


def write_library(folder: Path, *policies: dict[str, Any]) -> Path:
    """A library folder of YAML files."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in policies:
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
        (folder / f"{data['policy_id']}.yaml").write_text(text, encoding="utf-8")
    return folder


def worth(benefit: dict[str, Any], as_of: dt.date = AS_OF, *, recipient: str = "enterprise", **raw: object) -> Amount:
    """What a benefit is worth to a company with these facts."""
    found = entry("p", measure(benefit=benefit, recipient=recipient)).measure
    return estimate(found, Row(Evaluation(columns_of([company(**raw)], as_of)), 0, as_of))


def wait_for(server: subprocess.Popen[bytes], log: Path, answers: Callable[[], bool]) -> None:
    """Poll a server just started until it answers as wanted; the test fails if it ends or takes too long."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if answers():
            return
        try:
            server.wait(0.3)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the server ended early:\n{log.read_text()}")
    pytest.fail(f"the server did not answer within {START_S} s:\n{log.read_text()}")

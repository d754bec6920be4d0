"""Lists and grants as JSON for programs, and in lines for people."""

from __future__ import annotations

from matcher.clock import iso_seconds
from matcher.grants.book import COUNTED, evidence_text, order_text, why_text
from matcher.grants.granted import STATES
from matcher.grants.lists import GrantView, LeftOut, ListView
from matcher.store.tables import Json
from policies.library import Library


def list_json(view: ListView) -> Json:
    """A list, without its companies."""
    of = view.of
    return {
        "list_id": of.list_id,
        "measure_id": of.measure_id,
        "version": of.version,
        "as_of": of.as_of.isoformat(),
        "region": of.region,
        "budget_yuan": of.budget_yuan,
        "committed_yuan": of.committed_yuan,
        "open": of.closed_at is None,
        "made_at": iso_seconds(of.made_at),
        "made_by": of.made_by,
        "companies": view.companies,
        "states": {state.value: tally.companies for state, tally in view.tallies.items()},
        "counts": of.found.get("counts", {}),
    }


def grant_json(view: GrantView) -> Json:
    """A company on a list, with the proof."""
    grant = view.grant
    return {
        "grant_id": grant.grant_id,
        "list_id": grant.list_id,
        "company_id": grant.company_id,
        "company": view.record.name,
        "uscc": view.record.uscc,
        "place": grant.place,
        "order": grant.order,
        "within_budget": grant.within_budget,
        "low_yuan": grant.low_yuan,
        "high_yuan": grant.high_yuan,
        "amount_yuan": grant.amount_yuan,
        "trace": grant.trace,
        "evidence": grant.evidence,
        "state": grant.state.value,
        "willing_at": iso_seconds(grant.willing_at) if grant.willing_at else None,
        "note": grant.note,
        "events": [
            {"at": iso_seconds(one.at), "by": one.by, "before": one.before, "after": one.after, "note": one.note}
            for one in view.events
        ],
    }


def left_out_json(one: LeftOut) -> Json:
    """A company that is not on a list."""
    return {
        "company_id": one.record.company_id,
        "company": one.record.name,
        "uscc": one.record.uscc,
        "why": one.why,
        "fields": list(one.fields),
        "manual": list(one.manual),
        "text": why_text(one),
    }


def money(yuan: float | None) -> str:
    """A sum in words."""
    return "金额待核定" if yuan is None else f"{yuan:,.2f} 元"


def list_line(view: ListView) -> str:
    """A list in one line."""
    of = view.of
    state = "已被取代" if of.closed_at else "办理中"
    committed = f"已确认和已兑付 {money(of.committed_yuan)}"
    return f"{of.list_id}　{of.measure_id}　{of.as_of}　{view.companies} 家　{state}　{committed}"


def lines_of(view: ListView, library: Library) -> list[str]:
    """A new list for people."""
    of, entry = view.of, library.by_id.get(view.of.measure_id)
    counts = of.found.get("counts", {})
    lines = [
        f"{entry.title if entry else of.measure_id}（{of.as_of}）",
        f"共比对企业 {counts.get('seen', 0):,} 家，列入名单 {view.companies:,} 家",
    ]
    lines += [f"{name}：{counts[key]:,}" for key, name in COUNTED.items() if counts.get(key)]
    if of.budget_yuan is not None:
        lines.append(f"预算 {money(of.budget_yuan)}")
    return lines


def grant_lines(view: GrantView) -> list[str]:
    """A company on a list for people: how it stands, then the proof."""
    grant = view.grant
    will = "企业已确认意愿" if grant.willing_at else "企业未确认意愿"
    within = "" if grant.within_budget else "　超出预算"
    lines = [
        f"{grant.place}. {view.record.name}　{money(grant.amount_yuan)}　{STATES[grant.state]}　{will}{within}",
        f"   记录编号 {grant.grant_id}　{order_text(grant.order)}",
    ]
    lines += [f"   请注意：{grant.note}"] if grant.note else []
    return lines + [f"   {line}" for line in evidence_text(grant.evidence).split("\n")]

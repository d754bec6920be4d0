"""A search as JSON: the stable shape of `huiqi policies search --json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcher.search.engine import Hit, SearchResult
from matcher.search.highlight import Segment
from matcher.wire import window_json

Json = dict[str, Any]


def search_json(result: SearchResult) -> Json:
    """The hits of a page, with counts."""
    return {
        "as_of": result.as_of.isoformat(),
        "library_version": result.library_version,
        "text": result.request.text,
        "total": result.total,
        "page": result.page,
        "pages": result.pages,
        "open_now": result.open_now,
        "facets": {
            name: [{"value": one.value, "label": one.label, "count": one.count} for one in values]
            for name, values in result.facets.items()
        },
        "expanded": list(result.expanded),
        "alike": list(result.alike),
        "dense": result.dense,
        "note": result.note,
        "hits": [_hit(hit) for hit in result.hits],
    }


def _hit(hit: Hit) -> Json:
    policy, answer = hit.policy, hit.standing.answer
    return {
        "policy_id": policy.policy_id,
        "title": policy.title,
        "doc_no": policy.doc_no,
        "level": policy.level,
        "region": policy.region,
        "kind": policy.kind,
        "themes": list(policy.themes),
        "state": hit.standing.state.value,
        "open_now": hit.standing.open_now,
        "window": window_json(hit.standing.window),
        "answer": None if answer is None else answer.sentence,
        "successors": [] if answer is None else [found.policy_id for found in answer.successors],
        "measures": [f"{policy.policy_id}/{measure.slug}" for measure in policy.measures],
        "exact": hit.exact,
        "by_meaning": hit.by_meaning,
        "score": hit.score,
        "title_parts": _parts(hit.title),
        "snippet_parts": _parts(hit.snippet),
    }


def _parts(segments: Sequence[Segment]) -> list[Json]:
    return [{"text": segment.text, "hit": segment.hit} for segment in segments]

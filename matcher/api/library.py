"""The library: list, search, one policy in full; and the field registry."""

from __future__ import annotations

import datetime as dt
import json
import math
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from matcher.api import answers_library as answers
from matcher.api import documented, requests
from matcher.api.access import Matching
from matcher.api.company import COMPANY, components
from matcher.api.context import Context, Json
from matcher.api.problems import NOT_FOUND, ApiProblem
from matcher.library_show import benefit_name
from matcher.search.engine import Facet, Hit, SearchResult, search
from matcher.search.highlight import Segment
from matcher.search.request import SearchRequest
from matcher.search.standing import Standing, standings
from matcher.service import Matcher
from matcher.wire import window_json
from policies.describe import describe
from policies.fields import Field, registry
from policies.lifecycle import measure_window
from policies.policy import Measure, Policy
from policies.vocabulary import vocabularies

PolicyId = Annotated[
    str,
    Path(
        max_length=100,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        description="政策编号。",
        examples=[requests.POLICY_EXAMPLE],
    ),
]


def add(routes: APIRouter, context: Context) -> None:
    """Its routes."""
    _lists(routes, context)
    _single(routes, context)


def _lists(routes: APIRouter, context: Context) -> None:
    async def page(request: Request, filters: requests.Filters, text: str) -> JSONResponse:
        as_of = context.day(filters.as_of)
        asked = SearchRequest(
            text=text, levels=tuple(filters.level), region=filters.region, kinds=tuple(filters.kind),
            themes=tuple(filters.theme), states=tuple(filters.state), open_now=filters.open_now, page=filters.page,
            size=filters.size,
        )  # fmt: skip

        def found(matcher: Matcher) -> Json:
            return _page_json(search(matcher.library, matcher.retriever, asked, as_of))

        return await context.worked_out(request, as_of, found)

    @routes.get("/policies", response_model=answers.PolicyPage, **documented.operation("policies"))
    async def policies(request: Request, filters: Annotated[requests.Filters, Query()], _: Matching) -> JSONResponse:
        return await page(request, filters, "")

    @routes.get("/policies/search", response_model=answers.PolicyPage, **documented.operation("search"))
    async def searched(
        request: Request, filters: Annotated[requests.SearchParameters, Query()], _: Matching
    ) -> JSONResponse:
        return await page(request, filters, filters.q)


def _single(routes: APIRouter, context: Context) -> None:
    @routes.get("/policies/{policy_id}", response_model=answers.PolicyAnswer, **documented.operation("policy"))
    async def policy(
        request: Request, policy_id: PolicyId, asked: Annotated[requests.Parameters, Query()], _: Matching
    ) -> JSONResponse:
        as_of = context.day(asked.as_of)

        def found(matcher: Matcher) -> Json:
            one = matcher.library.policies.get(policy_id)
            if one is None:
                raise ApiProblem(NOT_FOUND, f"政策库里没有编号为“{policy_id}”的政策，可用 GET /policies/search 查找。")
            standing = standings(matcher.library, as_of)[policy_id]
            details = [_measure_json(one, measure, as_of) for measure in one.measures]
            return {**_policy_json(one, standing), **_full_json(one), "details": details}

        return await context.worked_out(request, as_of, found)

    @routes.get("/fields", response_model=answers.FieldsAnswer, **documented.operation("fields"))
    def fields(request: Request, asked: Annotated[requests.Parameters, Query()], _: Matching) -> JSONResponse:
        listed = [_field_json(field) for field in registry().values()]
        return context.answer(request, context.day(asked.as_of), {"fields": listed, "json_schema": company_schema()})


def _page_json(result: SearchResult) -> Json:
    return {
        "total": result.total,
        "page": result.page,
        "pages": result.pages,
        "policies": [_hit_json(hit) for hit in result.hits],
        "facets": {name: [_facet_json(facet) for facet in facets] for name, facets in result.facets.items()},
        "expanded": list(result.expanded),
        "dense": result.dense,
        "note": result.note,
    }


def _hit_json(hit: Hit) -> Json:
    return {
        **_policy_json(hit.policy, hit.standing),
        "title_parts": _segments(hit.title),
        "snippet": _segments(hit.snippet),
        "by_meaning": hit.by_meaning,
        "exact": hit.exact,
    }


def _segments(segments: tuple[Segment, ...]) -> list[Json]:
    return [{"text": segment.text, "hit": segment.hit} for segment in segments]


def _facet_json(facet: Facet) -> Json:
    return {"value": facet.value, "label": facet.label, "count": facet.count, "chosen": facet.chosen}


def _policy_json(policy: Policy, standing: Standing) -> Json:
    answer = standing.answer
    successors = answer.successors if answer else ()
    return {
        "policy_id": policy.policy_id,
        "title": policy.title,
        "doc_no": policy.doc_no,
        "issuers": list(policy.issuers),
        "level": policy.level,
        "region": policy.region,
        "kind": policy.kind,
        "themes": list(policy.themes),
        "summary": policy.summary,
        "state": standing.state.value,
        "open_now": standing.open_now,
        "window": window_json(standing.window),
        "answer": answer.sentence if answer else None,
        "successors": [{"policy_id": one.policy_id, "title": one.title} for one in successors],
        "measures": [f"{policy.policy_id}/{measure.slug}" for measure in policy.measures],
    }


def _full_json(policy: Policy) -> Json:
    source, origin = policy.source, policy.provenance
    return {
        "published": policy.published,
        "valid_from": policy.valid_from,
        "valid_to": policy.valid_to,
        "status_note": policy.status_note,
        "exclusions": policy.exclusions,
        "stacking": policy.stacking_text,
        "materials": list(policy.materials),
        "channel": policy.channel,
        "contact": policy.contact,
        "tags": list(policy.tags),
        "origin": {
            "title": source.title,
            "url": source.url,
            "grade": origin.grade,
            "confidence": origin.confidence,
            "note": origin.note,
            "unverified": list(origin.unverified),
        },
    }


def _measure_json(policy: Policy, measure: Measure, as_of: dt.date) -> Json:
    return {
        "measure_id": f"{policy.policy_id}/{measure.slug}",
        "name": measure.name,
        "text": measure.text,
        "benefit": benefit_name(measure.benefit),
        "recipient": measure.recipient,
        "conditions": [describe(part) for part in policy.rule_of(measure).parts],
        "preferences": [describe(part) for part in policy.preferences_of(measure)],
        "window": window_json(measure_window(policy, measure, as_of)),
    }


def _field_json(field: Field) -> Json:
    options = field.classes
    if field.kind in {"set", "choice"}:
        options = tuple(vocabularies()[field.vocabulary].terms)
    elif field.kind == "flag":
        options = ("是", "否")
    low, high = field.possible if field.kind in {"number", "ratio"} else (-math.inf, math.inf)
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind,
        "group": field.group,
        "unit": field.unit,
        "question": field.question,
        "help": field.help,
        "scope": field.scope,
        "core": field.core,
        "derived": field.derived,
        "aliases": list(field.aliases),
        "minimum": low if math.isfinite(low) else None,
        "maximum": high if math.isfinite(high) else None,
        "options": list(options),
    }


@cache
def company_schema() -> Json:
    """The JSON Schema of a company with every field of the registry, complete in itself."""
    parts = components(full=True)
    text = json.dumps(parts).replace("#/components/schemas/", "#/$defs/")
    resolved = json.loads(text)
    company = resolved.pop(COMPANY)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **company, "$defs": resolved}

"""One question about one kept company: where a message that lacks one fact leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access.identity import Identity
from matcher.records import Kind, Records
from matcher.services import Services
from matcher.store.companies import CompanyRecord
from matcher.store.pushes import MEASURE_CHARS
from matcher.ui import layout, session, text
from matcher.ui.session import Session
from matcher.ui.site import subscriptions_text as words
from matcher.ui.site.replies import PageRoute, Refused, person, told
from policies.errors import InputError
from policies.facts import Items, show_fact
from policies.fields import FLAG_NAMES, Field, registry
from policies.library import LibraryMeasure
from policies.rules import Has, leaves
from policies.vocabulary import vocabularies

MAX_VALUES = 500
_Person = Annotated[Identity, Depends(person)]
_Values = Annotated[list[str], Form(max_length=MAX_VALUES)]
_Measure = Annotated[str, Query(max_length=MEASURE_CHARS)]


@dataclass(frozen=True)
class Asked:
    """A question.

    Attributes:
        kind: "one" of the options, "many" of them, or "text".
        measure: The measure that the answer decides; None where it is not known.
    """

    company: CompanyRecord
    field: Field
    kind: str
    options: tuple[str, ...]
    measure: LibraryMeasure | None
    state: Session

    @property
    def known(self) -> str:
        """What is filled in now; "" for nothing."""
        fact = session.profile_of(self.state).facts.get(self.field.name)
        return "" if fact is None else show_fact(self.field, fact)

    def answered(self, values: Sequence[str]) -> dict[str, object]:
        """The whole profile with the answer; what is held of a set stays held.

        Raises:
            InputError: nothing or nonsense was answered.
        """
        given: object = (values[0] if values else "") if self.kind != "many" else list(values)
        fact = session.profile_of(self.state).facts.get(self.field.name)
        held = list(fact.stated) if isinstance(fact, Items) else []
        if self.kind == "many" and held and values:
            given = list(dict.fromkeys([*held, *(one for one in values if one != text.NONE_OF_THESE)]))
        state = Session(
            **{**self.state, "question": self.field.name, "options": [*self.options, *held]},
        )
        return session.told(session.answered(state, given))


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=PageRoute)

    @routes.get("/mine/answer/{company_id}/{name}")
    def ask(request: Request, company_id: str, name: str, who: _Person, m: _Measure = "") -> Response:
        return _page(request, _asked(services, who, company_id, name, m))

    @routes.post("/mine/answer/{company_id}/{name}")
    def answer(
        request: Request,
        company_id: str,
        name: str,
        who: _Person,
        m: _Measure = "",
        value: _Values = [],  # noqa: B006
    ) -> Response:
        asked = _asked(services, who, company_id, name, m)
        try:
            raw = asked.answered(value)
            saved = Records(services.database).save(
                who.user_id, raw, Kind.DECLARED, "", services.now(), partial=True, actor=who.name
            )
        except InputError as error:
            return _page(request, asked, value, told(error))
        return RedirectResponse(f"/e/?profile={quote(saved.company_id)}&step=results", 303)

    return routes


def _asked(services: Services, who: Identity, company_id: str, name: str, measure_id: str) -> Asked:
    company, fields = Records(services.database).get(who.user_id, company_id), registry()
    if company is None or name not in fields or fields[name].kind == "text":
        raise Refused(404, *words.NOT_FOUND)
    measure = services.engine.matcher().library.by_id.get(measure_id) if services.engine.ready else None
    field = fields[name]
    state = session.restored(company.raw, company_id=company.company_id)
    return Asked(company, field, session.input_kind(field), _options(field, measure), measure, state)


def _options(field: Field, measure: LibraryMeasure | None) -> tuple[str, ...]:
    """What can be chosen; of a set what the measure asks for, where that is known."""
    if field.kind == "flag":
        return tuple(FLAG_NAMES.values())
    if field.kind == "class":
        return field.classes
    if field.kind not in {"choice", "set"}:
        return ()
    parts = leaves(measure.rule) if measure and field.kind == "set" else ()
    asked = [leaf for leaf in parts if isinstance(leaf, Has) and registry()[leaf.field].name == field.name]
    wanted = tuple(dict.fromkeys(item for leaf in asked for item in leaf.items or leaf.every))
    return wanted or tuple(vocabularies()[field.vocabulary].terms)


def _page(request: Request, asked: Asked, values: Sequence[str] = (), problem: str = "") -> Response:
    return layout.page(
        request,
        "answer",
        title=words.ANSWER_TITLE,
        active="inbox",
        status=422 if problem else 200,
        w=words,
        asked=asked,
        hint=session.answer_hint(asked.field),
        nothing=text.NONE_OF_THESE,
        values=values,
        problem=problem,
    )

"""The steps of the page: what each button does to the session, and what is shown afterwards."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr
from sqlalchemy.exc import SQLAlchemyError

from matcher.access.identity import identity_of
from matcher.records import Kind, Records
from matcher.services import Services
from matcher.steps import show_day
from matcher.store.tables import new_id
from matcher.ui import cards, form, layout, prefill, session, text
from matcher.ui.enterprise.inputs import QUIET
from matcher.ui.enterprise.parts import Parts, Updates
from matcher.ui.review import render_review
from matcher.ui.session import Outcome, Session
from matcher.workspace import Workspace
from policies.errors import HuiqiError, InputError, Problem
from policies.fields import registry

PROFILES_SHOWN = 8
_LOG = logging.getLogger(__name__)
_BUSY = f"(...given) => {{ hqBusy({json.dumps(text.MATCHING, ensure_ascii=False)}); return given; }}"
_ENDED = "() => hqEnded()"
_NO_DRAFT = ("", "{}", None)
_AS_SENT: dict[str, Any] = {**QUIET, "js": _BUSY, "preprocess": False}
"""The form is checked by `read_form`; Gradio would refuse every region after a restart of the server."""


class Dialogue:
    """The handlers; what they know of a person is the session and who makes the request."""

    def __init__(self, services: Services, parts: Parts) -> None:
        """Work on these parts."""
        self.engine = services.engine
        self.clock = services.now
        self.workspace = Workspace(services.database)
        self.records = Records(services.database)
        self.parts = parts

    def connect(self, page: gr.Blocks) -> None:
        """Bind the handlers."""
        parts, ask = self.parts, self.parts.ask
        ordered = [parts.inputs[key] for key in form.KEYS]
        answer = [parts.state, ask.one, ask.many, ask.words]
        opened = [parts.kept, parts.head, parts.review, *ordered, *parts.folds, *parts.results]
        page.load(self.open, parts.draft, opened, js="() => hqDraft()", **QUIET).then(js=_ENDED)
        checked = [parts.errors, parts.review, parts.state, parts.now]
        parts.go.click(self.check, [parts.state, *ordered], checked, **_AS_SENT).then(js=_ENDED)
        matched = parts.results
        parts.confirm.click(self.match, [parts.state, *ordered], matched, **_AS_SENT).then(js=_ENDED)
        for step in (ask.reply.click, ask.words.submit):
            step(self.answer, answer, matched, js=_BUSY, **QUIET).then(js=_ENDED)
        ask.skip.click(self.skip, parts.state, matched, js=_BUSY, **QUIET).then(js=_ENDED)
        ask.undo.click(self.undo, parts.state, matched, js=_BUSY, **QUIET).then(js=_ENDED)
        parts.save.click(self.save, parts.state, [parts.saved, parts.state], **QUIET).then(js=_ENDED)

    # ---- start ------------------------------------------------------------------------------------------------------

    def open(self, request: gr.Request, draft: str) -> Updates:
        """The saved companies; what the address asks for (?profile=, ?run=, &step=results); what was not sent yet."""
        owner = _owner(request)
        updates: Updates = {self.parts.kept: self._kept(owner)}
        wanted = request.query_params
        begun = prefill.draft(draft or "", _mark(owner))
        try:
            state = self._restored(owner, wanted.get("profile", ""), wanted.get("run", ""))
            if state is not None and wanted.get("step") == "results":
                updates |= {**self._filled(state), self.parts.review: render_review(state, self.engine.as_of())}
                return updates | self._shown(owner, state, record=False)
            if state is not None:
                updates |= {**self._filled(state), self.parts.state: {**state, "run_id": ""}}
        except InputError as error:
            return updates | self._refused("start", cards.render_problems(error.problems, text.CANNOT_OPEN))
        if begun is not None:
            updates |= self._form(begun, draft=True)
        if begun is not None or state is not None:
            updates[self.parts.now] = _now("form", "hq-form-head")
        elif draft not in _NO_DRAFT:
            updates[self.parts.now] = _now("start")
        return updates  # a plain start says nothing of a step: the person may have gone on to the form by now

    def _kept(self, owner: str) -> str:
        profiles, zone = self.records.list(owner), self.clock().tzinfo
        shown = [
            {"company_id": one.company_id, "name": one.name, "day": show_day(one.changed_at.astimezone(zone).date())}
            for one in profiles[:PROFILES_SHOWN]
        ]
        return layout.render("saved", profiles=shown, more=len(profiles) - len(shown), owner=_mark(owner))

    def _restored(self, owner: str, company_id: str, run_id: str) -> Session | None:
        """The dialogue that the address asks for; None for a plain address."""
        if run_id:
            run = self.workspace.run(owner, run_id)
            if run is None:
                raise InputError([Problem(text.CANNOT_OPEN_WHERE, text.RUN_GONE, text.CANNOT_OPEN_REMEDY)])
            current = run.run_id if run.as_of == self.engine.as_of() else ""
            return session.restored(run.raw, run_id=current, company_id=run.company_id or "")
        if company_id:
            profile = self.records.get(owner, company_id)
            if profile is None:
                raise InputError([Problem(text.CANNOT_OPEN_WHERE, text.PROFILE_GONE, text.CANNOT_OPEN_REMEDY)])
            return session.restored(profile.raw, company_id=profile.company_id)
        return None

    def _filled(self, state: Session) -> Updates:
        return self._form(prefill.fill(state["raw"]), draft=False)

    def _form(self, filled: prefill.Filled, *, draft: bool) -> Updates:
        head = layout.render("form_head", left_out=filled.left_out, draft=draft)
        updates: Updates = {self.parts.head: head}
        for key, value in filled.values.items():
            updates[self.parts.inputs[key]] = gr.update(value=value)
        for key, choices in filled.choices.items():
            value = filled.values.get(key)
            updates[self.parts.inputs[key]] = gr.update(choices=choices, value=value, visible=True)
        for number, fold in enumerate(self.parts.folds, 2):
            if any(filled.values.get(f"plan{number}_{name}") for name in ("text", *form.PLAN_FIELDS)):
                updates[fold] = gr.update(open=True)
        return updates

    # ---- form and check ---------------------------------------------------------------------------------------------

    def check(self, state: Session, *values: object) -> Updates:
        """From the form to its review, or the error summary."""
        try:
            started = session.started(state, form.read_form(dict(zip(form.KEYS, values, strict=True))))
            reviewed = render_review(started, self.engine.as_of())
        except InputError as error:
            return self._refused("form", cards.render_problems(error.problems))
        return {
            self.parts.errors: gr.update(value="", visible=False),
            self.parts.review: reviewed,
            self.parts.state: started,
            self.parts.now: _now("check", "hq-check-head"),
        }

    def match(self, request: gr.Request, state: Session, *values: object) -> Updates:
        """From the review to the results; the form is read again, so that a restarted server loses nothing."""
        try:
            started = session.started(state, form.read_form(dict(zip(form.KEYS, values, strict=True))))
        except InputError as error:
            return self._refused("form", cards.render_problems(error.problems))
        return self._shown(_owner(request), started)

    # ---- results ----------------------------------------------------------------------------------------------------

    def answer(self, request: gr.Request, state: Session, one: object, many: object, words: object) -> Updates:
        """The list with one more answer; an answer that cannot be read is refused beside the question."""
        try:
            asked = registry()[state["question"]] if state["question"] else None
            given = {"one": one, "many": many}.get(session.input_kind(asked), words) if asked else None
            changed = session.answered(state, given)
        except InputError as error:
            shown = gr.update(value=cards.render_problems(error.problems), visible=True)
            return {self.parts.ask.errors: shown, self.parts.now: _now("results", "hq-errors")}
        return self._shown(_owner(request), changed, focus="hq-question")

    def skip(self, request: gr.Request, state: Session) -> Updates:
        """The list with another question."""
        return self._changed(request, session.skipped, state)

    def undo(self, request: gr.Request, state: Session) -> Updates:
        """The list without the last answer."""
        return self._changed(request, session.undone, state)

    def _changed(self, request: gr.Request, change: Callable[[Session], Session], state: Session) -> Updates:
        try:
            changed = change(state)
        except InputError as error:
            return self._refused("check", cards.render_problems(error.problems))
        return self._shown(_owner(request), changed, focus="hq-question")

    def _shown(self, owner: str, state: Session, *, focus: str = "hq-summary", record: bool = True) -> Updates:
        """All outputs after a match, which is kept unless it was only opened again."""
        try:
            outcome = session.evaluate(self.engine.matcher(), state, self.engine.as_of())
        except InputError as error:
            return self._refused("form", cards.render_problems(error.problems))
        except HuiqiError as error:
            return self._unavailable(str(error))
        except Exception:
            _LOG.exception("a match failed")
            return self._unavailable(text.UNEXPECTED)
        outcome = self._recorded(owner, outcome) if record or not state["run_id"] else outcome
        run_id = outcome.session["run_id"]
        actions = cards.Actions(run_id, frozenset(self.workspace.favourites(owner)))
        parts = self.parts
        return {
            parts.errors: gr.update(value="", visible=False),
            parts.summary: cards.render_summary(outcome),
            parts.saved: layout.render("save_status", message=""),
            parts.ask.question: cards.render_question(outcome),
            **parts.ask.show(outcome.question, outcome.session["options"], undoable=bool(outcome.answered)),
            parts.found: cards.render_list(outcome.result, actions),
            parts.state: outcome.session,
            parts.now: _now("results", focus, f"/e/?run={run_id}&step=results" if run_id else "/e/"),
        }

    def _recorded(self, owner: str, outcome: Outcome) -> Outcome:
        """The outcome with the run that it is kept as; results are shown even where they cannot be kept."""
        state = outcome.session
        try:
            run = self.workspace.record_run(
                owner,
                session.told(state),
                outcome.result,
                self.clock(),
                state["company_id"] or None,
                run_id=state["run_id"],
            )
        except SQLAlchemyError:
            _LOG.exception("a match could not be kept")
            return outcome.with_run("")
        return outcome.with_run(run.run_id)

    def save(self, request: gr.Request, state: Session) -> Updates:
        """Keep the company."""
        owner = _owner(request)
        try:
            saved = self.records.save(owner, session.told(state), Kind.DECLARED, "", self.clock())
        except InputError as error:
            return {self.parts.saved: cards.render_problems(error.problems, text.CANNOT_SAVE)}
        self.workspace.link_run(owner, state["run_id"], saved.company_id)
        message = layout.render("save_status", message=text.SAVED.format(name=saved.name))
        return {self.parts.saved: message, self.parts.state: {**state, "company_id": saved.company_id}}

    # ---- what went wrong --------------------------------------------------------------------------------------------

    def _unavailable(self, reason: str) -> Updates:
        return self._refused("check", cards.render_problems([Problem(text.WHOLE_FORM, reason)], text.UNAVAILABLE))

    def _refused(self, step: str, problems: str) -> Updates:
        """The error summary at the step where it can be mended."""
        return {self.parts.errors: gr.update(value=problems, visible=True), self.parts.now: _now(step, "hq-errors")}


def _owner(request: gr.Request) -> str:
    """Who makes a request; PermissionError for nobody."""
    return identity_of(request.request.scope if request.request else {}).user_id


def _mark(owner: str) -> str:
    """Tells one user's draft in a browser from another's without naming either."""
    return hashlib.sha256(owner.encode()).hexdigest()[:16]


def _now(step: str, focus: str = "", url: str = "") -> str:
    """What the script is told; the serial makes it act although nothing else changed."""
    return layout.render("now", step=step, focus=focus, url=url, serial=new_id())

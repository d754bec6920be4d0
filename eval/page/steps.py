"""What happens on the evaluators' page: each step takes what was sent and says which components change."""

from __future__ import annotations

import datetime as dt
import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import gradio as gr

from eval.ablation import read_json
from eval.page import render, views, words
from eval.page.case_sets import SHIPPED, CaseSets
from eval.page.evaluations import ABLATION, MAX_KEPT, RUN, Evaluations, Options
from eval.page.results import SHIPPED_RESULTS, Asked, Choices, Results, label
from eval.page.widgets import Widgets
from matcher.access.identity import identity_of
from matcher.services import Services
from matcher.store.tables import Evaluation, JobState
from policies.dates import parse_date
from policies.errors import HuiqiError, InputError, Problem
from policies.values import ValueReason

Updates = dict[Any, Any]
Given = ParamSpec("Given")
SHIPPED_ABLATION = SHIPPED_RESULTS / "ablation_dev.json"
_LOG = logging.getLogger(__name__)


def _safely(step: Callable[Concatenate[Steps, Given], Updates]) -> Callable[Concatenate[Steps, Given], Updates]:
    """The step; what goes wrong in it is shown in the error summary, and everything else stays as it was."""

    @functools.wraps(step)
    def tried(self: Steps, /, *args: Given.args, **kwargs: Given.kwargs) -> Updates:
        try:
            return {self.on.errors: gr.update(value="", visible=False), **step(self, *args, **kwargs)}
        except InputError as error:
            shown = render.errors(error.problems)
        except HuiqiError as error:
            shown = render.errors([Problem(words.PAGE, str(error))], words.UNAVAILABLE)
        except Exception:
            _LOG.exception("a step failed")
            shown = render.errors([Problem(words.PAGE, words.UNEXPECTED)], words.UNAVAILABLE)
        return {self.on.errors: gr.update(value=shown, visible=True)}

    return tried


class Steps:
    """The steps; whose things are shown is read from the request, never from what was sent."""

    def __init__(self, services: Services, widgets: Widgets) -> None:
        """Work on these components."""
        self.on = widgets
        self._services = services
        self._sets = CaseSets(services)
        self._evaluations = Evaluations(services, self._sets)
        self._results = Results(services, self._evaluations)

    # ---- opening ----------------------------------------------------------------------------------------------------

    @_safely
    def opened(self, request: gr.Request) -> Updates:
        """The page as it stands for this user."""
        owner = _owner(request)
        engine, methods = self._services.engine, Updates()
        if engine.ready and not engine.matcher().retriever.dense:
            only = [(words.METHODS[False], False)]
            methods[self.on.dense] = gr.update(choices=only, value=False, info=words.NO_DENSE)
        return {**self._set_choices(owner, SHIPPED), **methods, **self._lists(owner), **self._now(owner, "")}

    def _set_choices(self, owner: str, chosen: str) -> Updates:
        zone = self._services.now().tzinfo
        shipped = words.SHIPPED_SET.format(n=len(self._sets.cases(SHIPPED, owner).cases))
        own = [
            (words.UPLOADED_SET.format(name=one.name, day=one.created_at.astimezone(zone).strftime("%Y-%m-%d %H:%M ")),
             one.file_id) for one in self._sets.of(owner)
        ]  # fmt: skip
        radio = gr.update(choices=[(shipped, SHIPPED), *own], value=chosen)
        return {self.on.set: radio, **self._chosen(owner, chosen)}

    def _chosen(self, owner: str, set_id: str) -> Updates:
        engine = self._services.engine
        library = engine.matcher().library if engine.ready else None
        summary = render.case_set(self._sets.read(set_id, owner), library)
        return {
            self.on.summary: gr.update(value=summary, visible=True),
            self.on.delete: gr.update(visible=set_id != SHIPPED),
            self.on.delete_ask: gr.update(visible=False),
        }

    # ---- case sets --------------------------------------------------------------------------------------------------

    @_safely
    def set_chosen(self, set_id: str, request: gr.Request) -> Updates:
        """Another case set."""
        return {**self._chosen(_owner(request), set_id), self.on.uploaded: gr.update(visible=False)}

    @_safely
    def uploaded(self, path: str | None, request: gr.Request) -> Updates:
        """A file was sent: it is checked, kept and chosen, or its problems are listed."""
        if not path:
            raise InputError([Problem(words.UPLOAD_HEADING, words.NO_FILE, words.CHOOSE_AGAIN)])
        owner = _owner(request)
        kept = self._sets.upload(Path(path), owner)
        note = gr.update(value=render.uploaded(kept.found.cases.name, kept.found), visible=True)
        chosen = self._set_choices(owner, kept.set_id) if kept.set_id else {}
        return {self.on.uploaded: note, **chosen}

    @_safely
    def delete_asked(self, set_id: str, request: gr.Request) -> Updates:
        """Say what would go with a case set."""
        owner = _owner(request)
        made = self._evaluations.of_set(set_id, owner)
        name = self._sets.cases(set_id, owner).name
        sentence = words.DELETE_ASK.format(name=name, n=len(made))
        return {
            self.on.delete_text: gr.update(value=render.piece("delete_ask", sentence=sentence)),
            self.on.delete_ask: gr.update(visible=True),
            self.on.delete: gr.update(visible=False),
        }

    @_safely
    def delete_refused(self, set_id: str, request: gr.Request) -> Updates:
        """Keep the case set."""
        return self._chosen(_owner(request), set_id)

    @_safely
    def deleted(self, set_id: str, request: gr.Request) -> Updates:
        """Remove a case set with everything that was made with it."""
        owner = _owner(request)
        made = self._evaluations.of_set(set_id, owner)
        if any(not one.state.ended for one in made):
            raise InputError([Problem(words.DELETE, words.IN_USE)])
        name = self._sets.delete(set_id, owner)
        for one in made:
            self._evaluations.records.delete(one)
        note = render.piece("uploaded", sentence=words.DELETED.format(name=name), problems=(), most=0)
        return {
            self.on.uploaded: gr.update(value=note, visible=True),
            **self._set_choices(owner, SHIPPED),
            **self._lists(owner),
        }

    # ---- running ----------------------------------------------------------------------------------------------------

    @_safely
    def started(self, set_id: str, dense: bool, k: int, day: str | None, request: gr.Request) -> Updates:
        """Begin an evaluation."""
        if dense not in words.METHODS or k not in words.DEPTHS:
            raise InputError([Problem(words.METHOD, words.WRONG_CHOICE, words.CHOOSE_AGAIN)])
        return self._submitted(_owner(request), Options(set_id, dense, k, _day(day)), RUN)

    @_safely
    def ablated(self, set_id: str, request: gr.Request) -> Updates:
        """Begin an ablation of the whole system."""
        engine = self._services.engine
        if not self._evaluations.may_ablate():
            raise InputError([Problem(words.ABLATION, words.ABLATE_MODEL)])
        return self._submitted(_owner(request), Options(set_id, dense=engine.matcher().retriever.dense), ABLATION)

    def _submitted(self, owner: str, options: Options, kind: str) -> Updates:
        made = self._evaluations.submit(owner, options, kind)
        return self._now(owner, made.evaluation_id)

    @_safely
    def cancelled(self, watched: str, request: gr.Request) -> Updates:
        """Stop what is running."""
        owner = _owner(request)
        self._evaluations.cancel(owner)
        return self._now(owner, watched)

    @_safely
    def ticked(self, watched: str, told: str, request: gr.Request) -> Updates:
        """How far the watched evaluation is; at its end everything that it changes."""
        owner = _owner(request)
        made = self._evaluations.records.find(watched, owner)
        if made is not None and made.state.value == told:
            now = views.progress_view(made)
            meter = gr.update(value=render.piece("meter", now=now), visible=not now.ended)
            return {self.on.errors: gr.skip(), self.on.meter: meter, self.on.timer: gr.update(active=not now.ended)}
        done = made is not None and _is_done(made)
        lists = self._lists(owner, made.kind) if made and done else {self.on.runs: self._runs(owner)}
        return {self.on.errors: gr.skip(), **self._now(owner, watched), **lists}

    def _now(self, owner: str, watched: str) -> Updates:
        """Status of the watched evaluation, or of the one that is going on."""
        made = self._evaluations.active(owner) or self._evaluations.records.find(watched, owner)
        if made is None:
            return {self.on.timer: gr.update(active=False)}
        now = views.progress_view(made)
        return {
            self.on.status: gr.update(value=render.piece("status", now=now), visible=True),
            self.on.meter: gr.update(value=render.piece("meter", now=now), visible=not now.ended),
            self.on.cancel: gr.update(visible=not now.ended),
            self.on.start: gr.update(interactive=now.ended),
            self.on.ablate: gr.update(interactive=now.ended),
            self.on.timer: gr.update(active=not now.ended),
            self.on.watched: made.evaluation_id,
            self.on.told: made.state.value,
        }

    # ---- results ----------------------------------------------------------------------------------------------------

    def _lists(self, owner: str, *kinds: str) -> Updates:
        """The evaluations there are; of these kinds (or all) the newest is chosen."""
        found: Updates = {self.on.runs: self._runs(owner)}
        if RUN in (kinds or (RUN,)):
            done = self._done(owner, RUN)
            found[self.on.results] = gr.update(visible=bool(done))
            found[self.on.shown] = gr.update(choices=done, value=done[0][1] if done else None)
        if ABLATION in (kinds or (ABLATION,)):
            shipped = [(words.ABLATION_SHIPPED, SHIPPED)] if SHIPPED_ABLATION.is_file() else []
            done = self._done(owner, ABLATION) + shipped
            found[self.on.ablation] = _radio(done, done[0][1] if done else "")
        return found

    def _done(self, owner: str, kind: str) -> Choices:
        zone = self._services.now().tzinfo
        return [
            (label(made, zone), made.evaluation_id)
            for made in self._evaluations.records.of(owner, kind)
            if _is_done(made)
        ]

    def _runs(self, owner: str) -> Any:
        zone, records = self._services.now().tzinfo, self._evaluations.records
        rows = [views.run_view(made, records.files(made), zone) for made in records.of(owner, RUN)]
        return gr.update(value=render.piece("runs", runs=rows, most=MAX_KEPT))

    @_safely
    def chosen(self, evaluation_id: str | None, view: str, metric: str, request: gr.Request) -> Updates:
        """An evaluation, or another view of it, from its beginning."""
        return self._show(Asked(evaluation_id or "", view, metric), _owner(request))

    @_safely
    def refined(
        self, evaluation_id: str | None, view: str, metric: str, stage: str | None, grade: str | None,
        baseline: str | None, request: gr.Request,
    ) -> Updates:  # fmt: skip
        """The same view with other choices, from its first page."""
        asked = Asked(evaluation_id or "", view, metric, stage or "", grade or "", 1, baseline or "")
        return self._show(asked, _owner(request))

    @_safely
    def page_before(
        self, evaluation_id: str | None, metric: str, stage: str | None, grade: str | None, page: int,
        request: gr.Request,
    ) -> Updates:  # fmt: skip
        """The page of misses before."""
        asked = Asked(evaluation_id or "", "misses", metric, stage or "", grade or "", int(page) - 1)
        return self._show(asked, _owner(request))

    @_safely
    def page_after(
        self, evaluation_id: str | None, metric: str, stage: str | None, grade: str | None, page: int,
        request: gr.Request,
    ) -> Updates:  # fmt: skip
        """The page of misses after."""
        asked = Asked(evaluation_id or "", "misses", metric, stage or "", grade or "", int(page) + 1)
        return self._show(asked, _owner(request))

    def _show(self, asked: Asked, owner: str) -> Updates:
        if not asked.evaluation_id:
            return {}
        answer = self._results.answer(asked, owner)
        return {
            self.on.result: gr.update(value=answer.html),
            self.on.metric: gr.update(visible=asked.view == "overall"),
            self.on.stage: _radio(answer.stages, asked.stage),
            self.on.grade: _radio(answer.grades, asked.grade),
            self.on.baseline: _radio(answer.baselines, answer.baseline),
            self.on.pager: gr.update(visible=answer.pages > 1),
            self.on.previous: gr.update(interactive=answer.page > 1),
            self.on.next: gr.update(interactive=answer.page < answer.pages),
            self.on.number: answer.page,
        }

    @_safely
    def ablation_shown(self, which: str | None, metric: str, request: gr.Request) -> Updates:
        """An ablation."""
        if not which:
            return {self.on.ablation_result: gr.update(value=render.piece("note", sentence=words.ABLATION_NONE))}
        if metric not in words.METRICS:
            raise InputError([Problem(words.ABLATION_METRIC, words.WRONG_CHOICE, words.CHOOSE_AGAIN)])
        if which == SHIPPED:
            html = render.ablation(*read_json(SHIPPED_ABLATION), metric)
        else:
            owner = _owner(request)
            rows, made_from = self._evaluations.ablation(which, owner)
            records = self._evaluations.records
            view = views.run_view(records.finished(which, owner), records.files(records.finished(which, owner)), None)
            html = render.ablation(rows, made_from, metric, view.files)
        return {self.on.ablation_result: gr.update(value=html)}


def _owner(request: gr.Request) -> str:
    """user_id of who sends this."""
    if request.request is None:
        raise PermissionError("not a request")
    return identity_of(request.request.scope).user_id


def _radio(choices: Choices, value: str) -> Any:
    """A group of choices; hidden where there is none."""
    known = value in [each for _, each in choices]
    return gr.update(choices=choices, value=value if known else None, visible=bool(choices))


def _is_done(made: Evaluation) -> bool:
    return made.state is JobState.DONE


def _day(given: str | None) -> str:
    """A whole day as ISO; empty for none."""
    if not given or not given.strip():
        return ""
    try:
        span = parse_date(given)
    except ValueReason as error:
        raise InputError([Problem(words.DAY, words.DAY_WRONG.format(given=given), words.DAY_REMEDY)]) from error
    if span.lo != span.hi:
        raise InputError([Problem(words.DAY, words.DAY_WRONG.format(given=given), words.DAY_REMEDY)])
    return dt.date.fromordinal(int(span.lo)).isoformat()

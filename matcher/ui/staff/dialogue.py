"""What the staff page does: shows what its address says, and the few actions that change something."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from matcher.access import audit
from matcher.access.identity import identity_of
from matcher.jobs import Correction
from matcher.services import Services
from matcher.sheet.mapping import column_letters
from matcher.store.tables import Job, StoredFile
from matcher.ui import cards
from matcher.ui.session import EVERYTHING
from matcher.ui.staff import results, views, words
from matcher.ui.staff.address import Address
from matcher.ui.staff.parts import DEFAULT_K, HOW_MANY, Parts
from matcher.ui.staff.readings import Readings, target_choices, unit_choices, usable
from policies.errors import HuiqiError, InputError, Problem

Updates = dict[Any, Any]

_LOG = logging.getLogger(__name__)
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_BUSY = f"(...given) => {{ hqBusy({json.dumps(words.WAIT, ensure_ascii=False)}); return given; }}"
_SHOWN, _MOVED = "(query) => hqStaffShown(query)", "(query) => hqStaffMoved(query)"
_COLUMN = "(picked) => hqFocus('hq-errors', 'hq-col-' + picked)"


class Dialogue:
    """The handlers. They believe nothing that they are sent: ids are looked up by the owner who makes the request."""

    def __init__(self, services: Services, parts: Parts) -> None:
        """Work on these parts."""
        self.services, self.parts = services, parts
        self.readings = Readings(services)

    def connect(self, page: gr.Blocks) -> None:
        """Bind the handlers."""
        parts = self.parts
        every = parts.all()
        page.load(self.show, parts.route, every, js="() => location.search", **_QUIET)
        shown = parts.route.submit(self.show, parts.route, every, js=_BUSY, trigger_mode="always_last", **_QUIET)
        shown.then(None, parts.route, js=_SHOWN)
        ticked = parts.timer.tick(self.tick, parts.route, [parts.progress, parts.timer], **_QUIET)
        ticked.then(js="() => hqStaffTicked()")
        moves: list[tuple[Any, Callable[..., Updates], list[Any]]] = [
            (parts.upload.upload, self.upload, [parts.upload]),
            (parts.go.click, self.submit, [parts.route, parts.how_many, parts.out_format]),
            (parts.forget.click, self.forget, [parts.route]),
            (parts.cancel.click, self.cancel, [parts.route]),
            (parts.find.click, self.find, [parts.target, parts.source]),
        ]
        for event, handler, inputs in moves:
            event(handler, inputs, every, js=_BUSY, **_QUIET).then(None, parts.route, js=_MOVED)
        edit = [parts.route, parts.picked]
        parts.picked.submit(self.edit, edit, every, **_QUIET).then(js="() => hqFocus('hq-editor')")
        parts.field.input(self.offer_units, parts.field, parts.unit, **_QUIET)
        parts.apply.click(self.correct, [*edit, parts.field, parts.unit], every, js=_BUSY, **_QUIET).then(
            None, parts.picked, js=_COLUMN
        )
        parts.close.click(lambda: gr.update(visible=False), None, parts.editor, **_QUIET).then(
            None, parts.picked, js=_COLUMN
        )

    # ---- what the address says --------------------------------------------------------------------------------------

    def show(self, query: str | None, request: gr.Request) -> Updates:
        """Everything for an address."""
        owner = _owner(request)
        return self._guarded(lambda: self._view(owner, Address.read(query or "")))

    def tick(self, query: str | None, request: gr.Request) -> Updates:
        """How far the job is; once it has ended the browser asks for what it looks at then."""
        job = self.services.jobs.find(_owner(request), Address.read(query or "").job)
        if job is None:
            return {self.parts.timer: gr.Timer(active=False)}
        return {
            self.parts.progress: views.progress(job, self.services.jobs),
            self.parts.timer: gr.Timer(active=not job.state.ended),
        }

    def _view(self, owner: str, address: Address, note: str = "") -> Updates:
        if address.job:
            job = self.services.jobs.find(owner, address.job)
            if job is None:
                raise InputError([Problem(words.GONE, words.GONE_REASON, words.GONE_REMEDY)])
            return self._job(job, address)
        if address.file:
            return self._columns(owner, address, self._upload_of(owner, address.file), note)
        return self._reverse(owner) if address.view == "reverse" else self._start(owner)

    def _blank(self, address: Address) -> Updates:
        """Everything hidden."""
        parts = self.parts
        hidden = (parts.errors, parts.upload_panel, parts.reverse_panel, parts.body, parts.progress, parts.editor,
                  parts.more, parts.go_panel, parts.cancel_panel)  # fmt: skip
        updates: Updates = {part: gr.update(visible=False) for part in hidden}
        return updates | {parts.route: address.to().removeprefix("/s/"), parts.timer: gr.Timer(active=False)}

    def _start(self, owner: str) -> Updates:
        found = self.services.jobs.list(owner)
        return self._blank(Address()) | {
            self.parts.head: views.head(words.START, words.START_LEAD, step="start"),
            self.parts.upload_panel: gr.update(visible=True),
            self.parts.body: _shown(views.jobs(found)),
        }

    def _columns(self, owner: str, address: Address, upload: StoredFile, note: str) -> Updates:
        source = self.readings.recognised(upload)
        mapping = self.readings.mapping(owner, source.mapping)
        remembered = bool(self.readings.remembered(owner, source.mapping))
        known = bool(source.mapping.sheets)
        checked = self.readings.check(upload, usable(mapping) if known else None, self.services.engine.as_of())
        lead = (words.COLUMNS_LEAD if known else words.COLUMNS_NONE).format(name=upload.name)
        said = note or (words.REMEMBERED if remembered else "")
        return self._blank(Address(file=address.file)) | {
            self.parts.head: views.head(words.COLUMNS, lead, step="columns", note=said),
            self.parts.body: _shown(views.columns(mapping, source.notes)),
            self.parts.more: _shown(views.check(checked, mapping if known else None)),
            self.parts.go_panel: gr.update(visible=True),
            self.parts.forget: gr.update(visible=remembered),
        }

    def _job(self, job: Job, address: Address) -> Updates:
        parts, title = self.parts, self._title(job)
        if not job.state.ended:
            return self._blank(Address(job=job.job_id)) | {
                parts.head: views.head(title, step="progress"),
                parts.progress: _shown(views.progress(job, self.services.jobs)),
                parts.cancel_panel: gr.update(visible=True),
                parts.timer: gr.Timer(active=True),
            }
        outcome = self.services.jobs.outcome(job)
        if outcome is None:
            updates = self._blank(Address(job=job.job_id))
            return updates | {parts.head: views.head(title, step="progress"), parts.body: _shown(views.ended(job))}
        if address.view == "company":
            return self._company(job, address)
        files = self.services.jobs.results(job.owner, job.job_id)
        if address.view == "problems":
            lead, body = results.problems(job, files, outcome, address)
            back = (Address(job=job.job_id).to(), words.BACK_TO_RESULT)
            head = views.head(words.PROBLEMS, lead, back=back)
        else:
            soonest = results.soon(self.services.engine.matcher(), results.as_of(job)) if address.soon else frozenset()
            body = results.result(job, files, outcome, address, soonest)
            head = views.head(title, step="result")
        return self._blank(address) | {parts.head: head, parts.body: _shown(body)}

    def _title(self, job: Job) -> str:
        target = job.options["target"]
        if target and self.services.engine.ready:
            library = self.services.engine.matcher().library
            policy, measure = library.policies.get(target), library.by_id.get(target)
            target = policy.title if policy else measure.title if measure else target
        return words.JOB[job.kind].format(name=job.name, target=target)

    def _company(self, job: Job, address: Address) -> Updates:
        outcome = self.services.jobs.outcome(job)
        profile = outcome.company(address.sheet, address.row) if outcome else None
        if profile is None:
            place = words.COMPANY_PLACE.format(sheet=address.sheet, row=address.row)
            raise InputError([Problem(place, words.COMPANY_GONE, words.GONE_REMEDY)])
        found = self.services.engine.matcher().match(profile, results.as_of(job), EVERYTHING)
        back = (Address(job=job.job_id).to(), words.BACK_TO_RESULT)
        listed = cards.render_list(found)
        return self._blank(address) | {
            self.parts.head: views.head(found.company or words.NAMELESS, back=back),
            self.parts.body: _shown(results.company(job, profile, found, address)),
            self.parts.more: gr.update(value=listed, visible=bool(cards.sections(found))),
        }

    def _reverse(self, owner: str) -> Updates:
        uploads = self.services.jobs.uploads(owner)
        sources = [
            (words.R_SOURCE_NAME.format(name=one.name, at=views.moment(one.created_at)), one.file_id) for one in uploads
        ]
        note = "" if sources else words.R_NO_SOURCE
        return self._blank(Address(view="reverse")) | {
            self.parts.head: views.head(words.REVERSE, words.REVERSE_LEAD, place="reverse", note=note),
            self.parts.reverse_panel: gr.update(visible=bool(sources)),
            self.parts.target: gr.update(choices=self._targets(), value=None),
            self.parts.source: gr.update(choices=sources, value=sources[0][1] if sources else None),
        }

    def _targets(self) -> list[tuple[str, str]]:
        """Policies on offer with more than one measure, and every measure on offer."""
        engine = self.services.engine
        by_policy: dict[str, list[tuple[str, str]]] = {}
        titles: dict[str, str] = {}
        for item in engine.matcher().active(engine.as_of()):
            policy = item.entry.policy
            titles[policy.policy_id] = policy.title
            by_policy.setdefault(policy.policy_id, []).append((item.entry.title, item.entry.measure_id))
        choices = []
        for policy_id, measures in by_policy.items():
            if len(measures) > 1:
                choices.append((words.R_TARGET_ALL.format(title=titles[policy_id], n=len(measures)), policy_id))
            choices += measures
        return choices

    # ---- actions ----------------------------------------------------------------------------------------------------

    def upload(self, path: str | None, request: gr.Request) -> Updates:
        """Take over an upload and show how its header is understood."""
        owner = _owner(request)
        if not path:
            return {}
        given = Path(path)

        def taken() -> Updates:
            try:
                stored = self.services.jobs.take(given, given.name, owner, self.services.now())
            finally:
                given.unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # something else lies there
                    given.parent.rmdir()
            try:
                updates = self._view(owner, Address(file=stored.file_id))
            except InputError:
                self.services.files.delete(stored)  # nothing can be done with it
                raise
            self._log(request, "file.upload", stored.file_id)
            return updates

        return self._guarded(taken, words.CANNOT_UPLOAD)

    def edit(self, query: str | None, picked: str | None, request: gr.Request) -> Updates:
        """Open the panel for one column."""
        owner = _owner(request)

        def opened() -> Updates:
            upload = self._upload_of(owner, Address.read(query or "").file)
            mapping = self.readings.mapping(owner, self.readings.recognised(upload).mapping)
            found = views.place(mapping, picked or "")
            if found is None:
                return {}
            _, column = found
            title = words.EDITING.format(letters=column_letters(column.column), header=column.header)
            units = unit_choices(column.target)
            return {
                self.parts.editor: gr.update(visible=True),
                self.parts.editor_title: views.render("editor", title=title),
                self.parts.field: gr.update(choices=target_choices(), value=column.target),
                self.parts.unit: gr.update(choices=units, value=column.unit if units else None, visible=bool(units)),
            }

        return self._guarded(opened)

    def offer_units(self, target: str | None) -> Any:
        """The units of a field."""
        units = unit_choices(target or "")
        return gr.update(choices=units, value="" if units else None, visible=bool(units))

    def correct(
        self, query: str | None, picked: str | None, target: str | None, unit: str | None, request: gr.Request
    ) -> Updates:
        """Use a column for another field, or not at all."""
        owner = _owner(request)

        def changed() -> Updates:
            address = Address.read(query or "")
            upload = self._upload_of(owner, address.file)
            found = views.place(self.readings.recognised(upload).mapping, picked or "")
            if found is None:
                return {}
            change = Correction(found[0], found[1].column, target or "", unit or "")
            before, after = self.readings.correct(owner, upload, change)
            return self._view(owner, Address(file=address.file), views.change_note(before, after, change))

        return self._guarded(changed)

    def forget(self, query: str | None, request: gr.Request) -> Updates:
        """Go back to the header as it is recognised."""
        owner = _owner(request)

        def forgotten() -> Updates:
            address = Address.read(query or "")
            self.readings.forget(owner, self._upload_of(owner, address.file))
            return self._view(owner, Address(file=address.file), words.FORGOTTEN)

        return self._guarded(forgotten)

    def submit(self, query: str | None, k: int | None, out_format: str | None, request: gr.Request) -> Updates:
        """Match every company of the upload."""
        owner = _owner(request)

        def submitted() -> Updates:
            upload = self._upload_of(owner, Address.read(query or "").file)
            job = self.services.jobs.submit_bulk(
                owner,
                upload,
                as_of=self.services.engine.as_of(),
                k=k if k in HOW_MANY else DEFAULT_K,
                mapping=self.readings.confirmed(owner, upload),
                out_format=str(out_format),
                now=self.services.now(),
            )
            self._log(request, "bulk.submit", job.job_id)
            return self._job(job, Address(job=job.job_id))

        return self._guarded(submitted)

    def find(self, target: str | None, source: str | None, request: gr.Request) -> Updates:
        """Find the companies of an upload that a policy is for."""
        owner = _owner(request)

        def submitted() -> Updates:
            missing = [(words.R_TARGET, words.R_PICK_TARGET)] if not target else []
            missing += [(words.R_SOURCE, words.R_PICK_SOURCE)] if not source else []
            if missing:
                raise InputError([Problem(where, reason) for where, reason in missing])
            upload = self._upload_of(owner, str(source))
            job = self.services.jobs.submit_reverse(
                owner,
                str(target),
                upload,
                as_of=self.services.engine.as_of(),
                limit=None,
                now=self.services.now(),
                mapping=self.readings.confirmed(owner, upload),
            )
            self._log(request, "reverse.submit", job.job_id)
            return self._job(job, Address(job=job.job_id))

        return self._guarded(submitted)

    def cancel(self, query: str | None, request: gr.Request) -> Updates:
        """Stop a job."""
        owner = _owner(request)
        address = Address.read(query or "")
        if self.services.jobs.cancel(owner, address.job, self.services.now()):
            self._log(request, "job.cancel", address.job)
        return self._guarded(lambda: self._view(owner, Address(job=address.job)))

    # ---- common -----------------------------------------------------------------------------------------------------

    def _upload_of(self, owner: str, file_id: str) -> StoredFile:
        found = self.services.files.find(file_id, owner)
        if found is None or found.job_id is not None:
            raise InputError([Problem(words.FILE_GONE, words.GONE_REASON, words.GONE_REMEDY)])
        return found

    def _log(self, request: gr.Request, action: str, target: str) -> None:
        if request.request is not None:
            audit.record(self.services, request.request.scope, action, target)

    def _guarded(self, do: Callable[[], Updates], heading: str = words.CANNOT_DO) -> Updates:
        """What a step shows; what goes wrong is said on top, and what is shown stays."""
        try:
            return {self.parts.errors: gr.update(visible=False)} | do()
        except InputError as error:
            problems = error.problems
        except HuiqiError as error:
            problems = (Problem(words.PROBLEM_WHERE, str(error)),)
        except Exception:
            _LOG.exception("a step of the staff page failed")
            problems = (Problem(words.PROBLEM_WHERE, words.UNEXPECTED),)
        return {self.parts.errors: _shown(views.errors(problems, heading))}


def _owner(request: gr.Request) -> str:
    """user_id of who makes a request; PermissionError without one."""
    if request.request is None:
        raise PermissionError("nobody is logged in")
    return identity_of(request.request.scope).user_id


def _shown(html: str) -> Any:
    return gr.update(value=html, visible=True)

"""Evaluations that go on in the background, one at a time, and what came of them."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from queue import Queue

from eval.ablation import Row, ablate, read_json, to_markdown, write_json
from eval.cases import CaseSet
from eval.compare import HEADLINE
from eval.page import words
from eval.page.case_sets import CaseSets
from eval.page.records import Records
from eval.report import Report, measured, write_html
from eval.run import Run, load_run, make_run, save_run
from index.encoder import lazy_encoder
from index.files import write_bytes
from matcher.retrieval import Retriever
from matcher.service import Matcher
from matcher.services import Services
from matcher.store.tables import Evaluation, JobState, Json, new_id
from policies.errors import HuiqiError, InputError, ModelUnavailable, Problem

RUN, ABLATION = "eval", "ablation"
"""Kinds of evaluations."""
MAX_KEPT = 10
"""Evaluations of one owner and kind; the oldest goes with its files where there are more."""
RUN_TYPE, PAGE_TYPE, TABLE_TYPE = "application/json", "text/html", "text/markdown"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What an evaluator asks for.

    Attributes:
        set_id: Of the case set.
        dense: Whether meaning is compared.
        k: Cut-off of the misses, 1 or more.
        as_of: One day for all cases, ISO; empty for each case's own.
    """

    set_id: str
    dense: bool = True
    k: int = 20
    as_of: str = ""

    def cases(self, sets: CaseSets, owner: str) -> CaseSet:
        """The cases, at the day asked for.

        Raises:
            InputError: There is no such set, or a company does not fit the day (founded later, for example).
        """
        found = sets.cases(self.set_id, owner)
        if not self.as_of:
            return found
        day, problems = dt.date.fromisoformat(self.as_of), list[Problem]()
        for case in found.cases:
            try:
                case.profile.check_at(day)
            except InputError as error:
                where = words.DAY_CASE.format(case_id=case.case_id)
                problems += [Problem(f"{where}，{one.where}", one.reason, one.remedy) for one in error.problems]
        if problems:
            raise InputError(problems)
        return found.at(day)


def options_of(made: Evaluation) -> Options:
    """What was asked for."""
    raw = made.options
    return Options(raw["set_id"], raw["dense"], raw["k"], raw["as_of"])


class Cancelled(Exception):
    """Its owner does not want an evaluation any more."""


class Evaluations:
    """A queue with one worker; the state of everything is in the database, so that pages may come and go."""

    def __init__(self, services: Services, sets: CaseSets) -> None:
        """Mark what an earlier process left unfinished, and wait for work."""
        self.records = Records(services)
        self._engine, self._sets = services.engine, sets
        self._queue: Queue[str] = Queue()
        self._stopping: set[str] = set()
        self._measured = functools.lru_cache(maxsize=8)(self._measure_again)
        self.records.give_up_open()
        threading.Thread(target=self._work, name="evaluations", daemon=True).start()

    # ---- asking -----------------------------------------------------------------------------------------------------

    def submit(self, owner: str, options: Options, kind: str = RUN) -> Evaluation:
        """Put an evaluation (or with kind ABLATION an ablation) into the queue.

        Raises:
            InputError: The options do not fit, or the owner has one that has not ended.
        """
        if self.active(owner):
            raise InputError([Problem(words.RUN, words.BUSY_ALREADY, words.BUSY_REMEDY)])
        cases = options.cases(self._sets, owner)
        facts = {"n": len(cases.cases), "digest": cases.digest}
        made = Evaluation(
            evaluation_id=new_id(), owner=owner, kind=kind, name=cases.name, options={**asdict(options), **facts},
            state=JobState.WAITING, stage="", done=0, problem="", files=[], created_at=self.records.now,
        )  # fmt: skip
        self.records.add(made)
        self._queue.put(made.evaluation_id)
        return made

    def cancel(self, owner: str) -> None:
        """Stop what an owner has waiting, at once, or running, at its next case."""
        made = self.active(owner)
        if made is None:
            return
        self._stopping.add(made.evaluation_id)
        waiting = made.state is JobState.WAITING
        ended = {"state": JobState.CANCELLED, "ended_at": self.records.now} if waiting else {}
        self.records.note(made.evaluation_id, stage=words.STOPPING, done=0, total=None, **ended)

    def join(self) -> None:
        """Wait until nothing waits or runs, whoever asked for it."""
        self._queue.join()

    def active(self, owner: str) -> Evaluation | None:
        """What an owner has waiting or running."""
        return next((made for made in self.records.of(owner) if not made.state.ended), None)

    def run(self, evaluation_id: str, owner: str) -> Run:
        """The stored answers of an evaluation that is done; InputError if they are gone."""
        return load_run(self.records.path(self.records.finished(evaluation_id, owner), RUN_TYPE))

    def report(self, evaluation_id: str, owner: str) -> Report:
        """The measured answers of an evaluation that is done; InputError if they or the cases are gone."""
        self.records.finished(evaluation_id, owner)
        return self._measured(evaluation_id, owner)

    def ablation(self, evaluation_id: str, owner: str) -> tuple[list[Row], Json]:
        """The rows of an ablation that is done, and what they were made from; InputError if they are gone."""
        return read_json(self.records.path(self.records.finished(evaluation_id, owner), RUN_TYPE))

    def of_set(self, set_id: str, owner: str) -> list[Evaluation]:
        """Everything that was made with a case set."""
        return [made for made in self.records.of(owner) if made.options["set_id"] == set_id]

    def may_ablate(self) -> bool:
        """Whether the model is the bundled one, which the baselines load for themselves."""
        retriever = self._engine.matcher().retriever
        bundled = lazy_encoder(None, batch=True).model_id
        return not retriever.dense or retriever.index.manifest.model_id == bundled

    def _measure_again(self, evaluation_id: str, owner: str) -> Report:
        made = self.records.finished(evaluation_id, owner)
        options = options_of(made)
        run, cases = self.run(evaluation_id, owner), options.cases(self._sets, owner)
        return measured(run, cases, self._engine.matcher().library, options.k)

    # ---- working ----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            evaluation_id = self._queue.get()
            try:
                if made := self.records.next(evaluation_id):
                    self._finish(made)
            except Exception:  # such as a database that is locked: the next one may go well
                _LOG.exception("an evaluation could not be written down")
            self._stopping.discard(evaluation_id)
            self._queue.task_done()

    def _finish(self, made: Evaluation) -> None:
        """Do it, and write down how it ended, whatever happens."""
        state, problem, report = JobState.FAILED, "", None
        try:
            self.records.note(made.evaluation_id, state=JobState.RUNNING, started_at=self.records.now)
            report = self._ablate(made) if made.kind == ABLATION else self._evaluate(made)
            state = JobState.DONE
        except Cancelled:
            state = JobState.CANCELLED
        except ModelUnavailable:
            problem = words.NO_MODEL
        except HuiqiError as error:
            problem = str(error)
        except Exception:
            _LOG.exception("an evaluation failed")
            problem = words.UNEXPECTED
        if state is not JobState.DONE:
            self.records.drop_files(made)
        ended = {"state": state, "problem": problem, "report": report, "ended_at": self.records.now}
        self.records.note(made.evaluation_id, **ended)
        for old in self.records.of(made.owner, made.kind)[MAX_KEPT:]:
            self.records.delete(old)

    def _evaluate(self, made: Evaluation) -> Json:
        options, cases, matcher, run = self._answered(made)
        self.records.note(made.evaluation_id, stage=words.STAGE_MEASURE, done=0, total=None)
        report = measured(run, cases, matcher.library, options.k)
        stamp = self._stamp(made)
        with self.records.writing(made, words.RUN_FILE.format(made=stamp), RUN_TYPE) as path:
            save_run(run, path)
        with self.records.writing(made, words.REPORT_FILE.format(made=stamp), PAGE_TYPE) as path:
            write_html(report, path)
        figures = {name: asdict(value) for name, value in report.scores.overall.items() if name in HEADLINE}
        return {
            "library": matcher.library.version,
            "misses": len(report.misses),
            "violations": len(report.violations),
            "metrics": figures,
        }

    def _ablate(self, made: Evaluation) -> Json:
        _, cases, matcher, run = self._answered(made)
        noted = functools.cache(lambda total: self._progress(made, words.STAGE_ABLATION, total))
        rows = ablate(matcher, cases, run, batch=True, on_row=lambda done, total: noted(total)(done))
        stamp = self._stamp(made)
        with self.records.writing(made, words.ABLATION_FILE.format(made=stamp), RUN_TYPE) as path:
            write_json(rows, run, path)
        with self.records.writing(made, words.ABLATION_TABLE.format(made=stamp), TABLE_TYPE) as path:
            write_bytes(path, to_markdown(rows, run.made_from).encode())
        return {"library": matcher.library.version}

    def _answered(self, made: Evaluation) -> tuple[Options, CaseSet, Matcher, Run]:
        self._watch(made)
        self.records.note(made.evaluation_id, stage=words.STAGE_ENCODE, done=0, total=None)
        options, matcher = options_of(made), self._engine.matcher()
        if options.dense and not matcher.retriever.dense:
            raise ModelUnavailable(matcher.retriever.note)
        if not options.dense and matcher.retriever.dense:
            matcher = Matcher(matcher.library, Retriever(matcher.library, None))
        cases = options.cases(self._sets, made.owner)
        run = make_run(matcher, cases, on_case=self._progress(made, words.STAGE_CASES, len(cases.cases)))
        return options, cases, matcher, run

    def _progress(self, made: Evaluation, stage: str, total: int) -> Callable[[int], None]:
        return self.records.progress(made, stage, total, lambda: self._watch(made))

    def _watch(self, made: Evaluation) -> None:
        if made.evaluation_id in self._stopping:
            raise Cancelled

    def _stamp(self, made: Evaluation) -> str:
        return made.created_at.astimezone(self.records.now.tzinfo).strftime("%Y-%m-%d_%H%M")

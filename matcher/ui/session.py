"""One company's dialogue: the form as sent, the answers given since, and the question that is open. Plain data only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from matcher.results import MatchResult, Question
from matcher.service import Matcher
from matcher.ui import text
from matcher.ui.form import FORM_FIELDS
from policies.errors import InputError, Problem
from policies.facts import show_fact
from policies.fields import Field, registry
from policies.profile import CompanyProfile

EVERYTHING = 10_000
"""Number of matches asked for: the page folds what stands further down, it never drops it."""
MAX_ANSWER_CHARS = 60


class Answer(TypedDict):
    """One answer as given."""

    field: str
    raw: object


class Session(TypedDict):
    """What the page remembers between two steps; `run_id` and `company_id` are "" where nothing is kept yet."""

    raw: dict[str, object]
    answers: list[Answer]
    skipped: list[str]
    question: str
    options: list[str]
    run_id: str
    company_id: str


@dataclass(frozen=True)
class Outcome:
    """What one step leads to.

    Attributes:
        answered: Label and value of each answer in force.
    """

    session: Session
    result: MatchResult
    question: Question | None
    answered: tuple[tuple[str, str], ...]

    def with_run(self, run_id: str) -> Outcome:
        """The outcome kept under a run_id ("" for not at all)."""
        return replace(self, session=Session(**{**self.session, "run_id": run_id}))


def empty() -> Session:
    """The state before the first match."""
    return Session(raw={}, answers=[], skipped=[], question="", options=[], run_id="", company_id="")


def started(session: Session, raw: dict[str, object]) -> Session:
    """The state after the form was sent.

    For the same company the dialogue goes on: the run and the saved company stay, and so do answers where the form is
    silent.
    """
    if any((session["raw"].get(key) or "") != (raw.get(key) or "") for key in ("name", "uscc")):
        return Session(**{**empty(), "raw": raw})
    kept = [answer for answer in session["answers"] if raw.get(answer["field"]) in (None, "")]
    return Session(**{**session, "raw": raw, "answers": kept, "skipped": [], "question": "", "options": []})


def restored(raw: Mapping[str, object], *, run_id: str = "", company_id: str = "") -> Session:
    """The dialogue about a kept company (see `told`): what the form does not hold was an answer.

    Raises:
        InputError: what is kept cannot be read.
    """
    CompanyProfile.model_validate(raw)
    fields = registry()
    answers = [
        Answer(field=fields[key].name, raw=value)
        for key, value in raw.items()
        if key in fields and fields[key].name not in FORM_FIELDS and value not in (None, "")
    ]
    answers = [answer for answer in answers if fields[answer["field"]].kind != "text"]
    given = {answer["field"] for answer in answers}
    rest = {fields[key].name if key in fields else key: value for key, value in raw.items()}
    rest = {key: value for key, value in rest.items() if key not in given}
    return Session(**{**empty(), "raw": rest, "answers": answers, "run_id": run_id, "company_id": company_id})


def told(session: Session) -> dict[str, object]:
    """Everything that is known, answers included, as a raw profile to keep.

    `profile_of(restored(told(session)))` is `profile_of(session)`; reading it as a plain profile is the same but for a
    set that was answered from a list: there, what was not chosen counts as unknown instead of not held.
    """
    known = {key: value for key, value in session["raw"].items() if value not in (None, "")}
    return known | {answer["field"]: answer["raw"] for answer in session["answers"]}


def answered(session: Session, value: object) -> Session:
    """The state with an answer to the open question.

    Raises:
        InputError: nothing or nonsense was answered.
    """
    field = _asked(session)
    raw = _read_answer(field, value, session["options"])
    profile_of(session).with_fact(field.name, raw)
    return Session(**{**session, "answers": [*session["answers"], Answer(field=field.name, raw=raw)], "question": ""})


def skipped(session: Session) -> Session:
    """The state with the open question left out."""
    field = _asked(session)
    return Session(**{**session, "skipped": [*session["skipped"], field.name], "question": ""})


def undone(session: Session) -> Session:
    """The state without the last answer."""
    return Session(**{**session, "answers": session["answers"][:-1], "question": ""})


def profile_of(session: Session) -> CompanyProfile:
    """The company as the form and the answers tell."""
    profile = CompanyProfile.model_validate(session["raw"])
    for answer in session["answers"]:
        profile = profile.with_fact(answer["field"], answer["raw"])
    return profile


def kept_profile(raw: Mapping[str, object]) -> CompanyProfile:
    """The company of a kept match, exactly as the page had it (see `told`).

    Raises:
        InputError: what is kept cannot be read.
    """
    return profile_of(restored(raw))


def evaluate(matcher: Matcher, session: Session, as_of: dt.date) -> Outcome:
    """Match and choose the next question; skipped and answered ones are not asked again."""
    profile = profile_of(session)
    closed = frozenset([*session["skipped"], *(answer["field"] for answer in session["answers"])])
    result = matcher.match(profile, as_of, k=EVERYTHING, skip=closed)
    question = result.next_question
    asked, options = (question.field, list(question.options)) if question else ("", [])
    shown = tuple(
        (registry()[answer["field"]].label, show_fact(registry()[answer["field"]], profile.facts.get(answer["field"])))
        for answer in session["answers"]
    )
    return Outcome(Session(**{**session, "question": asked, "options": options}), result, question, shown)


def input_kind(field: Field) -> str:
    """Widget that fits a field: "one" of a list, "many" of a list, or "text"."""
    if field.kind in {"flag", "choice", "class"}:
        return "one"
    return "many" if field.kind == "set" else "text"


def answer_hint(field: Field) -> str:
    """How an answer in words is written."""
    if field.kind == "number" and field.unit not in {"万元", ""}:
        return text.ANSWER_NUMBER.format(unit=field.unit)
    return {"number": text.ANSWER_AMOUNT, "ratio": text.ANSWER_RATIO, "date": text.ANSWER_DATE}.get(field.kind, "")


def _asked(session: Session) -> Field:
    if session["question"] not in registry():
        raise InputError([Problem(text.QUESTION, text.QUESTION_GONE)])
    return registry()[session["question"]]


def _read_answer(field: Field, value: object, options: Sequence[str]) -> str | list[str]:
    kind = input_kind(field)
    if kind == "many":
        chosen = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        if not chosen:
            raise InputError([Problem(field.label, text.ANSWER_PICK)])
        if text.NONE_OF_THESE in chosen:
            if len(chosen) > 1:
                raise InputError([Problem(field.label, text.NONE_AND_SOME)])
            return []
        return [item for item in chosen if item in options]
    answer = value.strip() if isinstance(value, str) else ""
    if not answer or (kind == "one" and answer not in options):
        raise InputError([Problem(field.label, text.ANSWER_PICK if kind == "one" else text.ANSWER_WRITE)])
    return answer[:MAX_ANSWER_CHARS]

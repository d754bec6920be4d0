"""The tables. Ids are random and unguessable, moments are in UTC, and what is JSON here is JSON on the wire too."""

from __future__ import annotations

import datetime as dt
import secrets
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]

ID_CHARS = 22
NAME_CHARS = 64


class Role(StrEnum):
    """What somebody may do; an admin may do everything."""

    ENTERPRISE = "enterprise"
    STAFF = "staff"
    EVALUATOR = "evaluator"
    ADMIN = "admin"


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self not in {JobState.WAITING, JobState.RUNNING}


def new_id() -> str:
    """A random id that cannot be guessed (128 bits); never like an option, so that commands take it as it is."""
    while (made := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return made


class Instant(TypeDecorator[dt.datetime]):
    """A moment: with a time zone in Python, in UTC in the database (SQLite keeps no time zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """To UTC; ValueError for a moment without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """With its time zone again."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def named(kind: type[StrEnum]) -> Enum:
    """A column that holds the value of a member, as text."""
    return Enum(kind, native_enum=False, create_constraint=False, length=16, values_callable=lambda each: list(each))


class Table(DeclarativeBase):
    """Base of all tables; constraints have names, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {dt.datetime: Instant, Json: JSON, list[Json]: JSON, list[str]: JSON}


class User(Table):
    """Somebody who may log in. The local user of a machine without login is one too (see `access.identity`)."""

    __tablename__ = "users"

    user_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(NAME_CHARS), unique=True)
    role: Mapped[Role] = mapped_column(named(Role))
    password_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]


class Login(Table):
    """One login: the cookie's token is kept only as its SHA-256."""

    __tablename__ = "logins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.user_id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]


class ApiKey(Table):
    """A key of another system: kept only as its SHA-256.

    Attributes:
        per_minute: Requests that it may make in a minute.
    """

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(NAME_CHARS), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(named(Role))
    per_minute: Mapped[int]
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]


class Run(Table):
    """One match that a user made: what was given and a short view of what came out, to find it again.

    Attributes:
        raw: The profile as given, answers included.
        found: Counts by section, total and potential in yuan (of `wire.result_json`).
    """

    __tablename__ = "runs"

    run_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    company_id: Mapped[str | None] = mapped_column(ForeignKey("companies.company_id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(Text)
    raw: Mapped[Json]
    as_of: Mapped[dt.date]
    library_version: Mapped[str] = mapped_column(String(64))
    found: Mapped[Json]
    made_at: Mapped[dt.datetime]


class Favourite(Table):
    """A measure that a user keeps an eye on."""

    __tablename__ = "favourites"

    owner: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    measure_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    made_at: Mapped[dt.datetime]


class FeedbackMark(Table):
    """What somebody said of a match (see `matcher.feedback`)."""

    __tablename__ = "feedback"

    feedback_id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    made_at: Mapped[dt.datetime]
    as_of: Mapped[dt.date]
    raw: Mapped[Json]
    target: Mapped[str] = mapped_column(String(200))
    mark: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)


class Background:
    """What all work that goes on after its page is left has in common.

    Attributes:
        options: What was asked for.
        stage: What it is doing, in Chinese.
        done: Finished in this stage.
        total: To do in this stage; None where that is not known.
        problem: Why it failed, in Chinese.
        report: What came out.
    """

    owner: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text)
    options: Mapped[Json]
    stage: Mapped[str] = mapped_column(Text, default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    problem: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[Json | None]
    created_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]


class Job(Background, Table):
    """Work that goes on after its page is left: a bulk or a reverse match.

    Attributes:
        kind: "bulk" or "reverse".
        done, total: In companies.
        report: `RunReport.to_json`, `ReverseReport.to_json`.
    """

    __tablename__ = "jobs"

    job_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    state: Mapped[JobState] = mapped_column(named(JobState), default=JobState.WAITING, index=True)


class Evaluation(Background, Table):
    """A measurement of the matcher on labelled cases, or an ablation, that goes on after its page is left.

    Attributes:
        kind: "eval" or "ablation".
        name: Of the case set.
        done, total: In cases.
        report: The figures for the list of evaluations.
        files: file_ids of what it wrote.
    """

    __tablename__ = "evaluations"

    evaluation_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    state: Mapped[JobState] = mapped_column(named(JobState), default=JobState.WAITING)
    files: Mapped[list[str]] = mapped_column(default=list)


class StoredFile(Table):
    """A file that belongs to somebody: an upload or a result.

    Attributes:
        path: Below the data folder's `files`, never from outside.
        name: What the person calls it.
    """

    __tablename__ = "files"

    file_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True, default=new_id)
    owner: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.job_id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    created_at: Mapped[dt.datetime]


class HeaderChoice(Table):
    """What a user corrected in how a header was understood; used again for the next file with the same header.

    Attributes:
        header_key: SHA-256 of the header's texts.
        changes: One for each corrected column (see `matcher.jobs.corrections`).
    """

    __tablename__ = "header_choices"

    owner: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    header_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    changes: Mapped[list[Json]]
    changed_at: Mapped[dt.datetime]


class Audit(Table):
    """One line of the audit log: who did what to what, and whether it was allowed. No personal or business data.

    Attributes:
        actor: User name, key name, or "" for nobody.
        action: A short English verb such as "login" or "bulk.submit".
        target: The id acted on.
        outcome: "ok", "refused" or "failed".
    """

    __tablename__ = "audit"

    audit_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(NAME_CHARS))
    action: Mapped[str] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(16))
    request_id: Mapped[str] = mapped_column(String(36))
    address: Mapped[str] = mapped_column(String(64))

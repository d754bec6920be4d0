"""One push: what was found, its messages, and what staff do with it; two of them at once, or twice, ends well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.push import desk_text
from matcher.push.batches import Batches, BatchRow, MessageRow
from matcher.push.desk import UNSENT, Desk, gist_of, region_name, standing_of
from matcher.services import Services
from matcher.store.companies import Channel
from matcher.store.pushes import Batch, BatchState, MessageState
from matcher.store.tables import NAME_CHARS
from matcher.ui.site import pushes_text as words
from matcher.ui.site.kept import show_moment
from matcher.ui.site.push_frame import PageNumber, Paging, Staff, StaffRoute, TooLate, namer, show
from matcher.ui.site.replies import Refused
from policies.errors import InputError

PAGE_SIZE = 30


class Act(NamedTuple):
    """Something that staff do with a push.

    Attributes:
        do: Of `Batches`.
        before: States in which it can be done.
        after: The state that it leads to.
    """

    do: Callable[..., Batch]
    before: tuple[BatchState, ...]
    after: BatchState


_OPEN = (BatchState.DRAFT, BatchState.APPROVED, BatchState.PAUSED)
ACTS: Mapping[str, Act] = {
    "approve": Act(Batches.approve, (BatchState.DRAFT,), BatchState.APPROVED),
    "pause": Act(Batches.pause, (BatchState.APPROVED,), BatchState.PAUSED),
    "resume": Act(Batches.resume, (BatchState.PAUSED,), BatchState.APPROVED),
    "cancel": Act(Batches.cancel, _OPEN, BatchState.CANCELLED),
}
ASKED = ("approve", "cancel")
"""What is asked about first, on a page of its own."""


class MessageView(NamedTuple):
    """One message as it is listed."""

    message_id: str
    company: str
    channel: str
    region: str
    state: MessageState
    standing: str
    gist: str
    problem: str


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=StaffRoute)
    batches, desk = Batches(services.database), Desk(services.database)

    @routes.get("/push/{batch_id}")
    def one(
        request: Request, batch_id: str, who: Staff, state: str = "", page: PageNumber = 1, done: str = ""
    ) -> Response:
        row = _found(batches, batch_id)
        wanted = next((each for each in MessageState if each == state), None)
        return _page(services, request, row, wanted, page, words.DONE.get(done, ""))

    @routes.get("/push/{batch_id}/{action}")
    def ask(request: Request, batch_id: str, action: str, who: Staff) -> Response:
        row = _found(batches, batch_id)
        if action not in ASKED:
            raise Refused(404, *words.NOT_FOUND)
        if row.batch.state not in ACTS[action].before:
            raise _too_late(row)
        title = words.ASK_APPROVE_TITLE if action == "approve" else words.ASK_CANCEL_TITLE
        return show(
            services, request, "push_question", title=title, section="pushes",
            batch_id=batch_id, action=action, named=namer(services)(row.batch.measure_id),
            lines=_approval(services, desk, batch_id) if action == "approve" else _cancellation(row),
        )  # fmt: skip

    @routes.post("/push/{batch_id}/{action}")
    def act(request: Request, batch_id: str, action: str, who: Staff) -> Response:
        _found(batches, batch_id)
        if action not in ACTS:
            raise Refused(404, *words.NOT_FOUND)
        return _done(services, batches, request, who, batch_id, action)

    return routes


def _done(
    services: Services, batches: Batches, request: Request, who: Identity, batch_id: str, action: str
) -> Response:
    """Do it; again by the same person is no error, by another it is told who was faster."""
    act, back = ACTS[action], RedirectResponse(f"/push/{batch_id}?done={action}", 303)
    try:
        act.do(batches, batch_id, who.name, services.now())
    except InputError as error:
        row = _found(batches, batch_id)
        if row.batch.state is act.after and row.batch.decided_by == who.name[:NAME_CHARS]:
            return back
        audit.record(services, request.scope, f"push.{action}", batch_id, "refused")
        raise _too_late(row) from error
    audit.record(services, request.scope, f"push.{action}", batch_id)
    return back


def _found(batches: Batches, batch_id: str) -> BatchRow:
    row = batches.get(batch_id)
    if row is None:
        raise Refused(404, *words.NOT_FOUND)
    return row


def _too_late(row: BatchRow) -> TooLate:
    decided = _decided(row.batch)
    who = words.TOO_LATE_BY.format(decided=decided) if decided else ""
    return TooLate(words.TOO_LATE_DETAIL.format(state=standing_of(row), who=who), row.batch.batch_id)


def _decided(batch: Batch) -> str:
    """By whom and when it was handled last; "" where nobody has."""
    if not batch.decided_by or batch.decided_at is None:
        return ""
    return words.DECIDED_BY.format(by=batch.decided_by, at=show_moment(batch.decided_at))


# ---- the page -------------------------------------------------------------------------------------------------------


def _page(
    services: Services, request: Request, row: BatchRow, wanted: MessageState | None, page: int, done: str
) -> Response:
    batch, found = row.batch, row.batch.found
    listed = Batches(services.database).messages(batch.batch_id, page, PAGE_SIZE, wanted)
    named = namer(services)(batch.measure_id)
    chosen = wanted.value if wanted else ""
    return show(
        services, request, "push", title=named.measure, section="pushes", done=done,
        batch=batch, named=named, standing=standing_of(row), hint=_hint(row),
        occasion=desk_text.OCCASIONS[batch.occasion], why=desk_text.OCCASION_WHY[batch.occasion],
        made=show_moment(batch.made_at), decided=_decided(batch),
        acts=[action for action, act in ACTS.items() if batch.state in act.before and not _for_nobody(row)],
        asked=ASKED, labels=_LABELS,
        told=(found.get("companies", 0), found.get("messages", 0)),
        tables=(
            (words.FOUND_ALL, words.FOUND_WHAT, _counted(found, desk_text.FOUND)),
            (words.FOUND_NOT_TOLD, words.FOUND_WHY, _counted(found, desk_text.NOT_TOLD)),
        ),
        messages=[_view(each) for each in listed.rows], total=listed.total,
        filters=_filters(row), state=chosen, state_label=desk_text.MESSAGE_STATES[wanted] if wanted else "",
        paging=Paging.of(f"/push/{batch.batch_id}", page, listed.total, PAGE_SIZE, state=chosen),
    )  # fmt: skip


_LABELS = {
    "approve": words.DO_APPROVE, "pause": words.DO_PAUSE, "resume": words.DO_RESUME, "cancel": words.DO_CANCEL,
}  # fmt: skip


def _for_nobody(row: BatchRow) -> bool:
    return row.batch.state is BatchState.CANCELLED and not row.batch.found.get("messages")


def _hint(row: BatchRow) -> str:
    if row.batch.state is BatchState.CANCELLED:
        return words.NOTHING_TO_DO["nobody" if _for_nobody(row) else "cancelled"]
    return words.HINTS[row.batch.state.value]


def _counted(found: Mapping[str, int], labels: Mapping[str, str]) -> list[tuple[str, int]]:
    return [(label, found[name]) for name, label in labels.items() if found.get(name)]


def _filters(row: BatchRow) -> list[tuple[str, str, int]]:
    """States that some message is in, with how many."""
    counts = [(each.value, desk_text.MESSAGE_STATES[each], row.counts.get(each, 0)) for each in MessageState]
    return [("", words.ALL, sum(row.counts.values())), *(one for one in counts if one[2])]


def _view(row: MessageRow) -> MessageView:
    message = row.message
    return MessageView(
        message.message_id, row.company, desk_text.CHANNELS[message.channel], region_name(message.region),
        message.state, desk_text.MESSAGE_STATES[message.state], gist_of(message), message.problem,
    )  # fmt: skip


# ---- questions ------------------------------------------------------------------------------------------------------


def _approval(services: Services, desk: Desk, batch_id: str) -> list[str]:
    """What approving would do."""
    audience = desk.audience(batch_id)
    channels = "、".join(
        words.ASK_CHANNEL.format(channel=desk_text.CHANNELS[channel], n=f"{n:,}")
        for channel, n in audience.channels.items()
    )
    lines = [
        words.ASK_SENT_TO.format(
            companies=f"{audience.companies:,}", messages=f"{audience.messages:,}", channels=channels
        ),
        words.ASK_WHEN,
    ]
    if services.seal is None and set(audience.channels) - {Channel.INBOX}:
        lines.append(words.ASK_NO_KEY)
    elif not services.mail and Channel.EMAIL in audience.channels:
        lines.append(words.ASK_NO_MAIL)
    return lines


def _cancellation(row: BatchRow) -> list[str]:
    unsent, sent = sum(row.counts.get(each, 0) for each in UNSENT), row.counts.get(MessageState.SENT, 0)
    lines = [words.ASK_CANCELLED.format(n=f"{unsent:,}")]
    if sent:
        lines.append(words.ASK_CANCELLED_SENT.format(n=f"{sent:,}"))
    return [*lines, words.ASK_CANCELLED_AGAIN]

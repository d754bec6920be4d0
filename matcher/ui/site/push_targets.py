"""Where messages may go: staff read the lists, an admin changes them; and what the server's settings lack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.push import desk_text
from matcher.push.targets import ANY, Targets
from matcher.services import Services
from matcher.store.companies import Channel
from matcher.store.tables import Role
from matcher.ui.site import pushes_text as words
from matcher.ui.site.kept import show_moment
from matcher.ui.site.push_frame import Staff, StaffRoute, show
from matcher.ui.site.replies import Refused
from policies.errors import InputError, Problem

OUTSIDE = tuple(channel for channel in desk_text.CHANNELS if channel is not Channel.INBOX)
MAX_HOST_CHARS = 500
_Text = Annotated[str, Form(max_length=MAX_HOST_CHARS)]


@dataclass(frozen=True)
class Typed:
    """What stands in the form."""

    channel: str = ""
    host: str = ""


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter(route_class=StaffRoute)
    targets = Targets(services.database)

    @routes.get("/push/targets")
    def listed(request: Request, who: Staff, done: str = "") -> Response:
        return _page(services, request, who, Typed(), words.TARGETS_DONE.get(done, ""))

    @routes.post("/push/targets/add")
    def add(request: Request, who: Staff, channel: _Text = "", host: _Text = "") -> Response:
        _admin_only(services, request, who, "push.target.add")
        try:
            made = targets.allow(_channel(channel), _host(host), who.name, services.now())
        except InputError as error:
            return _page(services, request, who, Typed(channel, host), problems=error.problems)
        audit.record(services, request.scope, "push.target.add", f"{made.channel.value} {made.host}")
        return _back("added")

    @routes.post("/push/targets/remove")
    def remove(request: Request, who: Staff, channel: _Text = "", host: _Text = "") -> Response:
        _admin_only(services, request, who, "push.target.remove")
        removed = targets.disallow(_channel(channel), host)
        if removed:
            audit.record(services, request.scope, "push.target.remove", f"{channel} {host}")
        return _back("removed" if removed else "missing")

    return routes


def _admin_only(services: Services, request: Request, who: Identity, action: str) -> None:
    if not who.may_act_as(Role.ADMIN):
        audit.record(services, request.scope, action, outcome="refused")
        raise Refused(403, *words.ADMIN_ONLY)


def _back(done: str) -> Response:
    return RedirectResponse(f"/push/targets?done={done}", 303)


def _channel(value: str) -> Channel:
    found = next((each for each in OUTSIDE if each == value), None)
    if found is None:
        raise InputError([Problem(words.CHANNEL_FIELD, words.UNKNOWN_CHANNEL)])
    return found


def _host(value: str) -> str:
    if not value.strip():
        raise InputError([Problem(words.HOST, words.EMPTY_HOST)])
    return value


def _page(
    services: Services,
    request: Request,
    who: Identity,
    typed: Typed,
    done: str = "",
    problems: Sequence[Problem] = (),
) -> Response:
    listed = Targets(services.database).list()
    allowed = {(entry.channel, entry.host) for entry in listed}
    without = [desk_text.CHANNELS[each] for each in OUTSIDE if each not in {entry.channel for entry in listed}]
    answer = show(
        services, request, "push_targets", title=words.TARGETS, section="targets", done=done,
        problems=[str(problem) for problem in problems], typed=typed, admin=who.may_act_as(Role.ADMIN),
        targets=[(entry, desk_text.CHANNELS[entry.channel], words.ANY_HOST if entry.host == ANY else entry.host,
                  show_moment(entry.added_at)) for entry in listed],
        without="、".join(without) if listed else "",
        channels=[(each.value, desk_text.CHANNELS[each]) for each in OUTSIDE],
        presets=[(channel.value, name, host, (channel, host) in allowed)
                 for channel, (name, host) in desk_text.OFFICIAL.items()],
        settings=((services.seal is not None, words.KEY_SET if services.seal else words.KEY_MISSING),
                  (services.mail, words.MAIL_SET if services.mail else words.MAIL_MISSING)),
    )  # fmt: skip
    answer.status_code = 422 if problems else 200
    return answer

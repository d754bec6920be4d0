"""What a company wants to hear: asked for, confirmed, changed, ended; and how a message looks."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from matcher.access import audit
from matcher.access.identity import Identity
from matcher.clock import SHANGHAI
from matcher.contacts import Contacts
from matcher.push import content
from matcher.push.inbox import Inbox
from matcher.push.schedule import is_known
from matcher.push.subscription_text import STATES
from matcher.push.subscriptions import CONFIRM_DAYS, Subscriptions, is_expired
from matcher.push.wishes import Wishes
from matcher.records import Records
from matcher.results import Match, Verdict
from matcher.seal import Seal
from matcher.services import Services
from matcher.store.companies import Channel, CompanyRecord, Contact
from matcher.store.database import Database
from matcher.store.pushes import Occasion, Subscription, SubscriptionState
from matcher.ui import layout
from matcher.ui.session import kept_profile
from matcher.ui.site import answer, kept, subscription_forms, subscription_links
from matcher.ui.site import subscriptions_text as words
from matcher.ui.site.message_view import robot_lines
from matcher.ui.site.replies import PageRoute, Refused, person
from matcher.ui.site.subscription_forms import Sent, SentForm, Shown
from policies.errors import InputError

LOOKED_AT = 50
"""Best measures that the preview chooses from."""
AHEAD = dt.timedelta(days=30)
"""How far ahead the page looks for a year whose days off are not known yet."""
_Person = Annotated[Identity, Depends(person)]


@dataclass(frozen=True)
class View:
    """One subscription as it is shown.

    Attributes:
        to: Where to; the address is masked.
        note: What is to be done; "" for nothing.
    """

    one: Subscription
    channel: str
    to: str
    wishes: str
    state: str
    since: str
    note: str

    @property
    def waiting(self) -> bool:
        """Whether it can be asked again."""
        return self.one.state is SubscriptionState.WAITING

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.one.state is SubscriptionState.ENDED


def router(services: Services) -> APIRouter:
    """Its routes."""
    routes = APIRouter()
    for part in (_pages(services), _changes(services), subscription_links.router(services), answer.router(services)):
        routes.include_router(part)
    return routes


def _pages(services: Services) -> APIRouter:
    routes = APIRouter(route_class=PageRoute)
    subscriptions = Subscriptions(services.database, services.seal, services.url)

    @routes.get("/mine/subscriptions")
    def overview(request: Request, who: _Person, done: str = "") -> Response:
        return _overview(request, services, subscriptions, who, words.DONE.get(done, ""))

    @routes.get("/mine/subscriptions/new/{company_id}/{channel}")
    def new(request: Request, company_id: str, channel: Channel, who: _Person) -> Response:
        company = _company(services, who, company_id)
        return subscription_forms.show(request, _new_form(company, channel, Wishes(), Sent()))

    @routes.get("/mine/subscriptions/change/{subscription_id}")
    def change(request: Request, subscription_id: str, who: _Person) -> Response:
        found, company = _own(services, subscriptions, who, subscription_id)
        return subscription_forms.show(request, _change_form(company, found, Wishes.of(found)))

    @routes.get("/mine/subscriptions/preview/{company_id}/{channel}")
    def preview(request: Request, company_id: str, channel: Channel, who: _Person) -> Response:
        return _preview(request, services, _company(services, who, company_id), channel)

    return routes


def _changes(services: Services) -> APIRouter:
    routes = APIRouter(route_class=PageRoute)
    subscriptions = Subscriptions(services.database, services.seal, services.url)

    @routes.post("/mine/subscriptions/new/{company_id}/{channel}")
    def add(request: Request, company_id: str, channel: Channel, sent: SentForm, who: _Person) -> Response:
        company = _company(services, who, company_id)
        given = {"name": sent.name, "address": sent.address, "secret": sent.secret}
        try:
            sent.check(channel)
            made = subscriptions.add(company_id, channel, sent.wishes, services.now(), **given)
        except InputError as error:
            return subscription_forms.show(request, _new_form(company, channel, sent.wishes, sent), error.problems)
        said = "inbox" if channel is Channel.INBOX else "waiting"
        return _recorded(services, request, "add", made.subscription_id, said)

    @routes.post("/mine/subscriptions/change/{subscription_id}")
    def change(request: Request, subscription_id: str, sent: SentForm, who: _Person) -> Response:
        found, company = _own(services, subscriptions, who, subscription_id)
        try:
            subscriptions.change(subscription_id, sent.wishes, services.now())
        except InputError as error:
            return subscription_forms.show(request, _change_form(company, found, sent.wishes), error.problems)
        return _recorded(services, request, "change", subscription_id)

    @routes.post("/mine/subscriptions/end/{subscription_id}")
    def end(request: Request, subscription_id: str, who: _Person) -> Response:
        _own(services, subscriptions, who, subscription_id)
        subscriptions.end(subscription_id, services.now())
        return _recorded(services, request, "end", subscription_id)

    @routes.post("/mine/subscriptions/again/{subscription_id}")
    def again(request: Request, subscription_id: str, who: _Person) -> Response:
        _own(services, subscriptions, who, subscription_id)
        subscriptions.again(subscription_id, services.now())
        return _recorded(services, request, "again", subscription_id)

    return routes


def _recorded(services: Services, request: Request, action: str, subscription_id: str, said: str = "") -> Response:
    """Into the audit log, and back to the overview, which says what was done."""
    audit.record(services, request.scope, f"subscription.{action}", subscription_id)
    return RedirectResponse(f"/mine/subscriptions?done={said or action}", 303)


def _company(services: Services, who: Identity, company_id: str) -> CompanyRecord:
    found = Records(services.database).get(who.user_id, company_id)
    if found is None:
        raise Refused(404, *words.NOT_FOUND)
    return found


def _own(
    services: Services, subscriptions: Subscriptions, who: Identity, subscription_id: str
) -> tuple[Subscription, CompanyRecord]:
    found = subscriptions.find(subscription_id, who.user_id)
    if found is None:
        raise Refused(404, *words.NOT_FOUND)
    return found, _company(services, who, found.company_id)


def _new_form(company: CompanyRecord, channel: Channel, wishes: Wishes, typed: Sent) -> Shown:
    title = words.NEW_TITLE.format(channel=words.CHANNELS[channel])
    action = f"/mine/subscriptions/new/{company.company_id}/{channel.value}"
    return Shown(title, company.name, channel, action, True, wishes, typed)


def _change_form(company: CompanyRecord, found: Subscription, wishes: Wishes) -> Shown:
    action = f"/mine/subscriptions/change/{found.subscription_id}"
    return Shown(words.CHANGE_TITLE, company.name, found.channel, action, False, wishes, Sent())


# ---- overview -------------------------------------------------------------------------------------------------------


def _overview(request: Request, services: Services, subscriptions: Subscriptions, who: Identity, done: str) -> Response:
    companies = Records(services.database).list(who.user_id)
    found = subscriptions.of_companies([one.company_id for one in companies])
    masked = _masked(services.database, services.seal, [one for ones in found.values() for one in ones])
    now = services.now()
    return layout.page(
        request,
        "subscriptions",
        title=words.SUBSCRIPTIONS,
        active="subscriptions",
        w=words,
        done=done,
        notes=list(_notes(services, now)),
        unread=Inbox(services.database).unread(who.user_id),
        companies=[(one, [_view(sub, masked, now) for sub in found[one.company_id]]) for one in companies],
        channels=[(channel, channel is Channel.INBOX or services.seal is not None) for channel in words.CHANNELS],
    )


def _notes(services: Services, now: dt.datetime) -> list[str]:
    """What the server lacks, and what nobody knows yet."""
    notes = [] if services.seal else [words.NO_KEY]
    notes += [] if services.mail or services.seal is None else [words.NO_MAIL]
    years = sorted({now.astimezone(SHANGHAI).year, (now + AHEAD).astimezone(SHANGHAI).year})
    return [*notes, *(words.NO_CALENDAR.format(year=year) for year in years if not is_known(year))]


def _masked(database: Database, seal: Seal | None, found: list[Subscription]) -> dict[str, str]:
    """Where each contact leads to, as far as pages show it."""
    wanted = select(Contact).where(Contact.contact_id.in_([one.contact_id for one in found if one.contact_id]))
    with database.reading() as session:
        contacts = session.scalars(wanted).all()
    if seal is None:
        return {}
    keeping, masked = Contacts(database, seal), {}
    for contact in contacts:
        try:
            info = keeping.open(contact)
        except InputError:
            continue  # kept under another key
        masked[contact.contact_id] = " ".join(filter(None, (info.name, info.masked)))
    return masked


def _view(one: Subscription, masked: dict[str, str], now: dt.datetime) -> View:
    to = masked.get(one.contact_id, words.HIDDEN_ADDRESS) if one.contact_id else words.OWN_PAGES
    until = kept.show_moment(one.made_at + dt.timedelta(days=CONFIRM_DAYS))
    waiting = words.EXPIRED if is_expired(one, now) else words.WAIT.format(until=until)
    return View(
        one=one,
        channel=words.CHANNELS[one.channel],
        to=to,
        wishes=Wishes.of(one).told(one.channel),
        state=STATES[one.state],
        since=kept.show_moment(one.made_at),
        note=waiting if one.state is SubscriptionState.WAITING else "",
    )


# ---- preview --------------------------------------------------------------------------------------------------------


def _preview(request: Request, services: Services, company: CompanyRecord, channel: Channel) -> Response:
    """The best measure for the company as every channel would tell it; nothing is sent or kept."""
    said, problem = None, words.PREVIEW_NOT_READY
    if services.engine.ready:
        said, problem = _example(services, company), words.PREVIEW_NONE
    end_link = f"{services.url}{words.EXAMPLE_LINK}"
    letter = content.rendered(said, channel, end_link) if said else None
    return layout.page(
        request,
        "subscription_preview",
        title=words.PREVIEW_TITLE,
        active="subscriptions",
        w=words,
        company=company,
        channel=channel,
        said=said,
        letter=letter,
        problem=problem,
        lines=robot_lines(letter.markdown or "") if letter else [],
        data=json.dumps(letter.data, ensure_ascii=False, indent=2) if letter and letter.data else "",
    )


def _example(services: Services, company: CompanyRecord) -> content.Content | None:
    """What a push would tell the company now, of what it would be told at all."""
    day = services.engine.as_of()
    found = services.engine.matcher().match(kept_profile(company.raw), day, k=LOOKED_AT)
    sums = [match for match in found.matches if match.amount.low_yuan is not None]
    told = next((match for match in (*sums, *found.matches) if _would_be_told(match)), None)
    if told is None:
        return None
    return content.of_match(told, told.entry, told.window, company, Occasion.PUBLISHED, services.url)


def _would_be_told(match: Match) -> bool:
    nearly = len(match.missing) == 1 and not match.manual
    return match.entry.measure.benefit.type != "direction" and (match.verdict is Verdict.ELIGIBLE or nearly)

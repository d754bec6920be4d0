"""The links in messages through the real gate: mail providers get through (RFC 8058), and nobody else gains by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from matcher.store.pushes import SubscriptionState
from matcher.store.tables import new_id
from tests.integration.access_world import HTML, running
from tests.integration.access_world import World as Service
from tests.subscription_support import KEY, World

pytestmark = [pytest.mark.xdist_group("gate")]
ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(ONE_CLICK))}
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'

PARTS = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(len(MULTIPART))}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("links"), HUIQI_LOGIN="true", HUIQI_CONTACT_KEY=KEY) as started:
        yield started


@pytest.fixture
def world(service: Service) -> World:
    return World(service.database, name=f"企业 {new_id()}", now=dt.datetime.now(dt.UTC))


def link(world: World, purpose: str, *, waits: bool) -> tuple[str, str]:
    """A subscription's id and the path of its link."""
    one = world.subscribed(address=f"{world.company.number}@example.cn", waits=waits)
    return one.subscription_id, f"/subscription/{world.token(one, purpose)}/{purpose}"


def state(world: World, subscription_id: str) -> SubscriptionState:
    found = world.subscriptions.find(subscription_id)
    assert found is not None
    return found.state


@pytest.mark.parametrize("media", ["form", "multipart", "empty"])
def test_a_mail_provider_unsubscribes_without_login_cookie_or_origin(
    media: str, service: Service, world: World
) -> None:
    sid, path = link(world, "end", waits=False)
    headers, body = {
        "form": (FORM, ONE_CLICK),
        "multipart": (PARTS, MULTIPART),
        "empty": ({"Content-Length": "0"}, b""),
    }[media]  # fmt: skip
    assert service.raw("GET", path, HTML).status_code == 200
    assert state(world, sid) is SubscriptionState.CONFIRMED, "looking changes nothing"
    answer = service.raw("POST", path, headers, body=body)
    assert answer.status_code == 200 and "已经退订" in answer.text and "set-cookie" not in answer.headers
    assert state(world, sid) is SubscriptionState.ENDED
    assert service.raw("POST", path, headers, body=body).status_code == 200, "twice is fine"
    line = service.audit.lines(1)[0]
    assert (line.action, line.target, line.actor) == ("subscription.end", sid, "")


def test_a_person_comes_from_webmail_looks_and_confirms(service: Service, world: World) -> None:
    sid, path = link(world, "confirm", waits=True)
    arriving = {**HTML, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert "请确认订阅" in service.raw("GET", path, arriving).text
    own = {**FORM, **HTML, "Origin": service.url, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    assert "已确认订阅" in service.raw("POST", path, own, body=ONE_CLICK).text
    assert state(world, sid) is SubscriptionState.CONFIRMED


@pytest.mark.parametrize("purpose", ["confirm", "end"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Content-Length": str(9 * 1024)}, 413),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_other_sites_and_odd_bodies_do_nothing(
    purpose: str, headers: dict[str, str], status: int, service: Service, world: World
) -> None:
    sid, path = link(world, purpose, waits=True)
    answer = service.raw("POST", path, {**FORM, **headers}, body=ONE_CLICK if status == 403 else b"")
    assert answer.status_code == status
    assert state(world, sid) is SubscriptionState.WAITING


def test_another_host_is_not_believed(service: Service, world: World) -> None:
    sid, path = link(world, "end", waits=False)
    assert service.raw("POST", path, FORM, body=ONE_CLICK, host="evil.example").status_code == 403
    assert state(world, sid) is SubscriptionState.CONFIRMED


def test_a_link_does_one_thing_and_cannot_be_made_up(service: Service, world: World) -> None:
    sid, path = link(world, "end", waits=True)
    token = path.split("/")[2]
    flipped = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    wrong = (f"{token}/confirm", f"{flipped}/end", f"{sid}/end", f"{token}%3D/end", f"{token}/end/", f"{token}/erase")
    for rest in wrong:
        assert service.raw("POST", f"/subscription/{rest}", FORM, body=ONE_CLICK).status_code == 404, rest
    assert state(world, sid) is SubscriptionState.WAITING
    assert service.raw("PUT", path, FORM, body=ONE_CLICK).status_code == 405
    assert service.raw("DELETE", path).status_code == 405


def test_nothing_else_is_open_without_a_login(service: Service, world: World) -> None:
    sid, _ = link(world, "end", waits=False)
    for path in (f"/mine/subscriptions/end/{sid}", "/mine/inbox/read", f"/mine/subscriptions/again/{sid}"):
        assert service.raw("POST", path, FORM, body=ONE_CLICK).status_code == 401
    assert state(world, sid) is SubscriptionState.CONFIRMED


def test_the_log_holds_no_link(service: Service, world: World) -> None:
    _, path = link(world, "end", waits=False)
    service.raw("POST", path, FORM, body=ONE_CLICK)
    token = path.split("/")[2]
    assert token not in (service.folder / "log.txt").read_text()
    assert all(token not in f"{line.target}{line.actor}" for line in service.audit.lines(1000))

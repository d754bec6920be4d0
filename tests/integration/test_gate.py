"""The gate of a running service: every attack is refused, and the same thing done rightly is let through."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from matcher.access.headers import GRADIO_CSP, PLAIN_CSP
from matcher.access.identity import Identity
from matcher.store.tables import Role
from tests.integration.access_world import HTML, ROOT, World, new_hash, password_of, running
from tests.integration.attacks import ATTACKS, Attack, as_markdown

pytestmark = [pytest.mark.xdist_group("gate")]
each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=[str(number) for number in range(1, len(ATTACKS) + 1)])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service with login."""
    with running(tmp_path_factory.mktemp("gate"), HUIQI_LOGIN="true") as started:
        yield started


@pytest.fixture(autouse=True)
def closed_clients(request: pytest.FixtureRequest) -> Iterator[None]:
    """Browsers live as long as a test."""
    yield
    for name in {"world", "local"} & set(request.fixturenames):
        request.getfixturevalue(name).close_clients()


@each_attack
def test_the_attack_is_refused(attack: Attack, world: World) -> None:
    assert attack.attack(world).status_code == attack.refused, attack.name


@each_attack
def test_the_same_done_rightly_is_let_through(attack: Attack, world: World) -> None:
    assert attack.twin(world).status_code == attack.accepted, attack.twin_name


def test_the_document_shows_this_table() -> None:
    document = (ROOT / "docs" / "security.zh.md").read_text("utf-8")
    assert as_markdown() in document


# ---- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/login", "/policies", "/account", "/e/", "/e/theme.css", "/static/huiqi.css", "/nowhere", "/e",
             "/s/", "/api/v1/health", "/api/v1/fields", "/healthz", "/mine", "/files/" + "A" * 22],
)  # fmt: skip
def test_every_answer_has_the_security_headers(path: str, world: World) -> None:
    headers = world.client("alice").get(path).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin" and headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["content-security-policy"] == (GRADIO_CSP if path in {"/e/", "/e"} else PLAIN_CSP)
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])
    assert "strict-transport-security" not in headers and "server" not in headers
    kept = path in {"/static/huiqi.css", "/e/theme.css", "/healthz"}
    assert kept or headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("given", "kept"), [("0123456789abcdef" * 2, True), ("x" * 32, False), ("a\tb", False)])
def test_a_request_id_is_taken_over_only_if_it_is_one(given: str, kept: bool, world: World) -> None:
    answer = world.client().get("/policies", headers={"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is kept


def test_another_name_for_the_service_is_not_believed(world: World) -> None:
    claims = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1"}
    page = world.client("alice").get("/e/", headers=claims)
    assert page.status_code == 200 and "evil.example" not in page.text and f'"{world.url}/e"' in page.text
    assert world.audit.lines(1)[0].address != "192.0.2.1"


def test_the_cookie_is_for_the_browser_alone(world: World) -> None:
    cookie = world.client().log_in("alice").headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert "Secure" not in cookie and cookie.startswith("huiqi=")


def test_a_name_that_does_not_exist_is_answered_like_a_wrong_password(world: World) -> None:
    pages = [world.client().log_in(name, "wrong password").text for name in ("alice", "nobody")]
    plain = [re.sub(r'value="(alice|nobody)"', "", page) for page in pages]
    assert plain[0] == plain[1] and "用户名或密码不正确" in plain[0]


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example",
               "evil.example", "\\\\evil.example", "/login", "/logout", "", "/ /evil", "/%0d\nSet-Cookie: a=b"],
)  # fmt: skip
def test_after_the_login_nobody_is_sent_elsewhere(wanted: str, world: World) -> None:
    assert world.client().log_in("alice", next=wanted).headers["location"] == "/e/"
    assert world.client("alice").get("/login", params={"next": wanted}).headers["location"] == "/e/"


@pytest.mark.parametrize("wanted", ["/mine", "/policies?q=设备", "/e/?run=abc", "/compare?m=a/b&m=c"])
def test_after_the_login_one_is_where_one_wanted_to_be(wanted: str, world: World) -> None:
    moved = world.client().get(wanted if wanted.startswith(("/mine", "/e")) else "/account", headers=HTML)
    assert moved.status_code == 303 and moved.headers["location"].startswith("/login?next=/")
    landed = world.client().log_in("alice", next=wanted).headers["location"]
    assert str(world.client().build_request("GET", landed).url) == str(world.client().build_request("GET", wanted).url)


@pytest.mark.parametrize(("name", "page"), [("alice", "/e/"), ("sam", "/s/"), ("eva", "/v/"), ("root", "/")])
def test_each_role_begins_on_its_own_page(name: str, page: str, world: World) -> None:
    client = world.client()
    assert client.log_in(name).headers["location"] == page
    assert client.get(page).status_code == 200


def test_people_get_pages_and_programs_get_json(world: World) -> None:
    client = world.client("alice")
    page = client.get("/s/", headers=HTML)
    assert page.status_code == 403 and "没有权限" in page.text and page.headers["x-request-id"] in page.text
    data = client.get("/s/").json()
    assert data == {"title": "没有权限", "detail": "您的角色不能使用这个页面。如需开通，请联系管理员。"}
    problem = client.get("/api/v1/jobs", headers=HTML)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.headers["www-authenticate"] == "Bearer"
    assert problem.json()["request_id"] == problem.headers["x-request-id"]
    key = {"authorization": f"Bearer {world.key()[0]}"}
    own = client.get("/api/v1/nowhere", headers=key)
    assert own.json().keys() == problem.json().keys()
    lost = client.get("/policies/nowhere-at-all", headers=HTML)
    assert lost.status_code == 404 and 'lang="zh-CN"' in lost.text


def test_a_download_has_its_name_and_is_not_kept(world: World) -> None:
    answer = world.client("sam").get(world.file_of("sam"))
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''%E7%BB%93%E6%9E%9C%20%E4%B8%80.csv"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-type"].startswith("text/csv") and answer.text.startswith("企业名称")


def test_an_old_page_hears_nothing_after_the_login_has_ended(world: World) -> None:
    name = world.newcomer()
    client = world.client(name)
    session_hash = new_hash()
    assert client.join("/e", [], step=0, session_hash=session_hash).status_code == 200
    world.accounts.disable(name, world.accounts.users()[0].created_at)
    assert client.get(f"/e/gradio_api/queue/data?session_hash={session_hash}").status_code == 401


def test_a_new_role_holds_at_once(world: World) -> None:
    name = world.newcomer()
    client = world.client(name)
    assert client.get("/s/").status_code == 403
    world.accounts.set_role(name, Role.STAFF)
    assert client.get("/s/").status_code == 200 and client.get("/e/").status_code == 403


# ---- the log --------------------------------------------------------------------------------------------------------


def test_the_log_says_who_did_what_and_nothing_else(world: World) -> None:
    name = world.newcomer()
    client = world.client()
    client.log_in(name, "a password typed wrong")
    client.log_in("my secret password in the wrong box", "x")
    entered = client.log_in(name)
    refused = client.get("/s/?secret=1")
    client.post("/logout")
    lines = [line for line in world.audit.lines(50) if line.address == refused_address(world, refused)]
    found = [(line.actor, line.action, line.target, line.outcome) for line in reversed(lines)]
    assert found == [
        ("", "login", name, "failed"),
        ("", "login", "", "failed"),
        (name, "login", name, "ok"),
        (name, "gate.role", "/s/", "refused"),
        (name, "logout", name, "ok"),
    ]
    assert entered.headers["x-request-id"] in {line.request_id for line in lines}


def refused_address(world: World, refused: object) -> str:
    request_id = refused.headers["x-request-id"]  # type: ignore[attr-defined]
    return next(line.address for line in world.audit.lines(50) if line.request_id == request_id)


def test_downloads_and_foreign_files_are_logged(world: World) -> None:
    own = world.file_of("sam")
    world.client("sam").get(own)
    world.client("sue").get(own)
    file_id = own.rsplit("/", 1)[1]
    found = [(one.actor, one.outcome) for one in world.audit.lines(20, action="file.download") if one.target == file_id]
    assert found == [("sue", "refused"), ("sam", "ok")]


def test_a_flood_does_not_fill_the_log(world: World) -> None:
    client = world.client(world.newcomer())
    before = len(world.audit.lines(10_000, action="gate.role"))
    for _ in range(60):
        assert client.get("/v/").status_code == 403
    assert len(world.audit.lines(10_000, action="gate.role")) - before == 20


def test_ending_ones_logins_is_logged(world: World) -> None:
    name = world.newcomer()
    world.client(name).post("/account", data={"do": "others"})
    assert (world.audit.lines(1)[0].actor, world.audit.lines(1)[0].action) == (name, "login.end")


# ---- the second line ------------------------------------------------------------------------------------------------


def test_gradio_itself_asks_for_the_role_once_more() -> None:
    import gradio as gr
    from fastapi import FastAPI

    from matcher.ui import shell

    async def statuses() -> dict[Role | None, int]:  # all inside one loop: Gradio makes locks where it is mounted
        with gr.Blocks(analytics_enabled=False) as page:
            gr.Textbox()
        app = FastAPI()
        shell.mount(app, page, "/s", Role.STAFF)
        found: dict[Role | None, int] = {}
        for role in (None, *Role):

            async def as_somebody(scope: Scope, receive: Receive, send: Send, role: Role | None = role) -> None:
                scope["state"] = {"identity": Identity("id", "name", role) if role else None}
                await app(scope, receive, send)

            transport = httpx.ASGITransport(app=as_somebody)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", trust_env=False) as client:
                found[role] = (await client.get("/s/")).status_code
        return found

    expected = {None: 401, Role.ENTERPRISE: 401, Role.STAFF: 200, Role.EVALUATOR: 401, Role.ADMIN: 200}
    assert asyncio.run(statuses()) == expected


# ---- TLS in front ---------------------------------------------------------------------------------------------------


def test_behind_a_proxy_with_tls(tmp_path: Path) -> None:
    origin = "https://huiqi.example.cn"
    with running(tmp_path, HUIQI_ORIGIN=origin) as world:
        host = {"host": "huiqi.example.cn"}
        form = {"name": "alice", "password": password_of("alice")}
        client = world.client()
        entered = client.post("/login", data=form, headers={**host, "origin": origin})
        assert entered.status_code == 303 and entered.headers["location"] == "/e/"
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith("__Host-huiqi=") and "Secure" in cookie.split("; ")
        assert entered.headers["strict-transport-security"] == "max-age=31536000"
        page = client.get("/e/", headers={**host, "cookie": cookie.split(";")[0]})
        assert f'"root":"{origin}/e"' in page.text.replace('": "', '":"')
        assert client.get("/e", headers={**host, "cookie": cookie.split(";")[0]}).headers["location"] == f"{origin}/e/"
        assert client.get("/policies").status_code == 403  # by the address that the proxy hides
        assert client.get("/healthz").status_code == 200
        plain = {**host, "origin": "http://huiqi.example.cn"}
        assert client.post("/login", data=form, headers=plain).status_code == 403


# ---- this machine alone ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service without login."""
    with running(tmp_path_factory.mktemp("local"), HUIQI_LOGIN="false") as started:
        yield started


@pytest.mark.parametrize("path", ["/", "/e/", "/s/", "/v/", "/mine", "/policies", "/api/v1/fields", "/e/theme.css"])
def test_without_login_everything_is_open_on_this_machine(path: str, local: World) -> None:
    assert local.client().get(path).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "127.0.0.1, x"])
def test_a_foreign_host_is_refused_without_login_too(host: str, local: World) -> None:
    assert local.raw("GET", "/e/", host=host).status_code in {400, 403}
    assert local.raw("GET", "/e/", host=f"localhost:{local.port}").status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost", "http://127.0.0.1:1"])
def test_a_foreign_origin_is_refused_without_login_too(origin: str, local: World) -> None:
    client = local.client()
    assert client.get("/e/", headers={"origin": origin}).status_code == 403
    assert client.get("/e/", headers={"origin": local.url}).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/account", "/e/gradio_api/upload", "/e/config", "/docs", "/e/monitoring"])
def test_what_is_not_needed_is_closed_without_login_too(path: str, local: World) -> None:
    assert local.client().get(path).status_code == 404
    assert local.client().post(path, data={"a": "b"}).status_code == 404


def test_files_are_checked_without_login_too(local: World) -> None:
    client = local.client()
    assert local.send_file(client, "/s", {"path": "/etc/passwd"}).status_code == 403
    path = client.upload("/s").json()[0]
    assert local.send_file(client, "/s", {"path": path}).status_code == 200
    assert client.post("/mine/feedback", content=b"x" * 300_000).status_code == 413

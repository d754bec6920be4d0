"""Attacks on logins, roles, keys and limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import httpx
from sqlalchemy import update

from matcher.access.accounts import token_hash
from matcher.access.keys import Keys
from matcher.store.tables import Login, Role
from tests.integration.access_world import HTML, NOW, Answer, Client, World, new_hash, password_of

Try = Callable[[World], httpx.Response | Answer]
Row = tuple[str, Try, int, str, Try, int]


def get(path: str, name: str | None = None, **headers: str) -> Try:
    """Ask for a page as somebody."""
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return lambda world: world.client(name).get(path, headers=given)


def login(name: str, password: str, **more: str) -> Try:
    """Log in by the form."""
    return lambda world: world.client().log_in(name, password, **more)


def join(name: str | None, mount: str) -> Try:
    """Start the first step of a page."""
    return lambda world: world.client(name).join(mount, [], step=0)


# ---- logins ---------------------------------------------------------------------------------------------------------


def flood_of_one_name(world: World) -> httpx.Response:
    client = world.client()
    for _ in range(5):
        assert client.log_in("alice", "wrong password").status_code == 401
    return client.log_in("alice")  # even the right password waits now


def flood_of_names(world: World) -> httpx.Response:
    client = world.client()
    answers = [client.log_in(f"nobody-{n}", "wrong password") for n in range(31)]
    assert [one.status_code for one in answers[:30]] == [401] * 30
    return answers[-1]


def right_after_four(world: World) -> httpx.Response:
    client = world.client()
    for _ in range(4):
        client.log_in("bob", "wrong password")
    return client.log_in("bob")


def cookie_after(end: Callable[[World, Client, str], object]) -> Try:
    """A cookie that was copied, used after its login has ended."""

    def attack(world: World) -> httpx.Response:
        name = world.newcomer()
        victim, thief = world.client(name), world.client()
        thief.cookies.update(victim.cookies)
        assert thief.get("/mine").status_code == 200
        end(world, victim, name)
        return thief.get("/mine")

    return attack


def log_out(world: World, victim: Client, name: str) -> None:
    assert victim.post("/logout").status_code == 303


def disable(world: World, victim: Client, name: str) -> None:
    world.accounts.disable(name, NOW)


def change_password(world: World, victim: Client, name: str) -> None:
    form = {"do": "password", "old": password_of(name), "new": "another long phrase", "again": "another long phrase"}
    assert victim.post("/account", data=form).status_code == 303
    assert victim.get("/mine").status_code == 200


def end_elsewhere(world: World, victim: Client, name: str) -> None:
    assert world.client(name).post("/account", data={"do": "others"}).status_code == 303


def expire(world: World, victim: Client, name: str) -> None:
    kept = token_hash(victim.cookies["huiqi"])
    with world.database.session() as session:
        past = NOW - dt.timedelta(seconds=1)
        session.execute(update(Login).where(Login.token_hash == kept).values(expires_at=past))


def fixation(world: World) -> httpx.Response:
    """The attacker's token is in the browser before the victim logs in; afterwards it is no login."""
    victim, attacker = world.client(), world.client()
    for one in (victim, attacker):
        one.cookies.set("huiqi", "a-token-that-the-attacker-knows-0123456789", "127.0.0.1")
    assert victim.log_in("alice").status_code == 303
    assert victim.cookies["huiqi"] != attacker.cookies["huiqi"]
    assert victim.get("/mine").status_code == 200
    return attacker.get("/mine")


def forged(world: World) -> httpx.Response:
    client = world.client()
    client.cookies.set("huiqi", "A" * 43)
    return client.get("/mine", headers=HTML)


def disabled_login(world: World) -> httpx.Response:
    name = world.newcomer()
    world.accounts.disable(name, NOW)
    return world.client().log_in(name)


def enabled_login(world: World) -> httpx.Response:
    name = world.newcomer()
    world.accounts.disable(name, NOW)
    world.accounts.enable(name)
    return world.client().log_in(name)


def login_from(origin: str) -> Try:
    form = {"name": "alice", "password": password_of("alice")}
    return lambda world: world.client().post("/login", data=form, headers={"origin": origin or world.url})


STOLEN = "登录有效期间访问本人页面"
LOGINS: list[Row] = [
    ("密码不对", login("alice", "wrong password"), 401, "密码正确", login("alice", password_of("alice")), 303),
    ("用户名不存在（回答与密码不对完全相同）", login("nobody", "wrong password"), 401,
     "用户名大小写、全角不同", login("ＡＬＩＣＥ", password_of("alice")), 303),
    ("已停用的用户登录", disabled_login, 401, "恢复后登录", enabled_login, 303),
    ("同一用户名连续试错 5 次后再试", flood_of_one_name, 429, "试错 4 次后输对", right_after_four, 303),
    ("同一地址用很多用户名试错 30 次后再试", flood_of_names, 429,
     "换一个地址登录", login("sam", password_of("sam")), 303),
    ("从其他网站提交登录表单", login_from("https://evil.example"), 403, "从本网站提交", login_from(""), 303),
    ("退出登录后使用被复制的 Cookie", cookie_after(log_out), 401, STOLEN, get("/mine", "alice"), 200),
    ("用户被停用后继续使用已有登录", cookie_after(disable), 401, STOLEN, get("/mine", "alice"), 200),
    ("修改密码后使用被复制的 Cookie", cookie_after(change_password), 401, STOLEN, get("/mine", "alice"), 200),
    ("本人结束其他登录后使用被复制的 Cookie", cookie_after(end_elsewhere), 401, STOLEN, get("/mine", "alice"), 200),
    ("登录到期后继续使用", cookie_after(expire), 401, STOLEN, get("/mine", "alice"), 200),
    ("会话固定：登录前植入 Cookie", fixation, 401, STOLEN, get("/mine", "alice"), 200),
    ("伪造 Cookie", forged, 303, STOLEN, get("/mine", "alice"), 200),
]  # fmt: skip

# ---- roles ----------------------------------------------------------------------------------------------------------

ROLES: list[Row] = [
    ("未登录打开企业页面（转到登录页）", get("/e/", **HTML), 303, "企业用户打开", get("/e/", "alice"), 200),
    ("未登录执行企业页面的操作", join(None, "/e"), 401, "企业用户执行", join("alice", "/e"), 200),
    ("未登录查看“我的”", get("/mine"), 401, "未登录查看政策", get("/policies"), 200),
    ("未登录监听事件流", get(f"/e/gradio_api/queue/data?session_hash={new_hash()}"), 401,
     "未登录取样式和脚本", get("/e/theme.css"), 200),
    ("企业用户打开专员页面", get("/s/", "alice"), 403, "专员打开", get("/s/", "sam"), 200),
    ("企业用户打开评测页面", get("/v/", "alice"), 403, "评测人员打开", get("/v/", "eva"), 200),
    ("专员打开企业页面", get("/e/", "sam"), 403, "管理员打开", get("/e/", "root"), 200),
    ("评测人员打开专员页面", get("/s/", "eva"), 403, "管理员打开", get("/s/", "root"), 200),
    ("专员查看企业用户的“我的”", get("/mine", "sam"), 403, "企业用户查看", get("/mine", "alice"), 200),
    ("企业用户执行专员页面的操作", join("alice", "/s"), 403, "专员执行", join("sam", "/s"), 200),
    ("专员执行评测页面的操作", join("sam", "/v"), 403, "评测人员执行", join("eva", "/v"), 200),
    ("企业用户向专员页面上传文件", lambda world: world.client("alice").upload("/s"), 403,
     "专员上传", lambda world: world.client("sam").upload("/s"), 200),
]  # fmt: skip

# ---- the interface --------------------------------------------------------------------------------------------------


def api(path: str, role: Role, **headers: str) -> Try:
    """Ask the interface with a new key."""
    return lambda world: world.client().get(path, headers={"authorization": f"Bearer {world.key(role)[0]}", **headers})


def revoked(world: World) -> httpx.Response:
    secret, name = world.key()
    client = world.client()
    given = {"authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/fields", headers=given).status_code == 200
    Keys(world.database).revoke(name, NOW)
    return client.get("/api/v1/fields", headers=given)


def key_on_page(world: World) -> httpx.Response:
    return world.client().get("/mine", headers={"authorization": f"Bearer {world.key(Role.ENTERPRISE)[0]}"})


def two_keys(world: World) -> Answer:
    pair = {name: f"Bearer {world.key()[0]}" for name in ("Authorization", "authorization")}
    return world.raw("GET", "/api/v1/fields", pair)


def key_flood(world: World) -> httpx.Response:
    client, given = world.client(), {"authorization": f"Bearer {world.key(per_minute=3)[0]}"}
    answers = [client.get("/api/v1/fields", headers=given) for _ in range(4)]
    assert [one.status_code for one in answers[:3]] == [200] * 3
    return answers[-1]


def wrong_key(secret: str) -> Try:
    return get("/api/v1/fields", authorization=secret)


FIELDS = "/api/v1/fields"
INTERFACE: list[Row] = [
    ("不带密钥调用接口", get(FIELDS), 401, "带有效密钥", api(FIELDS, Role.STAFF), 200),
    ("用网页登录的 Cookie 调用接口", get(FIELDS, "root"), 401, "带有效密钥", api(FIELDS, Role.ENTERPRISE), 200),
    ("伪造密钥", wrong_key("Bearer hq_" + "A" * 43), 401, "不带密钥读接口文档", get("/api/v1/openapi.json"), 200),
    ("密钥放在 Basic 认证里", wrong_key("Basic aHE6aHE="), 401, "不带密钥看健康状态", get("/api/v1/health"), 200),
    ("同时带两个密钥", two_keys, 401, "带一个有效密钥", api(FIELDS, Role.STAFF), 200),
    ("密钥被吊销后继续使用", revoked, 401, "带有效密钥", api(FIELDS, Role.STAFF), 200),
    ("企业密钥查看作业", api("/api/v1/jobs", Role.ENTERPRISE), 403,
     "专员密钥查看", api("/api/v1/jobs", Role.STAFF), 200),
    ("用密钥打开网页", key_on_page, 401, "用密钥调用接口", api(FIELDS, Role.ENTERPRISE), 200),
    ("从其他网站的页面调用接口", api(FIELDS, Role.STAFF, origin="https://evil.example"), 403,
     "程序调用（不带 Origin）", api(FIELDS, Role.STAFF), 200),
    ("超过密钥的每分钟请求数", key_flood, 429, "在限额之内", api(FIELDS, Role.STAFF), 200),
]  # fmt: skip

# ---- limits ---------------------------------------------------------------------------------------------------------


def flood(path: str, times: int, *, known: bool) -> Try:
    """Ask so often; the last answer."""

    def attack(world: World) -> httpx.Response:
        client = world.client(world.newcomer() if known else None)
        answer = client.get(path)
        for _ in range(times):
            answer = client.get(path)
            if answer.status_code == 429:
                assert int(answer.headers["retry-after"]) >= 1
                break
        return answer

    return attack


LIMITS: list[Row] = [
    ("登录用户每秒几十次请求", flood("/account", 600, known=True), 429,
     "正常次数", flood("/account", 20, known=True), 200),
    ("未登录者每秒几十次请求", flood("/login", 400, known=False), 429,
     "正常次数", flood("/login", 20, known=False), 200),
]  # fmt: skip

GROUPS = {"登录": LOGINS, "角色": ROLES, "接口": INTERFACE, "频率": LIMITS}

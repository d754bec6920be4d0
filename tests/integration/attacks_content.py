"""Attacks by addresses, headers, bodies, session hashes and files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.integration.access_world import CSV, UPLOAD_MIB, Answer, World, new_hash

Try = Callable[[World], httpx.Response | Answer]
Row = tuple[str, Try, int, str, Try, int]


def get(path: str, name: str = "alice") -> Try:
    """Ask for a page as somebody."""
    return lambda world: world.client(name).get(path)


# ---- addresses ------------------------------------------------------------------------------------------------------

CLOSED = (
    "config", "monitoring", "monitoring/summary", "login", "logout", "manifest.json", "robots.txt", "pwa_icon",
    "gradio_api/info", "gradio_api/openapi.json", "gradio_api/file=/etc/passwd", "gradio_api/file/etc/passwd",
    "gradio_api/proxy=http://127.0.0.1:1/", "gradio_api/queue/status", "gradio_api/startup-events", "gradio_api/app_id",
    "gradio_api/token", "gradio_api/user", "gradio_api/login_check", "gradio_api/deep_link?session_hash=x",
    "gradio_api/runs", "gradio_api/run-history/buckets", "gradio_api/stream/a/b/1/playlist.m3u8",
    "gradio_api/custom_component/x/client/component/style.css", "gradio_api/dev/reload", "gradio_api/vibe-code",
    "gradio_api/profiling/summary", "gradio_api/upload_progress?upload_id=x", "gradio_api/mcp/sse",
)  # fmt: skip
"""What Gradio serves and our pages do not need."""
CLOSED_POSTS = (
    "call/match", "call/v2/match", "run/match", "api/match", "stream/event", "stream/event/close", "component_server",
    "process_recording", "run-history/connect", "vibe-edit", "undo-vibe-edit", "vibe-starter-queries",
)  # fmt: skip
SPELLINGS = (
    "/e/gradio_api/%66ile=/etc/passwd", "/e//gradio_api/file=/etc/passwd", "/e/./gradio_api/file=/etc/passwd",
    "/E/", "/e/gradio_api/file%3D/etc/passwd", "/e/assets/../gradio_api/info", "/e/assets/..%2f..%2f..%2fetc/passwd",
    "/e/static/%2e%2e/%2e%2e/routes.py", "/e/svelte/..%2f..%2findex.html", "/%65/", "//e/", "/e/%2e/", "/e/;/",
    "/e/gradio_api\\queue", "/e%2f", "/e/config%00", "/s/..%2fe/", "/e/..;/s/", "/static/../mine", "/%e0%80%af",
    "/static/%2e%2e/app.py", "/files/../../etc/passwd", "/policies/..%2f..%2fmine", "/e/gradio_api/queue/data/",
)  # fmt: skip


def all_refused(targets: tuple[str, ...], ask: Callable[[World, str], httpx.Response | Answer]) -> Try:
    """Ask for each; the first answer that is another than 404, else the last."""

    def attack(world: World) -> httpx.Response | Answer:
        answers = [(target, ask(world, target)) for target in targets]
        other = [(target, one.status_code) for target, one in answers if one.status_code != 404]
        assert other == []
        return answers[-1][1]

    return attack


def as_admin(world: World) -> Callable[[World, str], Answer]:
    client = world.client("root")
    return lambda world, target: world.raw("GET", target, client=client)


def closed(world: World) -> httpx.Response | Answer:
    targets = tuple(f"{mount}/{path}" for mount in ("/e", "/s", "/v") for path in CLOSED)
    return all_refused(targets, as_admin(world))(world)


def closed_posts(world: World) -> httpx.Response | Answer:
    client = world.client("root")
    targets = tuple(f"/e/gradio_api/{path}" for path in CLOSED_POSTS)
    body = {"data": ["x"], "session_hash": new_hash(), "component_id": 1, "fn_name": "x"}
    return all_refused(targets, lambda _, target: client.post(target, json=body))(world)


def spelled(world: World) -> httpx.Response | Answer:
    return all_refused(SPELLINGS, as_admin(world))(world)


def upgrade(world: World) -> Answer:
    given = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    return world.raw("GET", "/e/ws", {**given, "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="})


ADDRESSES: list[Row] = [
    (f"打开 Gradio 的其他地址（{len(CLOSED)} 个，三个页面都试）", closed, 404, "打开页面", get("/e/"), 200),
    (f"调用 Gradio 的其他接口（{len(CLOSED_POSTS)} 个）", closed_posts, 404,
     "执行页面操作", lambda world: typed(world)[0], 200),
    (f"地址的变形写法：百分号编码、双斜杠、点段、大小写等（{len(SPELLINGS)} 种）", spelled, 404,
     "中文的网址参数", get("/policies?q=%E8%AE%BE%E5%A4%87"), 200),
    ("页面没有的地址", get("/admin"), 404, "页面有的地址", get("/policies"), 200),
    ("WebSocket 连接", upgrade, 404, "事件流", lambda world: heard(world), 200),
]  # fmt: skip

# ---- headers --------------------------------------------------------------------------------------------------------


def with_headers(path: str = "/policies", **headers: str) -> Try:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda world: world.client("alice").get(path, headers=given)


def posted_from(**headers: str) -> Try:
    given = {name.replace("_", "-"): value for name, value in headers.items()}

    def attempt(world: World) -> httpx.Response:
        own = given or {"origin": world.url}
        return world.client(world.newcomer()).post("/account", data={"do": "others"}, headers=own)

    return attempt


HEADERS: list[Row] = [
    ("Host 写成别人的域名", with_headers(host="evil.example"), 403, "Host 是本机地址", with_headers(), 200),
    ("Host 前加用户信息", with_headers(host="127.0.0.1@evil.example"), 403, "Host 是本机地址", with_headers(), 200),
    ("跨站提交（Origin 是别的网站）", posted_from(origin="https://evil.example"), 403, "本站提交", posted_from(), 303),
    ("跨站提交（Origin 是 null）", posted_from(origin="null"), 403, "本站提交", posted_from(), 303),
    ("跨站提交（没有 Origin，Sec-Fetch-Site 表明跨站）", posted_from(sec_fetch_site="cross-site"), 403,
     "本站提交", posted_from(), 303),
    ("其他网站的脚本读取页面", with_headers(sec_fetch_site="cross-site", sec_fetch_mode="no-cors"), 403,
     "从其他网站的链接点进来", with_headers(sec_fetch_site="cross-site", sec_fetch_mode="navigate"), 200),
]  # fmt: skip


# ---- bodies ---------------------------------------------------------------------------------------------------------


def typed(world: World, name: str = "alice") -> tuple[httpx.Response, str]:
    """Somebody types an industry; the answer and the session_hash."""
    client = world.client(name)
    step, session_hash = world.typing_step(client)
    return client.join("/e", ["数控机床", None], step=step, session_hash=session_hash), session_hash


def join_with(content: bytes | str, **headers: str) -> Try:
    given = {"content-type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
    return lambda world: world.client("alice").post("/e/gradio_api/queue/join", content=content, headers=given)


def body_of(**changed: Any) -> str:
    plain = {"data": ["数控机床", None], "fn_index": 0, "trigger_id": None, "session_hash": new_hash()}
    return json.dumps({**plain, **changed})


def chunked(world: World) -> httpx.Response:
    return world.client("alice").post(
        "/e/gradio_api/queue/join", content=iter([body_of().encode()]), headers={"content-type": "application/json"}
    )


def no_length(world: World) -> Answer:
    return world.raw(
        "POST", "/e/gradio_api/queue/join", {"Content-Type": "application/json"}, client=world.client("alice")
    )


def good(world: World) -> httpx.Response:
    return typed(world)[0]


BIG = "长" * 100_000
TWICE = body_of()[:-1] + f', "session_hash": "{new_hash()}"}}'
BODIES: list[Row] = [
    ("分块传输，不说长度", chunked, 411, "说明长度", good, 200),
    ("不带 Content-Length", no_length, 411, "说明长度", good, 200),
    ("操作内容超过 256 KiB", join_with(body_of(data=[BIG])), 413, "正常大小", good, 200),
    ("登录表单超过 8 KiB", lambda world: world.client().log_in("alice", "x" * 9_000), 413,
     "正常大小", lambda world: world.client().log_in("alice"), 303),
    ("查询串超过 8 KiB", get("/policies?q=" + "x" * 9_000), 414, "正常长度", get("/policies?q=x"), 200),
    ("不是 JSON 的内容类型", join_with(body_of(), content_type="text/plain"), 415, "JSON", good, 200),
    ("不是 JSON", join_with("{"), 400, "JSON", good, 200),
    ("不是 UTF-8 的 JSON", join_with(body_of().encode("utf-16")), 400, "UTF-8 的 JSON", good, 200),
    ("嵌套几万层的 JSON", join_with(body_of()[:-1] + ', "event_data": ' + "[" * 60_000 + "]" * 60_000 + "}"), 400,
     "正常层数", good, 200),
    ("同一个键写两次", join_with(TWICE), 400, "每个键一次", good, 200),
    ("页面不会发的键（批量、令牌、简单格式）", join_with(body_of(batched=True, simple_format=True)), 400,
     "页面会发的键", good, 200),
    (f"上传超过 {UPLOAD_MIB} MiB",
     lambda world: world.client("sam").upload("/s", content=b"x" * (UPLOAD_MIB * 1024 * 1024 + 100_000)), 413,
     "上传 900 KiB", lambda world: world.client("sam").upload("/s", content=b"x" * 900_000), 200),
]  # fmt: skip

# ---- session hashes -------------------------------------------------------------------------------------------------


def heard(world: World) -> Answer:
    """Somebody hears the answer to their own step."""
    client = world.client("alice")
    step, session_hash = world.typing_step(client)
    assert client.join("/e", ["数控机床", None], step=step, session_hash=session_hash).status_code == 200
    answer = client.listen("/e", session_hash)
    assert "金属切削机床" in answer.text
    return answer


def with_hash_of_alice(use: Callable[[Any, str], httpx.Response]) -> Try:
    """Bob uses the session_hash of a page that Alice has open."""

    def attack(world: World) -> httpx.Response:
        answer, session_hash = typed(world)
        assert answer.status_code == 200
        refused = use(world.client("bob"), session_hash)
        assert "机床" not in refused.text
        return refused

    return attack


def own_hash(use: Callable[[Any, str], httpx.Response]) -> Try:
    """The same by Alice herself."""

    def attempt(world: World) -> httpx.Response:
        client = world.client("alice")
        step, session_hash = world.typing_step(client)
        assert client.join("/e", ["数控机床", None], step=step, session_hash=session_hash).status_code == 200
        return use(client, session_hash)

    return attempt


def join_again(client: Any, session_hash: str) -> httpx.Response:
    return client.join("/e", ["纸", None], step=2, session_hash=session_hash)


def cancel(client: Any, session_hash: str) -> httpx.Response:
    body = {"session_hash": session_hash, "fn_index": 2, "event_id": "0" * 32}
    return client.post("/e/gradio_api/cancel", json=body)


def listen(client: Any, session_hash: str) -> httpx.Response:
    with client.stream("GET", f"/e/gradio_api/queue/data?session_hash={session_hash}") as stream:
        if stream.status_code != 200:
            stream.read()
        return stream


def beat(client: Any, session_hash: str) -> httpx.Response:
    with client.stream("GET", f"/e/gradio_api/heartbeat/{session_hash}") as stream:
        if stream.status_code != 200:
            stream.read()
        return stream


def two_hashes(client: Any, session_hash: str) -> httpx.Response:
    return client.get(f"/e/gradio_api/queue/data?session_hash={new_hash()}&session_hash={session_hash}")


def nested(client: Any, session_hash: str) -> httpx.Response:
    body = {"data": [{"session_hash": session_hash}], "fn_index": 2, "session_hash": {"session_hash": session_hash}}
    return client.post("/e/gradio_api/queue/join", json=body)


def second_login(world: World) -> httpx.Response:
    _, session_hash = typed(world)
    return join_again(world.client("alice"), session_hash)


def hashless(world: World) -> httpx.Response:
    return world.client("alice").post("/e/gradio_api/queue/join", json={"data": [], "fn_index": 0})


SESSIONS: list[Row] = [
    ("监听别人的事件流", with_hash_of_alice(listen), 403, "听自己的事件流", heard, 200),
    ("用别人的会话执行操作（读取对方填写的内容）", with_hash_of_alice(join_again), 403,
     "用自己的会话", own_hash(join_again), 200),
    ("取消别人的操作", with_hash_of_alice(cancel), 403, "取消自己的操作", own_hash(cancel), 200),
    ("接管别人的心跳连接", with_hash_of_alice(beat), 403, "自己的心跳连接", own_hash(beat), 200),
    ("查询串里写两个会话", with_hash_of_alice(two_hashes), 403, "写一个会话", heard, 200),
    ("把别人的会话藏在嵌套的 JSON 里", with_hash_of_alice(nested), 403, "用自己的会话", own_hash(join_again), 200),
    ("换一次登录后沿用旧页面的会话", second_login, 403, "同一次登录", own_hash(join_again), 200),
    ("不带会话", hashless, 403, "带会话", good, 200),
]  # fmt: skip

# ---- files ----------------------------------------------------------------------------------------------------------


def named(**file: Any) -> Try:
    """A step of the staff page with a file that was never uploaded."""
    return lambda world: world.send_file(world.client("sam"), "/s", file)


def foreign_upload(world: World) -> httpx.Response:
    path = world.client("sam").upload("/s", content=CSV + b"1").json()[0]
    return world.send_file(world.client("sue"), "/s", {"path": path})


def own_upload(world: World) -> httpx.Response:
    client = world.client("sam")
    path = client.upload("/s", "名单 1#%25.csv").json()[0]
    return world.send_file(client, "/s", {"path": path, "url": f"{world.url}/s/gradio_api/file={path}"})


def other_url(world: World) -> httpx.Response:
    client = world.client("sam")
    path = client.upload("/s").json()[0]
    return world.send_file(client, "/s", {"path": path, "url": "http://127.0.0.1:9/x"})


def unmarked(world: World) -> httpx.Response:
    """Without the mark that Gradio looks for, at the depth where a model would still read it."""
    client = world.client("sam")
    return client.join("/s", [[{"deep": [{"path": "/etc/passwd"}]}]], step=0)


def file_on_enterprise(world: World) -> httpx.Response:
    return world.client("alice").join("/e", [{"path": "/etc/passwd"}], step=0)


def file_for(owner: str, reader: str | None) -> Try:
    def attempt(world: World) -> httpx.Response:
        return world.client(reader).get(world.file_of(owner))

    return attempt


def uploaded_by_address(world: World) -> httpx.Response:
    client = world.client("sam")
    return client.get("/s/gradio_api/file=" + client.upload("/s", "a.csv").json()[0])


OWN = "用自己上传的文件"
FILES: list[Row] = [
    ("用别人上传的文件作输入", foreign_upload, 403, OWN, own_upload, 200),
    ("用服务器上的文件作输入（/etc/passwd）", named(path="/etc/passwd"), 403, OWN, own_upload, 200),
    ("用网址作输入（让服务器去访问）", named(path="http://127.0.0.1:9/x", url="http://127.0.0.1:9/x"), 403,
     OWN, own_upload, 200),
    ("自己的文件配上别的网址", other_url, 403, OWN, own_upload, 200),
    ("把文件藏在深处、不带 Gradio 的标记", unmarked, 403, OWN, own_upload, 200),
    ("冒充流文件", named(path="/etc/passwd", is_stream=True), 403, OWN, own_upload, 200),
    ("在不收文件的页面用文件作输入", file_on_enterprise, 403, "文字输入", good, 200),
    ("向不收文件的页面上传", lambda world: world.client("alice").upload("/e"), 404,
     "向收文件的页面上传", lambda world: world.client("sam").upload("/s"), 200),
    ("按路径取回上传的文件", uploaded_by_address, 404, "下载自己的结果", file_for("sam", "sam"), 200),
    ("下载别人的结果", file_for("sam", "sue"), 404, "下载自己的结果", file_for("sam", "sam"), 200),
    ("管理员下载别人的结果", file_for("sam", "root"), 404, "下载自己的结果", file_for("root", "root"), 200),
    ("未登录下载", file_for("sam", None), 401, "下载自己的结果", file_for("sam", "sam"), 200),
    ("猜文件编号", get("/files/" + "A" * 22, "sam"), 404, "下载自己的结果", file_for("sam", "sam"), 200),
]  # fmt: skip

GROUPS = {"地址": ADDRESSES, "请求头": HEADERS, "请求体": BODIES, "会话": SESSIONS, "文件": FILES}

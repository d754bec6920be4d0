"""The gate: a pure ASGI middleware before everything. It refuses by default, and says who makes each request."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, quote
from uuid import uuid4

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.access import bodies, ways
from matcher.access.accounts import Accounts, LoggedIn
from matcher.access.audit import AuditLog, address_of
from matcher.access.bindings import Sessions, Uploads
from matcher.access.headers import add_headers
from matcher.access.identity import LOCAL, Identity, identify
from matcher.access.keys import Keys
from matcher.access.limits import Limiter, Rate, network_of
from matcher.access.policy import Policy
from matcher.access.refusals import Reason, Refusal, as_json, is_api
from matcher.access.uploads import noting
from matcher.access.ways import MOUNTS, READING, Kind, Way
from matcher.services import Services

Page = Callable[[Request, Reason, dict[str, str]], Response]
"""Renders a refusal for a person."""

PER_USER = Rate(300, 5.0)
"""Requests of one user, style sheets and scripts not counted."""
PER_STRANGER = Rate(120, 2.0)
"""Requests of one sender who is not logged in."""
LOGGED = Rate(20, 1 / 60)
"""Refusals of one kind and sender that go into the audit log."""
THREADS = 8
OPEN_API = frozenset({f"/api/v1/{name}" for name in ("docs", "openapi.json", "health", "health/ready")})
PROBE = "/healthz"
"""Whoever watches the service may call it by any name."""
FILE_MEDIA = frozenset({"multipart/form-data", "application/x-ndjson", "application/jsonl"})
BODILESS = READING | {"DELETE", "OPTIONS"}
_LENGTH = re.compile(r"[0-9]{1,12}")
_REQUEST_ID = re.compile(r"[0-9a-f]{32}")
_LOG = logging.getLogger(__name__)


class Gate:
    """Stands before the whole application; see docs/security.zh.md for what it refuses."""

    def __init__(self, app: ASGIApp, services: Services, policy: Policy, page: Page) -> None:
        """Stand before `app`.

        Args:
            app: What is let through to.
            services: The database and the clock.
            policy: Whether there are logins, and what the service is called.
            page: Renders a refusal for a person.
        """
        self._app, self._services, self._policy, self._page = app, services, policy, page
        self._accounts, self._keys = Accounts(services.database), Keys(services.database)
        self._audit = AuditLog(services.database)
        self._limiter, self._sessions, self._uploads = Limiter(), Sessions(), Uploads()
        self._threads = CapacityLimiter(THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(self._prepared(scope), receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _prepared(self, scope: Scope) -> Scope:
        """The request with its id, the true scheme, and without headers that Gradio would build addresses from."""
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        headers = [(name, value) for name, value in scope["headers"] if not name.startswith((b"x-", b"forwarded"))]
        scheme = "https" if self._policy.secure else scope["scheme"]
        state = {**scope.get("state", {}), "request_id": request_id}
        return {**scope, "headers": headers, "scheme": scheme, "state": state}

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind: Kind | None = None
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                add_headers(headers, kind, self._policy, scope["state"]["request_id"])
            await send(message)

        try:
            way = self._way(scope)
            kind = way.kind
            await self._admitted(way, scope, receive, guarded)
        except Refusal as refusal:
            kind = None
            await self._refused(scope, refusal)(scope, receive, guarded)
        except Exception as error:
            _LOG.error("request %s failed: %s", scope["state"]["request_id"], _without_data(error))
            if not started:
                kind = None
                await self._answer(scope, Reason.ERROR, {})(scope, receive, guarded)

    # ---- before it is known who asks --------------------------------------------------------------------------------

    def _way(self, scope: Scope) -> Way:
        """The way that a request takes, where its Host, Origin, address and size are in order."""
        headers, policy = Headers(scope=scope), self._policy
        path, method = str(scope["path"]), str(scope["method"])
        hosts = headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else ""
        if not policy.takes_host(host) and path != PROBE:
            raise Refusal(Reason.HOST)
        origin = headers.get("origin")
        if origin is not None and not policy.takes_origin(origin, scope["scheme"], host):
            raise Refusal(Reason.ORIGIN)
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and (
            method not in READING or headers.get("sec-fetch-mode") != "navigate"
        ):
            raise Refusal(Reason.ORIGIN)
        if len(scope["query_string"]) > ways.MAX_QUERY_BYTES:
            raise Refusal(Reason.TOO_LONG)
        way = ways.find(method, path, scope.get("raw_path") or quote(path).encode(), policy)
        _check_size(way, method, path, headers)
        return way

    # ---- who asks ---------------------------------------------------------------------------------------------------

    async def _admitted(self, way: Way, scope: Scope, receive: Receive, send: Send) -> None:
        if way.kind is Kind.ASSET:
            await self._app(scope, receive, send)
            return
        login = await self._who(way, scope)
        if way.roles is not None and login is None:
            raise Refusal(Reason.LOGIN)
        if way.roles and login is not None and not login.identity.may_act_as(*way.roles):
            raise Refusal(Reason.ROLE, log=True)
        if login is None or way.kind in {Kind.PLAIN, Kind.GRADIO_PAGE, Kind.API}:
            await self._app(scope, receive, send)
        elif way.kind is Kind.STREAM:
            await self._stream(login, scope, receive, send)
        elif way.kind is Kind.JOIN:
            await self._join(way, login, scope, receive, send)
        else:
            await self._app(scope, receive, noting(send, partial(self._uploads.note, user_id=login.identity.user_id)))

    async def _who(self, way: Way, scope: Scope) -> LoggedIn | None:
        """Who asks, where they do not ask too often; a cookie says nothing to the REST interface, a key all."""
        if self._policy.local:
            identify(scope, LOCAL)
            return LoggedIn(LOCAL, LOCAL.user_id)
        login, rate = await (self._by_key(scope) if way.kind is Kind.API else self._by_cookie(scope))
        identify(scope, login.identity if login else None)
        key = ("user", login.identity.user_id) if login else ("stranger", network_of(address_of(scope)))
        if (refused := self._limiter.take(key, rate)) is not None:
            raise Refusal(Reason.TOO_MANY, wait_s=refused.wait_s, log=refused.first)
        if way.kind is Kind.API and login is None and scope["path"] not in OPEN_API:
            raise Refusal(Reason.KEY, log="authorization" in Headers(scope=scope))
        return login

    async def _by_cookie(self, scope: Scope) -> tuple[LoggedIn | None, Rate]:
        token = Request(scope).cookies.get(self._policy.cookie)
        if not token:
            return None, PER_STRANGER
        login = await to_thread.run_sync(self._accounts.resolve, token, self._services.now(), limiter=self._threads)
        return login, PER_USER if login else PER_STRANGER

    async def _by_key(self, scope: Scope) -> tuple[LoggedIn | None, Rate]:
        given = Headers(scope=scope).getlist("authorization")
        scheme, _, secret = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer":
            return None, PER_STRANGER
        key = await to_thread.run_sync(self._keys.resolve, secret.strip(), limiter=self._threads)
        if key is None:
            return None, PER_STRANGER
        return LoggedIn(key.identity, key.identity.user_id), Rate.per_minute(key.per_minute)

    # ---- what Gradio leaves open ------------------------------------------------------------------------------------

    async def _stream(self, login: LoggedIn, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"])
        if "/heartbeat/" in path:
            given = [path.rsplit("/", 1)[1]]
        else:
            given = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("session_hash", [])
        if len(given) != 1 or not ways.SESSION_HASH.fullmatch(given[0]):
            raise Refusal(Reason.SESSION, log=True)
        self._bind(given[0], login)
        if self._policy.local:
            await self._app(scope, receive, send)
            return
        with self._sessions.streaming(given[0]):
            await self._app(scope, receive, send)

    async def _join(self, way: Way, login: LoggedIn, scope: Scope, receive: Receive, send: Send) -> None:
        body = await bodies.read(receive, way.max_body)
        value = bodies.parse(body)
        self._bind(value["session_hash"], login)
        mount_path = str(scope["path"])[:2]
        mount, root = MOUNTS[mount_path], f"{scope['scheme']}://{Headers(scope=scope)['host']}{mount_path}"
        for path in bodies.file_paths(value, root):
            if not mount.uploads or not self._uploads.owns(path, login.identity.user_id):
                raise Refusal(Reason.UPLOAD, log=True)
        await self._app(scope, bodies.again(body, receive), send)

    def _bind(self, session_hash: str, login: LoggedIn) -> None:
        """A page belongs to the login that opened it; on a machine that serves only itself there is but one."""
        if not self._policy.local and not self._sessions.bind(session_hash, login.login_id):
            raise Refusal(Reason.SESSION, log=True)

    # ---- refusing ---------------------------------------------------------------------------------------------------

    def _refused(self, scope: Scope, refusal: Refusal) -> ASGIApp:
        path, reading = str(scope["path"]), scope["method"] in READING
        navigates = reading and "text/html" in Headers(scope=scope).get("accept", "")
        if refusal.log:
            answer = self._answer(scope, refusal.reason, refusal.headers)
            return self._logged(scope, refusal.reason, answer)
        if refusal.reason is Reason.LOGIN and navigates:
            query = scope["query_string"].decode("latin-1")
            wanted = f"{path}?{query}" if query else path
            return RedirectResponse(f"/login?next={quote(wanted, safe='/')}", 303)
        return self._answer(scope, refusal.reason, refusal.headers)

    def _logged(self, scope: Scope, reason: Reason, answer: ASGIApp) -> ASGIApp:
        async def log_and_answer(scope_: Scope, receive: Receive, send: Send) -> None:
            await to_thread.run_sync(self._log, scope, reason, limiter=self._threads)
            await answer(scope_, receive, send)

        return log_and_answer

    def _log(self, scope: Scope, reason: Reason) -> None:
        identity = scope["state"].get("identity")
        actor = identity.name if isinstance(identity, Identity) else ""
        address = address_of(scope)
        if self._limiter.take(("log", reason, actor or network_of(address)), LOGGED) is None:
            self._audit.write(
                f"gate.{reason.name.lower()}", str(scope["path"]), "refused",
                now=self._services.now(), actor=actor, request_id=scope["state"]["request_id"], address=address,
            )  # fmt: skip

    def _answer(self, scope: Scope, reason: Reason, headers: dict[str, str]) -> ASGIApp:
        """As a page where a person asks, else as JSON."""
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if wants_page and not is_api(str(scope["path"])):
            return self._page(Request(scope), reason, headers)
        return as_json(scope, reason, headers)


def _check_size(way: Way, method: str, path: str, headers: Headers) -> None:
    """Refuse a body whose length is not said, or too large, or of a kind that the way does not take."""
    given = headers.get("content-length", "")
    if "transfer-encoding" in headers:
        raise Refusal(Reason.LENGTH)
    if method in BODILESS and given in {"", "0"}:
        return
    if not _LENGTH.fullmatch(given):
        raise Refusal(Reason.LENGTH)
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = {Kind.JOIN: "application/json", Kind.UPLOAD: "multipart/form-data"}.get(way.kind)
    if wanted is not None and media != wanted:
        raise Refusal(Reason.MEDIA)
    limit = way.max_body
    if way.kind is Kind.API and media not in FILE_MEDIA:
        limit = ways.API_BYTES.get(path, ways.PAGE_BYTES)
    if int(given) > limit:
        raise Refusal(Reason.TOO_LARGE)


def _without_data(error: BaseException) -> str:
    """Where something went wrong; the error's own words may hold what a user typed."""
    steps = traceback.extract_tb(error.__traceback__)
    return " < ".join([type(error).__name__, *(f"{step.name} {step.filename}:{step.lineno}" for step in steps[::-1])])

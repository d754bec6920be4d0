"""A running service in login mode with people, keys and files in it, and ways to speak to it as somebody."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from matcher.access.accounts import Accounts
from matcher.access.audit import AuditLog
from matcher.access.keys import Keys
from matcher.store.database import Database
from matcher.store.files import FileStore
from matcher.store.tables import Role
from tests.support import wait_for

ROOT = Path(__file__).parents[2]
NOW = dt.datetime.now(dt.UTC)  # logins are judged by the server's own clock
PEOPLE = {
    "alice": Role.ENTERPRISE, "bob": Role.ENTERPRISE, "sam": Role.STAFF, "sue": Role.STAFF, "eva": Role.EVALUATOR,
    "root": Role.ADMIN,
}  # fmt: skip
UPLOAD_MIB = 1
HTML = {"accept": "text/html,application/xhtml+xml"}
CSV = "企业名称,营收\n甲,1\n".encode()
_ADDRESSES = (f"127.{a}.{b}.{c}" for a, b, c in itertools.product(range(1, 250), range(1, 250), range(1, 250)))


def password_of(name: str) -> str:
    """Everybody's password follows from the name; only tests may do that."""
    return f"correct horse {name} 42"


@dataclass(frozen=True)
class Answer:
    """What came back, as far as tests look at it."""

    status_code: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Client(httpx.Client):
    """A browser of its own, at an address of its own (so that limits are not shared between tests)."""

    def __init__(self, base_url: str) -> None:
        transport = httpx.HTTPTransport(local_address=next(_ADDRESSES))
        super().__init__(base_url=base_url, transport=transport, timeout=30, trust_env=False)

    def log_in(self, name: str, password: str | None = None, **more: str) -> httpx.Response:
        """Log in by the form."""
        form = {"name": name, "password": password_of(name) if password is None else password, **more}
        return self.post("/login", data=form)

    def config(self, mount: str) -> dict[str, Any]:
        """What Gradio tells the page of a mount."""
        found = re.search(r"window\.gradio_config = (\{.*?\});\s*</script>", self.get(f"{mount}/").text, re.S)
        assert found, "the page has no Gradio config"
        config: dict[str, Any] = json.loads(found[1])
        return config

    def join(self, mount: str, data: list[Any], *, step: int, session_hash: str | None = None) -> httpx.Response:
        """Start a step of a page."""
        body = {"data": data, "fn_index": step, "trigger_id": None, "event_data": None}
        return self.post(f"{mount}/gradio_api/queue/join", json={**body, "session_hash": session_hash or new_hash()})

    def listen(self, mount: str, session_hash: str) -> Answer:
        """The event stream of a page, until a step is complete."""
        heard = ""
        path = f"{mount}/gradio_api/queue/data?session_hash={session_hash}"
        with self.stream("GET", path) as stream:
            for part in stream.iter_text():
                heard += part
                if "process_completed" in heard and heard.endswith("\n\n"):
                    break
        return Answer(stream.status_code, heard, dict(stream.headers))

    def upload(self, mount: str, name: str = "名单.csv", content: bytes = CSV) -> httpx.Response:
        """Upload a file to a page."""
        return self.post(f"{mount}/gradio_api/upload", files={"files": (name, content)})


def new_hash() -> str:
    """As a browser makes one."""
    return uuid.uuid4().hex[:11]


@dataclass
class World:
    """The service, and what is in it."""

    folder: Path
    port: int
    key_names: Iterator[int] = field(default_factory=itertools.count)
    clients: list[Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def database(self) -> Database:
        """Its database: what tests change here is as if done by the commands."""
        return Database.in_folder(self.folder)

    @property
    def accounts(self) -> Accounts:
        """Its users."""
        return Accounts(self.database)

    @property
    def audit(self) -> AuditLog:
        """Its log."""
        return AuditLog(self.database)

    def client(self, name: str | None = None) -> Client:
        """A new browser, logged in as somebody."""
        client = Client(self.url)
        self.clients.append(client)
        if name is not None:
            assert client.log_in(name).status_code == 303
        return client

    def close_clients(self) -> None:
        """Close all browsers."""
        while self.clients:
            self.clients.pop().close()

    def newcomer(self, role: Role = Role.ENTERPRISE) -> str:
        """A user who is there for one test only."""
        name = f"new-{next(self.key_names)}"
        self.accounts.add(name, role, password_of(name), NOW)
        return name

    def key(self, role: Role = Role.STAFF, per_minute: int = 600) -> tuple[str, str]:
        """A new key, and its name."""
        name = f"key-{next(self.key_names)}"
        return Keys(self.database).add(name, role, per_minute, NOW)[0], name

    def file_of(self, name: str) -> str:
        """Address of a new file of a user."""
        files = FileStore(self.database, self.folder / "files")
        path = files.new_path(".csv")
        path.write_bytes(CSV)
        owner = next(user.user_id for user in self.accounts.users() if user.name == name)
        stored = files.keep(path, owner=owner, name="结果 一.csv", media_type="text/csv", now=NOW)
        return f"/files/{stored.file_id}"

    def raw(
        self, method: str, target: str, headers: dict[str, str] | None = None, *, host: str | None = None,
        client: Client | None = None, body: bytes = b"",
    ) -> Answer:  # fmt: skip
        """A request written exactly so; nothing is put in order, and no length is added."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(next(_ADDRESSES), 0)
        )
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        given = {"Host": f"127.0.0.1:{self.port}" if host is None else host, **(headers or {})}
        if client is not None:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        text = answer.read(100_000).decode("utf-8", "replace")
        connection.close()
        return Answer(answer.status, text, {name.lower(): value for name, value in answer.getheaders()})

    def file_step(self, client: Client, mount: str) -> tuple[int, int, int]:
        """A step that takes a file: its number, how many inputs it has, and which of them is the file."""
        config = client.config(mount)
        files = {one["id"] for one in config["components"] if one["type"] in {"file", "uploadbutton"}}
        step = next(one for one in config["dependencies"] if files & set(one["inputs"]))
        return step["id"], len(step["inputs"]), next(n for n, one in enumerate(step["inputs"]) if one in files)

    def send_file(self, client: Client, mount: str, file: dict[str, Any]) -> httpx.Response:
        """Start a step with a file as its input."""
        step, inputs, place = self.file_step(client, mount)
        data: list[Any] = [None] * inputs
        data[place] = {"meta": {"_type": "gradio.FileData"}, **file}
        return client.join(mount, data, step=step)

    def typing_step(self, client: Client) -> tuple[int, str]:
        """The step that offers industries while one types, and a fresh session_hash."""
        config = client.config("/e")
        box = next(one["id"] for one in config["components"] if one["props"].get("elem_id") == "f-industry")
        return next(one["id"] for one in config["dependencies"] if [box, "change"] in one["targets"]), new_hash()


@contextlib.contextmanager
def running(folder: Path, **environment: str) -> Iterator[World]:
    """The service in a process of its own, matching by rules and words only."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        world = World(folder, probe.getsockname()[1])
    log = folder / "log.txt"
    settings = {
        "HUIQI_PORT": str(world.port), "HUIQI_DATA_DIR": str(folder), "HUIQI_DENSE": "false",
        "HUIQI_AS_OF": "2026-11-23", "HUIQI_UPLOAD_MIB": str(UPLOAD_MIB), **environment,
    }  # fmt: skip
    for name, role in PEOPLE.items():
        world.accounts.add(name, role, password_of(name), NOW)
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **settings}, stdout=out, stderr=out
        )
        try:
            wait_for(server, log, lambda: _answers(world))
            yield world
        finally:
            server.terminate()
            server.wait(30)
            world.close_clients()
            world.database.close()


def _answers(world: World) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{world.url}/healthz", trust_env=False).status_code == 200
    return False

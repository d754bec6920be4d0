"""Receivers of pushes that run in the test's process and keep what they get."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Got(NamedTuple):
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What is answered; `drip_s` sends the body byte by byte with so long a pause, `drop` nothing at all."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    drip_s: float = 0.0
    wait_s: float = 0.0
    drop: bool = False


class Web(NamedTuple):
    """A running HTTP server."""

    url: str
    got: list[Got]


@contextlib.contextmanager
def web(reply: Callable[[Got], Reply], certificate: Path | None = None) -> Iterator[Web]:
    """An HTTP server on 127.0.0.1; HTTPS with a file that holds a key and its certificate."""
    got: list[Got] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(Got(self.path, dict(self.headers), body))
            answer = reply(got[-1])
            time.sleep(answer.wait_s)
            if answer.drop:
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                for byte in answer.body if answer.drip_s else [answer.body]:
                    self.wfile.write(bytes([byte]) if isinstance(byte, int) else byte)
                    time.sleep(answer.drip_s)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # a sender that hangs up is no error here
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Web(f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}", got)
        finally:
            server.shutdown()
            thread.join()


class Mailbox(NamedTuple):
    """A running mail server.

    Attributes:
        connections: One for each that was made.
        hang_up: Ends them all.
    """

    mails: list[Any]
    url: str
    connections: list[SMTP]
    hang_up: Callable[[], None]


@contextlib.contextmanager
def mailbox(answer: Callable[[str, str], str] | None = None) -> Iterator[Mailbox]:
    """A mail server on 127.0.0.1; `answer(step, recipient)` may refuse at "RCPT" or "DATA"."""
    said = answer or (lambda _step, _recipient: "")
    mails: list[Any] = []

    class Handler:
        async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
            envelope.rcpt_tos.append(address)
            return said("RCPT", address) or "250 OK"

        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            refused = said("DATA", envelope.rcpt_tos[0])
            if not refused:
                mails.append(envelope)
            return refused or f"250 2.0.0 Ok: queued for <{envelope.rcpt_tos[0]}> as 4XyZ"

    made: list[SMTP] = []
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()

    async def serve() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()

        def one() -> SMTP:
            made.append(SMTP(Handler(), loop=loop))
            return made[-1]

        server = await loop.create_server(one, "127.0.0.1", 0)
        started.set_result((loop, stop, server.sockets[0].getsockname()[1]))
        await stop.wait()
        server.close()
        hang_up()
        await asyncio.sleep(0)

    def hang_up() -> None:
        for each in made:
            if each.transport is not None:
                each.transport.abort()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    loop, stop, port = started.result(30)
    try:
        url = f"mailto://127.0.0.1:{port}?from=huiqi@example.cn"
        yield Mailbox(mails, url, made, lambda: asyncio.run_coroutine_threadsafe(_done(hang_up), loop).result(30))
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _done(step: Callable[[], None]) -> None:
    step()


def certificate(folder: Path, address: str = "127.0.0.1") -> Path:
    """A key and a certificate that it has signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path

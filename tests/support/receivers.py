"""Real receivers on this machine: an SMTP server, and one that answers as Discord, Slack, Telegram and webhooks do.

What they took is kept; each can be made to refuse, or to hang.
"""

from __future__ import annotations

import json
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

USER, PASSWORD = "panda", "only-for-tests"  # pragma: allowlist secret - of a server that lives for one test


class Mailbox:
    """What an SMTP server took; each mail as text."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.port = 0
        self.refused = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: ANN401, N802 - aiosmtpd's
        content = envelope.content
        self.mails.append(content.decode() if isinstance(content, bytes) else str(content))
        return "250 taken"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.refused += not good
        return AuthResult(success=good, handled=good)

    def address(self, password: str = PASSWORD) -> str:
        """As apprise spells it."""
        return (
            f"mailto://{USER}:{password}@127.0.0.1:{self.port}/"
            "?smtp=127.0.0.1&mode=insecure&from=panda@example.org&to=trader@example.org"
        )


def _free_port() -> int:
    """The controller of aiosmtpd must know its port beforehand."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """An SMTP server that asks for a password."""
    box = Mailbox()
    with warnings.catch_warnings():
        # It warns at each connection that passwords cross the wire in the clear, which on this machine harms nobody.
        warnings.simplefilter("ignore", UserWarning)
        controller = Controller(
            box,
            hostname="127.0.0.1",
            port=_free_port(),
            authenticator=box.authenticate,
            auth_required=True,
            auth_require_tls=False,
        )
        controller.start()
        try:
            box.port = controller.port
            yield box
        finally:
            controller.stop()


class Silence:
    """A server that takes connections and never says a word, whatever its protocol."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.taken: list[socket.socket] = []

    def take(self) -> None:
        """Until it is closed."""
        while True:
            try:
                self.taken.append(self._listening.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        """Hang up on everybody."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self.taken:
            each.close()


@contextmanager
def silence() -> Iterator[Silence]:
    """A server that hangs."""
    server = Silence()
    taking = threading.Thread(target=server.take, daemon=True)
    taking.start()
    try:
        yield server
    finally:
        server.close()
        taking.join()


class Posts:
    """What an HTTP server took: path and JSON of each request; what chats wrote to the bot."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Any]] = []
        self.failing = False
        self.hanging = threading.Event()
        self.hangs = False
        self.updates: list[dict[str, Any]] = []
        self.asked = 0
        self.url = ""

    def at(self, part: str) -> list[Any]:
        """The bodies that were posted where the path holds `part`."""
        return [body for path, body in self.taken if part in path]

    def write(self, update_id: int, chat: int, text: str, date: int) -> None:
        """A chat writes to the bot."""
        message = {"chat": {"id": chat}, "date": date, "text": text, "from": {"id": chat, "username": "trader"}}
        self.updates.append({"update_id": update_id, "message": message})


class _Handler(BaseHTTPRequestHandler):
    posts: ClassVar[Posts]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        posts = self.posts
        if posts.hangs:
            posts.hanging.wait(60)
        if posts.failing:
            self._answer(500, b"")
            return
        posts.taken.append((self.path, json.loads(body)))
        self._answer(200, b'{"ok": true, "result": {}}' if "/bot" in self.path else b"ok")

    def do_GET(self) -> None:
        posts = self.posts
        posts.asked += 1
        offset = int(parse_qs(urlsplit(self.path).query).get("offset", ["0"])[0])
        found = [each for each in posts.updates if each["update_id"] >= offset]
        if not found:
            posts.hanging.wait(0.2)  # a short long poll
        self._answer(200, json.dumps({"ok": True, "result": found}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def posts() -> Iterator[Posts]:
    """An HTTP server of its own."""
    kept = Posts()
    handler = type("_Bound", (_Handler,), {"posts": kept})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield kept
    finally:
        kept.hanging.set()
        server.shutdown()
        server.server_close()

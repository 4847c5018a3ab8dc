"""A proxy before the API server: it answers wrongly, holds back, loses and cuts what it is told to, and notes the rest.

It shows the server's own certificate, so that clients take it for the server.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from aiohttp import web
from tests.support.kube_api import KubeApi

from alpha_panda.local.ports import HOST

_KEPT: Final = ("Authorization", "Accept", "Content-Type")
_STEP_SECONDS: Final = 0.05
_LINE_BYTES: Final = 4 * 1024 * 1024
_PLACE: Final = re.compile(r"^/apis?/(?:[^/]+/)?v[^/]+/namespaces/[^/]+/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?")
WRITES: Final = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]

    @property
    def plural(self) -> str:
        """What it is about: `deployments`; empty for what is in no namespace."""
        found = _PLACE.match(self.path)
        return found["plural"] if found else ""

    @property
    def is_watch(self) -> bool:
        """Whether it goes on until somebody ends it."""
        return self.query.get("watch") == "true"

    @property
    def is_write(self) -> bool:
        """Whether it changes something but a lease."""
        return self.method in WRITES and self.plural != "leases"


@dataclass
class Fault:
    """What is done to the requests that it is `about`, while it is in force."""

    about: Callable[[Asked], bool]
    status: int = 0
    """Answered with, in place of what the server would say."""
    cut: bool = False
    """Reset before the server hears of it."""
    lose: bool = False
    """Reset after the server has done it."""
    then: Callable[[], None] = lambda: None
    """Called before it is reset."""
    change: Callable[[dict[str, Any]], None] | None = None
    """Changes what the server answers."""
    times: int = 1_000_000
    done: int = 0


@dataclass
class FaultProxy:
    """Opened and closed by the loop that it serves on."""

    kube: KubeApi
    faults: list[Fault] = field(default_factory=list)
    passed: list[Asked] = field(default_factory=list)
    """What the server was asked."""
    still: Callable[[Asked], bool] = lambda _: False
    """Watches of which nothing passes, and nobody is told."""
    _streams: dict[web.StreamResponse, tuple[Asked, web.BaseRequest]] = field(default_factory=dict)

    async def open(self) -> None:
        """Listen on a free port."""
        pki = self.kube.ca.parent
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown.load_cert_chain(pki / "server.crt", pki / "server.key")
        known = ssl.create_default_context(cafile=self.kube.ca)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=known, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            read_bufsize=_LINE_BYTES,
        )
        self._runner = web.ServerRunner(
            web.Server(self._serve, handler_cancellation=True, access_log=None), shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0, ssl_context=shown).start()

    async def close(self) -> None:
        """Cut everything and listen no more."""
        self.cut_watches()
        await self._runner.cleanup()
        await self._session.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{HOST}:{self._runner.addresses[0][1]}"

    @contextmanager
    def fault(self, about: Callable[[Asked], bool], **what: Any) -> Iterator[Fault]:  # noqa: ANN401 - fields of Fault
        """In force in the block."""
        made = Fault(about, **what)
        self.faults.append(made)
        try:
            yield made
        finally:
            self.faults.remove(made)

    def cut_watches(self) -> None:
        """Reset every watch."""
        for _, request in list(self._streams.values()):
            if request.transport is not None:
                request.transport.abort()

    async def tell_watches(self, plural: str, line: bytes) -> int:
        """Send this line to everybody who watches the kind, as if the server had; how many do."""
        told = [each for each, (asked, _) in self._streams.items() if asked.plural == plural]
        for each in told:
            await each.write(line + b"\n")
        return len(told)

    @property
    def watched(self) -> set[str]:
        """The kinds that are watched through it now."""
        return {asked.plural for asked, _ in self._streams.values()}

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = Asked(request.method, request.path, dict(request.query))
        fault = next((each for each in self.faults if each.done < each.times and each.about(asked)), None)
        if fault is not None:
            fault.done += 1
            if fault.status:
                return _refusal(fault.status)
            if fault.cut:
                return _reset(request, fault)
        self.passed.append(asked)
        headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
        body = await request.read()
        url = f"{self.kube.url}{request.rel_url}"
        try:
            async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
                if asked.is_watch and answer.ok:
                    return await self._watch(request, asked, answer)
                text = await answer.read()
        except aiohttp.ClientError:
            return _reset(request, Fault(about=lambda _: True))
        if fault is not None and fault.lose:
            return _reset(request, fault)
        if fault is not None and fault.change is not None:
            value = json.loads(text)
            fault.change(value)
            text = json.dumps(value).encode()
        return web.Response(status=answer.status, body=text, content_type="application/json")

    async def _watch(
        self, request: web.BaseRequest, asked: Asked, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        self._streams[response] = (asked, request)
        try:
            async for line in answer.content:
                while self.still(asked):  # noqa: ASYNC110 - whoever made it still tells nobody
                    await asyncio.sleep(_STEP_SECONDS)
                await response.write(line)
        except (aiohttp.ClientError, ConnectionError):
            pass  # one of both is gone; so is the watch
        finally:
            del self._streams[response]
        return response


def _refusal(status: int) -> web.Response:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "message": "a fault of the test"}
    return web.json_response(said, status=status)


def _reset(request: web.BaseRequest, fault: Fault) -> web.Response:
    fault.then()
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

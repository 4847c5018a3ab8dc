"""A reply as it leaves the simulator, whole or as a fault spoils it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from aiohttp import web

from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.kite_simulator.refusals import ErrorType, KiteRefusal, too_many
from alpha_panda.kite_simulator.routes.call import Csv

HUGE_BYTES: Final = 64 * 1024 * 1024
_PAGE: Final = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_HANG_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.05
TIMED_OUT: Final = "Order request timed out. Please check the order book and confirm before placing again."
WITHHELD: Final = frozenset({Kind.HANG, Kind.RESET, Kind.LOST, Kind.LATE, Kind.TRUNCATED})


class Reply:
    """Status, body and content type."""

    def __init__(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        """Hold them."""
        self.status = status
        self.body = body
        self.content_type = content_type

    def response(self, **headers: str) -> web.Response:
        """As the server sends it."""
        return web.Response(status=self.status, body=self.body, content_type=self.content_type, headers=headers)


def good(data: object) -> Reply:
    """A call that was done."""
    if isinstance(data, Csv):
        return Reply(200, data.text.encode(), "text/csv")
    return Reply(200, _json({"status": "success", "data": data}))


def refused(refusal: KiteRefusal) -> Reply:
    """A call that was refused."""
    return Reply(refusal.status, _json(refusal.body))


def page(status: int, title: str) -> Reply:
    """What a gateway says instead."""
    return Reply(status, _PAGE.format(title).encode(), "text/html")


def instead(fault: Fault) -> Reply:
    """What is answered by a fault that keeps a call from being done."""
    match fault.kind:
        case Kind.TOO_MANY_429:
            return refused(too_many())
        case Kind.TOKEN_403:
            return refused(KiteRefusal(ErrorType.TOKEN, "Incorrect `api_key` or `access_token`."))
        case Kind.UNAVAILABLE_503:
            return refused(KiteRefusal(ErrorType.NETWORK, "Gateway is unavailable."))
        case Kind.ERROR_500:
            return refused(KiteRefusal(ErrorType.GENERAL, "Something went wrong. Please try again."))
        case _:
            return page(502, "502 Bad Gateway")


def _typed(content_type: str) -> Callable[[Reply], Reply]:
    return lambda reply: Reply(reply.status, reply.body, content_type)


_SPOILED: Final[Mapping[Kind, Callable[[Reply], Reply]]] = {
    Kind.WRONG_TYPE: _typed("text/html"),
    Kind.HTML_502: lambda _: page(502, "502 Bad Gateway"),
    Kind.GATEWAY_504: lambda _: page(504, "504 Gateway Time-out"),
    Kind.TIMED_OUT_400: lambda _: refused(KiteRefusal(ErrorType.ORDER, TIMED_OUT)),
    Kind.LATE_400: lambda _: refused(KiteRefusal(ErrorType.ORDER, TIMED_OUT)),
    Kind.HUGE: lambda _: Reply(200, b'{"status":"success","data":"' + b"x" * HUGE_BYTES + b'"}'),
}
"""What is answered in a reply's place."""
_CUT: Final[Mapping[Kind, Callable[[Reply], bytes]]] = {
    Kind.RESET: lambda _: b"",
    Kind.TRUNCATED: lambda reply: _raw(reply, typed=True)[: -(len(reply.body) // 2)],
    Kind.NO_TYPE: lambda reply: _raw(reply, typed=False),
}
"""What is written before the connection breaks."""


async def send(request: web.Request, reply: Reply, fault: Fault | None) -> web.StreamResponse:
    """Answer, as the fault lets it."""
    if fault is None:
        return reply.response()
    if fault.kind in (Kind.HANG, Kind.LOST, Kind.LATE):
        return await _hang(request, _HANG_SECONDS)
    if fault.kind in _CUT:
        return _cut(request, _CUT[fault.kind](reply))
    if fault.kind is Kind.REDIRECT:
        return web.Response(status=307, headers={"Location": str(request.rel_url)})
    if fault.kind is Kind.SKEW:
        return reply.response(Date=_date(fault.seconds))
    if fault.kind is Kind.SLOW:
        await asyncio.sleep(fault.seconds)
    spoil = _SPOILED.get(fault.kind)
    return (reply if spoil is None else spoil(reply)).response()


async def _hang(request: web.Request, seconds: float) -> web.Response:
    """Say nothing until the caller has gone."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not _gone(request):  # noqa: ASYNC110 - a transport tells of its end by no event
        await asyncio.sleep(_LOOK_SECONDS)
    return _cut(request, b"")


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _cut(request: web.Request, said: bytes) -> web.Response:
    """Write these bytes and break the connection."""
    if request.transport is not None:
        if said:
            request.transport.write(said)
            request.transport.close()
        else:
            request.transport.abort()
    return web.Response()


def _raw(reply: Reply, *, typed: bool) -> bytes:
    kind = f"Content-Type: {reply.content_type}\r\n" if typed else ""
    # Said, because a client that keeps the connection may write its next request before it hears of the end.
    size = f"Content-Length: {len(reply.body)}\r\nConnection: close\r\n"
    return f"HTTP/1.1 {reply.status} Simulated\r\n{kind}{size}\r\n".encode() + reply.body


def _date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()

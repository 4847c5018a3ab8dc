"""Zerodha through the official client, whose requests block: each kind on threads of its own, with its own deadline.

An order is asked for once. Questions are asked of another thread, so that an order never waits behind them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
from kiteconnect import KiteConnect

from alpha_panda.runtime.fail_points import FailPoint, FailPoints
from alpha_panda.zerodha_trading.errors import (
    LimitedError,
    MalformedReplyError,
    SessionDownError,
    UnreachableError,
)
from alpha_panda.zerodha_trading.order_request import VARIETY
from alpha_panda.zerodha_trading.replies import LARGEST_BOOK, Reply, parse, session_is_over
from alpha_panda.zerodha_trading.wire import asked, prepare

_THREADS: Final = 4
_OK: Final = 200
_TOO_MANY: Final = 429


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid session is made of; the token is nothing to print."""

    api_key: str
    access_token: str
    account: str

    def __repr__(self) -> str:
        return f"Login({self.account})"


class _Client(KiteConnect):  # type: ignore[misc]  # it has no types
    """The official client, which lets the dates of an answer be: they are read from the raw reply, not from here.

    To read three of each of the day's orders each second kept a fifth of a processor from what was to be sent.
    """

    def _format_response(self, data: Any) -> Any:  # noqa: ANN401 - as its parent
        return data


class Gateway:
    """One session's requests."""

    def __init__(
        self, root: str, login: Login, seconds: float, fence: Callable[[], int], fail_points: FailPoints
    ) -> None:
        """`seconds` is how long a reply is waited for."""
        self.login = login
        self._root, self._seconds, self._fence, self._points = root, seconds, fence, fail_points
        self._local = threading.local()
        self._over = False
        """One refusal anywhere is the end of a login."""
        self._orders = ThreadPoolExecutor(_THREADS, "orders")
        self._questions = ThreadPoolExecutor(1, "questions")

    def close(self) -> None:
        """Take no more; what is under way ends by its own deadline."""
        self._orders.shutdown(wait=False, cancel_futures=True)
        self._questions.shutdown(wait=False, cancel_futures=True)

    async def place(self, request: dict[str, Any], *, autoslice: bool, deadline: float) -> Reply:
        """Post an order, unless its deadline (monotonic) passes or the login ends before that."""

        def post() -> Reply:
            if time.monotonic() > deadline:
                return Reply(written=False, error="its deadline passed before it was sent")
            if self._over:
                return Reply(written=False, error="the login was refused before it was sent")
            client = self._client()
            make = client.place_autoslice_order if autoslice else client.place_order
            reply = asked(lambda: make(**request), lambda: self._points.reached(FailPoint.AFTER_POST))
            self._points.reached(FailPoint.AFTER_REPLY)
            return self._noted(reply)

        return await asyncio.get_running_loop().run_in_executor(self._orders, post)

    async def cancel(self, broker_order_id: str) -> Reply:
        """Ask for the end of an order; to ask twice does no harm."""
        return await self._order(lambda client: client.cancel_order(VARIETY, broker_order_id))

    async def modify(self, broker_order_id: str, quantity: int, order_type: str) -> Reply:
        """Ask for another quantity of an order; to ask twice does no harm."""
        return await self._order(
            lambda client: client.modify_order(VARIETY, broker_order_id, quantity=quantity, order_type=order_type)
        )

    async def orders(self) -> list[Any]:
        """The day's orders."""
        return _list(await self._question(lambda client: client.orders()))

    async def trades(self) -> list[Any]:
        """The day's trades."""
        return _list(await self._question(lambda client: client.trades()))

    async def order_trades(self, broker_order_id: str) -> list[Any]:
        """The trades of one order."""
        return _list(await self._question(lambda client: client.order_trades(broker_order_id)))

    async def positions(self) -> object:
        """Net and day positions."""
        return await self._question(lambda client: client.positions())

    async def holdings(self) -> list[Any]:
        """Shares held over days."""
        return _list(await self._question(lambda client: client.holdings()))

    async def margins(self) -> object:
        """The account's cash and what of it is in use."""
        return await self._question(lambda client: client.margins("equity"))

    async def order_margins(self, request: dict[str, Any]) -> object:
        """What margin an order would take."""
        return await self._question(lambda client: client.order_margins([request]))

    async def _order(self, ask: Callable[[KiteConnect], object]) -> Reply:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._orders, lambda: self._noted(asked(lambda: ask(self._client()))))

    async def _question(self, ask: Callable[[KiteConnect], object]) -> Any:  # noqa: ANN401 - JSON
        loop = asyncio.get_running_loop()
        reply = await loop.run_in_executor(self._questions, lambda: self._noted(asked(lambda: ask(self._client()))))
        if session_is_over(reply):
            raise SessionDownError("Zerodha says that the login is over", remedy="panda zerodha login")
        if reply.status == _TOO_MANY:
            raise LimitedError("Zerodha was asked too much")
        if reply.status is None:
            raise UnreachableError(f"Zerodha does not answer: {reply.error}")
        if reply.status == _OK and not reply.error:
            return _sized(reply)
        body = parse(reply.body)
        if reply.status != _OK or "data" not in body or body.get("status") == "error":
            raise UnreachableError(f"Zerodha answers HTTP {reply.status}: {str(body.get('message'))[:200]}")
        return body["data"]

    def _noted(self, reply: Reply) -> Reply:
        """Heeded on the thread itself: an order that waits for another thread is to know of it."""
        if session_is_over(reply):
            self._over = True
        return reply

    def _client(self) -> KiteConnect:
        """This thread's client: a session is not to be shared between threads."""
        client = getattr(self._local, "client", None)
        if client is None:
            client = _Client(
                api_key=self.login.api_key, access_token=self.login.access_token, root=self._root, timeout=self._seconds
            )
            prepare(client.reqsession, self._fence)
            self._local.client = client
        return client


def _sized(reply: Reply) -> Any:  # noqa: ANN401 - JSON
    if len(reply.body) > LARGEST_BOOK:
        raise MalformedReplyError(f"a reply of {len(reply.body)} bytes; allowed: {LARGEST_BOOK}")
    return reply.understood


def _list(data: object) -> list[Any]:
    if not isinstance(data, list):
        raise MalformedReplyError(f"not a list but {str(data)[:60]!r}")
    return data

"""One connection of the official ticker, on the thread of Twisted's reactor, which can be started only once.

Raw frames go to `frame`, order updates to `order`; everything else that a connection does is left in fields that
whoever made it looks at. The client's own reconnecting is switched off: when to try again is decided in one place,
with jitter (see `lines`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from kiteconnect import KiteTicker
from twisted.internet import reactor as twisted_reactor

from alpha_panda.runtime.zerodha_settings import ZerodhaSettings

reactor: Any = twisted_reactor
_starting = threading.Lock()
_REFUSED: Final = ("403", "Forbidden")
_CONNECT_SECONDS: Final = 10


def start_reactor() -> None:
    """Run Twisted on a thread of its own for the rest of the process; without effect where it runs."""
    with _starting:
        if reactor.running:
            return
        running = threading.Event()
        reactor.callWhenRunning(running.set)
        run = {"installSignalHandlers": False}
        threading.Thread(target=reactor.run, kwargs=run, name="kite-ticker", daemon=True).start()
        running.wait(_CONNECT_SECONDS)


class Keys(Protocol):
    """What opens a connection."""

    @property
    def api_key(self) -> str:
        """The app's."""

    @property
    def access_token(self) -> str:
        """The login's."""


class TickerLine:
    """A connection from its opening to its end; a new one is made for each attempt."""

    def __init__(
        self,
        settings: ZerodhaSettings,
        login: Keys,
        frame: Callable[[bytes], None],
        ticking: Callable[[], float] = time.monotonic,
        order: Callable[[Any], None] | None = None,
    ) -> None:
        """Not connected yet; `order` gets updates of the account's orders, on the reactor's thread."""
        start_reactor()
        self._ticking = ticking
        self._frame = frame
        self._tokens: tuple[int, ...] = ()
        self.opened_at = self.heard_at = ticking()
        self.connected = False
        self.ended: str | None = None
        """Why it is over; None while it is not."""
        self.refused = False
        """Whether it ended because the login is no longer good."""
        self._ticker = KiteTicker(
            login.api_key,
            login.access_token,
            root=settings.ticker_root,
            reconnect_max_tries=0,
            connect_timeout=_CONNECT_SECONDS,
        )
        self._ticker.on_connect = self._connected
        self._ticker.on_message = self._heard
        self._ticker.on_close = self._closed
        self._ticker.on_error = self._failed
        self._ticker.on_noreconnect = self._over
        self._order = order
        if order is not None:
            self._ticker.on_order_update = self._told

    def open(self) -> None:
        """Connect."""
        reactor.callFromThread(self._open)

    def subscribe(self, tokens: Sequence[int]) -> None:
        """Follow exactly these instruments, in full mode; now, or as soon as it is connected."""
        reactor.callFromThread(self._subscribe, tuple(tokens))

    def close(self) -> None:
        """End it, also where the other side does not answer."""
        self.ended = self.ended or "closed"
        reactor.callFromThread(self._drop)

    def _open(self) -> None:
        self._ticker.connect(threaded=True)
        self._ticker.factory.maxRetries = 0

    def _drop(self) -> None:
        if self._ticker.ws is not None:
            self._ticker.ws.dropConnection(abort=True)

    def _connected(self, *_: object) -> None:
        self.heard_at = self._ticking()
        self.connected = True
        reactor.callLater(0, self._subscribe, self._tokens)

    def _subscribe(self, tokens: tuple[int, ...]) -> None:
        before, self._tokens = set(self._tokens), tokens
        if not self._ticker.is_connected():
            return
        gone = [token for token in before if token not in set(tokens)]
        if gone:
            self._ticker.unsubscribe(gone)
        if tokens:
            self._ticker.subscribe(list(tokens))
            self._ticker.set_mode(self._ticker.MODE_FULL, list(tokens))

    def _heard(self, _: object, payload: bytes, is_binary: bool) -> None:  # noqa: FBT001 - the client's callback
        if self.ended is not None:
            return  # given up: what still comes belongs to the interruption
        self.heard_at = self._ticking()
        if is_binary and len(payload) > 1:
            self._frame(payload)

    def _told(self, _: object, data: object) -> None:
        if self._order is not None and self.ended is None:
            self._order(data)

    def _closed(self, _: object, code: object, reason: object) -> None:
        self._over(f"closed by the exchange: {code} {reason}")

    def _failed(self, _: object, code: object, reason: object) -> None:
        text = str(reason)
        if all(word in text for word in _REFUSED):
            self.refused = True
        if code != 0:
            self._over(f"{code} {text}")

    def _over(self, why: object = "no connection") -> None:
        self.connected = False
        self.ended = self.ended or (why if isinstance(why, str) else "no connection")

"""The HTTP under the official client: one try, no redirect, the raw reply kept, the moments of a request marked.

The client hides what decides about an order's outcome: it follows redirects, which would post again, turns refusals
into errors of another name, and raises whatever comes to its mind where a reply is odd. So the raw reply is
taken aside before it sees it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from alpha_panda.zerodha_trading.replies import LARGEST_BOOK, Reply

_SEEN: Final = threading.local()
"""What the request of this thread has come to."""


class _Seen:
    """Of one request."""

    def __init__(self, sent: Callable[[], None] | None) -> None:
        self.sent = sent
        self.reply: tuple[int, bytes] | None = None


class _Marked:
    """A connection that says when a request is written and its reply not read yet."""

    def getresponse(self) -> Any:  # noqa: ANN401 - urllib3's own
        """Read the reply."""
        seen = getattr(_SEEN, "now", None)
        if seen is not None and seen.sent is not None:
            seen.sent()
        return super().getresponse()  # type: ignore[misc]


class _PlainConnection(_Marked, HTTPConnection):
    """Without TLS: a simulator on this machine."""


class _SecureConnection(_Marked, HTTPSConnection):
    """With TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class MarkedAdapter(HTTPAdapter):
    """Makes the connections above, and tries nothing twice."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as its parent
        """Make the pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


def prepare(session: requests.Session, fence: Callable[[], int]) -> None:
    """Make a client's session ours; each request carries the fence of who sends it."""
    session.max_redirects = 0
    session.mount("https://", MarkedAdapter(max_retries=0))
    session.mount("http://", MarkedAdapter(max_retries=0))
    session.trust_env = False
    session.hooks["response"].append(_keep)
    session.headers["X-AP-Epoch"] = str(fence())


def asked(request: Callable[[], object], sent: Callable[[], None] | None = None) -> Reply:
    """Make a request in this thread; what came of it, whatever the client made of that."""
    seen = _SEEN.now = _Seen(sent)
    error, understood = "", None
    written = True
    try:
        understood = request()
    except Exception as raised:  # noqa: BLE001 - any error of the client at all leaves the outcome to the raw reply
        error = f"{type(raised).__name__}: {raised}"
        written = not _never_connected(raised)
    finally:
        _SEEN.now = None
    if seen.reply is None:
        return Reply(written=written, error=error)
    status, body = seen.reply
    return Reply(status=status, body=body, error=error, understood=understood)


def _keep(response: requests.Response, *_: object, **__: object) -> None:
    seen = getattr(_SEEN, "now", None)
    if seen is not None:
        seen.reply = (response.status_code, response.content[: LARGEST_BOOK + 1])


def _never_connected(error: BaseException) -> bool:
    """Whether no connection was made, so that not a byte was written."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(error, requests.exceptions.ConnectionError) and isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    )

"""The official client, made in one place: redirects off, replies bounded, what was really answered kept beside.

It follows redirects by itself, which would send an order twice; it knows no classes for margin and holding
errors; and its debug mode logs the token. None of that leaves this module.
"""

from __future__ import annotations

import threading
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec
from kiteconnect import KiteConnect
from kiteconnect import exceptions as kite_errors
from requests import Response
from requests.exceptions import RequestException

from alpha_panda.errors import UnavailableError
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.errors import LoginRefusedError, ReplyError
from alpha_panda.zerodha.session import Session, expiry

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of a reply: the list of all instruments has some ten megabytes."""
_READ: Final = 64 * 1024


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange answered last on this thread."""

    status: int
    error_type: str | None = None
    message: str | None = None
    date: datetime | None = None
    """The exchange's clock."""


class Answers(threading.local):
    """The last answer of each thread; None before the first and while one is waited for."""

    last: Answer | None = None


def make_client(
    settings: ZerodhaSettings, session: Session | None = None, api_key: str | None = None
) -> tuple[KiteConnect, Answers]:
    """The client of a login, or of nobody yet, and where its answers are noted."""
    token = None if session is None else session.access_token
    key = session.api_key if session is not None else api_key or ""
    kite = KiteConnect(key, access_token=token, root=settings.root, timeout=settings.timeout_seconds, debug=False)
    kite.reqsession.max_redirects = 0
    kite.reqsession.trust_env = False  # a proxy is the settings' business, and .netrc is nobody's
    answers = Answers()

    def note(reply: Response, *_: object, **__: object) -> None:
        answers.last = None
        _bound(reply)
        answers.last = _read(reply)

    kite.reqsession.hooks["response"].append(note)
    return kite, answers


def log_in(settings: ZerodhaSettings, api_key: str, api_secret: str, request_token: str, now: datetime) -> Session:
    """A request token for a session.

    Raises:
        LoginRefusedError: Zerodha does not take it.
        UnavailableError: Zerodha does not answer as it should.
    """
    kite, _ = make_client(settings, api_key=api_key)
    try:
        said = kite.generate_session(request_token, api_secret)
        user, token = said["user_id"], said["access_token"]
    except kite_errors.TokenException as error:
        raise LoginRefusedError(
            f"Zerodha refused the login: {error}",
            remedy="a request token is good once and for minutes only: log in again; if it says checksum, the API "
            "secret does not belong to the API key",
        ) from error
    except (RequestException, kite_errors.KiteException, KeyError, TypeError) as error:
        what = f"{settings.root} did not answer a login as it should: {type(error).__name__}: {str(error)[:200]}"
        raise UnavailableError(what, remedy="look whether Kite Connect is up, then log in again") from error
    return Session(user_id=user, api_key=api_key, access_token=token, logged_in_at=now, expires_at=expiry(now))


def login_url(settings: ZerodhaSettings, api_key: str) -> str:
    """The page where the person logs in."""
    return f"{settings.login_root}?v=3&api_key={api_key}"


def is_session_refusal(error: BaseException) -> bool:
    """Whether an error of the client says that the login is over."""
    return isinstance(error, kite_errors.TokenException)


def _bound(reply: Response) -> None:
    """Read the body, up to the most; raises ReplyError beyond it."""
    read, parts = 0, []
    for part in reply.iter_content(_READ):
        read += len(part)
        if read > MOST_BYTES:
            reply.close()
            raise ReplyError(f"a reply of {reply.url.partition('?')[0]} has more than {MOST_BYTES} bytes")
        parts.append(part)
    reply._content = b"".join(parts)  # noqa: SLF001 - as requests itself does after reading
    reply._content_consumed = True  # noqa: SLF001 - likewise


def _read(reply: Response) -> Answer:
    body: Any = None
    if "json" in reply.headers.get("content-type", ""):
        try:
            body = msgspec.json.decode(reply.content)
        except msgspec.DecodeError:
            body = None
    said = body if isinstance(body, dict) else {}
    return Answer(
        status=reply.status_code,
        error_type=_text(said.get("error_type")),
        message=_text(said.get("message")),
        date=_date(reply.headers.get("date")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _date(text: str | None) -> datetime | None:
    try:
        return None if text is None else parsedate_to_datetime(text)
    except ValueError:
        return None

"""What the answer to an order request means. Pure: everything that is not certain is UNKNOWN.

NOT_SENT only where no byte was written. REJECTED only for an error that says so and whose words do not take
it back. A code alone decides nothing: Zerodha has answered 400 "Order request timed out" to orders that it then placed.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final

import msgspec

from alpha_panda.zerodha_trading.errors import MalformedReplyError

_REFUSALS: Final = frozenset(
    {"InputException", "MarginException", "HoldingException", "PermissionException", "TokenException"}
)
_TAKES_BACK: Final = re.compile(r"timed?[ -]?out|check the order ?book", re.IGNORECASE)
_TOO_MANY: Final = 429
_FORBIDDEN: Final = 403
_OK: Final = 200
_LONGEST_REASON: Final = 300
LARGEST_REPLY: Final = 1_000_000
"""Bytes; the answer to an order is a few hundred."""
LARGEST_BOOK: Final = 32_000_000
"""Bytes of an answer to a question; a day's 5,000 orders are some five millions."""


class Outcome(StrEnum):
    """What is known about an order after its request."""

    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    ACKED = "acked"
    UNKNOWN = "unknown"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back of one request: a status and a body, or nothing."""

    status: int | None = None
    body: bytes = b""
    written: bool = True
    """False where the connection was never made, so that no byte can have arrived."""
    error: str = ""
    """Of the client, where it raised one."""
    understood: Any = None
    """What the client made of it, where it raised none."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome, and the orders that it made where it was accepted."""

    outcome: Outcome
    broker_order_ids: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""

    @property
    def session_over(self) -> bool:
        """Whether the login is over."""
        return self.code == "TokenException"

    @property
    def limited(self) -> bool:
        """Whether too much was asked a second."""
        return self.code == "too_many_requests"


def classify(reply: Reply) -> Verdict:
    """The verdict on the reply to an order request."""
    if not reply.written:
        return Verdict(outcome=Outcome.NOT_SENT, code="not_sent", reason=_short(reply.error or "no connection"))
    if reply.status is None:
        return _unknown(reply.error or "no reply")
    try:
        body = parse(reply.body)
    except MalformedReplyError as error:
        return _unknown(f"HTTP {reply.status}: {error}")
    if reply.status == _OK and body.get("status") == "success":
        return _accepted(body.get("data"))
    return _refused(reply.status, body)


def session_is_over(reply: Reply) -> bool:
    """Whether any reply says that the login is over: 403 anywhere does."""
    if reply.status != _FORBIDDEN:
        return False
    try:
        return bool(parse(reply.body).get("error_type") == "TokenException")
    except MalformedReplyError:
        return False


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; raises MalformedReplyError for anything else."""
    if len(body) > LARGEST_REPLY:
        raise MalformedReplyError(f"a reply of {len(body)} bytes; allowed: {LARGEST_REPLY}")
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedReplyError(f"not JSON but {body[:60]!r}") from error
    if not isinstance(found, dict):
        raise MalformedReplyError(f"not an object but {body[:60]!r}")
    return found


def _accepted(data: object) -> Verdict:
    if not isinstance(data, dict) or not (first := _order_id(data)):
        return _unknown(f"accepted, and no order_id in {str(data)[:60]!r}")
    children = data.get("children")
    others = [found for each in children if (found := _order_id(each))] if isinstance(children, list) else []
    return Verdict(outcome=Outcome.ACKED, broker_order_ids=(first, *dict.fromkeys(o for o in others if o != first)))


def _order_id(data: object) -> str:
    found = data.get("order_id") if isinstance(data, dict) else None
    return found if isinstance(found, str) and found.isalnum() else ""


def _refused(status: int, body: dict[str, Any]) -> Verdict:
    kind, message = str(body.get("error_type") or ""), str(body.get("message") or "")
    certain = body.get("status") == "error" and not _TAKES_BACK.search(message)
    if certain and status == _TOO_MANY:
        return Verdict(outcome=Outcome.REJECTED, code="too_many_requests", reason=_short(message))
    if certain and kind in _REFUSALS:
        return Verdict(outcome=Outcome.REJECTED, code=kind, reason=_short(message))
    return _unknown(f"HTTP {status} {kind}: {message}")


def _unknown(reason: str) -> Verdict:
    return Verdict(outcome=Outcome.UNKNOWN, code="unknown", reason=_short(reason))


def _short(text: str) -> str:
    """For logs and events: one line of printable characters."""
    return "".join(each if each.isprintable() else " " for each in text)[:_LONGEST_REASON]

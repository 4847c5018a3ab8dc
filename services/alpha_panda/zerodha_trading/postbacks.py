"""Postbacks: what Zerodha posts to the app's address when an order of it changes, and whether to believe it. Pure.

Its checksum proves that the order is the app's and nothing else: neither the status beside it nor any quantity is
covered, and whoever has seen one postback can send it again with others. So a postback is a reason to look at the
exchange's books at once, which are joined like every other report; nothing that it says is booked.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from alpha_panda.domain.calendar import trading_date
from alpha_panda.zerodha_trading.reports import moment

LARGEST: Final = 16 * 1024
"""Of a postback: one has about one kilobyte."""
MOST_OF_AN_ORDER: Final = 200
"""Believed postbacks of one order: it changes 25 times at most, and fills in parts."""
_MOST_ORDERS: Final = 10_000


class Verdict(StrEnum):
    """What became of a postback."""

    TAKEN = "taken"
    REPEATED = "repeated"
    """Word for word the same as one before."""
    STALE = "stale"
    """Of an order of another day."""
    TOO_MANY = "too_many"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    FORGED = "forged"
    FOREIGN = "foreign"
    """Of another user of the app."""
    NO_SECRET = "no_secret"  # noqa: S105  # pragma: allowlist secret - a verdict
    """Nothing to check it with: nobody has logged in here yet."""

    @property
    def status(self) -> int:
        """What is answered over HTTP; what is only not needed is answered well, so that it is not sent again."""
        return _STATUS.get(self, 200)


_STATUS: Final = {
    Verdict.MALFORMED: 400,
    Verdict.FORGED: 403,
    Verdict.FOREIGN: 403,
    Verdict.TOO_LARGE: 413,
    Verdict.NO_SECRET: 503,
}


class Postback(msgspec.Struct, frozen=True):
    """What of a postback is looked at."""

    order_id: str
    order_timestamp: str
    checksum: str
    user_id: str


class Postbacks:
    """The postbacks of one account."""

    def __init__(self) -> None:
        """Nothing has come."""
        self.account = ""
        """Whose postbacks are taken; nobody's before the first login."""
        self._seen: set[bytes] = set()
        self._believed: Counter[str] = Counter()
        self._day: date | None = None

    def judge(self, body: bytes, secret: str, now: datetime) -> Verdict:
        """Whether to look at the books for it; `now` is the market's time."""
        if not secret or not self.account:
            return Verdict.NO_SECRET
        try:
            said = msgspec.json.decode(body, type=Postback)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Verdict.MALFORMED
        if not _is_signed(said, secret):
            return Verdict.FORGED
        return self._judge_signed(said, body, now)

    def _judge_signed(self, said: Postback, body: bytes, now: datetime) -> Verdict:
        if said.user_id != self.account:
            return Verdict.FOREIGN
        placed = moment(said.order_timestamp)
        if placed is None or trading_date(placed) != trading_date(now):
            return Verdict.STALE
        return self._count(said, body, trading_date(now))

    def _count(self, said: Postback, body: bytes, day: date) -> Verdict:
        """Whether it says something new; what was heard on other days is forgotten."""
        if day != self._day:
            self._day = day
            self._seen.clear()
            self._believed.clear()
        digest = hashlib.sha256(body).digest()
        if digest in self._seen:
            return Verdict.REPEATED
        full = said.order_id not in self._believed and len(self._believed) >= _MOST_ORDERS
        if full or self._believed[said.order_id] >= MOST_OF_AN_ORDER:
            return Verdict.TOO_MANY
        self._believed[said.order_id] += 1
        self._seen.add(digest)
        return Verdict.TAKEN


def _is_signed(said: Postback, secret: str) -> bool:
    expected = hashlib.sha256(f"{said.order_id}{said.order_timestamp}{secret}".encode()).hexdigest()
    return hmac.compare_digest(expected.encode(), said.checksum.encode())

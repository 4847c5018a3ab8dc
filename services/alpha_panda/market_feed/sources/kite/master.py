"""The exchange's list of instruments of the day, and whether what we trade is what it lists.

Nothing is guessed: a list that is malformed, empty or of another day is refused with the reason, and so is an
instrument whose token, tick size or lot size is not the one that our own table has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.zerodha.errors import ReplyError

NEEDED: Final = ("instrument_token", "tradingsymbol", "exchange", "tick_size", "lot_size", "expiry")
STALE: Final = timedelta(days=7)
"""A list whose last expiry is longer ago is of another day; every list has expiries that are still to come."""
_TOLD: Final = 5


class Master:
    """The listed instruments by name."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], today: date) -> None:
        """Take the rows of the official client.

        Raises:
            ReplyError: they are no such list, or not today's.
        """
        if not rows:
            raise ReplyError("the exchange's list of instruments is empty", remedy=_AGAIN)
        lacking = [name for name in NEEDED if rows[0].get(name) is None]
        if lacking:
            raise ReplyError(f"the exchange's list of instruments lacks {', '.join(lacking)}", remedy=_AGAIN)
        self._rows = {f"{row['exchange']}:{row['tradingsymbol']}": row for row in rows}
        expiries = [row["expiry"] for row in rows if isinstance(row["expiry"], date)]
        if expiries and max(expiries) + STALE < today:
            raise ReplyError(
                f"the exchange's list of instruments is stale: its last expiry was {max(expiries)}, today is {today}",
                remedy=_AGAIN,
            )

    def __len__(self) -> int:
        return len(self._rows)

    def faults(self, wanted: Iterable[Instrument]) -> dict[int, str]:
        """Which of the instruments are not listed as our table has them, by token, and why."""
        found = {each.token: self._fault(each) for each in wanted}
        return {token: fault for token, fault in found.items() if fault is not None}

    def _fault(self, each: Instrument) -> str | None:
        row = self._rows.get(each.name)
        if row is None:
            return f"{each.name} is not listed"
        listed: dict[str, object] = {
            "token": row["instrument_token"],
            "tick_size_paise": _paise(row["tick_size"]),
            "lot_size": row["lot_size"],
        }
        ours = {name: getattr(each, name) for name in listed}
        wrong = [f"{name} {ours[name]}, listed {listed[name]}" for name in listed if ours[name] != listed[name]]
        if each.exchange in (Exchange.NSE, Exchange.BSE):
            wrong = [fault for fault in wrong if not fault.startswith("tick_size_paise")]
        return f"{each.name}: {'; '.join(wrong)}" if wrong else None


def told(faults: Mapping[int, str]) -> str:
    """The faults in a sentence, the first few by name."""
    named = "; ".join(list(faults.values())[:_TOLD])
    more = f" and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
    return f"{len(faults)} instruments are not as the exchange lists them and are not subscribed: {named}{more}"


def _paise(rupees: float) -> int | str:
    paise = Fraction(str(rupees)) * 100
    return paise.numerator if paise.denominator == 1 else f"{rupees} rupees"


_AGAIN: Final = "it is asked for again every minute; see whether https://api.kite.trade/instruments is well"

"""What Zerodha says of orders, trades and positions, checked field by field before anything believes it.

They come as answers to questions about the day's books, again with each look.
Prices become integer paise; times, which Zerodha writes in Indian time without saying so, become UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Generic, TypeVar

import msgspec

from alpha_panda.domain.calendar import IST
from alpha_panda.zerodha_trading.errors import MalformedReplyError
from alpha_panda.zerodha_trading.state import Part

ReportT = TypeVar("ReportT")
_HUNDRED: Final = Decimal(100)
_LARGEST: Final = 10**12
_TIMES: Final = ("exchange_update_timestamp", "exchange_timestamp", "order_timestamp")


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the exchange has it."""

    part: Part
    tag: str
    exchange: str
    symbol: str
    instrument_token: int
    side: str
    product: str
    order_type: str


class TradeReport(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of an order."""

    trade_id: str
    broker_order_id: str
    quantity: int
    price_paise: int
    at: datetime


class PositionReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the account holds in an instrument and product, by the broker's books."""

    exchange: str
    symbol: str
    product: str
    quantity: int
    today: int = 0
    """Of it, bought less sold today."""


class Reader(Generic[ReportT]):
    """Reads a book that is asked for again and again: a row that has not changed was understood the last time."""

    def __init__(self, read: Callable[[object], ReportT], name: str) -> None:
        """`read` understands a row, or raises MalformedReplyError; `name` is the field that names it."""
        self._read, self._name = read, name
        self._known: dict[str, tuple[object, ReportT]] = {}

    def understood(self, rows: Sequence[object], said: list[str]) -> list[ReportT]:
        """The rows that make sense; `said` gets a sentence for each of the others."""
        known, self._known = self._known, {}
        found: list[ReportT] = []
        for row in rows:
            name = str(row.get(self._name)) if isinstance(row, Mapping) else ""
            before = known.get(name)
            try:
                report = before[1] if before is not None and before[0] == row else self._read(row)
            except MalformedReplyError as error:
                said.append(str(error))
                continue
            self._known[name] = (row, report)
            found.append(report)
        return found


def order_report(data: object) -> OrderReport:
    """An order of Zerodha's book; raises MalformedReplyError where it is none."""
    row = _row(data)
    return OrderReport(
        part=Part(
            broker_order_id=_text(row, "order_id"),
            status=_text(row, "status").upper(),
            quantity=_count(row, "quantity"),
            filled=_count(row, "filled_quantity", 0),
            message=str(row.get("status_message") or "")[:300],
            at=next((found for name in _TIMES if (found := moment(row.get(name))) is not None), None),
        ),
        tag=str(row.get("tag") or ""),
        exchange=_text(row, "exchange"),
        symbol=_text(row, "tradingsymbol"),
        instrument_token=_count(row, "instrument_token", 0),
        side=_text(row, "transaction_type"),
        product=_text(row, "product"),
        order_type=str(row.get("order_type") or ""),
    )


def trade_report(data: object) -> TradeReport:
    """A trade of Zerodha's list; raises MalformedReplyError where it is none."""
    row = _row(data)
    at = (
        moment(row.get("fill_timestamp")) or moment(row.get("exchange_timestamp")) or moment(row.get("order_timestamp"))
    )
    if at is None:
        raise MalformedReplyError(f"trade {row.get('trade_id')!r} has no time")
    found = TradeReport(
        trade_id=_text(row, "trade_id"),
        broker_order_id=_text(row, "order_id"),
        quantity=_count(row, "quantity"),
        price_paise=paise(row.get("average_price"), "average_price"),
        at=at,
    )
    if found.quantity < 1 or found.price_paise < 1:
        raise MalformedReplyError(f"trade {found.trade_id} of {found.quantity} units at {found.price_paise} paise")
    return found


def positions(data: object) -> tuple[PositionReport, ...]:
    """The net positions that `/portfolio/positions` tells of; raises MalformedReplyError where it does not."""
    rows = _row(data)
    net, day = rows.get("net"), rows.get("day")
    if not isinstance(net, list) or not isinstance(day, list):
        raise MalformedReplyError("the positions have no net and day")
    today = {_place(row): _signed(_row(row), "quantity") for row in day}
    return tuple(
        PositionReport(
            exchange=place[0],
            symbol=place[1],
            product=place[2],
            quantity=_signed(_row(row), "quantity"),
            today=today.get(place, 0),
        )
        for row in net
        for place in (_place(row),)
    )


def holdings(data: object) -> dict[str, int]:
    """Shares held over days, by EXCHANGE:SYMBOL; those bought yesterday count."""
    if not isinstance(data, list):
        raise MalformedReplyError("the holdings are no list")
    found: dict[str, int] = {}
    for each in data:
        row = _row(each)
        name = f"{_text(row, 'exchange')}:{_text(row, 'tradingsymbol')}"
        found[name] = found.get(name, 0) + _signed(row, "quantity") + int(row.get("t1_quantity") or 0)
    return found


def moment(value: object) -> datetime | None:
    """A time of Zerodha's, in UTC; None where there is none that can be read."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo is not None else value.replace(tzinfo=IST)).astimezone(UTC)


def paise(value: object, name: str) -> int:
    """A price in rupees as whole paise; raises MalformedReplyError for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MalformedReplyError(f"{name} is {value!r}, which is no price")
    try:
        exact = Decimal(str(value)) * _HUNDRED
        whole = int(exact.to_integral_value())
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise MalformedReplyError(f"{name} is {value!r}, which is no price") from error
    if not 0 <= whole <= _LARGEST:
        raise MalformedReplyError(f"{name} is {value!r}; allowed: 0 to {_LARGEST // 100}")
    return whole


def _row(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise MalformedReplyError(f"not an object but {str(data)[:60]!r}")
    return data


def _place(row: object) -> tuple[str, str, str]:
    found = _row(row)
    return _text(found, "exchange"), _text(found, "tradingsymbol"), _text(found, "product")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value):
        raise MalformedReplyError(f"{name} is {value!r}; a text is needed")
    return str(value)


def _count(row: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = row.get(name, default)
    if value is None and default is not None:
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise MalformedReplyError(f"{name} is {value!r}; a whole number from 0 is needed")
    return value


def _signed(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise MalformedReplyError(f"{name} is {value!r}; a whole number is needed")
    return value

"""The exchanges' and the broker's rules that change with the date, as `data/market_rules.toml` has them.

Shapes and look-up only: what a rule means is in the module of its noun (`phases`, `intraday`,
`tick_sizes`, `settlement`). Where no rule is known for a date, nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Literal, TypeVar

import msgspec

from alpha_panda.errors import InputError


class RuleUnknownError(InputError):
    """No rule is known for a date; the message names what, the date and from when on one is known."""


class Market(StrEnum):
    """Which timetable an instrument follows; underlyings are shares with futures or options on them."""

    SHARES = "shares"
    UNDERLYINGS = "underlyings"
    DERIVATIVES = "derivatives"


class Phase(StrEnum):
    """What the exchange does with orders at a moment. Only CONTINUOUS trades them as they come."""

    CLOSED = "closed"
    PRE_OPEN = "pre_open"
    CONTINUOUS = "continuous"
    CLOSING_AUCTION = "closing_auction"
    POST_CLOSE = "post_close"


class TickKind(StrEnum):
    """What the exchange tells apart when it sets the steps of prices."""

    SHARES = "shares"
    STOCK_FUTURES = "stock_futures"
    INDEX_FUTURES = "index_futures"
    OPTIONS = "options"


class _Dated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule: from when on it holds, and where it is from."""

    valid_from: date
    source: str


class Start(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a phase begins: minutes from the session's open or close."""

    phase: Phase
    anchor: Literal["open", "close"] = msgspec.field(name="from")
    minutes: int


class Timetable(_Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The phases of a market's day, in order."""

    market: Market
    starts: tuple[Start, ...]


class SquareOff(_Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When intraday positions end: minutes before the end of the continuous market."""

    market: Market
    square_off_minutes: int
    flatten_minutes: int


class TickBand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The step of prices up to and with a price; None: of all that are higher."""

    upto_paise: int | None = None
    tick_paise: int


class TickSizes(_Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bands of a kind of instrument, by rising price."""

    kind: TickKind
    bands: tuple[TickBand, ...]


class FreezeQuantities(_Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The largest quantity of one order, by the underlying index."""

    most: dict[str, int]


class SettlementCycle(_Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settlement days from trade to delivery; None where it depended on the share."""

    days: int | None = None


class SettlementHolidays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All weekdays of a year that trade and do not settle."""

    year: int
    source: str
    days: tuple[date, ...]


class MarketRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; rows of a kind are in order of their dates."""

    timetables: tuple[Timetable, ...]
    square_offs: tuple[SquareOff, ...]
    tick_sizes: tuple[TickSizes, ...]
    freeze_quantities: tuple[FreezeQuantities, ...]
    settlement_cycles: tuple[SettlementCycle, ...]
    settlement_holidays: tuple[SettlementHolidays, ...]


RowType = TypeVar("RowType", bound=_Dated)


def in_force(rows: Iterable[RowType], day: date, what: str) -> RowType:
    """The row that holds on a day; `what` names the rule in a message.

    Raises:
        RuleUnknownError: no row is that old.
    """
    found: RowType | None = None
    first: date | None = None
    for row in rows:
        first = first or row.valid_from
        if row.valid_from <= day:
            found = row
    if found is None:
        since = "never" if first is None else f"only from {first} on"
        raise RuleUnknownError(
            f"{what} of {day} is not known, {since}", remedy="trade a later day, or add the rule to market_rules.toml"
        )
    return found


@cache
def market_rules() -> MarketRules:
    """The rules that are shipped."""
    text = resources.files("alpha_panda.domain").joinpath("data/market_rules.toml").read_bytes()
    return msgspec.toml.decode(text, type=MarketRules)

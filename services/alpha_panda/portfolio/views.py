"""The account for people: what the read model holds. Amounts are integer paise, times event time."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.account import Holding
from alpha_panda.events.portfolio import PnlSnapshot, PositionMark
from alpha_panda.portfolio.state import EquityPoint, FillView, State


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The account in one row. `as_of` is the event time up to which everything was seen."""

    broker: str
    as_of: datetime
    starting_cash_paise: int
    cash_paise: int
    cost_paise: int
    realised_paise: int
    unrealised_paise: int
    charges_paise: int
    stt_rounding_paise: int
    equity_paise: int
    fills: int
    open_positions: int


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """An open position; `price_at` is the exchange time of its mark, None where it was never marked by a tick."""

    strategy: str
    instrument_token: int
    product: str
    quantity: int
    cost_paise: int
    price_paise: int
    price_at: datetime | None
    unrealised_paise: int


class StrategyView(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy has made on this Broker; `profit_paise` is after charges."""

    strategy: str
    fills: int
    realised_paise: int
    unrealised_paise: int
    charges_paise: int
    profit_paise: int
    open_positions: int


class ReadModel(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is shown of an account, at one moment."""

    summary: Summary
    positions: tuple[PositionView, ...]
    strategies: tuple[StrategyView, ...]
    fills: tuple[FillView, ...]
    """The latest first."""
    equity: tuple[EquityPoint, ...]


def pnl_snapshot(state: State) -> PnlSnapshot:
    """The account as an event."""
    account = state.account
    positions = tuple(_mark(state, key) for key in sorted(account.holdings))
    unrealised = sum(each.unrealised_paise for each in positions)
    return PnlSnapshot(
        starting_cash_paise=account.starting_cash_paise,
        cash_paise=account.cash_paise,
        cost_paise=account.cost_paise,
        realised_paise=account.realised_paise,
        charges_paise=account.charges_paise,
        stt_rounding_paise=account.stt_rounding_paise,
        unrealised_paise=unrealised,
        equity_paise=account.cash_paise + account.cost_paise + unrealised,
        fills=account.fills,
        positions=positions,
    )


def read_model(state: State, broker: str, as_of: datetime) -> ReadModel:
    """The account as people see it."""
    snapshot = pnl_snapshot(state)
    values = {name: getattr(snapshot, name) for name in _SHARED}
    return ReadModel(
        summary=Summary(broker=broker, as_of=as_of, open_positions=len(snapshot.positions), **values),
        positions=tuple(_position(state, each) for each in snapshot.positions),
        strategies=tuple(_strategy(state, name, snapshot) for name in sorted(state.strategies)),
        fills=tuple(reversed(state.fills)),
        equity=tuple(state.equity),
    )


_SHARED = tuple(name for name in PnlSnapshot.__struct_fields__ if name != "positions")


def _mark(state: State, key: str) -> PositionMark:
    holding = state.account.holdings[key]
    position = holding.position
    price = _price_paise(state, holding)
    return PositionMark(
        strategy=holding.strategy,
        instrument_token=holding.instrument_token,
        product=holding.product,
        quantity=position.quantity,
        cost_paise=position.cost_paise,
        price_paise=price,
        unrealised_paise=position.unrealised_paise(price),
    )


def _price_paise(state: State, holding: Holding) -> int:
    """The last tick's price; where none came yet, that of the last lot, which is a trade too."""
    mark = state.marks.get(holding.instrument_token)
    return holding.position.lots[-1].price_paise if mark is None else mark.price_paise


def _position(state: State, position: PositionMark) -> PositionView:
    mark = state.marks.get(position.instrument_token)
    return PositionView(
        strategy=position.strategy,
        instrument_token=position.instrument_token,
        product=position.product.value,
        quantity=position.quantity,
        cost_paise=position.cost_paise,
        price_paise=position.price_paise,
        price_at=None if mark is None else mark.at,
        unrealised_paise=position.unrealised_paise,
    )


def _strategy(state: State, name: str, snapshot: PnlSnapshot) -> StrategyView:
    totals = state.strategies[name]
    held = [each for each in snapshot.positions if each.strategy == name]
    unrealised = sum(each.unrealised_paise for each in held)
    return StrategyView(
        strategy=name,
        fills=totals.fills,
        realised_paise=totals.realised_paise,
        unrealised_paise=unrealised,
        charges_paise=totals.charges_paise,
        profit_paise=totals.realised_paise + unrealised - totals.charges_paise,
        open_positions=len(held),
    )

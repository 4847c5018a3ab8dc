"""The core of the portfolio: keeps one Broker's account from its fills and marks it with ticks.

At a watermark it publishes the account, where a fill happened or a minute began and anything differs
from the last snapshot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.calendar import SessionCalendar, default_calendar
from alpha_panda.domain.day_taxes import closing_of
from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import pnl_id
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.topics import TICKS, Topic
from alpha_panda.portfolio.postings import LedgerEntry, capital_entries, fill_entries, rounding_entries
from alpha_panda.portfolio.state import (
    EQUITY_POINTS,
    FILLS_REMEMBERED,
    FILLS_SHOWN,
    EquityPoint,
    FillView,
    Mark,
    State,
    StrategyTotals,
)
from alpha_panda.portfolio.views import ReadModel, pnl_snapshot, read_model
from alpha_panda.resources.broker import BrokerSpec
from alpha_panda.resources.fields import paise
from alpha_panda.resources.problems import in_one_line

COUNTS = ("duplicate_fills", "late_ticks")


class PortfolioProcessor(Processor):
    """The account of `broker`, with all partitions of its instruments."""

    def __init__(self, broker: str, calendar: SessionCalendar | None = None) -> None:
        """Start with nothing; `calendar` says when sessions close (the package's own by default)."""
        self._broker = broker
        self._calendar = calendar or default_calendar()
        self._state = State()
        self.counts: Counter[str] = Counter()

    def needs_every(self, topic: Topic) -> bool:
        """Ticks only mark, and the account is said after all that were read together."""
        return topic is not TICKS

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """Take in a tick, a fill or the Broker's settings; what follows is said at the watermark."""
        data = event.data
        if isinstance(data, Tick):
            self.mark(data.instrument_token, data.price_paise, event.event_time)
        elif isinstance(data, OrderFilled):
            self._book(event, data)
        elif isinstance(data, BrokerConfigured):
            self._configure(event, data)
        else:
            raise RefusedEventError(f"the portfolio takes no {type(data).__name__} (from {topic.name})")
        return ()

    def on_watermark(self, watermark: datetime) -> Iterable[Event[PnlSnapshot]]:
        """The account, where it is time to say it and there is something new."""
        state = self._state
        state.watermark = watermark
        for rounding in state.account.round_taxes(watermark):
            state.ledger += rounding_entries(self._broker, rounding)
        minute = watermark.replace(second=0, microsecond=0)
        if not state.configured or (state.cause is None and minute == state.minute):
            return ()
        state.minute = minute
        snapshot = pnl_snapshot(state)
        cause, state.cause = state.cause, None
        if snapshot == state.last:
            return ()
        state.last = snapshot
        self._remember(snapshot, watermark)
        return (self._event(snapshot, watermark, cause),)

    def mark(self, token: int, price_paise: int, at: datetime) -> None:
        """A price of an instrument, of any number of them the last."""
        mark = self._state.marks.get(token)
        if mark is not None and at < mark.at:
            self.counts["late_ticks"] += 1
            return
        self._state.marks[token] = Mark(price_paise=price_paise, at=at)

    @property
    def last(self) -> PnlSnapshot | None:
        """The account as it was said last."""
        return self._state.last

    def pending_ledger(self) -> tuple[LedgerEntry, ...]:
        """The entries that are not known to be written."""
        return tuple(self._state.ledger)

    def forget_ledger(self) -> None:
        """All pending entries are written: the next snapshot no longer holds them."""
        self._state.ledger = []

    def read_model(self) -> ReadModel | None:
        """The account as people see it; None before the first watermark."""
        watermark = self._state.watermark
        return None if watermark is None else read_model(self._state, self._broker, watermark)

    def diagnostics(self) -> dict[str, int]:
        """Numbers for metrics; `imbalance_paise` is what the accounting identity is off by, and always 0.

        What depends on prices is as of the last snapshot that was published.
        """
        account, last = self._state.account, self._state.last
        return {
            **{name: self.counts[name] for name in COUNTS},
            "fills": account.fills,
            "open_positions": len(account.holdings),
            "imbalance_paise": account.imbalance_paise,
            "cash_paise": account.cash_paise,
            "realised_paise": account.realised_paise,
            "charges_paise": account.charges_paise,
            "equity_paise": account.cash_paise + account.cost_paise if last is None else last.equity_paise,
            "unrealised_paise": 0 if last is None else last.unrealised_paise,
        }

    def by_strategy(self) -> dict[str, dict[str, int]]:
        """What each strategy has earned and cost by its closed trades."""
        return {
            name: {
                "realised_paise": totals.realised_paise,
                "charges_paise": totals.charges_paise,
                "fills": totals.fills,
            }
            for name, totals in self._state.strategies.items()
        }

    def snapshot(self) -> bytes:
        """The whole state as JSON."""
        return msgspec.json.encode(msgspec.to_builtins(self._state, str_keys=True), order="deterministic")

    def restore(self, state: bytes) -> None:
        """Take over what `snapshot` wrote."""
        self._state = msgspec.json.decode(state, type=State)

    def _book(self, event: Event[OrderFilled], fill: OrderFilled) -> None:
        state, order = self._state, fill.order
        booked = state.booked.setdefault(order.instrument_token, [])
        if event.id in booked:
            self.counts["duplicate_fills"] += 1
            return
        booked.append(event.id)
        del booked[:-FILLS_REMEMBERED]
        account = state.account
        cash, cost = account.cash_paise, account.cost_paise
        realised = account.apply(fill)
        account.taxes.take(event.id, closing_of(self._calendar, event.event_time), fill)
        state.ledger += fill_entries(event, account.cash_paise - cash, account.cost_paise - cost, realised)
        totals = state.strategies.setdefault(order.strategy, StrategyTotals())
        totals.realised_paise += realised
        totals.charges_paise += fill.charges.total_paise
        totals.fills += 1
        state.fills.append(_view(event, fill, realised))
        del state.fills[:-FILLS_SHOWN]
        state.cause = (event.id, event.correlation_id)

    def _configure(self, event: Event[BrokerConfigured], configured: BrokerConfigured) -> None:
        if configured.name != self._broker or configured.spec is None:
            return
        try:
            spec = BrokerSpec.model_validate(configured.spec)
        except ValidationError as error:
            raise RefusedEventError(f"broker {configured.name}: {in_one_line(error, BrokerSpec)}") from error
        state = self._state
        before = state.account.cash_paise
        state.account.set_starting_cash(paise(spec.funds.cash))
        state.ledger += capital_entries(event, state.account.cash_paise - before)
        state.configured = True

    def _remember(self, snapshot: PnlSnapshot, at: datetime) -> None:
        point = EquityPoint(
            at=at,
            equity_paise=snapshot.equity_paise,
            realised_paise=snapshot.realised_paise,
            unrealised_paise=snapshot.unrealised_paise,
            charges_paise=snapshot.charges_paise,
        )
        self._state.equity.append(point)
        del self._state.equity[:-EQUITY_POINTS]

    def _event(self, snapshot: PnlSnapshot, watermark: datetime, cause: tuple[str, str] | None) -> Event[PnlSnapshot]:
        identity = pnl_id(watermark, self._broker, None if cause is None else cause[0])
        return Event(
            id=identity,
            event_time=watermark,
            data=snapshot,
            key=self._broker,
            correlation_id=cause[1] if cause is not None else identity,
            causation_id=cause[0] if cause is not None else None,
            broker=self._broker,
        )


def _view(event: Event[Any], fill: OrderFilled, realised_paise: int) -> FillView:
    order = fill.order
    return FillView(
        id=event.id,
        at=event.event_time,
        strategy=order.strategy,
        instrument_token=order.instrument_token,
        leg=order.leg.value,
        side=order.side.value,
        quantity=fill.quantity,
        price_paise=fill.price_paise,
        charges_paise=fill.charges.total_paise,
        realised_paise=realised_paise,
    )

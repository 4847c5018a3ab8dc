"""nautilus_trader: an event engine in Cython; an order of a bar fills at once, at that bar's close."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import INR
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from benchmarks.peers.job import Job, Trade, answer, paise

CASH = 10_000_000
UNITS = 100
NSE = Venue("NSE")
"""A name; nothing is known of it but its account."""


class Average:
    """The average of all: seeded by the mean of its first closes."""

    def __init__(self, size: int) -> None:
        self.size, self.seen, self.total = size, 0, 0.0
        self.value: float | None = None

    def push(self, close: float) -> float | None:
        """Take the next close; return the average, None while it is seeded."""
        if self.value is not None:
            self.value += 2 / (self.size + 1) * (close - self.value)
            return self.value
        self.seen += 1
        self.total += close
        if self.seen == self.size:
            self.value = self.total / self.size
        return self.value


class Crossing(Strategy):  # type: ignore[misc] # the package has no types
    """The rule."""

    def __init__(self, bars: BarType, instrument: Equity, job: Job) -> None:
        super().__init__()
        self.bars, self.instrument = bars, instrument
        self.fast, self.slow = Average(job.fast), Average(job.slow)
        self.before: bool | None = None
        self.holds = False
        self.fills: list[int] = []

    def on_start(self) -> None:
        """Ask for the bars."""
        self.subscribe_bars(self.bars)

    def on_bar(self, bar: Any) -> None:  # noqa: ANN401 — as above
        """Trade the crossing."""
        close = bar.close.as_double()
        fast, slow = self.fast.push(close), self.slow.push(close)
        if fast is None or slow is None:
            return
        above = fast > slow
        before, self.before = self.before, above
        if before is None or above in (before, self.holds):
            return
        self.holds = above
        side = OrderSide.BUY if above else OrderSide.SELL
        units = Quantity.from_int(UNITS)
        self.submit_order(self.order_factory.market(self.instrument.id, side, units))

    def on_order_filled(self, event: Any) -> None:  # noqa: ANN401 — as above
        """Note the price."""
        self.fills.append(paise(event.last_px.as_double()))


def trade(job: Job, bars: Any) -> list[Trade]:  # noqa: ANN401 — a frame of pandas
    """Trade the crossing."""
    instrument = Equity(
        instrument_id=InstrumentId(Symbol(job.path.stem), NSE),
        raw_symbol=Symbol(job.path.stem),
        currency=INR,
        price_precision=2,
        price_increment=Price.from_str("0.05"),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )
    kind = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    config = BacktestEngineConfig(
        logging=LoggingConfig(bypass_logging=True), risk_engine=RiskEngineConfig(bypass=False), run_analysis=False
    )
    engine = BacktestEngine(config=config)
    engine.add_venue(
        venue=NSE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=INR,
        starting_balances=[Money(Decimal(CASH), INR)],
    )
    engine.add_instrument(instrument)
    engine.add_data(BarDataWrangler(kind, instrument).process(bars))
    crossing = Crossing(kind, instrument, job)
    engine.add_strategy(crossing)
    engine.run()
    fills = crossing.fills
    engine.dispose()
    return list(zip(fills[::2], fills[1::2], strict=False))


if __name__ == "__main__":
    answer(trade)

"""Random days for the risk manager and the paper market, in epochs as the replay protocol orders them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product as product_of
from typing import Any

from hypothesis import strategies as st
from tests.support.trading import (
    ACME,
    BOLT,
    BROKER,
    LOTS,
    broker_spec,
    moment,
    paper,
    price,
    risk,
    signal,
    strategy_spec,
)

from alpha_panda.backtest.desk import Cores, Desk
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import Intent, OrderType, Product, Side, SignalRejected, SignalValidated
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.portfolio.processor import PortfolioProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor

STEPS = (1, 1, 1, 60, 3_600, 6 * 3_600, 20 * 3_600)
TOKENS = (ACME, BOLT, LOTS)
START = moment("10:00:00")


@dataclass
class Epoch:
    """What the feed and the strategies say between two watermarks."""

    watermark: datetime
    ticks: list[AnyEvent] = field(default_factory=list)
    signals: list[AnyEvent] = field(default_factory=list)


def grid(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low // 5, high // 5).map(lambda steps: steps * 5)


@dataclass(frozen=True)
class Market:
    """What may happen in a run."""

    low: int = 9_000
    high: int = 11_000
    sides: tuple[Side, ...] = tuple(Side)
    products: tuple[Product, ...] = tuple(Product)
    kinds: tuple[OrderType, ...] = tuple(OrderType)
    stop_distance: int = 600


@st.composite
def raw_signals(draw: st.DrawFn, when: datetime, n: int, market: Market) -> AnyEvent:
    intent = draw(st.sampled_from((Intent.ENTER, Intent.ENTER, Intent.EXIT)))
    side = draw(st.sampled_from(market.sides if intent is Intent.ENTER else tuple(Side)))
    kind = draw(st.sampled_from(market.kinds))
    reference = draw(grid(market.low, market.high))
    distance = draw(grid(5, market.stop_distance))
    fields: dict[str, Any] = {"reference_price_paise": reference, "order_type": kind}
    if kind in (OrderType.LIMIT, OrderType.SL):
        fields["limit_price_paise"] = draw(grid(reference - 100, reference + 100))
    if kind in (OrderType.SL, OrderType.SL_M):
        fields["trigger_price_paise"] = draw(grid(reference - 100, reference + 100))
    if intent is Intent.ENTER:
        fields["stop_loss_paise"] = reference - side.sign * distance
        fields["target_paise"] = draw(st.sampled_from((None, reference + side.sign * 2 * distance)))
    return signal(
        when,
        n=n,
        strategy=draw(st.sampled_from(("mo", "re"))),
        instrument_token=draw(st.sampled_from(TOKENS)),
        intent=intent,
        side=side,
        product=draw(st.sampled_from(market.products)),
        expires_at=when + timedelta(days=3),
        **fields,
    )


@st.composite
def runs(draw: st.DrawFn, market: Market = Market(), most: int = 14) -> list[Epoch]:
    """Epochs with ticks and signals; time stands, passes in seconds, or jumps to another session."""
    epochs, now, sequence = [], START, 0
    for _ in range(draw(st.integers(2, most))):
        ticks = []
        for _ in range(draw(st.integers(0, 5))):
            sequence += 1
            volume = draw(st.sampled_from((None, 0, 3, 50, 400, 5_000)))
            paise, token = draw(grid(market.low, market.high)), draw(st.sampled_from(TOKENS))
            ticks.append(price(now, paise, volume=volume, token=token, sequence=sequence))
            now += timedelta(seconds=draw(st.sampled_from((0, 1, 1))))
        when = _in_session(now)
        signals = [draw(raw_signals(when, n, market)) for n in range(draw(st.integers(0, 3)))]
        if draw(st.integers(0, 2)) == 0:
            signals += _sweep(when, draw(st.sampled_from(market.kinds)), draw(grid(market.low, market.high)))
        epochs.append(Epoch(watermark=now, ticks=ticks, signals=signals))
        now = _in_session(now + timedelta(seconds=draw(st.sampled_from(STEPS))))
    return epochs


def _sweep(when: datetime, kind: OrderType, at: int) -> list[AnyEvent]:
    """An exit of whatever may be open: most find nothing."""
    limit = at if kind in (OrderType.LIMIT, OrderType.SL) else None
    trigger = at if kind in (OrderType.SL, OrderType.SL_M) else None
    return [
        signal(
            when,
            n=100 + n,
            strategy=name,
            instrument_token=token,
            intent=Intent.EXIT,
            side=side,
            product=product,
            order_type=kind,
            limit_price_paise=limit,
            trigger_price_paise=trigger,
            expires_at=when + timedelta(days=3),
        )
        for n, (name, token, side, product) in enumerate(product_of(("mo", "re"), TOKENS, Side, Product))
    ]


def _in_session(when: datetime) -> datetime:
    """The moment itself where the market is open, else the next open."""
    calendar = default_calendar()
    return when if calendar.session_at(when) is not None else calendar.next_session_open(when)


class Pipeline:
    """Risk and paper as a backtest runs them, and all that they said."""

    def __init__(
        self, desk: RiskManagerProcessor, market: PaperTradingProcessor, waiting: Iterable[AnyEvent] = ()
    ) -> None:
        self.desk = desk
        self.market = market
        self.verdicts: list[AnyEvent] = []
        self.orders: list[AnyEvent] = []
        self._cores = Cores()
        self._desk = Desk(BROKER, desk, market, PortfolioProcessor(BROKER), self._cores)
        self._desk.validated = list(waiting)

    @property
    def waiting(self) -> list[AnyEvent]:
        """Signals that paper takes in the next epoch."""
        return self._desk.validated

    def turn(self, epoch: Epoch) -> None:
        """Paper meets the ticks with the signals of the epoch before; then risk decides knowing what came of it."""
        self._desk.turn(epoch.ticks, epoch.signals, epoch.watermark, self._publish)
        assert not self._cores.set_aside

    def _publish(self, events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        for each in events:
            if isinstance(each.data, SignalValidated | SignalRejected):
                self.verdicts.append(each)
            elif not isinstance(each.data, PnlSnapshot):
                self.orders.append(each)
        return events

    def restarted(self) -> Pipeline:
        """The same from snapshots, with nothing said yet."""
        desk, market = risk(), paper()
        desk.restore(self.desk.snapshot())
        market.restore(self.market.snapshot())
        return Pipeline(desk, market, self._desk.validated)


def pipeline() -> Pipeline:
    """Two strategies with generous limits on one Broker, slippage and latency on."""
    account = broker_spec(
        paper={"startingCash": "200000", "slippageBps": "3", "latencyMilliseconds": 500, "participationPercent": "20"}
    )
    spec = strategy_spec(sizing={"riskPercent": "2"})
    market = paper(account)
    return Pipeline(risk(account, {"mo": spec, "re": spec}), market)


def run(epochs: list[Epoch]) -> Pipeline:
    line = pipeline()
    for epoch in epochs:
        line.turn(epoch)
    return line

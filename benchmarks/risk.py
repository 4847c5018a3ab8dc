"""What a signal costs the risk manager: the whole chain of checks and the size, against a call that does nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.ticks import tick_event
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id, signal_id
from alpha_panda.events.orders import Charges, Leg, Order, OrderFilled
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.signals import Intent, OrderType, Product, Side, SignalRaised
from alpha_panda.risk_manager.processor import RiskManagerProcessor
from benchmarks.result import Benchmark, Better, Options, Result, Row

SIGNALS: Final = 5_000
REACH_MICROSECONDS: Final = 30.0
_NAME: Final = "paper"
_MOMENT: Final = datetime(2026, 6, 2, 5, 0, tzinfo=UTC)
_PRICE: Final = 100_000
_HELD: Final = 3
"""Positions that are open meanwhile, in the first instruments of the table; the next one is signalled."""


def measure(options: Options) -> Result:
    """Microseconds of processor time for a verdict: an entry that passes, and one that fails several checks."""
    samples: dict[str, list[float]] = {}
    floor: list[float] = []
    for turn in range(options.repetitions):
        options.say(f"risk: {turn + 1} of {options.repetitions}, {SIGNALS:,} signals each")
        floor.append(microseconds(lambda _: None, signals(0)))
        for what, which in (("entry that passes", _HELD), ("entry that fails", 0)):
            desk = manager()
            samples.setdefault(what, []).append(microseconds(desk.judge.decide, signals(which)))
    rows = tuple(
        Row(
            what=what,
            unit="µs",
            samples=tuple(found),
            better=Better.LESS,
            floor=tuple(floor),
            floor_is="a call",
            reach=REACH_MICROSECONDS,
        )
        for what, found in samples.items()
    )
    return Result(
        rows=rows,
        compared=(
            f"All checks and the size of {SIGNALS:,} entries, with {_HELD} positions open and every limit at its "
            "default, in processor time of one thread: from the raw signal to the verdict. The floor is the same "
            "loop around a function that does nothing."
        ),
        facts={"signals": f"{SIGNALS:,}"},
    )


def microseconds(decide: Callable[[Event[SignalRaised]], object], raised: list[Event[SignalRaised]]) -> float:
    """Processor time for one of these signals."""
    begun = time.thread_time_ns()
    for each in raised:
        decide(each)
    return (time.thread_time_ns() - begun) / len(raised) / 1_000


def signals(which: int) -> list[Event[SignalRaised]]:
    """Entries in an instrument of the table, a millisecond apart."""
    token = _tokens()[which]
    return [_signal(token, _MOMENT + timedelta(milliseconds=n)) for n in range(SIGNALS)]


def manager() -> RiskManagerProcessor:
    """A risk manager with open positions and fresh prices."""
    processor = RiskManagerProcessor(_NAME, load_instruments(), default_calendar())
    listed = [{"exchange": each.exchange, "symbol": each.symbol} for each in load_instruments()]
    paper = {"startingCash": "1000000"}
    account = {"maxIntradayPositions": _HELD + 1, "maxSectorPercent": "90"}
    spec = {"type": "Paper", "paper": paper, "account": account}
    _feed(processor, BrokerConfigured(name=_NAME, uid="b", generation=1, spec=spec))
    strategy = {"strategy": "momentum", "instruments": listed}
    _feed(processor, StrategyConfigured(name="mo", uid="s", generation=1, spec=strategy))
    for sequence, token in enumerate(_tokens()):
        tick = tick_event(token, _MOMENT, _PRICE, 100, sequence)
        processor.on_event(tick, EVENT_TOPICS[type(tick.data)])
    for token in _tokens()[:_HELD]:
        _feed(processor, _fill(token))
    return processor


def _signal(token: int, moment: datetime) -> Event[SignalRaised]:
    data = SignalRaised(
        strategy="mo",
        instrument_token=token,
        intent=Intent.ENTER,
        side=Side.BUY,
        product=Product.MIS,
        reference_price_paise=_PRICE,
        stop_loss_paise=_PRICE - 1_000,
        target_paise=_PRICE + 2_000,
        reason="a benchmark",
        expires_at=moment + timedelta(minutes=1),
    )
    name = signal_id(moment, _NAME, "mo", token, "benchmark", 0)
    return Event(id=name, event_time=moment, data=data, key=f"mo:{token}", key_instrument=token, correlation_id=name)


def _fill(token: int) -> OrderFilled:
    order = Order(
        order_id=str(token),
        signal_id=str(token),
        strategy="mo",
        instrument_token=token,
        leg=Leg.ENTRY,
        side=Side.BUY,
        quantity=10,
        product=Product.MIS,
        order_type=OrderType.MARKET,
    )
    return OrderFilled(
        order=order,
        order_sequence=1,
        quantity=10,
        price_paise=_PRICE,
        filled_quantity=10,
        charges=Charges(),
        charges_as_of="2026-04-01",
    )


_NUMBERS = count()


def _feed(processor: RiskManagerProcessor, data: Any) -> None:  # noqa: ANN401 — any event's data
    name = event_id(_MOMENT, f"{next(_NUMBERS)}")
    event = Event(id=name, event_time=_MOMENT, data=data, key="any", correlation_id=name)
    processor.on_event(event, EVENT_TOPICS[type(data)])


def _tokens() -> list[int]:
    return [each.token for each in load_instruments()]


BENCHMARK = Benchmark(name="risk", title="Risk checks and size", run=measure, order=65)

"""Live, a restart finds signals and ticks in another order than the first time: it never contradicts the log."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.live_market import INPUTS, PARTITIONS, LiveMarket, name_of
from tests.support.trading import (
    ACME,
    BOLT,
    NEXT_DAY,
    broker,
    broker_spec,
    halt,
    moment,
    order_of,
    price,
    resume,
    signal,
    validated,
)

from alpha_panda.checker.orders import fills, order_automaton, order_sequences, order_terms
from alpha_panda.checker.reading import Facts
from alpha_panda.domain.account import holding_key
from alpha_panda.domain.kill_switch import SwitchReading, halt_key
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import HaltScope
from alpha_panda.events.orders import OrderCancelled, OrderFailed, OrderFilled
from alpha_panda.events.signals import Intent, OrderType, Product, Side
from alpha_panda.paper_trading.processor import PaperTradingProcessor

RUNS = settings(max_examples=150, deadline=None, derandomize=True)
ACCOUNT = broker_spec(paper={"latencyMilliseconds": 500, "participationPercent": "20"})
BEFORE_CLOSE = 12
"""Seconds of the first session that are left when a run begins; what comes later is in the next session."""
SECONDS = st.integers(0, 2 * BEFORE_CLOSE)
KINDS = (OrderType.MARKET, OrderType.MARKET, OrderType.LIMIT, OrderType.SL)
TOKENS = (ACME, ACME, BOLT)


def clock(second: int) -> datetime:
    if second < BEFORE_CLOSE:
        return moment("15:30:00") - timedelta(seconds=BEFORE_CLOSE - second)
    return moment("09:15:00", NEXT_DAY) + timedelta(seconds=second - BEFORE_CLOSE)


@st.composite
def entries_and_exits(draw: st.DrawFn) -> list[AnyEvent]:
    """Signals of two strategies in the order in which they were validated, which is roughly that of their times."""
    found = []
    for n, second in enumerate(sorted(draw(st.lists(SECONDS, min_size=1, max_size=9)))):
        is_entry = draw(st.booleans())
        side = draw(st.sampled_from((Side.BUY, Side.BUY, Side.SELL)))
        kind = draw(st.sampled_from(KINDS))
        level = 10_000 + 10 * draw(st.integers(-2, 2))
        fields: dict[str, Any] = {"order_type": kind}
        if kind in (OrderType.LIMIT, OrderType.SL):
            fields["limit_price_paise"] = level
        if kind is OrderType.SL:
            fields["trigger_price_paise"] = level
        if is_entry:
            distance = 10 * draw(st.integers(1, 3))
            fields["stop_loss_paise"] = 10_000 - side.sign * distance
            fields["target_paise"] = draw(st.sampled_from((None, 10_000 + side.sign * distance)))
        when = clock(second)
        raw = signal(
            when,
            n=n,
            strategy=draw(st.sampled_from(("mo", "re"))),
            instrument_token=draw(st.sampled_from(TOKENS)),
            intent=Intent.ENTER if is_entry else Intent.EXIT,
            side=side if is_entry else side.opposite,
            product=Product.MIS,
            expires_at=when + draw(st.sampled_from((timedelta(seconds=3), timedelta(days=3)))),
            **fields,
        )
        found.append(validated(raw, draw(st.sampled_from((20, 50)))))
    return found


@st.composite
def prices(draw: st.DrawFn) -> list[AnyEvent]:
    """Ticks of both instruments by time, several of one time among them."""
    points = draw(
        st.lists(
            st.tuples(SECONDS, st.integers(-4, 4), st.sampled_from(TOKENS), st.sampled_from((None, 0, 50, 150, 400))),
            min_size=1,
            max_size=20,
        )
    )
    points.sort(key=lambda point: point[0])
    return [
        price(clock(second) + timedelta(milliseconds=600), 10_000 + 10 * steps, volume=volume, token=token, sequence=n)
        for n, (second, steps, token, volume) in enumerate(points)
    ]


@st.composite
def wishes_of_people(draw: st.DrawFn) -> list[AnyEvent]:
    """Changes of the Broker and halts, behind the Broker that all begins with."""
    halted = halt(HaltScope.ALL)
    found = draw(st.lists(st.sampled_from((broker(None), broker(ACCOUNT), halted, resume(HaltScope.ALL))), max_size=3))
    return [broker(ACCOUNT), *found]


READINGS = (
    SwitchReading(),
    SwitchReading(),
    SwitchReading(halts={halt_key(HaltScope.ALL, ""): halt(HaltScope.ALL).data}),
    SwitchReading(unreadable="Redis does not answer"),
)
WHERE = tuple(f"{name_of(each.topic)}/{p}" for each in INPUTS for p in range(1 if each.topic.single else PARTITIONS))
COUNTS = st.fixed_dictionaries(dict.fromkeys(WHERE, st.integers(0, 5)))
TURNS = st.lists(st.tuples(COUNTS, st.sampled_from(READINGS), st.booleans()), max_size=12)
KEPT = st.lists(st.integers(0, 3), min_size=12, max_size=12)


async def lives(desk: LiveMarket, data: st.DataObject) -> None:
    """Several lives, each of which ends in the middle of a write; the last one reads everything."""
    for _ in range(data.draw(st.integers(1, 3))):
        await desk.begin()
        for counts, reading, keeps in data.draw(TURNS):
            desk.switch.reading = reading
            await desk.turn(**counts)
            if keeps:
                await desk.snapshot()
        desk.crash(data.draw(KEPT))
    desk.switch.reading = SwitchReading()
    await desk.begin()
    await desk.turn()
    await desk.turn()


def contradictions(desk: LiveMarket) -> list[str]:
    """What the checker has to say against the log, and every id that is on it twice."""
    facts = Facts(desk.outcome)
    findings = (rule(facts) for rule in (order_sequences, order_automaton, order_terms, fills))
    twice = [f"{identity} twice" for identity, count in Counter(event.id for event in desk.said).items() if count > 1]
    return [f"{each.invariant}: {each.message}" for each in findings if each.failures] + twice


def check_state(market: PaperTradingProcessor, log: list[AnyEvent]) -> None:
    """The processor has the positions and the working orders that the log says."""
    held: dict[str, int] = defaultdict(int)
    lives: dict[str, list[AnyEvent]] = defaultdict(list)
    for event in log:
        order = order_of(event)
        lives[order.order_id].append(event)
        if isinstance(event.data, OrderFilled):
            key = holding_key(order.strategy, order.instrument_token, order.product)
            was = held[key]
            held[key] += order.side.sign * event.data.quantity
            assert not order.reduce_only or held[key] * was >= 0, "a reduce-only order turned a position around"
    trades = {
        holding_key(trade.strategy, token, trade.product): trade.side.sign * trade.open
        for token, book in market.state.books.items()
        for trade in book.trades
        if trade.open
    }
    assert trades == {key: quantity for key, quantity in held.items() if quantity}
    working = {each.order.order_id: each for book in market.state.books.values() for each in book.orders}
    for order_id, life in lives.items():
        life.sort(key=lambda event: event.data.order_sequence)
        last = life[-1].data
        is_over = isinstance(last, OrderCancelled | OrderFailed) or (isinstance(last, OrderFilled) and last.complete)
        assert is_over != (order_id in working)
        if not is_over:
            filled = sum(event.data.quantity for event in life if isinstance(event.data, OrderFilled))
            order = working[order_id]
            assert (order.order, order.sequence, order.filled) == (last.order, len(life), filled)
    assert working.keys() <= lives.keys()


@RUNS
@given(st.data())
def test_inputs_read_again_in_another_order_never_contradict_the_log(data: st.DataObject) -> None:
    desk = LiveMarket()
    signals = data.draw(entries_and_exits())
    last = clock(2 * BEFORE_CLOSE) + timedelta(hours=1)
    ends = [price(last, 20_000, token=token, sequence=99) for token in TOKENS[1:]]
    desk.write([*data.draw(wishes_of_people()), *signals, *data.draw(prices()), *ends])
    asyncio.run(lives(desk, data))
    assert contradictions(desk) == []
    assert {order_of(event).signal_id for event in desk.said} == {event.data.signal_id for event in signals}
    check_state(desk.market, desk.said)

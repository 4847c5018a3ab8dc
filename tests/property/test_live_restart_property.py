"""Live, a restart reads signals and ticks again in another order: what comes of it never contradicts the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.logged_run import Writer
from tests.support.trading import (
    ACME,
    BOLT,
    BROKER,
    INSTRUMENTS,
    NEXT_DAY,
    broker_spec,
    feed,
    moment,
    order_of,
    paper,
    price,
    recall,
    signal,
    validated,
)

from alpha_panda.checker.model import Log
from alpha_panda.checker.orders import fills, order_automaton, order_sequences, order_terms
from alpha_panda.checker.reading import Facts
from alpha_panda.domain.account import holding_key
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import OrderCancelled, OrderFailed, OrderFilled
from alpha_panda.events.registry import EVENT_TOPICS
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


@dataclass
class Life:
    """One process: where it begins to read, and what it has heard that it said in a former life."""

    market: PaperTradingProcessor
    read: tuple[int, int]
    recalled: list[tuple[int, AnyEvent]] = field(default_factory=list)
    watermark: datetime | None = None


@dataclass
class Kept:
    """A snapshot, the inputs that it has seen, and by topic from where its own outputs are read again."""

    state: bytes
    read: tuple[int, int]
    said: int
    again: dict[str, int]


@dataclass
class Desk:
    """The paper market over several lives, and the log that it leaves."""

    signals: list[AnyEvent]
    ticks: list[AnyEvent]
    log: list[AnyEvent] = field(default_factory=list)

    def begin(self) -> Life:
        return Life(paper(ACCOUNT), (0, 0))

    def live(self, life: Life, turns: int, mask: int) -> Iterator[None]:
        """Read from both topics in an order that the mask says, until so many records are read or all are."""
        signals, ticks = life.read
        for turn in range(turns):
            if signals == len(self.signals) and ticks == len(self.ticks):
                return
            takes_tick = signals == len(self.signals) or (ticks < len(self.ticks) and mask >> 2 * turn & 1 == 0)
            event = self.ticks[ticks] if takes_tick else self.signals[signals]
            signals, ticks = (signals, ticks + 1) if takes_tick else (signals + 1, ticks)
            life.read = (signals, ticks)
            self.log += feed(life.market, event)
            if mask >> 2 * turn & 2 == 0:
                latest = max(filter(None, (life.watermark, event.event_time)))
                life.watermark = latest
                self.log += life.market.on_watermark(latest)
            yield

    def snapshot(self, life: Life) -> Kept:
        """What this life has not decided again is read again by the next one, with all that stands behind it."""
        again: dict[str, int] = {}
        for place, event in life.recalled:
            if life.watermark is None or event.event_time >= life.watermark:
                topic = EVENT_TOPICS[type(event.data)].name
                again[topic] = min(again.get(topic, place), place)
        return Kept(life.market.snapshot(), life.read, len(self.log), again)

    def crash(self, kept: Kept, lost: int) -> Life:
        """The last outputs do not reach the log; a new process starts from the snapshot and hears what did."""
        del self.log[max(kept.said, len(self.log) - lost) :]
        market = paper(ACCOUNT)
        market.restore(kept.state)
        own = [
            (place, event)
            for place, event in enumerate(self.log)
            if place >= kept.again.get(EVENT_TOPICS[type(event.data)].name, kept.said)
        ]
        own.sort(key=lambda pair: EVENT_TOPICS[type(pair[1].data)].name)
        own.sort(key=lambda pair: pair[1].event_time)
        recall(market, [event for _, event in own])
        return Life(market, kept.read, own)


def contradictions(log: list[AnyEvent]) -> list[str]:
    """What the checker has to say against the log, and every id that is on it twice."""
    writer = Writer()
    writer.write(f"{BROKER}.paper-trading", log, None)
    facts = Facts(Log(records=tuple(writer.records), instruments=frozenset(each.token for each in INSTRUMENTS)))
    findings = (rule(facts) for rule in (order_sequences, order_automaton, order_terms, fills))
    twice = [f"{identity} twice" for identity, count in Counter(event.id for event in log).items() if count > 1]
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
    desk = Desk(data.draw(entries_and_exits()), data.draw(prices()))
    life = desk.begin()
    total = len(desk.signals) + len(desk.ticks)
    for _ in range(data.draw(st.integers(1, 2))):
        kept_after = data.draw(st.integers(0, total))
        crash_after = data.draw(st.integers(kept_after, total))
        kept = desk.snapshot(life)
        for turn, _ in enumerate(desk.live(life, crash_after, data.draw(st.integers(0, 2 ** (2 * total) - 1))), 1):
            if turn == kept_after:
                kept = desk.snapshot(life)
        life = desk.crash(kept, data.draw(st.integers(0, 8)))
    list(desk.live(life, total, data.draw(st.integers(0, 2 ** (2 * total) - 1))))
    last = clock(2 * BEFORE_CLOSE) + timedelta(hours=1)
    desk.log += feed(life.market, price(last, 20_000, token=ACME), price(last, 20_000, token=BOLT))
    assert contradictions(desk.log) == []
    assert not life.market.state.logged.fills
    check_state(life.market, desk.log)

"""Whatever the signals and the market do, money is conserved and every decision is made once."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.pipeline import Epoch, Market, pipeline, run, runs
from tests.support.trading import feed, order_of

from alpha_panda.domain.account import holding_key
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import (
    Leg,
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
)
from alpha_panda.events.signals import OrderType, Product, Side, SignalValidated

KINDS = (OrderSubmitted, OrderAcknowledged, OrderFilled, OrderFailed, OrderCancelled, OrderModified)
RUNS = settings(max_examples=100, deadline=None)
LONG_ONLY = Market(low=9_960, high=10_040, sides=(Side.BUY,), stop_distance=1_000)


def by_order(events: list[AnyEvent]) -> dict[str, list[AnyEvent]]:
    orders = defaultdict(list)
    for event in events:
        orders[order_of(event).order_id].append(event)
    return orders


@RUNS
@given(runs())
def test_the_account_always_balances_and_positions_are_the_sum_of_fills(epochs: list[Epoch]) -> None:
    line = pipeline()
    for epoch in epochs:
        line.turn(epoch)
        account = line.desk.state.exposure.account
        assert account.imbalance_paise == 0
        held: dict[str, int] = defaultdict(int)
        cash = account.starting_cash_paise
        for event in line.orders:
            if isinstance(event.data, OrderFilled):
                order = event.data.order
                signed = order.side.sign * event.data.quantity
                held[holding_key(order.strategy, order.instrument_token, order.product)] += signed
                cash -= signed * event.data.price_paise + event.data.charges.total_paise
        assert cash - account.stt_rounding_paise == account.cash_paise
        positions = {key: holding.position.quantity for key, holding in account.holdings.items()}
        assert positions == {key: quantity for key, quantity in held.items() if quantity}
        trades = {
            holding_key(trade.strategy, token, trade.product): trade.side.sign * trade.open
            for token, book in line.market.state.books.items()
            for trade in book.trades
            if trade.open
        }
        assert trades == positions


@RUNS
@given(runs())
def test_every_raw_signal_has_one_verdict_and_every_validated_one_order(epochs: list[Epoch]) -> None:
    line = run(epochs)
    raised = [event.id for epoch in epochs for event in epoch.signals]
    assert sorted(event.causation_id or "" for event in line.verdicts) == sorted(raised)
    line.turn(Epoch(watermark=epochs[-1].watermark))
    validated = {event.data.signal_id for event in line.verdicts if isinstance(event.data, SignalValidated)}
    begun = [
        order_of(event).signal_id
        for event in line.orders
        if isinstance(event.data, OrderSubmitted | OrderFailed) and order_of(event).leg in (Leg.ENTRY, Leg.EXIT)
    ]
    assert sorted(begun) == sorted(validated)


@RUNS
@given(runs())
def test_every_order_lives_once_in_order_and_never_fills_more_than_it_has(epochs: list[Epoch]) -> None:
    line = run(epochs)
    assert len({event.id for event in line.orders}) == len(line.orders)
    working = {each.order.order_id: each.order for book in line.market.state.books.values() for each in book.orders}
    for order_id, events in by_order(line.orders).items():
        kinds = [type(event.data) for event in events]
        assert [event.data.order_sequence for event in events] == list(range(len(events)))
        filled = sum(event.data.quantity for event in events if isinstance(event.data, OrderFilled))
        assert filled <= order_of(events[-1]).quantity
        if kinds == [OrderFailed]:
            continue
        assert kinds[:2] == [OrderSubmitted, OrderAcknowledged]
        assert set(kinds[2:-1]) <= {OrderFilled, OrderModified}
        last = events[-1].data
        is_over = isinstance(last, OrderCancelled) or (isinstance(last, OrderFilled) and last.complete)
        assert is_over != (order_id in working)
        if isinstance(last, OrderCancelled):
            assert last.filled_quantity == filled


@RUNS
@given(runs())
def test_reduce_only_orders_never_turn_a_position_around(epochs: list[Epoch]) -> None:
    held: dict[str, int] = defaultdict(int)
    for event in run(epochs).orders:
        if not isinstance(event.data, OrderFilled):
            continue
        order = event.data.order
        key = holding_key(order.strategy, order.instrument_token, order.product)
        before = held[key]
        held[key] += order.side.sign * event.data.quantity
        if order.reduce_only:
            assert before * order.side.sign < 0
            assert held[key] * before >= 0


@RUNS
@given(epochs=runs(), at=st.integers(0, 13))
def test_a_restart_from_snapshots_at_any_epoch_has_the_same_future(epochs: list[Epoch], at: int) -> None:
    line = run(epochs[:at])
    again = line.restarted()
    said = (len(line.orders), len(line.verdicts))
    for epoch in epochs[at:]:
        line.turn(epoch)
        again.turn(epoch)
    assert again.orders == line.orders[said[0] :]
    assert again.verdicts == line.verdicts[said[1] :]
    assert again.desk.snapshot() == line.desk.snapshot()
    assert again.market.snapshot() == line.market.snapshot()


@RUNS
@given(epochs=runs(), at=st.integers(0, 13))
def test_every_record_delivered_twice_changes_nothing(epochs: list[Epoch], at: int) -> None:
    line, double = run(epochs), pipeline()
    for epoch in epochs:
        waiting = double.waiting
        double.turn(epoch)
        assert not feed(double.market, *waiting, *epoch.ticks)
        assert not feed(double.desk, *epoch.signals)
        feed(double.desk, *double.orders[-1 - at :])
    assert double.orders == line.orders
    assert double.verdicts == line.verdicts
    assert double.desk.state.exposure.account == line.desk.state.exposure.account


@RUNS
@given(runs(LONG_ONLY))
def test_an_account_that_only_buys_never_runs_out_of_cash(epochs: list[Epoch]) -> None:
    """Within the move that is kept in cash for a market order; a limit order has its price in any case."""
    line = pipeline()
    for epoch in epochs:
        line.turn(epoch)
        assert line.desk.state.exposure.account.cash_paise >= 0
        assert line.desk.state.exposure.available_paise >= 0


@RUNS
@given(runs(Market(sides=(Side.BUY,), kinds=(OrderType.LIMIT,))))
def test_limit_entries_never_take_more_cash_than_there_is_in_any_market(epochs: list[Epoch]) -> None:
    line = pipeline()
    for epoch in epochs:
        line.turn(epoch)
        assert line.desk.state.exposure.account.cash_paise >= 0


@RUNS
@given(data=st.data(), epochs=runs(Market(products=(Product.CNC,))))
def test_cutting_the_stream_into_other_batches_changes_nothing(data: st.DataObject, epochs: list[Epoch]) -> None:
    line = run(epochs)
    stream = [
        event
        for before, epoch in zip([None, *epochs], epochs, strict=False)
        for event in (*(_validated(line.verdicts, before)), *epoch.ticks)
    ]
    said = []
    market = pipeline().market
    latest = None
    for event in stream:
        said += feed(market, event)
        latest = max(latest, event.event_time) if latest is not None else event.event_time
        if data.draw(st.booleans()):
            said += market.on_watermark(latest)
    said += market.on_watermark(epochs[-1].watermark)
    assert sorted(said, key=lambda event: event.id) == sorted(line.orders, key=lambda event: event.id)


def _validated(verdicts: list[AnyEvent], epoch: Epoch | None) -> list[AnyEvent]:
    """What was validated in an epoch, in its order."""
    if epoch is None:
        return []
    ids = {event.id for event in epoch.signals}
    return [event for event in verdicts if event.causation_id in ids and isinstance(event.data, SignalValidated)]

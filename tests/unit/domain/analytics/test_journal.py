"""Fills become round trips with their profit, charges, slippage and R multiple."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.trading import ACME, BROKER, entry, exit_of, moment

from alpha_panda.domain.analytics.journal import Journal
from alpha_panda.domain.analytics.trades import statistics
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import order_event_id, order_id
from alpha_panda.events.orders import Charges, Leg, Order, OrderFilled
from alpha_panda.events.signals import OrderType, Side


def fill(  # noqa: PLR0913, PLR0917 — what a fill says
    clock: str, of: AnyEvent, leg: Leg, side: Side, quantity: int, price_paise: int, charges_paise: int, **terms: int
) -> AnyEvent:
    when, signal_id = moment(clock), of.data.signal_id
    order = Order(
        order_id=order_id(when, signal_id, leg),
        signal_id=signal_id,
        strategy="mo",
        instrument_token=ACME,
        leg=leg,
        side=side,
        quantity=quantity,
        product=of.data.signal.product,
        order_type=OrderType.MARKET,
        **terms,
    )
    data = OrderFilled(
        order=order,
        order_sequence=2,
        quantity=quantity,
        price_paise=price_paise,
        filled_quantity=quantity,
        charges=Charges(stt_paise=charges_paise),
        charges_as_of="2026-04-01",
    )
    identity = order_event_id(when, order.order_id, "fill", clock)
    return Event(id=identity, event_time=when, data=data, key="any", correlation_id="c", broker=BROKER)


def journal(*events: AnyEvent) -> Journal:
    made = Journal()
    for each in events:
        made.take(each)
    return made


def test_a_long_trade_that_its_stop_ended():
    """Bought 10 at 100.10 for 100.00, sold at 94.90 with the stop at 95.00: a loss of 52.00 and 3.00 of charges."""
    bought = entry("10:00:00", 10)
    kept = journal(
        bought,
        fill("10:00:01", bought, Leg.ENTRY, Side.BUY, 10, 10_010, 100),
        fill("10:30:00", bought, Leg.STOP, Side.SELL, 10, 9_490, 200, trigger_price_paise=9_500),
    )
    (trade,) = kept.closed
    assert not kept.open
    assert (trade.gross_paise, trade.charges_paise, trade.net_paise) == (-5_200, 300, -5_500)
    assert trade.slippage_paise == 10 * 10 + 10 * 10
    assert trade.risk_paise == 10 * (10_010 - 9_500)
    assert trade.r_multiple == pytest.approx(-5_500 / 5_100)
    assert (trade.exit_leg, trade.exit_reason, trade.held) == (Leg.STOP, "stop", timedelta(minutes=29, seconds=59))


def test_a_short_trade_in_parts_is_one_trade_until_it_is_flat():
    sold = entry("10:00:00", 10, side=Side.SELL, stop_loss_paise=10_500)
    left = exit_of("10:20:00", 10, side=Side.BUY, reason="spent")
    kept = journal(
        sold,
        fill("10:00:01", sold, Leg.ENTRY, Side.SELL, 4, 10_000, 10),
        fill("10:00:02", sold, Leg.ENTRY, Side.SELL, 6, 9_990, 10),
        left,
        fill("10:20:01", left, Leg.EXIT, Side.BUY, 7, 9_900, 10),
    )
    assert not kept.closed
    assert [each.quantity for each in kept.open] == [3]
    kept.take(fill("10:20:02", left, Leg.EXIT, Side.BUY, 3, 9_800, 10))
    (trade,) = kept.closed
    assert trade.gross_paise == 4 * 10_000 + 6 * 9_990 - 7 * 9_900 - 3 * 9_800
    assert (trade.quantity, trade.exit_reason, trade.charges_paise) == (10, "spent", 40)


def test_a_fill_that_turns_a_position_over_ends_one_trade_and_begins_another():
    bought, sold = entry("10:00:00", 10), entry("10:10:00", 15, side=Side.SELL, stop_loss_paise=10_500)
    kept = journal(
        bought,
        fill("10:00:01", bought, Leg.ENTRY, Side.BUY, 10, 10_000, 0),
        sold,
        fill("10:10:01", sold, Leg.ENTRY, Side.SELL, 15, 10_100, 30),
    )
    (trade,) = kept.closed
    assert (trade.net_paise, trade.charges_paise) == (1_000 - 20, 20)
    (now,) = kept.open
    assert (now.side, now.quantity, now.charges_paise) == (Side.SELL, 5, 10)


def test_statistics_are_after_charges():
    """Three trades of +100.00, -50.00 and 0.00 rupees, each with a risk of 50.00 on ten units."""
    events: list[AnyEvent] = []
    for hour, price_paise in ((10, 11_000), (11, 9_500), (12, 10_000)):
        bought = entry(f"{hour}:00:00", 10)
        events += [
            bought,
            fill(f"{hour}:00:01", bought, Leg.ENTRY, Side.BUY, 10, 10_000, 0),
            fill(f"{hour}:30:01", bought, Leg.TARGET, Side.SELL, 10, price_paise, 0),
        ]
    found = statistics(journal(*events).closed)
    assert (found.trades, found.wins, found.losses, found.net_paise) == (3, 1, 1, 5_000)
    assert found.win_rate == pytest.approx(1 / 3)
    assert found.profit_factor == pytest.approx(2)
    assert found.expectancy_rupees == pytest.approx(50 / 3)
    assert found.expectancy_r == pytest.approx((2 - 1 + 0) / 3)
    assert (found.average_win_rupees, found.average_loss_rupees) == (100, -50)
    assert (found.best_paise, found.worst_paise) == (10_000, -5_000)
    assert found.average_held == timedelta(minutes=30)


def test_without_trades_nothing_is_made_up():
    found = statistics([])
    assert (found.win_rate, found.profit_factor, found.expectancy_rupees, found.average_held) == (None,) * 4

"""Orders meet ticks as the paper market promises."""

from fractions import Fraction

import msgspec
import pytest
from tests.support.trading import ACME

from alpha_panda.domain.matching import fill_price_paise, is_triggered, slipped_paise, tradable
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import OrderType, Product, Side

NONE = Fraction(0)
TWO_BPS = Fraction(2, 10_000)


def order(kind: OrderType, side: Side, limit: int | None = None, trigger: int | None = None) -> Order:
    return Order(
        order_id="o",
        signal_id="s",
        strategy="mo",
        instrument_token=ACME,
        leg=Leg.ENTRY,
        side=side,
        quantity=1,
        product=Product.MIS,
        order_type=kind,
        limit_price_paise=limit,
        trigger_price_paise=trigger,
    )


def tick(price: int, start: int | None = None) -> Tick:
    return Tick(instrument_token=ACME, price_paise=price, from_paise=msgspec.UNSET if start is None else start)


def filled_at(asked: Order, at: Tick, *, was_triggered: bool = True) -> int | None:
    return fill_price_paise(asked, at, TWO_BPS, 5, was_triggered=was_triggered)


@pytest.mark.parametrize(
    ("price", "side", "slippage", "expected"),
    [
        (10_000, Side.BUY, TWO_BPS, 10_005),
        (10_000, Side.SELL, TWO_BPS, 9_995),
        (100_000, Side.BUY, TWO_BPS, 100_020),
        (100_000, Side.SELL, TWO_BPS, 99_980),
        (10_000, Side.BUY, NONE, 10_000),
        (5, Side.SELL, Fraction(1, 2), 5),
    ],
)
def test_slippage_is_paid_and_rounds_against_the_trader(
    price: int, side: Side, slippage: Fraction, expected: int
) -> None:
    assert slipped_paise(price, side, slippage, 5) == expected


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (Side.BUY, 10_000, 10_000),
        (Side.BUY, 9_000, 9_000),
        (Side.BUY, 10_005, None),
        (Side.SELL, 10_000, 10_000),
        (Side.SELL, 11_000, 11_000),
        (Side.SELL, 9_995, None),
    ],
)
def test_a_limit_fills_at_the_tick_where_it_is_as_good_or_better(side: Side, price: int, expected: int | None) -> None:
    assert filled_at(order(OrderType.LIMIT, side, limit=10_000), tick(price)) == expected


@pytest.mark.parametrize(
    ("side", "start", "end", "expected"),
    [
        (Side.BUY, 10_100, 9_000, 10_000),
        (Side.BUY, 10_000, 9_000, 9_000),
        (Side.BUY, 9_500, 9_000, 9_000),
        (Side.BUY, 9_500, 9_990, 9_990),
        (Side.SELL, 9_900, 11_000, 10_000),
        (Side.SELL, 10_500, 11_000, 11_000),
        (Side.SELL, 9_000, 9_995, None),
    ],
)
def test_a_price_that_comes_through_a_limit_fills_it_there(
    side: Side, start: int, end: int, expected: int | None
) -> None:
    assert filled_at(order(OrderType.LIMIT, side, limit=10_000), tick(end, start)) == expected


@pytest.mark.parametrize(
    ("side", "start", "end", "expected"),
    [
        (Side.SELL, None, 9_000, 8_995),
        (Side.SELL, 10_100, 9_000, 9_995),
        (Side.SELL, 9_900, 9_000, 8_995),
        (Side.BUY, None, 11_000, 11_005),
        (Side.BUY, 9_900, 11_000, 10_005),
    ],
)
def test_a_stop_slips_from_its_trigger_where_the_price_comes_through_and_from_the_tick_where_it_jumps(
    side: Side, start: int | None, end: int, expected: int
) -> None:
    stop = order(OrderType.SL_M, side, trigger=10_000)
    assert filled_at(stop, tick(end, start), was_triggered=False) == expected


@pytest.mark.parametrize(
    ("limit", "start", "end", "expected"),
    [
        (9_950, 10_100, 9_000, 10_000),
        (9_950, None, 9_000, None),
        (9_950, None, 9_960, 9_960),
    ],
)
def test_a_stop_with_a_limit_trades_at_its_trigger_on_the_way_through(
    limit: int, start: int | None, end: int, expected: int | None
) -> None:
    stop = order(OrderType.SL, Side.SELL, limit=limit, trigger=10_000)
    assert filled_at(stop, tick(end, start), was_triggered=False) == expected


def test_what_is_left_of_a_stop_that_was_set_off_before_trades_at_the_tick() -> None:
    assert filled_at(order(OrderType.SL_M, Side.SELL, trigger=10_000), tick(9_000, 10_100), was_triggered=True) == 8_995


def test_a_market_order_trades_at_the_tick_however_it_came_there() -> None:
    assert filled_at(order(OrderType.MARKET, Side.BUY), tick(10_000, 9_000)) == 10_005


@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [(Side.BUY, 9_995, False), (Side.BUY, 10_000, True), (Side.SELL, 10_005, False), (Side.SELL, 9_000, True)],
)
def test_a_stop_is_set_off_at_its_trigger_or_beyond(side: Side, price: int, expected: bool) -> None:  # noqa: FBT001 — a row of the table above
    assert is_triggered(order(OrderType.SL_M, side, trigger=10_000), price) is expected


@pytest.mark.parametrize(
    ("volume", "lot", "expected"),
    [
        (None, 1, None),
        (0, 1, 0),
        (1, 1, 1),
        (9, 1, 1),
        (100, 1, 10),
        (109, 1, 10),
        (49, 50, 0),
        (50, 50, 50),
        (1100, 50, 100),
    ],
)
def test_a_tick_gives_a_share_of_its_volume_in_whole_lots(volume: int | None, lot: int, expected: int | None) -> None:
    assert tradable(volume, Fraction(1, 10), lot) == expected

"""Orders meet ticks as the paper market promises."""

from fractions import Fraction

import pytest
from tests.support.trading import ACME

from alpha_panda.domain.matching import fill_price_paise, is_triggered, slipped_paise, tradable
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
    assert fill_price_paise(order(OrderType.LIMIT, side, limit=10_000), price, TWO_BPS, 5) == expected


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

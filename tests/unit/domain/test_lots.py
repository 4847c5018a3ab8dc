"""Positions are lots: first in, first out, long and short."""

from alpha_panda.domain.lots import Lot, Position
from alpha_panda.events.signals import Side


def test_the_oldest_lot_is_sold_first() -> None:
    position = Position()
    position.apply(Side.BUY, 10, 100)
    position.apply(Side.BUY, 10, 200)
    assert position.apply(Side.SELL, 15, 300) == 10 * 200 + 5 * 100
    assert position.lots == [Lot(quantity=5, price_paise=200)]
    assert (position.quantity, position.cost_paise) == (5, 1000)


def test_a_short_earns_when_the_price_falls() -> None:
    position = Position()
    assert position.apply(Side.SELL, 10, 500) == 0
    assert (position.quantity, position.cost_paise) == (-10, -5000)
    assert position.unrealised_paise(450) == 500
    assert position.apply(Side.BUY, 4, 400) == 400
    assert position.quantity == -6


def test_a_fill_larger_than_the_position_flips_it() -> None:
    position = Position()
    position.apply(Side.BUY, 10, 100)
    assert position.apply(Side.SELL, 25, 110) == 100
    assert position.lots == [Lot(quantity=-15, price_paise=110)]

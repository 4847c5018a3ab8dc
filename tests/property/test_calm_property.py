"""What a quick backtest passes over by: floors and corridors say the same as the breakers and orders themselves."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.domain.breakers import Breakers
from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.limits import LossLimits
from alpha_panda.domain.locks import Locks
from alpha_panda.domain.matching import corridor, fill_price_paise, is_triggered
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import OrderType, Product, Side

NOON = datetime(2026, 8, 4, 12, tzinfo=IST)
SHARES = st.none() | st.fractions(Fraction(1, 1_000), Fraction(1, 2), max_denominator=1_000)
EQUITIES = st.integers(900, 1_100)
PRICES = st.none() | st.integers(95, 105)


@given(
    st.builds(LossLimits, day=SHARES, day_paise=st.none() | st.integers(1, 90), week=SHARES, drawdown=SHARES),
    EQUITIES,
    EQUITIES,
)
def test_a_breaker_trips_at_its_floor_and_not_above(limits: LossLimits, opened: int, equity: int) -> None:
    breakers = Breakers()
    breakers.roll(NOON, opened, {})
    peak = max(opened, equity)
    floors = (breakers.loss_floor(limits), breakers.fall_floor(limits, peak))
    tripped = list(breakers.check(NOON, equity, limits, Locks(), default_calendar()))
    assert bool(tripped) == any(floor is not None and equity <= floor for floor in floors)


@given(st.sampled_from(Side), st.tuples(PRICES, PRICES), st.booleans(), st.integers(90, 110), PRICES)
def test_a_price_inside_its_corridor_does_nothing_to_an_order(
    side: Side,
    levels: tuple[int | None, int | None],
    triggered: bool,  # noqa: FBT001 — drawn
    price: int,
    start: int | None,
) -> None:
    trigger, limit = levels
    kinds = {(False, False): OrderType.MARKET, (True, False): OrderType.LIMIT, (False, True): OrderType.SL_M}
    order = Order(
        order_id="order",
        signal_id="signal",
        strategy="momentum",
        instrument_token=1,
        leg=Leg.ENTRY,
        side=side,
        quantity=1,
        product=Product.MIS,
        order_type=kinds.get((limit is not None, trigger is not None), OrderType.SL),
        trigger_price_paise=trigger,
        limit_price_paise=limit,
    )
    low, high = corridor(order, triggered=triggered)
    tick = Tick(instrument_token=1, price_paise=price, from_paise=msgspec.UNSET if start is None else start)
    filled = fill_price_paise(order, tick, Fraction(0), 1, was_triggered=True)
    met = filled is not None if triggered else is_triggered(order, price)
    assert met == (not low < price < high)
    if filled is not None and start is not None:
        assert min(start, price) <= filled <= max(start, price)

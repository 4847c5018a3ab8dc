"""An order is reckoned at the price that it will trade at, as far as that can be known before."""

import pytest
from tests.support.trading import signal

from alpha_panda.domain.order_terms import entry_price_paise
from alpha_panda.events.signals import OrderType, Side


@pytest.mark.parametrize(
    ("side", "kind", "limit", "trigger", "reckoned"),
    [
        (Side.BUY, OrderType.MARKET, None, None, 10_000),
        (Side.BUY, OrderType.LIMIT, 9_900, None, 9_900),
        (Side.BUY, OrderType.SL, 10_150, 10_100, 10_150),
        (Side.BUY, OrderType.SL_M, None, 10_100, 10_100),
        (Side.SELL, OrderType.SL_M, None, 9_900, 9_900),
        (Side.BUY, OrderType.SL_M, None, 9_900, 10_000),
        (Side.SELL, OrderType.SL_M, None, 10_100, 10_000),
    ],
)
def test_a_stop_whose_trigger_is_passed_already_is_reckoned_at_the_market(
    side: Side, kind: OrderType, limit: int | None, trigger: int | None, reckoned: int
):
    raised = signal(
        "10:00:00",
        side=side,
        order_type=kind,
        reference_price_paise=10_000,
        limit_price_paise=limit,
        trigger_price_paise=trigger,
    )
    assert entry_price_paise(raised.data) == reckoned

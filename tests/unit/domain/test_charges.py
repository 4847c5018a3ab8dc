"""A trade costs what the dated table says, to the paisa, however it is split."""

from datetime import date
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.domain.charges import NoChargesError, add, charges_table, subtract
from alpha_panda.events.orders import Charges
from alpha_panda.events.signals import Product, Side

FIRST = date(2026, 4, 1)


def of(product: Product, side: Side, turnover_paise: int, exchange: str = "NSE") -> Charges:
    return charges_table().rates(FIRST, exchange, product, side).of(turnover_paise)


def test_an_intraday_round_trip_costs_what_a_calculation_by_hand_gives() -> None:
    bought = of(Product.MIS, Side.BUY, 400 * 100_000)
    sold = of(Product.MIS, Side.SELL, 400 * 110_000)
    assert bought == Charges(
        brokerage_paise=2000, stt_paise=0, exchange_paise=1228, sebi_paise=40, stamp_paise=1200, gst_paise=588
    )
    assert sold == Charges(
        brokerage_paise=2000, stt_paise=11_000, exchange_paise=1351, sebi_paise=44, stamp_paise=0, gst_paise=611
    )
    assert add(bought, sold).total_paise == 20_062


def test_a_delivery_round_trip_costs_what_a_calculation_by_hand_gives() -> None:
    bought = of(Product.CNC, Side.BUY, 400 * 100_000)
    sold = of(Product.CNC, Side.SELL, 400 * 110_000)
    assert add(bought, sold).total_paise == 93_142
    assert bought.brokerage_paise == sold.brokerage_paise == 0


def test_bse_charges_its_own_rate() -> None:
    assert of(Product.CNC, Side.BUY, 40_000_000, "BSE").exchange_paise == 1500


def test_small_orders_pay_brokerage_by_percent_and_large_ones_the_cap() -> None:
    assert of(Product.MIS, Side.BUY, 100_000).brokerage_paise == 30
    assert of(Product.MIS, Side.BUY, 10**9).brokerage_paise == 2000


@given(
    product=st.sampled_from(Product),
    side=st.sampled_from(Side),
    parts=st.lists(st.integers(1, 10**9), min_size=1, max_size=12),
)
def test_splitting_an_order_never_changes_its_total(product: Product, side: Side, parts: list[int]) -> None:
    booked: list[Charges] = []
    turnover = 0
    for part in parts:
        turnover += part
        booked.append(subtract(of(product, side, turnover), reduce(add, booked, Charges())))
    assert reduce(add, booked) == of(product, side, sum(parts))
    assert all(getattr(charge, name) >= 0 for charge in booked for name in Charges.__struct_fields__)


def test_a_trade_before_the_table_names_its_day_the_table_and_the_setting() -> None:
    with pytest.raises(NoChargesError, match="a trade on 2019-07-09: the table begins on 2026-04-01") as caught:
        charges_table().day(date(2019, 7, 9))
    assert caught.value.remedy is not None
    assert "paper.charges.asOf" in caught.value.remedy


def test_an_early_trade_is_charged_as_on_the_day_that_the_setting_names() -> None:
    assert charges_table().day(date(2019, 7, 9), date(2026, 5, 5)) == FIRST


def test_a_setting_before_the_table_is_named_as_the_mistake() -> None:
    with pytest.raises(NoChargesError, match=r"paper\.charges\.asOf 2020-01-01"):
        charges_table().day(date(2026, 5, 5), date(2020, 1, 1))


def test_an_exchange_without_rates_is_refused() -> None:
    with pytest.raises(NoChargesError, match="MIS at NFO"):
        charges_table().rates(FIRST, "NFO", Product.MIS, Side.BUY)

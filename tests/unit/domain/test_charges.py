"""A trade costs what the dated table says, to the paisa, however it is split."""

from datetime import date
from fractions import Fraction

import pytest

from alpha_panda.domain.charges import NoChargesError, add, charge_segment, charges_table
from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.events.orders import Charges, ChargeSegment
from alpha_panda.events.signals import Product, Side

FIRST = date(2020, 7, 1)
NOW = date(2026, 4, 1)
DELIVERY, INTRADAY, FUTURES, OPTIONS = ChargeSegment


def order(
    segment: ChargeSegment, side: Side, turnover_paise: int, day: date = NOW, exchange: Exchange = Exchange.NSE
) -> Charges:
    table = charges_table()
    return table.segment_rates(table.day(day), exchange, segment, side).of(turnover_paise)


def lines(*paise: int) -> Charges:
    """A contract note's lines: brokerage, STT, exchange, SEBI, stamp duty, GST."""
    return Charges(**dict(zip(Charges.__struct_fields__, paise, strict=True)))


def is_known(day: date, exchange: Exchange, segment: ChargeSegment) -> bool:
    try:
        charges_table().segment_rates(day, exchange, segment, Side.SELL)
    except NoChargesError:
        return False
    return True


def instrument(segment: Segment, exchange: Exchange = Exchange.NSE) -> Instrument:
    return Instrument(token=1, exchange=exchange, symbol="ACME", segment=segment, tick_size_paise=5)


# Worked examples: 400 units bought at 1,000 and sold at 1,100 rupees, of options at 100 and 110. Each line by hand.
@pytest.mark.parametrize(
    ("segment", "bought", "sold", "total"),
    [
        (DELIVERY, lines(0, 40_000, 1228, 40, 6000, 228), lines(0, 44_000, 1351, 44, 0, 251), 93_142),
        (INTRADAY, lines(2000, 0, 1228, 40, 1200, 588), lines(2000, 11_000, 1351, 44, 0, 611), 20_062),
        (FUTURES, lines(2000, 0, 732, 40, 800, 499), lines(2000, 22_000, 805, 44, 0, 513), 29_433),
    ],
)
def test_a_round_trip_costs_what_a_calculation_by_hand_gives(
    segment: ChargeSegment, bought: Charges, sold: Charges, total: int
) -> None:
    assert order(segment, Side.BUY, 400 * 100_000) == bought
    assert order(segment, Side.SELL, 400 * 110_000) == sold
    assert add(bought, sold).total_paise == total


def test_options_pay_a_flat_brokerage_and_all_else_on_the_premium() -> None:
    assert order(OPTIONS, Side.BUY, 400 * 10_000) == lines(2000, 0, 1421, 4, 120, 617)
    assert order(OPTIONS, Side.SELL, 400 * 11_000) == lines(2000, 6600, 1563, 4, 0, 642)


def test_an_order_that_did_not_trade_costs_nothing_even_where_the_brokerage_is_flat() -> None:
    assert order(OPTIONS, Side.BUY, 0) == Charges()


def test_bse_charges_its_own_rate_and_nothing_for_futures() -> None:
    assert order(DELIVERY, Side.BUY, 40_000_000, exchange=Exchange.BSE).exchange_paise == 1500
    assert order(FUTURES, Side.BUY, 40_000_000, exchange=Exchange.BFO).exchange_paise == 0
    assert order(OPTIONS, Side.BUY, 4_000_000, exchange=Exchange.BFO).exchange_paise == 1300


def test_derivatives_pay_the_charge_of_the_exchange_that_lists_them() -> None:
    assert order(FUTURES, Side.SELL, 10**8, exchange=Exchange.NFO) == order(FUTURES, Side.SELL, 10**8)


def test_small_orders_pay_brokerage_by_percent_and_large_ones_the_cap() -> None:
    assert order(INTRADAY, Side.BUY, 100_000).brokerage_paise == 30
    assert order(INTRADAY, Side.BUY, 6_666_666).brokerage_paise == 2000
    assert order(INTRADAY, Side.BUY, 10**9).brokerage_paise == 2000


@pytest.mark.parametrize(
    ("day", "table"),
    [
        (date(2020, 7, 1), date(2020, 7, 1)),
        (date(2020, 12, 31), date(2020, 7, 1)),
        (date(2021, 1, 1), date(2021, 1, 1)),
        (date(2022, 7, 17), date(2021, 4, 1)),
        (date(2022, 7, 18), date(2022, 7, 18)),
        (date(2026, 3, 31), date(2024, 10, 1)),
        (date(2026, 11, 21), date(2026, 4, 1)),
    ],
)
def test_a_trade_is_charged_by_the_table_in_force_on_its_day(day: date, table: date) -> None:
    assert charges_table().day(day) == table


# One crore of rupees sold; each change of a rate is seen on its day and not before.
@pytest.mark.parametrize(
    ("segment", "name", "before", "since", "old", "new"),
    [
        (FUTURES, "stt_paise", date(2023, 3, 31), date(2023, 4, 1), 100_000, 125_000),
        (FUTURES, "stt_paise", date(2024, 9, 30), date(2024, 10, 1), 125_000, 200_000),
        (FUTURES, "stt_paise", date(2026, 3, 31), date(2026, 4, 1), 200_000, 500_000),
        (OPTIONS, "stt_paise", date(2023, 3, 31), date(2023, 4, 1), 500_000, 625_000),
        (OPTIONS, "stt_paise", date(2026, 3, 31), date(2026, 4, 1), 1_000_000, 1_500_000),
        (INTRADAY, "exchange_paise", date(2020, 12, 31), date(2021, 1, 1), 32_500, 34_500),
        (INTRADAY, "exchange_paise", date(2023, 3, 31), date(2023, 4, 1), 34_500, 33_500),
        (INTRADAY, "exchange_paise", date(2024, 9, 30), date(2024, 10, 1), 33_200, 30_700),
        (DELIVERY, "sebi_paise", date(2021, 3, 31), date(2021, 4, 1), 500, 1000),
        (DELIVERY, "gst_paise", date(2022, 7, 17), date(2022, 7, 18), 6210, 6390),
    ],
)
def test_a_rate_changes_on_its_day(  # noqa: PLR0913, PLR0917 — a row of the table
    segment: ChargeSegment, name: str, before: date, since: date, old: int, new: int
) -> None:
    assert getattr(order(segment, Side.SELL, 10**9, before), name) == old
    assert getattr(order(segment, Side.SELL, 10**9, since), name) == new


def test_exercised_options_pay_tax_on_their_intrinsic_value() -> None:
    assert charges_table().exercise_rate(date(2024, 10, 1)) == Fraction("0.00125")
    assert charges_table().exercise_rate(NOW) == Fraction("0.0015")


def test_every_rate_of_every_table_has_a_source() -> None:
    table = charges_table()
    assert table.days[0] == FIRST
    for day in table.days:
        assert set(table.sources(day)) == {"brokerage", "stt", "exchange", "sebi", "stamp", "gst"}
        assert all(table.sources(day).values())


def test_a_trade_before_the_table_names_its_day_the_table_and_the_setting() -> None:
    with pytest.raises(NoChargesError, match="a trade on 2019-07-09: the table begins on 2020-07-01") as caught:
        charges_table().day(date(2019, 7, 9))
    assert caught.value.remedy is not None
    assert "paper.charges.asOf" in caught.value.remedy


def test_an_early_trade_is_charged_as_on_the_day_that_the_setting_names() -> None:
    assert charges_table().day(date(2019, 7, 9), date(2026, 5, 5)) == NOW


def test_a_setting_before_the_table_is_named_as_the_mistake() -> None:
    with pytest.raises(NoChargesError, match=r"paper\.charges\.asOf 2020-01-01"):
        charges_table().day(date(2026, 5, 5), date(2020, 1, 1))


def test_a_rate_that_nobody_verified_is_refused_with_the_tables_that_have_one() -> None:
    with pytest.raises(NoChargesError, match=r"options at BFO in the table of 2024-04-01.*: 2024-10-01, 2026-04-01$"):
        charges_table().segment_rates(date(2024, 4, 1), Exchange.BFO, OPTIONS, Side.BUY)
    with pytest.raises(NoChargesError, match="delivery at BSE in the table of 2021-04-01") as caught:
        charges_table().segment_rates(date(2021, 4, 1), Exchange.BSE, DELIVERY, Side.BUY)
    assert "paper.charges.asOf" in (caught.value.remedy or "")


@pytest.mark.parametrize("exchange", Exchange)
@pytest.mark.parametrize("segment", ChargeSegment)
def test_what_a_table_can_charge_every_later_one_can_so_that_a_position_can_be_closed(
    exchange: Exchange, segment: ChargeSegment
) -> None:
    table = charges_table()
    known = [is_known(day, exchange, segment) for day in table.days]
    assert known == sorted(known)
    assert known[-1]


@pytest.mark.parametrize(
    ("segment", "product", "charged"),
    [
        (Segment.EQUITY, Product.CNC, DELIVERY),
        (Segment.EQUITY, Product.MIS, INTRADAY),
        (Segment.FUTURES, Product.MIS, FUTURES),
        (Segment.OPTIONS, Product.CNC, OPTIONS),
    ],
)
def test_shares_are_charged_by_product_and_derivatives_by_kind(
    segment: Segment, product: Product, charged: ChargeSegment
) -> None:
    assert charge_segment(instrument(segment), product) is charged


def test_an_index_has_no_charges_for_it_cannot_be_traded() -> None:
    with pytest.raises(NoChargesError, match="NSE:ACME is an index, which cannot be traded"):
        charges_table().rates(NOW, instrument(Segment.INDEX), Product.MIS, Side.BUY)


def test_a_negative_turnover_is_no_order() -> None:
    with pytest.raises(ValueError, match="turnover -1 paise"):
        order(INTRADAY, Side.BUY, -1)

"""A contract note charges both sides and whole rupees of STT; an entry must be able to earn its costs."""

from datetime import date
from fractions import Fraction

import pytest

from alpha_panda.domain.charge_rates import rupee_rounding
from alpha_panda.domain.contract_note import ContractNote, RoundTrip, breakeven_paise, contract_note
from alpha_panda.domain.edge import PlannedTrade, cost_paise, refuse_below_cost
from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.events.orders import ChargeSegment
from alpha_panda.events.signals import Product, Side

NOW = date(2026, 4, 1)
ACME = Instrument(token=1, exchange=Exchange.NSE, symbol="ACME", tick_size_paise=5)


def note(segment: ChargeSegment, buy: int | None, sell: int | None, quantity: int = 400) -> ContractNote:
    return contract_note(
        RoundTrip(
            segment=segment,
            exchange=Exchange.NSE,
            charges_day=NOW,
            quantity=quantity,
            buy_paise=buy,
            sell_paise=sell,
        )
    )


@pytest.mark.parametrize(
    ("segment", "charges", "rounding"),
    [
        (ChargeSegment.DELIVERY, 93_142, 0),
        (ChargeSegment.INTRADAY, 20_062, 0),
        (ChargeSegment.FUTURES, 29_433, 0),
        (ChargeSegment.OPTIONS, 107_236, 0),
    ],
)
def test_the_note_of_four_hundred_units_from_1000_to_1100(segment: ChargeSegment, charges: int, rounding: int):
    found = note(segment, 100_000, 110_000)
    assert (found.total_paise, found.stt_rounding_paise) == (charges, rounding)
    assert found.gross_paise == 4_000_000
    assert found.net_paise == 4_000_000 - charges


def test_the_tax_of_a_day_is_charged_in_whole_rupees():
    found = note(ChargeSegment.INTRADAY, 10_330, 10_355, quantity=20)
    assert found.sold.stt_paise == 52
    assert found.stt_rounding_paise == 48
    assert found.total_paise == found.charges.total_paise + 48


@pytest.mark.parametrize(("stt", "rounding"), [(0, 0), (49, -49), (50, 50), (100, 0), (10_060, 40), (10_040, -40)])
def test_half_a_rupee_and_more_goes_up(stt: int, rounding: int):
    assert rupee_rounding(stt) == rounding


def test_one_side_alone_has_charges_and_no_profit():
    found = note(ChargeSegment.DELIVERY, 100_000, None)
    assert found.sold.total_paise == 0
    assert found.net_paise is None
    assert found.turnover_paise == 40_000_000


def test_the_break_even_is_rounded_up_to_the_paisa():
    assert breakeven_paise(note(ChargeSegment.INTRADAY, 100_000, 110_000), 400) == 51


def planned(target: int | None, side: Side = Side.BUY, slippage: Fraction = Fraction(0)) -> PlannedTrade:
    return PlannedTrade(
        instrument=ACME,
        product=Product.MIS,
        side=side,
        quantity=400,
        entry_paise=100_000,
        target_paise=target,
        slippage=slippage,
        charges_day=NOW,
    )


def test_the_gate_is_off_unless_a_multiple_is_set():
    assert refuse_below_cost(planned(100_005), None) is None


def test_the_costs_of_a_plan_are_both_orders_and_the_slippage():
    assert cost_paise(planned(110_000)) == 20_062
    assert cost_paise(planned(110_000, slippage=Fraction(2, 10_000))) == 20_062 + 8_000


def test_an_entry_whose_target_does_not_earn_its_costs_is_refused():
    refusal = refuse_below_cost(planned(100_045), Fraction(1))
    assert refusal is not None
    assert (refusal.code, refusal.value, refusal.limit) == ("edge_below_cost", "₹180.00", "1 x ₹189.18")
    assert (
        refusal.message
        == "the target brings ₹180.00, the costs are ₹189.18: less than 1 x ₹189.18 (account.minEdgeMultiple)"
    )
    assert refuse_below_cost(planned(100_050), Fraction(1)) is None
    assert refuse_below_cost(planned(100_050), Fraction(2)) is not None


def test_a_short_earns_when_the_price_falls():
    assert refuse_below_cost(planned(99_900, Side.SELL), Fraction(1)) is None
    assert refuse_below_cost(planned(100_100, Side.SELL), Fraction(1)) is not None


def test_an_entry_without_a_target_has_no_edge_to_judge():
    refusal = refuse_below_cost(planned(None), Fraction(1))
    assert refusal is not None
    assert refusal.code == "edge_unknown"

"""A size follows the risk and names what binds it."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.domain.sizing import Cap, affordable_quantity, fixed_risk_quantity, size, value_quantity


def cap(code: str, quantity: int) -> Cap:
    return Cap(code=code, quantity=quantity, limit="", setting="")


def test_fixed_risk_loses_its_share_of_the_equity_at_the_stop() -> None:
    assert fixed_risk_quantity(5_000_000, Fraction(1, 100), 500) == 100
    assert fixed_risk_quantity(5_000_000, Fraction(1, 100), 501) == 99
    assert fixed_risk_quantity(-100, Fraction(1, 100), 1) == 0


def test_the_smallest_cap_binds_and_the_first_of_equals() -> None:
    sized = size([cap("risk_per_trade", 120), cap("max_position", 70), cap("cash", 70)], 1)
    assert (sized.quantity, sized.binding.code) == (70, "max_position")


def test_a_size_is_whole_lots_and_may_be_none() -> None:
    assert size([cap("risk_per_trade", 120)], 50).quantity == 100
    assert size([cap("risk_per_trade", 49)], 50).quantity == 0


@given(cash=st.integers(-1000, 10**7), price=st.integers(1, 10**5), fee=st.integers(0, 500), most=st.integers(0, 10**4))
def test_the_affordable_quantity_is_the_largest_that_the_cash_covers(
    cash: int, price: int, fee: int, most: int
) -> None:
    def cost(units: int) -> int:
        return units * price + fee if units else 0

    found = affordable_quantity(cash, cost, most)
    assert 0 <= found <= most
    assert found == 0 or cost(found) <= cash
    assert found == most or cost(found + 1) > cash


def test_a_value_holds_whole_units() -> None:
    assert value_quantity(100_000, 30_000) == 3
    assert value_quantity(100, 30_000) == 0

"""Money is whole paise and rounds once."""

from fractions import Fraction

import pytest

from alpha_panda.domain.money import half_up, paise_of_rupees, percent, rupees


@pytest.mark.parametrize(
    ("amount", "expected"), [("0", 0), ("0.4999", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999", 2)]
)
def test_a_half_paisa_rounds_up(amount: str, expected: int) -> None:
    assert half_up(Fraction(amount)) == expected


def test_a_percentage_is_exact() -> None:
    assert percent("0.00307") == Fraction(307, 10_000_000)


def test_rupees_with_a_fraction_of_a_paisa_are_refused() -> None:
    assert paise_of_rupees("20.05") == 2005
    with pytest.raises(ValueError, match=r"'0\.001' rupees are not whole paise"):
        paise_of_rupees("0.001")


@pytest.mark.parametrize(("paise", "shown"), [(123_450, "₹1,234.50"), (-5, "-₹0.05"), (0, "₹0.00")])
def test_amounts_are_shown_as_rupees(paise: int, shown: str) -> None:
    assert rupees(paise) == shown
    assert rupees(paise, sign="") == shown.replace("₹", "")
